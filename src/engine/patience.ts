/** Waiting for the other hosts, at the moment when something turns out to read what they know. */
import type { Spot } from './barrier.ts';
import type { HostContext } from './context.ts';
import { NeedsEveryHost } from './scope.ts';

export class Patience {
  readonly #context: HostContext;
  readonly #spot: Spot;
  #arrived: boolean;

  constructor(spot: Spot, context: HostContext) {
    this.#spot = spot;
    this.#context = context;
    this.#arrived = context.play.batch.length === 1;
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
    await barrier.arrive(state, this.#spot);
    this.#arrived = true;
    flow.refresh();
  }
}
