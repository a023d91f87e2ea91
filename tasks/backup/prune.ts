/** Removing backups that no rule keeps: renamed first, so that a folder with a date is whole at every moment. */

import { dateOf } from '../../src/core/backup/manifest.ts';
import { type Dated, type KeepPolicy, retain, type Verdict } from '../../src/core/backup/retention.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { lockText } from '../host-run/lock.ts';
import { basicsText, homeOf, type RunJob } from '../host-run/run.ts';
import { lookForPushes } from '../push/pushing.ts';

/** What becomes of each backup once the one to be made is there. */
export function verdicts(backups: readonly Dated[], keep: KeepPolicy, now: Date): readonly Verdict[] {
  return retain([...backups, { date: dateOf(now) }], keep, now);
}

/** One step for each backup that goes. */
export function pruneSteps(job: RunJob, decided: readonly Verdict[]): readonly Step[] {
  return decided
    .filter(({ stays }) => !stays)
    .map(({ date, reason }) => ({
      say: `remove the backup of ${date}: ${reason}`,
      action: { kind: 'script', text: removeScript(job, date), limit: 3600 },
    }));
}

function removeScript({ directory, id }: RunJob, date: string) {
  const bckups = `${directory}/bckups`;
  const going = `${bckups}/.deleting-${date}`;
  // A shell of its own: its pid is what the lock names.
  const text = joinSh([
    basicsText,
    sh`umask 077
id=${`${id}-prune`} home=${homeOf(directory)} lock=${`${homeOf(directory)}/lock`}`,
    lockText,
    lookForPushes,
    sh`take_lock 'a removal of old backups'
case $? in
  0) ;;
  1) echo "$owner_what since $owner_since, pid $owner_pid, holds the instance" >&2; exit 1 ;;
  *) exit 1 ;;
esac
trap release_lock EXIT
if [ ! -d ${`${bckups}/${date}`} ]; then exit 0; fi
rm -rf ${going}
# A push reads it without the lock of the instance. It notes that first and then looks whether the folder is there.
if being_pushed ${date}; then echo "it stays for now: it is being pushed to $pushing_to"; exit 0; fi
mv -T ${`${bckups}/${date}`} ${going} || exit 1
if being_pushed ${date}; then mv -T ${going} ${`${bckups}/${date}`} && echo "it stays for now: it is being pushed to $pushing_to"; exit; fi
rm -rf ${going}`,
  ]).text;
  return sh`sh -c ${text}`;
}
