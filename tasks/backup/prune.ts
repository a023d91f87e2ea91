/** Removing backups that no rule keeps: renamed first, so that a folder with a date is whole at every moment. */

import { dateOf } from '../../src/core/backup/manifest.ts';
import { type Dated, type KeepPolicy, retain, type Verdict } from '../../src/core/backup/retention.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { lockText } from '../host-run/lock.ts';
import { basicsText, homeOf } from '../host-run/run.ts';
import type { BackupJob } from './job.ts';

/** What becomes of each backup once the one to be made is there. */
export function verdicts(backups: readonly Dated[], keep: KeepPolicy, now: Date): readonly Verdict[] {
  return retain([...backups, { date: dateOf(now) }], keep, now);
}

/** One step for each backup that goes. */
export function pruneSteps(job: BackupJob, decided: readonly Verdict[]): readonly Step[] {
  return decided
    .filter(({ stays }) => !stays)
    .map(({ date, reason }) => ({
      say: `remove the backup of ${date}: ${reason}`,
      action: { kind: 'script', text: removeScript(job, date), limit: 3600 },
    }));
}

function removeScript({ directory, id }: BackupJob, date: string) {
  const bckups = `${directory}/bckups`;
  const going = `${bckups}/.deleting-${date}`;
  // A shell of its own: its pid is what the lock names.
  const text = joinSh([
    basicsText,
    sh`umask 077
id=${`${id}-prune`} lock=${`${homeOf(directory)}/lock`}`,
    lockText,
    sh`take_lock 'a removal of old backups'
case $? in
  0) ;;
  1) echo "$owner_what since $owner_since, pid $owner_pid, holds the instance" >&2; exit 1 ;;
  *) exit 1 ;;
esac
trap release_lock EXIT
if [ ! -d ${`${bckups}/${date}`} ]; then exit 0; fi
rm -rf ${going}
mv -T ${`${bckups}/${date}`} ${going} && rm -rf ${going}`,
  ]).text;
  return sh`sh -c ${text}`;
}
