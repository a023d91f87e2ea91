/** Where hosts of a batch wait for one another: tasks that read what others know, and tasks that run once. */
import type { HostState } from './host.ts';
import type { Slots } from './slots.ts';

/** A place in the run of a play, the same on every host: `12/3.block/7`. What is within begins with it. */
export type Spot = string;

export function spotWithin(around: Spot, part: string | number): Spot {
  return around === '' ? String(part) : `${around}/${part}`;
}

interface Progress {
  readonly host: HostState;
  /** Spots that the host is through with, run or skipped. */
  readonly done: Set<Spot>;
  waitingAt: Spot | undefined;
  left: boolean;
  /** While waiting: what was waited for is there. */
  ready: () => boolean;
  /** Nobody can come further unless this one goes on. */
  released: boolean;
  wake: () => void;
}

/** A task that runs once: whose turn it is, and what it gave. */
interface Turn<Result> {
  /** Index of the first host that may still run it. */
  next: number;
  running: boolean;
  result: Result | undefined;
}

/** Each move of a host costs as much as there are spots at which someone waits, not as there are hosts. */
export class Barrier<Result> {
  readonly #progress: ReadonlyMap<HostState, Progress>;
  readonly #order: readonly Progress[];
  readonly #slots: Slots;
  readonly #signal: AbortSignal;
  /** Spots awaited: who has not come there yet. */
  readonly #missing = new Map<Spot, Set<Progress>>();
  /** Spots where everyone has been. */
  readonly #complete = new Set<Spot>();
  readonly #turns = new Map<Spot, Turn<Result>>();
  readonly #waiting = new Map<Spot, Set<Progress>>();
  #waiters = 0;
  #present: number;
  readonly #stop = () => {
    for (const progress of this.#order) progress.wake();
  };

  /** @param slots each host of the batch that is at work holds one */
  constructor(hosts: readonly HostState[], slots: Slots, signal: AbortSignal) {
    this.#order = hosts.map(newProgress);
    this.#progress = new Map(this.#order.map(progress => [progress.host, progress]));
    this.#present = hosts.length;
    this.#slots = slots;
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** To be called when the batch is through. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#stop);
  }

  /** The host is through with this spot and all within. */
  pass(host: HostState, spot: Spot): void {
    const progress = this.#of(host);
    progress.done.add(spot);
    this.#moved(progress);
  }

  /** The host takes no more part in the play. */
  leave(host: HostState): void {
    const progress = this.#of(host);
    if (progress.left) return;
    progress.left = true;
    this.#present--;
    this.#moved(progress);
    this.#releaseIfStuck();
  }

  /** Until every other host has come as far as `spot`, or can come no further. Rejects when interrupted. */
  async arrive(host: HostState, spot: Spot): Promise<void> {
    const progress = this.#of(host);
    if (!this.#complete.has(spot) && !this.#missing.has(spot)) this.#await(spot, progress);
    await this.#waitUntil(progress, spot, () => this.#complete.has(spot));
  }

  /** Runs `act` on the first host that can come here; the others get its result when it is there. */
  async once(
    host: HostState,
    spot: Spot,
    act: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly ran: boolean }> {
    const progress = this.#of(host);
    const turn = this.#turns.get(spot) ?? { next: 0, running: false, result: undefined };
    this.#turns.set(spot, turn);
    const isMine = () => !turn.running && this.#advance(turn, spot) === progress;
    while (turn.result === undefined) {
      await this.#waitUntil(progress, spot, () => turn.result !== undefined || isMine());
      if (turn.result === undefined && !turn.running) {
        return { result: await this.#take(turn, spot, act), ran: true };
      }
    }
    return { result: turn.result, ran: false };
  }

  async #take(turn: Turn<Result>, spot: Spot, act: () => Promise<Result>): Promise<Result> {
    turn.running = true;
    try {
      turn.result = await act();
      return turn.result;
    } finally {
      turn.running = false;
      this.#wakeAt(spot);
    }
  }

  #of(host: HostState): Progress {
    const progress = this.#progress.get(host);
    if (progress === undefined) throw new Error(`${host.name} is not in this batch`);
    return progress;
  }

  #await(spot: Spot, by: Progress): void {
    const others = this.#order.filter(other => other !== by && !isAsFarAs(other, spot));
    if (others.length === 0) this.#complete.add(spot);
    else this.#missing.set(spot, new Set(others));
  }

  /** The first host that may still run the task; hosts that left or are past it never come back. */
  #advance(turn: Turn<Result>, spot: Spot): Progress | undefined {
    for (let progress = this.#order[turn.next]; progress; progress = this.#order[++turn.next]) {
      if (!progress.left && !isPast(progress, spot)) return progress;
    }
    return undefined;
  }

  #moved(progress: Progress): void {
    for (const [spot, missing] of this.#missing) {
      if (missing.has(progress) && isAsFarAs(progress, spot)) missing.delete(progress);
      if (missing.size > 0) continue;
      this.#missing.delete(spot);
      this.#complete.add(spot);
      this.#wakeAt(spot);
    }
    for (const [spot, turn] of this.#turns) {
      if (turn.result === undefined && !turn.running) this.#advance(turn, spot)?.wake();
    }
  }

  #wakeAt(spot: Spot): void {
    for (const progress of this.#waiting.get(spot) ?? []) progress.wake();
  }

  async #waitUntil(progress: Progress, spot: Spot, ready: () => boolean): Promise<void> {
    if (ready()) return;
    progress.ready = ready;
    this.#enter(progress, spot);
    this.#slots.release();
    while (!ready() && !progress.released && !this.#signal.aborted) {
      await new Promise<void>(wake => {
        progress.wake = wake;
        this.#releaseIfStuck();
      });
    }
    this.#goOn(progress, spot);
    await this.#slots.take();
    this.#signal.throwIfAborted();
  }

  #enter(progress: Progress, spot: Spot): void {
    progress.waitingAt = spot;
    this.#waiters++;
    const others = this.#waiting.get(spot) ?? new Set();
    this.#waiting.set(spot, others.add(progress));
    this.#moved(progress);
  }

  #goOn(progress: Progress, spot: Spot): void {
    progress.waitingAt = undefined;
    progress.released = false;
    this.#waiters--;
    const others = this.#waiting.get(spot);
    others?.delete(progress);
    if (others?.size === 0) this.#waiting.delete(spot);
  }

  /** All who are left wait, each elsewhere (one is in a rescue section): whoever comes first goes on. */
  #releaseIfStuck(): void {
    if (this.#waiters < this.#present || this.#waiters === 0) return;
    const waiting = this.#order.filter(({ waitingAt }) => waitingAt !== undefined);
    const [first] = waiting;
    if (first === undefined || waiting.some(({ released, ready }) => released || ready())) return;
    first.released = true;
    first.wake();
  }
}

function newProgress(host: HostState): Progress {
  return {
    host,
    done: new Set(),
    waitingAt: undefined,
    left: false,
    ready: () => false,
    released: false,
    wake: () => {},
  };
}

function isAsFarAs(progress: Progress, spot: Spot): boolean {
  return progress.left || progress.waitingAt === spot || isPast(progress, spot);
}

/** Through with the spot, or with something that it lies in. */
function isPast({ done }: Progress, spot: Spot): boolean {
  for (let end = spot.length; end > 0; end = spot.lastIndexOf('/', end - 1)) {
    if (done.has(spot.slice(0, end))) return true;
  }
  return false;
}
