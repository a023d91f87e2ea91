/**
 * The exchange protocol: many scripts as one message for a shell that reads commands, and the shell's two streams taken
 * apart again into one outcome for each script. A frame ends with the byte 0x1e and a nonce that no script can know.
 */
import { quote } from '../core/sh.ts';
import type { Outcome, Script } from '../core/transport.ts';
import { timer } from './watch.ts';

export type OnLine = (script: number, line: string, stream: 'stdout' | 'stderr') => void;

const DEFAULT_LIMIT = 16 * 1024 * 1024;
const LONGEST_LINE = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * One message. It is a single compound command, so that the shell has read all of it before the first script runs and
 * the channel stays watched.
 * @param nonce letters and digits, fresh for each message
 */
export function encode(scripts: readonly Script[], nonce: string): string {
  return `{\n${scripts.map((script, i) => encodeOne(script, scripts[i + 1], i, nonce)).join('')}}\n`;
}

function encodeOne(script: Script, next: Script | undefined, index: number, nonce: string): string {
  const run = script.limit === undefined ? isolated(script) : timed(script, script.limit);
  const guardedRun = script.needsPrevious ? `if [ "$_p" = 1 ]\nthen ${run}else _g=-\nfi\n` : run;
  const first = index === 0 ? '_p=0\n' : '';
  const judge = next?.needsPrevious ? `${judged(script.success ?? [0])}\n` : '';
  return `${first}${guardedRun}${judge}printf '\\036${nonce} %s\\n' "$_g"\nprintf '\\036${nonce}\\n' >&2\n`;
}

function isolated(script: Script): string {
  return `(${environment(script.env ?? {})}eval ${word(script.text.text)}) </dev/null\n_g=$?\n`;
}

function timed(script: Script, seconds: number): string {
  const end = 'kill $_t 2>/dev/null\nwait $_t 2>/dev/null\n[ $? = 124 ]&&_g=t\n';
  return `${timer(Math.max(seconds, 0.01))}\n${isolated(script)}${end}`;
}

function judged(success: readonly number[]): string {
  return success.length === 0 ? '_p=0' : `case $_g in ${success.join('|')})_p=1;;*)_p=0;;esac`;
}

