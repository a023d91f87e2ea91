/** Executes calls of the Docker Engine API through the host's socket; what Docker refuses is an answer, not an error. */
import type { Agent, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { DockerAnswer, DockerCall } from '../core/docker.ts';
import { type Become, type Connection, ConnectionError } from '../core/transport.ts';
import { AbortError, orAbort, throwIfAborted } from './channel.ts';
import { readAnswer } from './docker-answer.ts';
import { DockerWays, NoAnswer, type Way } from './docker-ways.ts';
import { hostOutput } from './host-output.ts';
import { packFolder } from './tar.ts';
import type { Wire } from './wire.ts';

const SOCKET = '/var/run/docker.sock';
const DEFAULT_LIMIT = 60;

/** As much of dockerode's modem as is used; its own types say `any`. */
interface Modem {
  dial(
    request: {
      readonly path: string;
      readonly method: string;
      readonly options?: { readonly _query: object; readonly _body: unknown };
      readonly file?: Readable;
      readonly authconfig?: Readonly<Record<string, string>>;
      readonly isStream: true;
      readonly statusCodes: Readonly<Record<string, true>>;
      readonly abortSignal: AbortSignal;
    },
    callback: (error: unknown, answer: unknown) => void,
  ): void;
}

interface CallOptions {
  readonly as?: Become;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Every status is an answer. */
const ANY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i + 100, true as const]));

export class Docker {
  readonly #wire: Wire;
  readonly #socket: string;
  readonly #ways: DockerWays;
  readonly #modems = new Map<Agent, Promise<Modem>>();

  constructor(wire: Wire, connection: Pick<Connection, 'dial'>, socket = SOCKET) {
    this.#wire = wire;
    this.#socket = socket;
    this.#ways = new DockerWays(wire, connection, socket);
  }

  /** Rejects with an AbortError, or a ConnectionError when the host is lost or there is no becoming the user. */
  async call(call: DockerCall, options: CallOptions): Promise<DockerAnswer> {
    const { as, signal } = options;
    throwIfAborted(signal);
    try {
      const way = await orAbort(this.#ways.find(as), signal);
      return await way.during(() => this.#perform(way, call, options));
    } catch (error) {
      if (signal?.aborted) throw new AbortError(signal);
      const lost = this.#wire.lost();
      if (lost) throw lost;
      if (error instanceof ConnectionError) throw error;
      return { status: 0, body: null, message: this.#explain(error) };
    }
  }

  close(): void {
    this.#ways.close();
  }

  async #perform(
    { agent }: Way,
    call: DockerCall,
    { as, signal, onLine }: CallOptions,
  ): Promise<DockerAnswer> {
    const seconds = call.limit ?? DEFAULT_LIMIT;
    const limit = AbortSignal.timeout(Math.ceil(seconds * 1000));
    const ending = signal ? AbortSignal.any([signal, limit]) : limit;
    throwIfAborted(signal);
    const archive = call.archive && this.#archive(call.archive, as, ending);
    let broken: Error | undefined;
    archive?.once('error', error => {
      broken = error;
    });
    try {
      const message = await this.#dial(agent, call, archive, ending);
      const answer = await readAnswer(message, call.answer ?? 'json', onLine);
      // A body that ends with its connection looks whole when the connection was cut.
      if (ending.aborted || this.#wire.lost()) throw new Error('the answer was cut off');
      return answer;
    } catch (error) {
      const { host } = this.#wire;
      if (limit.aborted)
        throw new NoAnswer(
          `Docker on ${host} did not finish ${call.method} ${call.path} within ${seconds} s`,
        );
      if (!broken) throw error;
      throw broken instanceof ConnectionError ? broken : new NoAnswer(broken.message);
    } finally {
      archive?.destroy();
    }
  }

  #archive(
    archive: NonNullable<DockerCall['archive']>,
    as: Become | undefined,
    signal: AbortSignal,
  ): Readable {
    if ('folder' in archive) return Readable.from(packFolder(archive.folder), { objectMode: false });
    return Readable.from(hostOutput(this.#wire, archive.hostScript, as, signal), { objectMode: false });
  }

  async #dial(
    agent: Agent,
    call: DockerCall,
    archive: Readable | undefined,
    abortSignal: AbortSignal,
  ): Promise<IncomingMessage> {
    const loading = this.#modems.get(agent) ?? loadModem(agent);
    this.#modems.set(agent, loading);
    const modem = await loading;
    const query: [string, string][] = Object.entries(call.query ?? {}).map(([key, value]) => [
      key,
      String(value),
    ]);
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query)}&`;
    return new Promise((resolve, reject) => {
      modem.dial(
        {
          // The modem cuts the last character off a path with a question mark, unless it has options.
          path: `${call.path}${search}`,
          method: call.method,
          ...(archive
            ? { file: archive }
            : call.method === 'POST'
              ? { options: { _query: {}, _body: call.body ?? {} } }
              : {}),
          ...(call.auth ? { authconfig: { ...call.auth } } : {}),
          isStream: true,
          statusCodes: ANY_STATUS,
          abortSignal,
        },
        (error: unknown, answer: unknown) => (error || !isMessage(answer) ? reject(error) : resolve(answer)),
      );
    });
  }

  #explain(error: unknown): string {
    if (error instanceof NoAnswer) return error.message;
    const why = error instanceof Error ? error.message : String(error);
    return `no answer from the Docker daemon on ${this.#wire.host} (${this.#socket}): ${why}`;
  }
}

function isMessage(answer: unknown): answer is IncomingMessage {
  return answer instanceof Readable && 'statusCode' in answer;
}

async function loadModem(agent: Agent): Promise<Modem> {
  const { default: Client } = await import('dockerode');
  const options = { protocol: 'http' as const, host: 'docker', port: 80, agent };
  return new Client(options).modem;
}
