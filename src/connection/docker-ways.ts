/** Finds how a user reaches the Docker daemon of a host, once, and keeps the streams for the calls to come. */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Become, Connection } from '../core/transport.ts';
import { other } from './become.ts';
import { dialStdio, type Obstacle } from './docker-stdio.ts';
import { Slots } from './slots.ts';
import type { Wire } from './wire.ts';

/** Each takes one of the few sessions that sshd allows. */
const MOST_STDIO = 3;
const OPENING_LIMIT = 60_000;

export interface Way {
  readonly agent: Agent;
  /** Waits until one more call may be under way. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** There is no answer from Docker; the message is the whole sentence. */
export class NoAnswer extends Error {}

/** By the socket as the login user where that user may open it, else by docker's command line as the user who is asked for. */
export class DockerWays {
  readonly #wire: Wire;
  readonly #connection: Pick<Connection, 'dial'>;
  readonly #socket: string;
  readonly #closing = new AbortController();
  readonly #stdioCalls = new Slots(MOST_STDIO);
  readonly #bySocket: Lane = new Lane(
    () => this.#dial(),
    work => work(),
  );
  #socketOpens = false;
  readonly #byStdio = new Map<string, Lane>();
  readonly #searches = new Map<string, Promise<Way>>();

  constructor(wire: Wire, connection: Pick<Connection, 'dial'>, socket: string) {
    this.#wire = wire;
    this.#connection = connection;
    this.#socket = socket;
  }

  /** Rejects with a ConnectionError when there is no becoming that user, else with an Error that says why there is no way. */
  find(as: Become | undefined): Promise<Way> {
    const become = other(this.#wire, as);
    const key = JSON.stringify(become ? [become.user, become.password, become.flags ?? []] : []);
    const known = this.#socketOpens ? this.#bySocket : this.#byStdio.get(key);
    if (known) return Promise.resolve(known);
    const search =
      this.#searches.get(key) ?? this.#search(key, become).finally(() => this.#searches.delete(key));
    this.#searches.set(key, search);
    return search;
  }

  close(): void {
    this.#closing.abort();
    for (const lane of [this.#bySocket, ...this.#byStdio.values()]) lane.close();
  }

  async #search(key: string, become: Become | undefined): Promise<Way> {
    const first = await this.#dial().catch((error: Error) => error);
    if (first instanceof Error) return this.#searchStdio(key, become, first);
    this.#socketOpens = true;
    return this.#bySocket.with(first);
  }

  async #searchStdio(key: string, become: Become | undefined, refusal: Error): Promise<Way> {
    if (this.#wire.lost() || isConclusive(refusal)) throw refusal;
    const open = async () => {
      for (const [user, lane] of this.#byStdio) if (user !== key) lane.dropIdle();
      const stream = await dialStdio(this.#wire, become, this.#socket, this.#opening());
      if (typeof stream === 'string') throw this.#obstructed(stream, become, refusal);
      return stream;
    };
    const first = await open();
    const lane = new Lane(open, work => this.#stdioCalls.during(work)).with(first);
    this.#byStdio.set(key, lane);
    return lane;
  }

  async #dial(): Promise<Duplex> {
    try {
      return await this.#connection.dial({ socket: this.#socket }, { signal: this.#opening() });
    } catch (error) {
      // The next call looks for a way again.
      this.#socketOpens = false;
      throw error;
    }
  }

  #opening(): AbortSignal {
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(OPENING_LIMIT)]);
  }

  #obstructed(obstacle: Obstacle, become: Become | undefined, refusal: Error): Error {
    const { host, loginUser: login } = this.#wire;
    if (obstacle === 'no socket') return new Error('there is no such socket');
    if (obstacle === 'no permission' && !become)
      return new NoAnswer(
        `${host}: permission denied: ${login} may not open ${this.#socket}: become root, or add ${login} to the group docker`,
      );
    if (obstacle === 'no permission')
      return new NoAnswer(
        `${host}: permission denied: neither ${login} nor ${become?.user} may open ${this.#socket}: become root, or add ${login} to the group docker`,
      );
    if (!become) return refusal;
    return new NoAnswer(
      `${host}: permission denied: ${login} may not open ${this.#socket}, and to open it as ${become.user} docker's command line is missing there: install it (docker.io or docker-ce-cli), add ${login} to the group docker, or log in as ${become.user}`,
    );
  }
}

/** Nothing listens there, whoever asks; over SSH all refusals look alike. */
function isConclusive(refusal: Error): boolean {
  return 'code' in refusal && ['ENOENT', 'ECONNREFUSED'].includes(String(refusal.code));
}

/** An agent that keeps streams alive between calls: over SSH that is one round trip a call. */
class Lane implements Way {
  readonly agent = new Agent({ keepAlive: true });
  readonly during: Way['during'];
  readonly #open: () => Promise<Duplex>;
  /** Opened ahead of the first call. */
  #spare: Duplex | undefined;

  constructor(open: () => Promise<Duplex>, during: Way['during']) {
    this.#open = open;
    this.during = during;
    Object.assign(this.agent, { createConnection: this.#connect });
  }

  with(spare: Duplex): this {
    this.#spare?.destroy();
    this.#spare = spare;
    // Until a call takes it nobody else listens.
    spare.on('error', () => {});
    return this;
  }

  dropIdle(): void {
    for (const idle of Object.values(this.agent.freeSockets))
      for (const stream of idle ?? []) stream.destroy();
  }

  close(): void {
    this.#spare?.destroy();
    this.agent.destroy();
  }

  readonly #connect = (_options: unknown, give: (error: Error | null, stream?: Duplex) => void): void => {
    const spare = this.#spare;
    this.#spare = undefined;
    const opening = spare && !spare.destroyed ? Promise.resolve(spare) : this.#open();
    opening.then(
      stream => give(null, likeSocket(stream)),
      (error: Error) => give(error),
    );
  };
}

/** A channel has none of a socket's switches, which the agent turns between two calls. */
function likeSocket(stream: Duplex): Duplex {
  const missing = ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref'].filter(
    name => !(name in stream),
  );
  return Object.assign(stream, Object.fromEntries(missing.map(name => [name, () => stream])));
}
