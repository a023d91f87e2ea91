/** Looks at the processes of this machine, to show that nothing was left running. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** Words of the command line. */
  readonly words: readonly string[];
}

/** Every living process; zombies are not living. */
export function processes(): readonly Seen[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(look);
}

function look(pid: string): readonly Seen[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), words }];
  } catch {
    return [];
  }
}

/** Processes one of whose arguments is exactly this word: give your test's processes one that nobody else has. */
export function processesWith(word: string): readonly Seen[] {
  return processes().filter(({ words }) => words.includes(word));
}

/** A number of seconds for `sleep` that no other process is sleeping. */
export function uniqueSeconds(): string {
  return `${1000 + Math.floor(Math.random() * 8999)}.${process.pid}${Math.floor(Math.random() * 1e6)}`;
}

/** Resolves when the condition holds; rejects after so many seconds, saying what was awaited. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 5,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await delay(20);
  }
}

/** The process and all that descend from it, the deepest first. */
export function family(pid: number): readonly number[] {
  const all = processes();
  const below = (root: number): readonly number[] => [
    ...all.filter(({ parent }) => parent === root).flatMap(({ pid: child }) => below(child)),
    root,
  ];
  return below(pid);
}
