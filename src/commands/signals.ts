/** Ctrl-C and its kin end a run in order: what runs on the hosts first, then us. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Why a run was cut short. */
export class Interruption extends Error {
  readonly signal: string;

  constructor(signal: string) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

export class ControlledStop {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(signal: string): void {
    this.#controller.abort(new Interruption(signal));
  }
}

/** The first signal stops the run, a second one ends the process at once. @returns what takes the listeners away */
export function stopOnSignals(stop: ControlledStop): () => void {
  const listener = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.kill(process.pid, 'SIGKILL');
    stop.stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
