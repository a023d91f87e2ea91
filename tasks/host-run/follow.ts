/** Starting the driver on the host, and following it from here until it has ended. */

import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Step, Wait } from '../../src/core/step.ts';
import { isMap, type ValueMap } from '../../src/core/value.ts';
import { digText } from '../docker/dig.ts';
import { readJournal } from './journal.ts';
import { basicsText, type HostRun, homeOf, journalOf, type RunKind, runOf } from './run.ts';

/** Exit code of `startScript` when another run holds the instance (EX_TEMPFAIL). */
export const BUSY = 75;

/** Leaves once the driver holds the lock, or has said why it cannot. Run it with `filesEnv`. */
export function startScript(started: HostRun): Sh {
  const [home, run] = [homeOf(started.directory), runOf(started.directory, started.id)];
  return joinSh([
    basicsText,
    sh`umask 077
home=${home} run=${run} journal=${journalOf(started.directory, started.id)}
if [ -L "$home" ]; then echo "$home is a symbolic link" >&2; exit 1; fi
mkdir -p "$home/runs" "$home/journals" && mkdir "$run" || exit 1
printf '%s\n' ${started.script.text} >"$run/driver.sh" || exit 1`,
    ...Object.keys(started.files ?? {}).map(
      (name, i) => sh`printf '%s' "$GIROFLE_FILE_${i}" >"$run/"${name} || exit 1
unset GIROFLE_FILE_${i}`,
    ),
    sh`driver= calm=
if command -v ionice >/dev/null 2>&1; then calm='ionice -c 3'; fi
setsid nice -n 10 $calm sh "$run/driver.sh" </dev/null >"$run/log" 2>&1 &
tries=0
until [ -e "$run/result.json" ] || grep -q '"state":"locked"' "$journal" 2>/dev/null; do
  { read -r driver _ <"$run/pid"; } 2>/dev/null
  if [ -n "$driver" ] && ! start_of "$driver"; then break; fi
  tries=$((tries + 1))
  if [ $tries -gt 4000 ]; then echo "the ${started.what} did not begin; its log is $run/log" >&2; exit 1; fi
  nap 0.05
done
if [ ! -e "$run/result.json" ]; then exit 0; fi
if grep -q '"ok":true' "$run/result.json"; then exit 0; fi
sed 's/.*"failure":"\(.*\)"}$/\1/; s/\\\(.\)/\1/g' "$run/result.json" >&2
if grep -q '"busy":true' "$run/result.json"; then exit ${BUSY}; fi
exit 1`,
  ]);
}

/** The content of its files, for `startScript`'s environment. */
function filesEnv({ files = {} }: HostRun): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.values(files).map((content, i) => [`GIROFLE_FILE_${i}`, content]));
}

/** Prints whether the driver lives, its journal, its progress, and its result when it has ended. */
export function lookScript(followed: HostRun): Sh {
  return joinSh([
    basicsText,
    sh`run=${runOf(followed.directory, followed.id)}
if run_lives "$run"; then echo 'alive yes'; else echo 'alive no'; fi
tail -n 1 ${journalOf(followed.directory, followed.id)} 2>/dev/null
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

export function judgeLook(look: Look, what: RunKind): ReturnType<Wait['judge']> {
  if (look.alive) return { again: sayProgress(look.progress) };
  if (look.result === undefined && look.failure !== '') return { failed: look.failure };
  if (look.result === undefined) {
    const stage = look.state === '' ? 'it began' : `state ${look.state}`;
    return {
      failed: `the ${what}'s own process on the host was killed after ${stage}; the next ${what} clears up after it`,
    };
  }
  return look.result.ok === true ? { done: true } : { failed: digText(look.result, 'failure') };
}

/**
 * Starting it, following it, reading its result: three steps.
 * @param timeout seconds; when they are over the driver goes on all the same
 */
export function followSteps(run: HostRun, say: string, timeout: number): readonly Step[] {
  return [
    {
      say,
      action: {
        kind: 'script',
        text: startScript(run),
        limit: 300,
        ...(run.files === undefined ? {} : { env: filesEnv(run) }),
      },
    },
    {
      say: `follow the ${run.what} of instance ${run.instance} to its end`,
      changes: false,
      streams: true,
      action: {
        kind: 'wait',
        wait: {
          request: { via: 'script', text: lookScript(run), limit: 60 },
          judge: answer => judgeLook(readLook(stdoutOf(answer)), run.what),
          timeout,
          interval: 1,
        },
      },
    },
    {
      say: 'read what it says of itself',
      changes: false,
      action: { kind: 'script', text: sh`cat ${`${runOf(run.directory, run.id)}/result.json`}` },
    },
  ];
}

function stdoutOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'stdout' in answer ? String(answer.stdout) : '';
}
