/** One host as a machine: its connection, and what was seen on it since the last change. Shared by all that run on it. */
import type { Answer } from '../core/probe.ts';
import type { Connection } from '../core/transport.ts';

export class Machine {
  readonly name: string;
  /** Answers by user and request. An Error: looking failed; it matters only to the task that needed it. */
  readonly seen = new Map<string, Answer | Error>();
  /** Waits for the host so far: a message with all it carries, and the Docker reads beside it, count as one. */
  exchanges = 0;
  /** Plan mode: a change was announced, so what is seen now may be different then. */
  changePlanned = false;
  #generation = 0;
  #opening: Promise<Connection> | undefined;
  readonly #open: () => Promise<Connection>;

  constructor(name: string, open: () => Promise<Connection>) {
    this.name = name;
    this.#open = open;
  }

  /** Opens on first use. Rejects with the same ConnectionError every time when that failed. */
  connection(): Promise<Connection> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Something changed: nothing seen before counts, and neither do answers still under way. */
  forget(): void {
    this.seen.clear();
    this.#generation++;
  }

  /** Keeps answers unless something changed since `generation`. */
  remember(entries: Iterable<readonly [string, Answer | Error]>, generation: number): void {
    if (generation !== this.#generation) return;
    for (const [key, answer] of entries) this.seen.set(key, answer);
  }

  async close(): Promise<void> {
    if (this.#opening === undefined) return;
    // A connection that failed to open was reported when it failed.
    const connection = await this.#opening.catch(() => undefined);
    await connection?.close();
  }
}
