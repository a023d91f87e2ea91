/** The shells that every script must work in, each on a connection to this machine. */
import { localConnection } from '../../src/connection/connect.ts';
import { userScript } from '../../src/core/sh.ts';
import type { Connection, Script } from '../../src/core/transport.ts';

export const SHELLS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['dash', ['/bin/dash']],
  ['busybox sh', ['/bin/busybox', 'sh']],
];

export function shellOf(words: readonly string[]): Connection {
  return localConnection({ name: 'here' }, { argv: words, worker: words });
}

export function script(text: string, more: Omit<Script, 'text'> = {}): Script {
  return { text: userScript(text), ...more };
}
