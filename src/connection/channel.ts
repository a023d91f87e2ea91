/** A process on the host as this room sees it: three byte streams and an end. */
import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export interface Ended {
  readonly code?: number;
  readonly signal?: string;
}

export interface Channel {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** The process has ended, or the connection is lost; some output may still be on its way. Never rejects. */
  readonly exited: Promise<Ended>;
  /** As `exited`, and both streams are at their end. Never rejects. */
  readonly closed: Promise<Ended>;
  /** Ends the channel at once, whatever the process does. */
  destroy(): void;
}

/** Starts one line of POSIX shell text on the host as the login user. Rejects with a ConnectionError. */
export type Launch = (line: string, signal?: AbortSignal) => Promise<Channel>;

/** The error that an aborted operation rejects with: its name is AbortError, its cause the signal's reason. */
export class AbortError extends Error {
  override readonly name = 'AbortError';

  constructor(signal: AbortSignal) {
    super('the operation was aborted', { cause: signal.reason });
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal);
}

/** Rejects with an AbortError when the signal fires first; `release` takes its listener away again. */
export function abortion(signal: AbortSignal | undefined): { promise: Promise<never>; release: () => void } {
  let release = () => {};
  const promise = new Promise<never>((_, reject) => {
    if (!signal) return;
    const abort = () => reject(new AbortError(signal));
    if (signal.aborted) abort();
    // One signal serves a whole run, with many hosts listening at a time.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
    release = () => signal.removeEventListener('abort', abort);
  });
  promise.catch(() => {});
  return { promise, release };
}

/** What `work` gives, or an AbortError as soon as the signal fires. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const { promise, release } = abortion(signal);
  try {
    return await Promise.race([work, promise]);
  } finally {
    release();
  }
}

/** True when `work` settles within so many milliseconds. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
