/** One persistent shell of one user on a host: runs exchanges one after another, and comes back after it was killed. */
import { randomBytes } from 'node:crypto';
import type { Become, ConnectionError, ExchangeOptions, Outcome, Script } from '../core/transport.ts';
import { type Launcher, start } from './become.ts';
import { AbortError, abortion, type Channel, throwIfAborted, within } from './channel.ts';
import { encode, FrameReader } from './frame.ts';
import { guarded } from './watch.ts';

/** Milliseconds that the host gets for ending what runs, before we let go. */
const GRACE = 2000;

interface Live {
  readonly channel: Channel;
  readonly begun: Promise<void>;
}

export interface ShellHost extends Launcher {
  /** The words that start the guarded shell. */
  readonly worker: readonly string[];
  /** Why the connection is lost, once it is. */
  readonly lost: () => ConnectionError | undefined;
}

export class Shell {
  readonly #host: ShellHost;
  readonly #as: Become | undefined;
  #live: Live | undefined;
  #reader: FrameReader | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(host: ShellHost, as: Become | undefined) {
    this.#host = host;
    this.#as = as;
  }

  /** No exchange runs or waits. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Rejects with a ConnectionError when there is no shell to be had, with an AbortError once what ran has been ended. */
  exchange(scripts: readonly Script[], options: ExchangeOptions = {}): Promise<readonly Outcome[]> {
    this.#waiting += 1;
    const mine = this.#turn.then(() => this.#exchange(scripts, options));
    this.#turn = mine
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      });
    return mine;
  }

  /** Ends what runs on the host. Never rejects. */
  async close(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    if (!live) return;
    if (this.idle) live.channel.input.write('exit\n');
    await end(live.channel);
  }

  async #exchange(
    scripts: readonly Script[],
    { signal, onLine }: ExchangeOptions,
  ): Promise<readonly Outcome[]> {
    throwIfAborted(signal);
    const nonce = randomBytes(12).toString('hex');
    const message = encode(scripts, nonce);
    const abort = abortion(signal);
    try {
      const live = await this.#open(signal);
      const reader = new FrameReader(scripts, nonce, onLine);
      this.#reader = reader;
      live.channel.input.write(message);
      const how = await Promise.race([
        reader.done.then(() => 'done'),
        live.channel.exited.then(() => 'ended'),
        abort.promise,
      ]);
      if (how === 'ended') await this.#buried(live);
      return reader.outcomes(`the shell that ran this was killed or crashed on ${this.#host.host}`);
    } catch (error) {
      if (error instanceof AbortError) await this.#drop();
      throw error;
    } finally {
      abort.release();
      this.#reader = undefined;
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<Live> {
    if (this.#live) return this.#live;
    const lost = this.#host.lost();
    if (lost) throw lost;
    const sink = {
      output: (chunk: Buffer) => this.#reader?.feed('stdout', chunk),
      errors: (chunk: Buffer) => this.#reader?.feed('stderr', chunk),
    };
    const live = await start(this.#host, this.#as, guarded(this.#host.worker), sink, signal);
    this.#live = live;
    void live.channel.exited.then(() => {
      if (this.#live === live) this.#live = undefined;
    });
    return live;
  }

  /** The shell is gone: either the whole connection is, or it never began, or a script killed it. */
  async #buried({ channel, begun }: Live): Promise<void> {
    await within(300, channel.closed);
    const lost = this.#host.lost();
    if (lost) throw lost;
    if (await within(300, begun)) await begun;
  }

  async #drop(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    if (live) await end(live.channel);
  }
}

async function end(channel: Channel): Promise<void> {
  channel.input.end();
  await within(GRACE, channel.exited);
  channel.destroy();
}
