/**
 * Many hosts on a terminal, by listr2: a header and a few slots. The engine owns the control flow, so a listr task
 * only stands for a line and awaits the end. The cursor is never hidden: however the run dies, the terminal is sane.
 */
import { Listr, type ListrRendererFactory, type ListrTask } from 'listr2';
import { FRAME, type Live, type LiveOptions } from './live.ts';
import type { Output } from './output.ts';

/** What this renderer reads and writes of a listr task. */
interface Row {
  title?: string;
}

/** Rows of the terminal that permanent lines keep for themselves. */
const KEPT_ROWS = 8;

/** @param hosts no more slots than these */
export function openSlots(hosts: number, options: LiveOptions): Live {
  const slots = Math.max(1, Math.min(hosts, options.size().rows - KEPT_ROWS));
  const screen = new Screen(options);
  let finish = () => {};
  const finished = new Promise<void>(resolve => {
    finish = resolve;
  });
  const row = (): ListrTask => ({ task: () => finished });
  const run = new Listr(Array.from({ length: slots + 1 }, row), {
    concurrent: true,
    registerSignalListeners: false,
    renderer: rendererOn(screen),
  }).run();
  const leave = () => screen.stop();
  process.once('exit', leave);
  return {
    print: (output, text) => screen.print(output, text),
    async stop() {
      process.off('exit', leave);
      screen.stop();
      finish();
      await run;
    },
  };
}

/** listr2 makes its renderer itself, from a class; its own one would draw at every event. */
function rendererOn(screen: Screen): ListrRendererFactory {
  return class {
    static rendererOptions = {};
    static rendererTaskOptions = {};
    // Where progress goes is stderr, and that is known to be a terminal.
    static nonTTY = true;
    readonly render: () => void;
    readonly end = () => screen.stop();

    constructor(tasks: readonly Row[]) {
      this.render = () => screen.start(tasks);
    }
  };
}

/** The one place that draws: at most once a frame, permanent text first, then the rows. */
class Screen {
  readonly #options: LiveOptions;
  #rows: readonly Row[] = [];
  #timer: NodeJS.Timeout | undefined;
  #queue: { readonly output: Output; text: string }[] = [];
  #drawn = 0;
  #lastDrawing = 0;
  #frame = 0;
  #stopped = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  start(rows: readonly Row[]): void {
    if (this.#stopped) return;
    this.#rows = rows;
    this.#timer = setInterval(() => this.#draw(), FRAME);
    this.#draw();
  }

  print(output: Output, text: string): void {
    const last = this.#queue.at(-1);
    if (last?.output === output) last.text += text;
    else this.#queue.push({ output, text });
    if (this.#stopped) this.#writeQueue();
    else if (Date.now() - this.#lastDrawing >= FRAME) this.#draw();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#erase();
    this.#writeQueue();
  }

  #draw(): void {
    this.#frame += 1;
    this.#lastDrawing = Date.now();
    if (this.#queue.length > 0) this.#erase();
    this.#writeQueue();
    const lines = this.#lines();
    // Each line is overwritten in place and its rest erased, so that nothing flickers.
    this.#options.stderr.write(
      `${up(this.#drawn)}${lines.map(line => `${line}\u001b[K\n`).join('')}\u001b[J`,
    );
    this.#drawn = lines.length;
  }

  #lines(): readonly string[] {
    const { board, paint, size, spinner } = this.#options;
    const { width, rows } = size();
    const turn = spinner[this.#frame % spinner.length] ?? '';
    // The last column stays free: some terminals wrap as soon as it is written.
    board.lines(this.#rows.length - 1, width - 3).forEach((line, i) => {
      const row = this.#rows[i];
      if (row) row.title = line;
    });
    const [header = '', ...slots] = this.#rows.map(row => row.title ?? '');
    return [
      paint.bold(header),
      ...slots.filter(title => title !== '').map(title => `${paint.cyan(turn)} ${title}`),
    ].slice(0, Math.max(1, rows - 1));
  }

  #erase(): void {
    if (this.#drawn > 0) this.#options.stderr.write(`${up(this.#drawn)}\u001b[J`);
    this.#drawn = 0;
  }

  #writeQueue(): void {
    for (const { output, text } of this.#queue) output.write(text);
    this.#queue = [];
  }
}

function up(lines: number): string {
  return lines > 0 ? `\r\u001b[${lines}A` : '';
}
