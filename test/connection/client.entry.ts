/** A controller in a process of its own, to be killed: runs the scripts that its input asks for and prints their lines. */
import { text } from 'node:stream/consumers';
import { connector } from '../../src/connection/connect.ts';
import { userScript } from '../../src/core/sh.ts';
import type { Become, ConnectionSettings } from '../../src/core/transport.ts';

interface Task {
  readonly settings: ConnectionSettings;
  readonly home: string;
  readonly as?: Become;
  readonly docker?: boolean;
  readonly scripts: readonly string[];
}

const { settings, home, as, docker, scripts }: Task = JSON.parse(await text(process.stdin));
const connection = await connector({ home })(settings, new AbortController().signal);
if (docker) await connection.docker({ method: 'GET', path: '/_ping' }, as ? { as } : {});
await connection.exchange(
  scripts.map(one => ({ text: userScript(one) })),
  { ...(as ? { as } : {}), onLine: (_, line) => console.log(line) },
);
