/** One host as a machine: its connection, and what was seen on it since the last change. Shared by all that run on it. */
import type { Answer } from '../core/probe.ts';
import type { Connection } from '../core/transport.ts';

/** Counts the changes made in a run, on whatever machine: what was seen before one may be stale after it. */
export class Changes {
  count = 0;
}

export class Machine {
  readonly name: string;
  /** Answers by user and request. An Error: looking failed; it matters only to the task that needed it. */
  readonly seen = new Map<string, Answer | Error>();
  /** Waits for the host so far: a message with all it carries, and the Docker reads beside it, count as one. */
  exchanges = 0;
  /** Kinds of look-ups that failed when many were joined: they travel one by one. */
  readonly apart = new Set<string>();
  /** Plan mode: a change was announced, so what is seen now may be different then. */
  changePlanned = false;
  /** Changes of the run that what is seen takes into account. */
  #upTo = 0;
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

  /** Forgets what was seen before the latest change, made on whatever machine. */
  refresh({ count }: Changes): void {
    if (this.#upTo === count) return;
    this.forget();
    this.#upTo = count;
  }

  /** What is seen now is as it was after so many changes. */
  seenUpTo(count: number): void {
    this.#upTo = count;
  }

  /** The next use tries to open it again. */
  reset(): void {
    this.#opening = undefined;
    this.forget();
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

/**
 * What one host's way through a play sees. Its tasks come one after another, so each must see what the one before
 * changed, on any machine: several names may mean one machine, and a machine may be changed from another.
 */
export class Flow {
  readonly #changes: Changes;
  readonly #machines = new Set<Machine>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** To be called before a task uses a machine. */
  use(machine: Machine): void {
    if (this.#machines.has(machine)) return;
    machine.refresh(this.#changes);
    this.#machines.add(machine);
  }

  /** Time has passed: whatever was seen may be otherwise. */
  forget(): void {
    for (const machine of this.#machines) machine.forget();
  }

  /** Others have gone on meanwhile. */
  refresh(): void {
    for (const machine of this.#machines) machine.refresh(this.#changes);
  }

  /** Runs what changes a machine. It forgets by itself what it has to; the other machines of this flow do here. */
  async changing<T>(machine: Machine, act: () => Promise<T>): Promise<T> {
    const before = this.#changes.count;
    try {
      return await act();
    } finally {
      this.#changes.count++;
      machine.seenUpTo(before + 1);
      for (const other of this.#machines) if (other !== machine) other.forget();
    }
  }
}
