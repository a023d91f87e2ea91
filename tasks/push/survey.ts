/** What a push finds: backups here and on the remote, who pushes already. One script; it writes to a folder of its own that it removes. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { type LockOwner, lockText, readBusy } from '../host-run/lock.ts';
import { basicsText, homeOf } from '../host-run/run.ts';
import type { RemoteDriver } from '../remotes/remote.ts';
import { stateOf } from './job.ts';

export interface PushSurvey {
  /** Eight hex digits, new at each look. */
  readonly id: string;
  /** By the host's clock. */
  readonly now: Date;
  /** Dates of whole backups, oldest first. */
  readonly local: readonly string[];
  readonly there: readonly string[];
  /** Of those there, the ones that a push has verified. */
  readonly verified: readonly string[];
  /** Another push to this remote. */
  readonly busy: LockOwner | undefined;
  /** Programs that the host has not. */
  readonly lacking: readonly string[];
  readonly instance: boolean;
  /** When the last backup of the instance that failed did so. */
  readonly lastFailure: Date | undefined;
  /** Why the remote cannot be used; '' when it can. */
  readonly objection: string;
}

export function pushSurvey(directory: string, remote: string, { text, files, needs }: RemoteDriver): Sh {
  const state = stateOf(directory, remote);
  return joinSh([
    sh`umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
export LC_ALL
directory=${directory} bckups=${`${directory}/bckups`} home=${homeOf(directory)}
objection=`,
    basicsText,
    lockText,
    sh`echo "id $(od -An -N 4 -t x1 /dev/urandom | tr -d ' ')"
echo "now $(date +%s)"
if [ -d "$directory" ]; then echo 'instance yes'; fi
for one in "$bckups"/[0-9]*Z; do if [ -f "$one/manifest.json" ] && [ ! -L "$one" ]; then echo "local \${one##*/}"; fi; done
sed 's/^/verified /' ${`${state}/verified`} 2>/dev/null
awk 'FNR == 1 { ours = /"what":"backup"/ } ours && /^{"state":"failed"/ && !/"busy":true/ && match($0, /"utc":"[^"]*"/) { print "failed " substr($0, RSTART + 7, RLENGTH - 8) }' "$home"/journals/*.jsonl 2>/dev/null
read_owner ${`${state}/lock`}
if owner_lives; then echo "busy $owner_pid $owner_since $owner_what"; fi
lacks=
for one in ${[...needs.map(({ program }) => program), 'setsid']}; do
  if ! command -v "$one" >/dev/null 2>&1; then lacks=yes; echo "lacking $one"; fi
done
if [ -n "$lacks" ]; then exit 0; fi
run=$(mktemp -d) || exit 1
trap 'rm -rf "$run"' EXIT
trap 'exit 130' INT TERM HUP`,
    ...Object.entries(files).map(([name, content]) => sh`printf '%s' ${content} >"$run/"${name} || exit 1`),
    text,
    sh`if remote_check && remote_list >"$run/there.dates"; then sed 's/^/there /' "$run/there.dates"
else echo "objection $(text "\${objection:-it cannot be used}")"; fi
exit 0`,
  ]);
}

export function readPushSurvey(written: string): PushSurvey {
  const lines = written.split('\n');
  const all = (key: string) =>
    lines.filter(line => line.startsWith(`${key} `)).map(line => line.slice(key.length + 1).trim());
  const dates = (key: string) =>
    all(key)
      .filter(date => /^\d{4}-\d\d-\d\dT[\d-]{8}Z$/.test(date))
      .sort();
  const there = dates('there');
  return {
    id: all('id')[0] ?? '',
    now: new Date(Number(all('now')[0]) * 1000),
    local: dates('local'),
    there,
    verified: dates('verified').filter(date => there.includes(date)),
    busy: lines.map(readBusy).find(owner => owner !== undefined),
    lacking: all('lacking'),
    instance: all('instance').length > 0,
    lastFailure: lastOf(all('failed')),
    objection: all('objection')[0]?.replaceAll(/\\(["\\])/g, '$1') ?? '',
  };
}

function lastOf(moments: readonly string[]): Date | undefined {
  const times = moments.map(moment => Date.parse(moment)).filter(time => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
