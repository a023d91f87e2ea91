/** Executes calls of the Docker Engine API through the host's socket; what Docker refuses is an answer, not an error. */
import { Agent, type IncomingMessage } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import type { DockerAnswer, DockerCall } from '../core/docker.ts';
import type { Sh } from '../core/sh.ts';
import type { Connection, DialTarget } from '../core/transport.ts';
import { AbortError, throwIfAborted } from './channel.ts';
import { readAnswer } from './docker-answer.ts';
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
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Every status is an answer. */
const ANY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i + 100, true as const]));

export class Docker {
  readonly #wire: Wire;
  readonly #agent: Agent;
  #modem: Promise<Modem> | undefined;

  constructor(wire: Wire, connection: Pick<Connection, 'dial'>) {
    this.#wire = wire;
    this.#agent = dialingAgent(connection, { socket: SOCKET });
  }

  /** Rejects with an AbortError, or a ConnectionError when the host is lost. */
  async call(call: DockerCall, { signal, onLine }: CallOptions): Promise<DockerAnswer> {
    throwIfAborted(signal);
    const limit = AbortSignal.timeout((call.limit ?? DEFAULT_LIMIT) * 1000);
    const ending = signal ? AbortSignal.any([signal, limit]) : limit;
    const archive = call.archive && this.#archive(call.archive, ending);
    let broken: Error | undefined;
    archive?.once('error', error => {
      broken = error;
    });
    try {
      const answer = await readAnswer(await this.#dial(call, archive, ending), call.answer ?? 'json', onLine);
      // A body that ends with its connection looks whole when the connection was cut.
      if (ending.aborted || this.#wire.lost()) throw new Error('the answer was cut off');
      return answer;
    } catch (error) {
      if (signal?.aborted) throw new AbortError(signal);
      const lost = this.#wire.lost();
      if (lost) throw lost;
      return { status: 0, body: null, message: this.#failure(error, broken, call, limit) };
    } finally {
      archive?.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #archive(archive: NonNullable<DockerCall['archive']>, signal: AbortSignal): Readable {
    if ('folder' in archive) return Readable.from(packFolder(archive.folder), { objectMode: false });
    const script: Sh = archive.hostScript;
    return Readable.from(hostOutput(this.#wire, script, signal), { objectMode: false });
  }

  async #dial(
    call: DockerCall,
    archive: Readable | undefined,
    abortSignal: AbortSignal,
  ): Promise<IncomingMessage> {
    this.#modem ??= loadModem(this.#agent);
    const modem = await this.#modem;
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

  #failure(error: unknown, broken: Error | undefined, call: DockerCall, limit: AbortSignal): string {
    const { host } = this.#wire;
    if (limit.aborted)
      return `Docker on ${host} did not finish ${call.method} ${call.path} within ${call.limit ?? DEFAULT_LIMIT} s`;
    if (broken) return broken.message;
    const why = error instanceof Error ? error.message : String(error);
    return `no answer from the Docker daemon on ${host} (${SOCKET}): ${why}`;
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

/** Keeps connections alive between calls: over SSH that is one round trip a call. */
export function dialingAgent(connection: Pick<Connection, 'dial'>, target: DialTarget): Agent {
  const agent = new Agent({ keepAlive: true });
  const createConnection = (_options: unknown, callback: (error: Error | null, stream?: Duplex) => void) => {
    connection.dial(target).then(
      stream => callback(null, likeSocket(stream)),
      (error: Error) => callback(error),
    );
  };
  return Object.assign(agent, { createConnection });
}

/** A forwarded channel has none of a socket's switches, which the agent turns between two calls. */
function likeSocket(stream: Duplex): Duplex {
  const missing = ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref'].filter(
    name => !(name in stream),
  );
  return Object.assign(stream, Object.fromEntries(missing.map(name => [name, () => stream])));
}
