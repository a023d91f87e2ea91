/** kill -9 of a backup or a restore, of the runner, of the host's driver, or of both, at a moment of chance. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { STATES as BACKUP } from '../../tasks/backup/driver.ts';
import { readJournal } from '../../tasks/host-run/journal.ts';
import { homeOf, journalOf, runOf } from '../../tasks/host-run/run.ts';
import { STATES as RESTORE } from '../../tasks/restore/driver.ts';
import { processes } from '../support/processes.ts';
import { CLI } from './lab.ts';

export type Victim = 'runner' | 'driver' | 'both';

export interface Aim {
  readonly what: 'backup' | 'restore';
  readonly victim: Victim;
  /** So many milliseconds after the driver has come to this state; '' is the start of the runner. */
  readonly state: string;
  readonly delay: number;
}

/** @param random numbers from 0 to 1 */
export function drawAim(what: Aim['what'], random: () => number): Aim {
  const among = <T>(all: readonly T[], fallback: T): T => all[Math.floor(random() * all.length)] ?? fallback;
  const victim = among<Victim>(['runner', 'driver', 'both'], 'both');
  const states = (what === 'backup' ? BACKUP : RESTORE).filter(state => state !== 'reported');
  const state = among<string>(victim === 'runner' ? ['', ...states] : states, 'planned');
  return { what, victim, state, delay: Math.floor(random() * (state === '' ? 1500 : 400)) };
}

export interface Struck {
  /** Of the run on the host; '' when it had not begun. */
  readonly id: string;
  /** Its last state when it was struck. */
  readonly state: string;
  /** performance.now() */
  readonly at: number;
  /** The runner's exit code; null when it was killed. */
  readonly runner: Promise<number | null>;
}

export const statesOf = (directory: string, id: string) =>
  id === '' || !existsSync(journalOf(directory, id))
    ? []
    : readJournal(readFileSync(journalOf(directory, id), 'utf8')).map(({ state }) => state);

function runsOf(directory: string): readonly string[] {
  const folder = `${homeOf(directory)}/journals`;
  return existsSync(folder) ? readdirSync(folder).map(name => name.replace(/\.jsonl$/, '')) : [];
}

function driverOf(directory: string, id: string): number | undefined {
  const file = `${runOf(directory, id)}/pid`;
  if (id === '' || !existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split(' ')[0]);
  return processes().some(one => one.pid === pid) ? pid : undefined;
}

/**
 * Starts a real runner and strikes. Undefined when the run was over before.
 * @param directory of the instance whose driver is meant
 * @param words of girofle-run
 */
export async function strike(
  directory: string,
  aim: Aim,
  words: readonly string[],
  log: string,
): Promise<Struck | undefined> {
  const earlier = new Set(runsOf(directory));
  const script = 'exec node "$@" >>"$log" 2>&1';
  const child = spawn('sh', ['-c', script, 'girofle', CLI, ...words], {
    env: { ...process.env, log },
    stdio: 'ignore',
  });
  let over = false;
  const runner = new Promise<number | null>(done =>
    child.on('close', code => {
      over = true;
      done(code);
    }),
  );
  const find = () => runsOf(directory).find(id => !earlier.has(id)) ?? '';
  while (!over && aim.state !== '' && !statesOf(directory, find()).includes(aim.state)) await delay(4);
  await delay(aim.delay);
  const id = find();
  const state = statesOf(directory, id).at(-1) ?? '';
  const driver = aim.victim === 'runner' ? undefined : driverOf(directory, id);
  if (over || child.pid === undefined || (aim.victim !== 'runner' && driver === undefined)) {
    await runner;
    return undefined;
  }
  if (aim.victim !== 'driver') child.kill('SIGKILL');
  if (driver !== undefined) process.kill(driver, 'SIGKILL');
  return { id, state, at: performance.now(), runner };
}
