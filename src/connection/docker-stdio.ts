/**
 * Reaches the Docker daemon as another user than the login user: docker's own command line, started by sudo, passes the
 * bytes of its socket through a channel. The channel is guarded, so that it ends with the connection.
 */
import { Duplex } from 'node:stream';
import { quote } from '../core/sh.ts';
import type { Become } from '../core/transport.ts';
import { type Sink, start } from './become.ts';
import { type Channel, orAbort } from './channel.ts';
import { guarded } from './watch.ts';
import type { Wire } from './wire.ts';

/** Why the user cannot reach the daemon this way. */
export type Obstacle = 'no socket' | 'no permission' | 'no command line';

const OBSTACLES: readonly Obstacle[] = ['no socket', 'no permission', 'no command line'];
const MOST_SAID = 2000;

/**
 * A stream to the socket, opened by that user.
 * Rejects with a ConnectionError when there is no becoming that user, with a plain Error when docker does not even start.
 */
export async function dialStdio(
  wire: Wire,
  as: Become | undefined,
  socket: string,
  signal: AbortSignal,
): Promise<Duplex | Obstacle> {
  const mouth = new Mouth();
  const worker = [...wire.worker, '-c', relay(socket)];
  const { channel, begun } = await start(wire, as, guarded(worker), mouth, signal);
  try {
    await orAbort(begun, signal);
    const verdict = await orAbort(Promise.race([mouth.verdict, channel.closed]), signal);
    if (verdict === 'ready') return streamOf(channel, mouth);
    const obstacle = OBSTACLES.find(one => one === verdict);
    if (obstacle === undefined) throw wire.lost() ?? new Error('docker could not be started');
    channel.destroy();
    return obstacle;
  } catch (error) {
    channel.destroy();
    throw error;
  }
}

/** One line of shell text that says how things stand on its standard error and then becomes the relay. */
function relay(socket: string): string {
  const at = quote(socket);
  const say = (verdict: Obstacle | 'ready') => `echo ${quote(verdict)} >&2`;
  return (
    // The keeper's word to a guarded shell comes first.
    `IFS= read -r l;if [ ! -S ${at} ];then ${say('no socket')};elif [ ! -w ${at} ];then ${say('no permission')};` +
    `elif ! command -v docker >/dev/null;then ${say('no command line')};` +
    `else ${say('ready')};exec docker -H ${quote(`unix://${socket}`)} system dial-stdio;fi`
  );
}

/** What comes out of the process: first a verdict on standard error, then docker's complaints there and the bytes of the socket. */
class Mouth implements Sink {
  readonly verdict: Promise<string>;
  readonly #decide: (verdict: string) => void;
  #said = '';
  #decided = false;
  /** The socket has answered something. */
  answered = false;
  take: (chunk: Buffer) => void = () => {};

  constructor() {
    let decide: (verdict: string) => void = () => {};
    this.verdict = new Promise(resolve => {
      decide = resolve;
    });
    this.#decide = decide;
  }

  output(chunk: Buffer): void {
    this.answered = true;
    this.take(chunk);
  }

  errors(chunk: Buffer): void {
    this.#said = `${this.#said}${chunk}`.slice(-MOST_SAID);
    const end = this.#said.indexOf('\n');
    if (this.#decided || end < 0) return;
    this.#decided = true;
    this.#decide(this.#said.slice(0, end));
    this.#said = this.#said.slice(end + 1);
  }

  lastWords(): string {
    return this.#said.trim().split('\n').at(-1) || 'docker system dial-stdio ended';
  }
}

function streamOf(channel: Channel, mouth: Mouth): Duplex {
  const stream = new Duplex({
    read: () => void channel.output.resume(),
    // A process that ends early breaks the pipe: its last words say more than that.
    write: (chunk: Buffer, _encoding, done) => void channel.input.write(chunk, () => done()),
    final: done => {
      channel.input.end();
      done();
    },
    destroy: (error, done) => {
      channel.destroy();
      done(error);
    },
  });
  // Between two requests an agent listens to no errors.
  stream.on('error', () => {});
  mouth.take = chunk => {
    if (!stream.push(chunk)) channel.output.pause();
  };
  void channel.closed.then(() => {
    if (!mouth.answered) stream.destroy(new Error(mouth.lastWords()));
    else if (stream.readableLength === 0) stream.destroy();
    else {
      stream.once('end', () => stream.destroy());
      stream.push(null);
    }
  });
  return stream;
}
