/** Calls of the Docker Engine API as data, so that probes and steps can hold them. */
import type { Sh } from './sh.ts';
import type { Value, ValueMap } from './value.ts';

export interface DockerCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path without the version: `/containers/web/json`. Build with `dockerPath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: ValueMap;
  /** A tar archive as the body: packed from a folder of the controller, or the stdout of a script on the host. */
  readonly archive?: { readonly folder: string } | { readonly hostScript: Sh };
  /** Registry login for a pull; never shown. */
  readonly auth?: { readonly username: string; readonly password: string; readonly serveraddress?: string };
  /** Seconds; default 60; pulls and builds want more. */
  readonly limit?: number;
  /**
   * What the answer's body is: one JSON value (default), a stream of JSON progress lines whose `error` makes the
   * call fail (pull, build, import), the multiplexed log of a container as text, or nothing that matters.
   */
  readonly answer?: 'json' | 'progress' | 'log' | 'none';
}

export interface DockerAnswer {
  /** HTTP status: 200, 201, 204, 304 (already so), 404 (no such object), ...; 0 when no daemon answers. */
  readonly status: number;
  /** The JSON body; for `progress` the list of its lines; for `log` the text; null when empty. */
  readonly body: Value;
  /** Docker's own message, or why no daemon answered, when the status is no success. */
  readonly message?: string;
}

/** A path of the API, each part encoded: dockerPath('containers', name, 'json'). */
export function dockerPath(...parts: readonly string[]): string {
  return parts.map(part => `/${encodeURIComponent(part)}`).join('');
}

/** Success as most calls mean it: 2xx, or 304 where the object is so already. */
export function dockerSucceeded({ status }: DockerAnswer): boolean {
  return (status >= 200 && status < 300) || status === 304;
}
