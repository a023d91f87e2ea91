/** The command line as a user has it: the built program in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunEvent } from '../../src/core/event.ts';

const CLI = resolve('dist/cli.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Seconds. */
  readonly took: number;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `girofle-run` with these arguments, without a terminal. */
export function start(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly onOutput?: (text: string) => void;
  } = {},
): Started {
  if (!existsSync(CLI)) throw new Error('dist/cli.js is missing: npm run build');
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      options.onOutput?.(text);
    });
  }
  const ended = new Promise<Ended>(done =>
    child.on('close', code => done({ code, ...texts, took: (performance.now() - began) / 1000 })),
  );
  return { process: child, ended };
}

export function girofle(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** Runs with `--output ndjson` and gives the events. */
export async function events(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly events: readonly RunEvent[]; readonly stderr: string }> {
  const { code, stdout, stderr } = await girofle([...args, '--output', 'ndjson']);
  const lines = stdout.split('\n').filter(line => line !== '');
  return { code, events: lines.map(line => JSON.parse(line)), stderr };
}

export type TaskEnd = Extract<RunEvent, { type: 'task_end' }>;

export function taskEnds(all: readonly RunEvent[]): readonly TaskEnd[] {
  return all.flatMap(event => (event.type === 'task_end' ? [event] : []));
}

export function recap(all: readonly RunEvent[]): Extract<RunEvent, { type: 'recap' }> {
  const last = all.at(-1);
  if (last?.type !== 'recap') throw new Error(`the last event is ${last?.type ?? 'missing'}, no recap`);
  return last;
}

/** A folder with these files, and what removes it. */
export function workspace(files: Readonly<Record<string, string>>): {
  readonly path: string;
  readonly remove: () => void;
} {
  const path = mkdtempSync(join(tmpdir(), 'girofle-e2e-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
