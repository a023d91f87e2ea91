/** A limit in seconds that stands still while a person is asked or a queue is waited in. */
export class TimeLimit {
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #reach: () => void = () => {};
  readonly reached: Promise<'late'>;

  /** Stands still at first. */
  constructor(seconds: number) {
    this.#left = seconds * 1000;
    this.reached = new Promise(resolve => {
      this.#reach = () => resolve('late');
    });
  }

  resume(): void {
    this.#since = performance.now();
    this.#timer ??= setTimeout(this.#reach, Math.max(0, this.#left));
  }

  pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left -= performance.now() - this.#since;
  }
}