function environment(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${variable(name)}=${word(value)};export ${name};`)
    .join('');
}

function variable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new Error(`"${name}" cannot be an environment variable: a shell takes letters, digits and _ only`);
}

/** Always in quotes: text that starts with a dash or an operator must stay one word. */
function word(text: string): string {
  const quoted = quote(text);
  return quoted.startsWith("'") ? quoted : `'${quoted}'`;
}

/** Cuts one stream at the markers. What may be the start of a marker is held back until it is known. */
class Cutter {
  readonly #marker: Buffer;
  readonly #data: (bytes: Buffer) => void;
  readonly #end: (status: string) => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(marker: Buffer, data: (bytes: Buffer) => void, end: (status: string) => void) {
    this.#marker = marker;
    this.#data = data;
    this.#end = end;
  }

  feed(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(this.#marker, from);
      const close = at < 0 ? -1 : bytes.indexOf(NEWLINE, at + this.#marker.length);
      if (close < 0) {
        const keep = at < 0 ? this.#possibleStart(bytes, from) : at;
        this.#pass(bytes.subarray(from, keep));
        this.#held = Buffer.from(bytes.subarray(keep));
        return;
      }
      this.#pass(bytes.subarray(from, at));
      this.#end(bytes.toString('latin1', at + this.#marker.length, close).trim());
      from = close + 1;
    }
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#data(bytes);
  }

  #possibleStart(bytes: Buffer, from: number): number {
    const at = bytes.lastIndexOf(this.#marker[0] ?? 0);
    if (at < from || bytes.length - at >= this.#marker.length) return bytes.length;
    return this.#marker.subarray(0, bytes.length - at).equals(bytes.subarray(at)) ? at : bytes.length;
  }
}

/** What one script wrote to one stream: kept up to a limit, told line by line. */
class Output {
  readonly #limit: number;
  readonly #tell: ((line: string) => void) | undefined;
  readonly #kept: Buffer[] = [];
  #size = 0;
  #line: Buffer[] = [];
  #lineSize = 0;
  truncated = false;

  constructor(limit: number, tell: ((line: string) => void) | undefined) {
    this.#limit = limit;
    this.#tell = tell;
  }

  add(bytes: Buffer): void {
    const room = this.#limit - this.#size;
    if (bytes.length > room) this.truncated = true;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length > 0) this.#kept.push(kept);
    this.#size += kept.length;
    if (this.#tell) this.#splitLines(bytes);
  }

  end(): string {
    if (this.#lineSize > 0) this.#tellLine();
    return Buffer.concat(this.#kept).toString();
  }

  #splitLines(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      this.#line.push(bytes.subarray(from, at));
      this.#tellLine();
      from = at + 1;
    }
    if (from === bytes.length) return;
    this.#line.push(bytes.subarray(from));
    this.#lineSize += bytes.length - from;
    if (this.#lineSize > LONGEST_LINE) this.#tellLine();
  }

  #tellLine(): void {
    const line = Buffer.concat(this.#line).toString();
    this.#line = [];
    this.#lineSize = 0;
    this.#tell?.(line);
  }
}

type Stream = 'stdout' | 'stderr';

/** Reads the answer to one message. */
export class FrameReader {
  readonly #scripts: readonly Script[];
  readonly #onLine: OnLine | undefined;
  readonly #cutters: Readonly<Record<Stream, Cutter>>;
  readonly #finished: Record<Stream, string[]> = { stdout: [], stderr: [] };
  readonly #truncated = new Set<number>();
  readonly #statuses: string[] = [];
  readonly #current: Record<Stream, Output>;
  /** When the script that runs now began, in the clock of `performance.now()`. */
  #began = performance.now();
  #settle: () => void = () => undefined;
  /** Resolves when every script is answered. */
  readonly done: Promise<void>;

  constructor(scripts: readonly Script[], nonce: string, onLine?: OnLine) {
    this.#scripts = scripts;
    this.#onLine = onLine;
    const marker = Buffer.from(`\x1e${nonce}`);
    this.#current = { stdout: this.#output('stdout'), stderr: this.#output('stderr') };
    const cutter = (stream: Stream) =>
      new Cutter(
        marker,
        bytes => this.#current[stream].add(bytes),
        status => this.#endOf(stream, status),
      );
    this.#cutters = { stdout: cutter('stdout'), stderr: cutter('stderr') };
    this.done = new Promise(resolve => {
      this.#settle = resolve;
    });
    if (scripts.length === 0) this.#settle();
  }

  feed(stream: Stream, chunk: Buffer): void {
    this.#cutters[stream].feed(chunk);
  }

  /** What each script gave. When the shell ended too early: `why` stands in stderr of the script that ran, later ones are skipped. */
  outcomes(why = 'no answer'): readonly Outcome[] {
    const running = this.#answered();
    return this.#scripts.map((script, i) => {
      if (i < running) return this.#outcome(i);
      return i === running ? this.#cutShort(script, i, why) : SKIPPED;
    });
  }

  #answered(): number {
    return Math.min(this.#finished.stdout.length, this.#finished.stderr.length);
  }

  #outcome(i: number): Outcome {
    const status = this.#statuses[i] ?? '';
    if (status === '-') return SKIPPED;
    return {
      code: status === 't' ? 124 : Number(status),
      stdout: this.#finished.stdout[i] ?? '',
      stderr: this.#finished.stderr[i] ?? '',
      ...(status === 't' ? { timedOut: true } : {}),
      ...(this.#truncated.has(i) ? { truncated: true } : {}),
    };
  }

  #cutShort(script: Script, i: number, why: string): Outcome {
    const timedOut = script.limit !== undefined && performance.now() - this.#began >= script.limit * 1000;
    const stderr = this.#finished.stderr[i] ?? this.#current.stderr.end();
    return {
      code: timedOut ? 124 : 255,
      stdout: this.#finished.stdout[i] ?? this.#current.stdout.end(),
      stderr: `${stderr}${stderr === '' || stderr.endsWith('\n') ? '' : '\n'}${why}`,
      ...(timedOut ? { timedOut } : {}),
    };
  }

  #endOf(stream: Stream, status: string): void {
    const output = this.#current[stream];
    const finished = this.#finished[stream];
    finished.push(output.end());
    if (output.truncated) this.#truncated.add(finished.length - 1);
    if (stream === 'stdout') this.#statuses.push(status);
    this.#current[stream] = this.#output(stream);
    this.#began = performance.now();
    if (this.#answered() === this.#scripts.length) this.#settle();
  }

  #output(stream: Stream): Output {
    const index = this.#finished[stream].length;
    const onLine = this.#onLine;
    const limit = this.#scripts[index]?.outputLimit ?? DEFAULT_LIMIT;
    return new Output(limit, onLine && (line => onLine(index, line, stream)));
  }
}

const SKIPPED: Outcome = { code: -1, stdout: '', stderr: '', skipped: true };
