/** An HTTP request made through the host's connection by the controller: the host needs no client. */
import type { ValueMap } from './value.ts';

export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly username?: string;
  readonly password?: string;
  readonly validateCerts?: boolean;
  readonly followRedirects?: 'none' | 'safe' | 'all';
  /** Seconds; default 30. */
  readonly timeout?: number;
  /** Docker's or another Unix socket on the host instead of TCP. */
  readonly unixSocket?: string;
}

export interface HttpAnswer {
  /** -1 when there was no answer. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ValueMap;
  readonly body: string;
  /** After redirects. */
  readonly url: string;
  /** Why there was no answer, or the status text. */
  readonly message: string;
}
