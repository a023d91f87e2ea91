/** What the engine asks of a host: six methods, whatever the wire. `connection/` implements it. */
import type { Duplex } from 'node:stream';
import type { DockerAnswer, DockerCall } from './docker.ts';
import type { Sh } from './sh.ts';

/** One isolated piece of shell: its own process group, stdin from /dev/null. */
export interface Script {
  readonly text: Sh;
  /** Set for this script alone; never visible in a command line. */
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds until it is killed with its children; none by default. */
  readonly limit?: number;
  /** Run only if the script before it in the exchange ran and exited with one of its `success` codes. */
  readonly needsPrevious?: boolean;
  /** Exit codes that let a following `needsPrevious` script run; default [0]. */
  readonly success?: readonly number[];
  /** Bytes of stdout and of stderr kept, each; the rest is dropped and `truncated` set. Default 16 MiB. */
  readonly outputLimit?: number;
}

/** How one script ended. A script that was never run (see `needsPrevious`) is `skipped`. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut?: boolean;
  readonly truncated?: boolean;
  readonly skipped?: boolean;
}

/** Another user to run as, by sudo. */
export interface Become {
  readonly user: string;
  readonly password?: string;
  /** Extra sudo flags; default none. */
  readonly flags?: readonly string[];
}

export interface ExchangeOptions {
  /** Undefined: the login user. When it is the login user already, sudo is not used. */
  readonly as?: Become;
  readonly signal?: AbortSignal;
  /** Output as it comes, for scripts that take long: complete lines without their newline. */
  readonly onLine?: (script: number, line: string, stream: 'stdout' | 'stderr') => void;
}

export type DialTarget = { readonly host: string; readonly port: number } | { readonly socket: string };

/** Content for a file on the host that is too large to ride in an exchange. */
export interface Upload {
  /** Absolute path of a temporary file beside the target; created 0600, replaced when it is there. */
  readonly path: string;
  readonly content: Uint8Array | { readonly file: string };
}

/** An open connection to one host. Methods reject with a ConnectionError when the host is lost. */
export interface Connection {
  /** The login user's name. */
  readonly user: string;
  /** Exchanges so far, for the recap: one a message, however many scripts it holds. */
  readonly exchanges: number;
  /** Runs scripts in order, in one message; answers in the same order, always as many as asked. */
  exchange(scripts: readonly Script[], options?: ExchangeOptions): Promise<readonly Outcome[]>;
  upload(upload: Upload, options?: ExchangeOptions): Promise<void>;
  /** Opens a stream to a TCP address or a Unix socket as seen from the host. Rejects with a plain Error when refused. */
  dial(
    target: DialTarget,
    options?: { readonly signal?: AbortSignal; readonly timeout?: number },
  ): Promise<Duplex>;
  /**
   * One call of the Docker Engine API through the host's socket. Docker's own refusals are answers, not rejections.
   * `as` opens the socket where the login user may not, and runs a `hostScript`.
   */
  docker(
    call: DockerCall,
    options?: {
      readonly as?: Become;
      readonly signal?: AbortSignal;
      readonly onLine?: (line: string) => void;
    },
  ): Promise<DockerAnswer>;
  /** Ends what still runs on the host for us, then the connection. Never rejects. */
  close(): Promise<void>;
}

/** The host cannot be reached, let us in, or was lost. The message says which, and what to do. */
export class ConnectionError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** How to reach a host: what the inventory's ansible_* variables say, resolved. */
export interface ConnectionSettings {
  readonly kind: 'local' | 'ssh';
  /** What the inventory calls it. */
  readonly name: string;
  /** ansible_host, or the name. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKeyFile?: string;
  /** ssh options in ssh_config's words, from ansible_ssh_common_args: lower-case key → values; `-F` is `configfile`. */
  readonly sshOptions?: Readonly<Record<string, readonly string[]>>;
  /** Seconds for connecting and logging in; default 10. */
  readonly connectTimeout?: number;
  /** Shell to start instead of /bin/sh (ansible_shell_executable). */
  readonly shell?: string;
}

/** Opens connections; wired by the command line. */
export type Connect = (settings: ConnectionSettings, signal: AbortSignal) => Promise<Connection>;
