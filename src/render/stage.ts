/** Where permanent text and what is redrawn meet on a terminal: opens the right display when a play takes long. */
import type { Live, LiveOptions } from './live.ts';
import type { Output } from './output.ts';

/** Milliseconds before anything is redrawn: a converged host is often done earlier, and nothing needs to be loaded. */
const PATIENCE = 300;

export interface Stage {
  /** Permanent text. */
  print(output: Output, text: string): void;
  /** A play with so many hosts began. */
  open(hosts: number): void;
  close(): void;
  /** Leaves the terminal to a question; what is said meanwhile comes after it. */
  aside<T>(ask: () => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** @param options.live false: nothing is ever redrawn */
export function openStage(options: LiveOptions & { readonly live: boolean }): Stage {
  let hosts = 0;
  let live: Live | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Counts up when what was wanted is no longer: a display that was loading meanwhile is not opened. */
  let turn = 0;
  let asides = 0;
  /** Said while a question stands on the terminal. */
  let held: { readonly output: Output; readonly text: string }[] = [];
  /** Everything that must be over before the end. */
  let settled: Promise<void> = Promise.resolve();

  const show = async (wanted: number) => {
    const open = hosts < 2 ? await loadSpinner() : await loadSlots(hosts);
    if (wanted === turn) live = open(options);
  };
  const schedule = (delay: number) => {
    if (!options.live || hosts === 0 || asides > 0) return;
    const wanted = turn;
    timer = setTimeout(() => {
      const showing = show(wanted);
      settled = settled.then(() => showing);
    }, delay);
  };
  const hide = () => {
    turn += 1;
    clearTimeout(timer);
    const leaving = live;
    live = undefined;
    if (leaving) {
      const stopping = leaving.stop();
      settled = settled.then(() => stopping);
    }
  };

  const release = () => {
    for (const { output, text } of held) output.write(text);
    held = [];
  };

  return {
    print(output, text) {
      if (asides > 0) held.push({ output, text });
      else if (live) live.print(output, text);
      else output.write(text);
    },
    open(count) {
      hide();
      hosts = count;
      schedule(PATIENCE);
    },
    close() {
      hide();
      hosts = 0;
    },
    async aside(ask) {
      asides += 1;
      hide();
      try {
        return await ask();
      } finally {
        asides -= 1;
        if (asides === 0) release();
        schedule(0);
      }
    },
    end() {
      hide();
      hosts = 0;
      release();
      return settled;
    },
  };
}

async function loadSpinner(): Promise<(options: LiveOptions) => Live> {
  const { openSpinner } = await import('./spinner.ts');
  return openSpinner;
}

async function loadSlots(hosts: number): Promise<(options: LiveOptions) => Live> {
  const { openSlots } = await import('./slots.ts');
  return options => openSlots(hosts, options);
}
