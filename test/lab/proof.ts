/** One backup, proven: restored elsewhere, started, looked at. What is wrong is kept. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { readJournal } from '../../tasks/host-run/journal.ts';
import { journalOf } from '../../tasks/host-run/run.ts';
import { contentOf, judge, readEvidence, takeEvidence } from './evidence.ts';
import { containerOf, directoryOf, type Lab, type Load, manifestOf } from './lab.ts';
import type { Restorer } from './restore.ts';

const run = promisify(execFile);

export interface Proof {
  readonly date: string;
  readonly problems: readonly string[];
  /** Items that were acknowledged before the instance stood still, and rows that are there. */
  readonly promised: number;
  readonly rows: number;
  /** Of the restored content; two that hold the same have the same. */
  readonly content: string;
  /** Seconds of the restore, until PostgreSQL answers, and of the look. */
  readonly restore: number;
  readonly look: number;
  /** Where all lies that may explain what is wrong; '' when nothing is. */
  readonly kept: string;
}

/**
 * Whatever was noted before the frozen copy ended was made before the freeze: nobody could make anything in between.
 * @returns seconds since the boot
 */
function frozenUntil(lab: Lab, date: string): number {
  const file = journalOf(directoryOf(lab, lab.number), manifestOf(lab, date).id);
  const line = readJournal(readFileSync(file, 'utf8')).find(({ state }) => state === 'frozen-copied');
  if (line === undefined) throw new Error(`the journal of ${date} has no frozen copy`);
  return line.uptime;
}

export async function prove(lab: Lab, load: Load, restorer: Restorer, date: string): Promise<Proof> {
  const until = frozenUntil(lab, date);
  const acks = load.acks().filter(({ at }) => at < until);
  const nothing = { date, promised: acks.length, rows: 0, content: '', restore: 0, look: 0, kept: '' };
  try {
    const { container, took } = await restorer.restore(lab, date);
    const began = performance.now();
    const written = await takeEvidence(container);
    const evidence = readEvidence(written);
    const problems = judge(evidence, acks);
    return {
      ...nothing,
      problems,
      rows: evidence.items.size,
      content: contentOf(evidence),
      restore: took,
      look: (performance.now() - began) / 1000,
      kept: problems.length === 0 ? '' : await keep(lab, date, written),
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ...nothing, problems: [problem], kept: await keep(lab, date, problem) };
  } finally {
    await restorer.remove(lab);
  }
}

/** The backup (by links), the restored tree, what was said, and the journals. */
export async function keep(lab: Lab, date: string, said: string): Promise<string> {
  const folder = `${lab.root}/failed/${date}-${Date.now()}`;
  const [live, restored] = [directoryOf(lab, lab.number), directoryOf(lab, lab.restored)];
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/said`, said);
  cpSync(`${lab.root}/acknowledged`, `${folder}/acknowledged`);
  cpSync(`${live}/.girofle`, `${folder}/girofle`, { recursive: true });
  if (existsSync(`${live}/bckups/${date}`)) {
    await run('cp', ['-al', `${live}/bckups/${date}`, `${folder}/backup`]);
  }
  const logs = await run('docker', ['logs', containerOf(lab.restored)]).catch(error => error);
  writeFileSync(`${folder}/container.log`, `${logs.stdout ?? ''}${logs.stderr ?? ''}`);
  if (existsSync(restored)) await run('cp', ['-a', restored, `${folder}/restored`]);
  return folder;
}
