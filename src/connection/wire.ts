/** What a kind of connection (local, ssh) provides; the rest is built on it. */
import type { Duplex } from 'node:stream';
import type { DialTarget } from '../core/transport.ts';
import type { ShellHost } from './shell.ts';

export interface Wire extends ShellHost {
  /** Closing it ends idle shells by itself, with no wait for the host. */
  readonly endsShells: boolean;
  /** Rejects with a plain Error when refused. */
  dial(target: DialTarget, signal?: AbortSignal): Promise<Duplex>;
  /** Never rejects. */
  close(): Promise<void>;
}
