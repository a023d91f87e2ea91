/** At most so many at a time; the rest wait in line. */
export class Slots {
  readonly #most: number;
  #taken = 0;
  readonly #line: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves with what gives the slot back; giving it back twice does nothing. */
  async take(): Promise<() => void> {
    if (this.#taken >= this.#most) await new Promise<void>(resolve => this.#line.push(resolve));
    else this.#taken += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.shift();
      if (next) next();
      else this.#taken -= 1;
    };
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.take();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
