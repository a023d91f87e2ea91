/** Waiting for the other hosts, at the moment when something turns out to read what they know. */
import type { Spot } from './barrier.ts';
import type { HostContext } from './context.ts';
import { NeedsEveryHost } from './scope.ts';

/** Raised when the play was over by the time that the others had come: what waited is not done any more. */
export class PlayIsOver extends Error {}

/** Where something waits: `finishing` things are done even when too much failed. */
interface Waiting {
  readonly spot: Spot;
  readonly finishing: boolean;
}

export class Patience {
  readonly #context: HostContext;
  readonly #waiting: Waiting;
  #arrived: boolean;
  #begun = false;

  constructor(waiting: Waiting, context: HostContext) {
    this.#waiting = waiting;
    this.#context = context;
    this.#arrived = context.play.batch.length === 1;
  }

  /** From here on the host is changed: what was begun is brought to its end. */
  begin(): void {
    this.#begun = true;
  }

  /** Throws PlayIsOver when nothing was done yet, and nothing should be. */
  mayBegin(): void {
    const over = this.#context.outlook.over();
    const { finishing } = this.#waiting;
    if (!this.#begun && (over === 'ended' || (over === 'fatal' && !finishing))) throw new PlayIsOver();
  }

  /** For scopes: every other host has come as far as this spot. */
  readonly arrived = (): boolean => this.#arrived;

  /** Evaluates; where that needs the others, waits for them and evaluates again. `act` must do nothing but evaluate. */
  async evaluate<T>(act: () => T | Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof NeedsEveryHost)) throw error;
      await this.wait();
      return act();
    }
  }

  async wait(): Promise<void> {
    if (this.#arrived) return;
    const { barrier, state, flow } = this.#context;
    await barrier.arrive(state, this.#waiting.spot);
    this.#arrived = true;
    flow.refresh();
    this.mayBegin();
  }
}
