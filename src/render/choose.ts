/** Chooses and wires the renderer that the command line asks for. */
import type { Renderer } from '../core/event.ts';
import { loadDiff } from './diff.ts';
import { catalogue, type Locale, localeOf } from './messages.ts';
import { createNdjson } from './ndjson.ts';
import { openOutput, type Sink } from './output.ts';
import { paintWith } from './paint.ts';
import { createPlain, type People } from './plain.ts';
import { createPretty, type TerminalRenderer } from './pretty.ts';

export interface RenderOptions {
  readonly output: 'pretty' | 'plain' | 'ndjson';
  readonly verbosity: number;
  readonly diff: boolean;
  readonly color: boolean;
  /** Columns and rows of the terminal; asked again of stderr at every drawing. */
  readonly width: number;
  readonly rows: number;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Default: the environment's. */
  readonly locale?: Locale;
  /** False: the terminal shows ASCII only. Default true. */
  readonly unicode?: boolean;
  readonly now?: () => Date;
  /**
   * Called once when a renderer can write no more (the reader of stdout is gone: EPIPE) or threw; it is silent from
   * then on. The run goes on unless the caller ends it.
   */
  readonly onBroken?: (error: Error) => void;
}

export async function createRenderer(options: RenderOptions): Promise<TerminalRenderer> {
  const onBroken = once(options.onBroken ?? (() => {}));
  const stdout = openOutput(options.stdout, onBroken);
  const stderr = openOutput(options.stderr, onBroken);
  if (options.output === 'ndjson') return guard(createNdjson(stdout), onBroken);
  const messages = catalogue[options.locale ?? localeOf(process.env)];
  const paint = paintWith(options.color);
  const people: People = {
    stdout,
    stderr,
    verbosity: options.verbosity,
    messages,
    paint,
    now: options.now ?? (() => new Date()),
    ...(options.diff ? { showDiff: await loadDiff(messages, paint) } : {}),
  };
  if (options.output === 'plain') return guard(createPlain(people), onBroken);
  const pretty = createPretty({
    ...people,
    color: options.color,
    unicode: options.unicode ?? true,
    live: options.stderr.isTTY === true,
    size: () => ({
      width: options.stderr.columns ?? options.width,
      rows: options.stderr.rows ?? options.rows,
    }),
  });
  return guard(pretty, onBroken);
}

/** What a terminal, or its absence, suggests. */
export function terminalDefaults(
  env: Readonly<Record<string, string | undefined>>,
  stdout: Sink,
  stderr: Sink,
): Required<Pick<RenderOptions, 'output' | 'color' | 'width' | 'rows' | 'locale' | 'unicode'>> {
  const dumb = env.TERM === 'dumb';
  const onTerminal = stdout.isTTY === true && stderr.isTTY === true && !dumb;
  const charset = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    output: onTerminal && !env.CI ? 'pretty' : 'plain',
    color: wantsColor(env, stdout.isTTY === true && !dumb),
    width: stderr.columns ?? stdout.columns ?? 80,
    rows: stderr.rows ?? stdout.rows ?? 24,
    locale: localeOf(env),
    unicode: /utf-?8/i.test(charset),
  };
}

/** https://no-color.org and https://force-color.org */
function wantsColor(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return terminal;
}

function once<T>(call: (value: T) => void): (value: T) => void {
  let called = false;
  return value => {
    if (!called) call(value);
    called = true;
  };
}

/** Keeps the engine safe from a renderer: what it throws is reported, and it is not asked again. */
function guard(renderer: Renderer | TerminalRenderer, onBroken: (error: Error) => void): TerminalRenderer {
  let broken = false;
  return {
    on(event) {
      if (broken) return;
      try {
        renderer.on(event);
      } catch (error) {
        broken = true;
        onBroken(error instanceof Error ? error : new Error(String(error)));
      }
    },
    aside: 'aside' in renderer ? renderer.aside : ask => ask(),
    close: () => renderer.close(),
  };
}
