/** Writes playbooks into folders of their own, and says what loading them says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { type Diagnostic, headline } from '../../src/core/diagnostic.ts';
import type { Play, Playbook, TaskNode } from '../../src/core/play.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { smallModules } from './small-modules.ts';

export type Files = Readonly<Record<string, string>>;

const folder = mkdtempSync(join(tmpdir(), 'girofle-playbook-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** Writes p.yml, and the files beside it. @returns the path of p.yml */
export function write(playbook: string, others: Files = {}): string {
  const own = join(folder, String(count++));
  for (const [name, text] of Object.entries({ ...others, 'p.yml': playbook })) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    writeFileSync(join(own, name), text);
  }
  return join(own, 'p.yml');
}

/** As they are printed, paths relative to the playbook. */
export function headlines(diagnostics: readonly Diagnostic[], file: string): string[] {
  return diagnostics.map(headline).map(line => line.replaceAll(`${dirname(file)}/`, ''));
}

/** What is wrong with the playbook, or what it is warned about. */
export async function told(playbook: string, others: Files = {}): Promise<string[]> {
  const file = write(playbook, others);
  const loaded = await loadPlaybook(file, smallModules);
  return headlines('diagnostics' in loaded ? loaded.diagnostics : loaded.warnings, file);
}

/** A playbook that has no mistakes. */
export async function load(playbook: string, others: Files = {}): Promise<Playbook> {
  const file = write(playbook, others);
  const loaded = await loadPlaybook(file, smallModules);
  if ('diagnostics' in loaded) throw new Error(headlines(loaded.diagnostics, file).join('\n'));
  return loaded.playbook;
}

/** The one play of a playbook with these tasks, given with an indentation of four. */
export async function loadTasks(tasks: string, others: Files = {}): Promise<Play> {
  const [play] = (await load(play1(tasks), others)).plays;
  if (!play) throw new Error('the playbook has no play');
  return play;
}

export function play1(tasks: string): string {
  return `- hosts: all\n  tasks:\n${tasks}`;
}

export async function loadTask(task: string, others: Files = {}): Promise<TaskNode> {
  const [node] = (await loadTasks(task, others)).tasks;
  if (node?.kind !== 'task') throw new Error('the first node is no task');
  return node;
}
