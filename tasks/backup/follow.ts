/** Starting the driver on the host, and following it from here until it has ended. */

import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Step, Wait } from '../../src/core/step.ts';
import { isMap, type ValueMap } from '../../src/core/value.ts';
import { digText } from '../docker/dig.ts';
import { driverScript } from './driver.ts';
import { type BackupJob, basicsText, homeOf, journalOf, runOf } from './job.ts';
import { readJournal } from './journal.ts';

/** Exit code of `startScript` when another run holds the instance (EX_TEMPFAIL). */
export const BUSY = 75;

/** Leaves once the driver holds the lock, or has said why it cannot. */
export function startScript(job: BackupJob): Sh {
  const [home, run] = [homeOf(job.directory), runOf(job.directory, job.id)];
  return joinSh([
    basicsText,
    sh`umask 077
home=${home} run=${run} journal=${journalOf(job.directory, job.id)}
if [ -L "$home" ]; then echo "$home is a symbolic link" >&2; exit 1; fi
mkdir -p "$home/runs" "$home/journals" && mkdir "$run" || exit 1
printf '%s\n' ${driverScript(job).text} >"$run/driver.sh" || exit 1
driver= calm=
if command -v ionice >/dev/null 2>&1; then calm='ionice -c 3'; fi
setsid nice -n 10 $calm sh "$run/driver.sh" </dev/null >"$run/log" 2>&1 &
tries=0
until [ -e "$run/result.json" ] || grep -q '"state":"locked"' "$journal" 2>/dev/null; do
  { read -r driver _ <"$run/pid"; } 2>/dev/null
  if [ -n "$driver" ] && ! start_of "$driver"; then break; fi
  tries=$((tries + 1))
  if [ $tries -gt 4000 ]; then echo "the backup did not begin; its log is $run/log" >&2; exit 1; fi
  nap 0.05
done
if [ ! -e "$run/result.json" ]; then exit 0; fi
if grep -q '"ok":true' "$run/result.json"; then exit 0; fi
sed 's/.*"failure":"\(.*\)"}$/\1/; s/\\\(.\)/\1/g' "$run/result.json" >&2
if grep -q '"busy":true' "$run/result.json"; then exit ${BUSY}; fi
exit 1`,
  ]);
}

/** Prints whether the driver lives, its journal, its progress, and its result when it has ended. */
export function lookScript(job: BackupJob): Sh {
  return joinSh([
    basicsText,
    sh`run=${runOf(job.directory, job.id)}
{ read -r driver since <"$run/pid"; } 2>/dev/null
alive=no
if start_of "$driver" && [ "$started" = "$since" ]; then alive=yes; fi
echo "alive $alive"
tail -n 1 ${journalOf(job.directory, job.id)} 2>/dev/null
echo '== progress'
cat "$run/progress" 2>/dev/null
echo '== result'
cat "$run/result.json" 2>/dev/null
exit 0`,
  ]);
}

interface Look {
  readonly alive: boolean;
  readonly state: string;
  /** What the journal says of it, where no result could be written. */
  readonly failure: string;
  readonly progress: readonly string[];
  readonly result: ValueMap | undefined;
}

export function readLook(written: string): Look {
  const [head = '', rest = ''] = written.split('== progress\n');
  const [progress = '', result = ''] = rest.split('== result\n');
  const last = readJournal(head).at(-1);
  return {
    alive: head.startsWith('alive yes'),
    state: last?.state ?? '',
    failure: digText(last?.facts, 'failure'),
    progress: progress.split('\n').filter(line => line !== ''),
    result: readResult(result),
  };
}

export function readResult(written: string): ValueMap | undefined {
  if (written.trim() === '') return undefined;
  const read: unknown = JSON.parse(written);
  return isMap(read) ? read : undefined;
}

/** `1.2G 45% 12.3MB/s 0:00:12 (xfr#5, to-chk=12/40)` in words; what is in no such form, as it is. */
export function sayProgress([what = 'starting', detail = '']: readonly string[]): string {
  const [, bytes, rate, left, copied, check, total] =
    /^\s*([\d,.]+\w?)\s+\d+%\s+(\S+)\s+(\d+:\d\d:\d\d)(?:\s+\(xfr#(\d+),\s+(?:ir|to)-chk=(\d+)\/(\d+)\))?/.exec(
      detail,
    ) ?? [];
  if (bytes === undefined) return detail === '' ? what : `${what}: ${detail}`;
  const files = copied === undefined ? '' : `, ${copied} files copied, ${check} of ${total} to look at`;
  return `${what}: ${bytes} bytes${files}, ${rate}, ${left} left`;
}

export function judgeLook(look: Look): ReturnType<Wait['judge']> {
  if (look.alive) return { again: sayProgress(look.progress) };
  if (look.result === undefined && look.failure !== '') return { failed: look.failure };
  if (look.result === undefined) {
    const stage = look.state === '' ? 'it began' : `state ${look.state}`;
    return {
      failed: `the backup's own process on the host was killed after ${stage}; the next backup clears up after it`,
    };
  }
  return look.result.ok === true ? { done: true } : { failed: digText(look.result, 'failure') };
}

/** @param timeout seconds; when they are over the driver goes on all the same */
export function followSteps(job: BackupJob, say: string, timeout: number): readonly Step[] {
  return [
    { say, action: { kind: 'script', text: startScript(job), limit: 300 } },
    {
      say: `follow the backup of instance ${job.instance} to its end`,
      changes: false,
      streams: true,
      action: {
        kind: 'wait',
        wait: {
          request: { via: 'script', text: lookScript(job), limit: 60 },
          judge: answer => judgeLook(readLook(stdoutOf(answer))),
          timeout,
          interval: 1,
        },
      },
    },
    {
      say: 'read what it says of itself',
      changes: false,
      action: { kind: 'script', text: sh`cat ${`${runOf(job.directory, job.id)}/result.json`}` },
    },
  ];
}

function stdoutOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'stdout' in answer ? String(answer.stdout) : '';
}
