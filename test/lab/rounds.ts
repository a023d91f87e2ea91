/** The first part: backups under load, each restored elsewhere and looked at. */
import { gitlab_backup } from '../../tasks/gitlab_backup.ts';
import { type Lab, type Load, manifestOf, task } from './lab.ts';
import { keep, type Proof, prove } from './proof.ts';
import { median, showSeconds } from './report.ts';
import type { Restorer } from './restore.ts';

export interface Round {
  readonly sound: boolean;
  readonly pause: number;
  readonly backup: number;
  readonly restore: number;
  readonly bytes: number;
}

async function playRound(lab: Lab, load: Load, restorer: Restorer): Promise<[Round, Proof]> {
  const result = await task(gitlab_backup, {
    number: lab.number,
    root: lab.root,
    name: 'girofle-lab-{number}',
    keep: { last: 4 },
  });
  const date = String(result.date);
  const proof = await prove(lab, load, restorer, date);
  const round = {
    sound: proof.problems.length === 0,
    pause: Number(result.pause),
    backup: Number(result.duration),
    restore: proof.restore,
    bytes: manifestOf(lab, date).totals.bytes,
  };
  return [round, proof];
}

function show(what: string, round: Round, proof: Proof): string {
  const verdict = round.sound ? 'sound' : `NOT SOUND: ${proof.problems.join('; ')} (kept in ${proof.kept})`;
  return `${what} ${proof.date}: ${(round.bytes / 1e6).toFixed(0)} MB, paused ${showSeconds(round.pause)}, backup ${showSeconds(round.backup)}, restore ${showSeconds(round.restore)}, ${proof.promised} acknowledged, ${proof.rows} rows: ${verdict}`;
}

export async function playRounds(
  lab: Lab,
  load: Load,
  restorer: Restorer,
  count: number,
  print: (line: string) => void,
): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let i = 1; i <= count; i++) {
    const what = `round ${String(i).padStart(String(count).length)} of ${count}`;
    try {
      const [round, proof] = await playRound(lab, load, restorer);
      rounds.push(round);
      print(show(what, round, proof));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      rounds.push({ sound: false, pause: 0, backup: 0, restore: 0, bytes: 0 });
      print(`${what}: NO BACKUP: ${problem} (kept in ${await keep(lab, 'none', problem)})`);
    }
  }
  return rounds;
}

export function summarize(rounds: readonly Round[]): readonly string[] {
  const of = (key: 'pause' | 'backup' | 'restore' | 'bytes') =>
    rounds.filter(({ sound }) => sound).map(round => round[key]);
  const line = (what: string, values: readonly number[]) =>
    `${what}: median ${showSeconds(median(values))}, max ${showSeconds(Math.max(0, ...values))}`;
  return [
    line('pauses', of('pause')),
    line('backups', of('backup')),
    line('restores', of('restore')),
    `size: ${(Math.max(0, ...of('bytes')) / 1e6).toFixed(0)} MB`,
    `${rounds.filter(({ sound }) => sound).length} of ${rounds.length} restored sound`,
  ];
}
