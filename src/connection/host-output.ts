/** What a script on the host writes to its standard output, as a stream of its own: for content too large to keep. */
import { randomBytes } from 'node:crypto';
import { quote, type Sh } from '../core/sh.ts';
import type { Become } from '../core/transport.ts';
import { start } from './become.ts';
import { guarded } from './watch.ts';
import type { Wire } from './wire.ts';

/** Throws an Error with the script's last line of stderr when it does not exit with 0. */
export async function* hostOutput(
  wire: Wire,
  script: Sh,
  as: Become | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  const said: Buffer[] = [];
  const done = `code-${randomBytes(12).toString('hex')}-`;
  let wake: () => void = () => {};
  const sink = {
    output: (chunk: Buffer) => {
      chunks.push(chunk);
      wake();
    },
    errors: (chunk: Buffer) => said.push(chunk),
  };
  const { channel, begun } = await start(wire, as, guarded(wire.worker), sink, signal);
  let ended = false;
  void channel.closed.then(() => {
    ended = true;
    wake();
  });
  signal.addEventListener('abort', () => channel.destroy(), { once: true });
  try {
    channel.input.write(
      `(eval ${quote(`${script.text}\n`)}) </dev/null\nprintf '${done}%s\\n' $? >&2\nexit\n`,
    );
    while (!ended || chunks.length > 0) {
      const chunk = chunks.shift();
      if (chunk) yield chunk;
      else
        await new Promise<void>(resolve => {
          wake = resolve;
          if (ended || chunks.length > 0) resolve();
        });
    }
    await begun;
    judge(Buffer.concat(said).toString(), done);
  } finally {
    channel.input.end();
    channel.destroy();
  }
}

function judge(stderr: string, done: string): void {
  const [said = '', code] = stderr.split(done);
  if (code?.trim() === '0') return;
  const why = said.trim().split('\n').at(-1) || `exit code ${code?.trim() ?? 'unknown'}`;
  throw new Error(`the script that makes the archive failed: ${why}`);
}
