/** Events to tell renderers, each with the fields that a test does not care about filled in. */
import { Writable } from 'node:stream';
import type { HostCounts, RunEvent } from '../../src/core/event.ts';
import { createRenderer, type RenderOptions } from '../../src/render/choose.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

const ref = {
  host: 'vm1',
  play: 'Provision',
  task: 'Install Docker',
  module: 'package',
  place: 'playbooks/x.yml:12',
  id: 1,
};
const ending = { status: 'ok', changed: false, steps: [] } as const;

export function runStart(mode: 'run' | 'plan' = 'run'): RunEvent {
  return {
    type: 'run_start',
    playbooks: ['playbooks/x.yml'],
    mode,
    time: '2026-11-23T08:00:00.000Z',
    version: '0.1.0',
  };
}

export function playStart(hosts: readonly string[] = ['vm1'], tasks = 2): RunEvent {
  return { type: 'play_start', play: 'Provision', hosts, tasks };
}

export function taskStart(more: Partial<Of<'task_start'>> = {}): RunEvent {
  return { type: 'task_start', ...ref, ...more };
}

export function taskOutput(line: string, more: Partial<Of<'task_output'>> = {}): RunEvent {
  return { type: 'task_output', ...ref, line, stream: 'stdout', ...more };
}

export function taskRetry(more: Partial<Of<'task_retry'>> = {}): RunEvent {
  return { type: 'task_retry', ...ref, attempt: 1, retries: 5, delay: 3, ...more };
}

export function taskEnd(more: Partial<Of<'task_end'>> = {}): RunEvent {
  return { type: 'task_end', ...ref, ...ending, duration: 0, ...more };
}

export function changed(...says: readonly string[]): Pick<Of<'task_end'>, 'status' | 'changed' | 'steps'> {
  return { status: 'changed', changed: true, steps: says.map(say => ({ say })) };
}

export function itemEnd(label: string, more: Partial<Of<'item_end'>> = {}): RunEvent {
  return { type: 'item_end', ...ref, ...ending, item: label, label, ...more };
}

export function counts(more: Partial<HostCounts> = {}): HostCounts {
  return {
    ok: 0,
    changed: 0,
    skipped: 0,
    failed: 0,
    unreachable: 0,
    rescued: 0,
    ignored: 0,
    exchanges: 1,
    ...more,
  };
}

export function recap(more: Partial<Of<'recap'>> = {}): Of<'recap'> {
  return {
    type: 'recap',
    exit: 0,
    mode: 'run',
    seconds: 1.2,
    hosts: { vm1: counts({ ok: 2 }) },
    changes: [],
    ...more,
  };
}

/** A stream that keeps what it gets. */
export function collector(): Writable & { text(): string } {
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return Object.assign(sink, { text: () => chunks.join('') });
}

export interface Told {
  readonly out: string;
  readonly err: string;
}

/** Tells the events to a renderer; the clock stands at 08:27:01 and goes on by `tick` milliseconds an event. */
export async function told(
  events: readonly RunEvent[],
  options: Partial<RenderOptions> & { readonly tick?: number } = {},
): Promise<Told> {
  const stdout = collector();
  const stderr = collector();
  let time = new Date(2026, 10, 23, 8, 27, 1).getTime();
  const renderer = await createRenderer({
    output: 'plain',
    verbosity: 0,
    diff: false,
    color: false,
    width: 80,
    rows: 24,
    locale: 'en',
    stdout,
    stderr,
    now: () => new Date(time),
    ...options,
  });
  for (const event of events) {
    renderer.on(event);
    time += options.tick ?? 0;
  }
  await renderer.close();
  return { out: stdout.text(), err: stderr.text() };
}

/** A template as text: without the line break it starts with, and without the indentation of its first filled line. */
export function text(template: string): string {
  const lines = template.replace(/^\n/, '').replace(/ *$/, '').split('\n');
  const first = lines.find(line => line.trim() !== '') ?? '';
  return lines.map(line => line.slice(first.length - first.trimStart().length)).join('\n');
}
