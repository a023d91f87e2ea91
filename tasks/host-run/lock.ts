/**
 * The lock of an instance, shared by all that changes its volumes or backups: `.girofle/lock`, a folder whose file `owner`
 * names the process that holds it. It appears whole, by a rename, and is taken over when that process is no more.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { basicsText } from './run.ts';

export interface LockOwner {
  readonly pid: string;
  /** UTC. */
  readonly since: string;
  /** `a backup`, `a restore`. */
  readonly what: string;
}

/**
 * Needs `basicsText`, `lock` (the folder) and `id`. `take_lock WHAT` leaves the owner in its way in `owner_what`,
 * `owner_since`, `owner_pid` and gives 1; `holds_lock` looks whether it is still ours, `held_by PID` whether it is that process's.
 */
export const lockText: Sh = sh`read_owner() {
  owner_pid= owner_start= owner_boot= owner_since= owner_what=
  { while IFS='=' read -r key value; do
    case $key in
      pid) owner_pid=$value ;;
      start) owner_start=$value ;;
      boot) owner_boot=$value ;;
      since) owner_since=$value ;;
      what) owner_what=$value ;;
    esac
  done <"$1/owner"; } 2>/dev/null
}
owner_lives() {
  [ -n "$owner_pid" ] && [ "$owner_boot" = "$(boot)" ] && start_of "$owner_pid" && [ "$started" = "$owner_start" ]
}
take_lock() {
  rm -rf "$lock.new-$id"
  mkdir "$lock.new-$id" || return 2
  start_of $$
  printf 'pid=%s\nstart=%s\nboot=%s\nsince=%s\nwhat=%s\n' $$ "$started" "$(boot)" "$(utc)" "$1" >"$lock.new-$id/owner" || return 2
  tries=0
  # A folder cannot be renamed onto one that holds something.
  while ! mv -T "$lock.new-$id" "$lock" 2>/dev/null; do
    tries=$((tries + 1))
    read_owner "$lock"
    if owner_lives || [ $tries -gt 20 ]; then rm -rf "$lock.new-$id"; return 1; fi
    judged="$owner_pid $owner_start $owner_boot"
    if mv -T "$lock" "$lock.dead-$id" 2>/dev/null; then
      read_owner "$lock.dead-$id"
      # Somebody else may have taken it over between the look and the rename: then it is theirs.
      if [ "$judged" = "$owner_pid $owner_start $owner_boot" ]; then rm -rf "$lock.dead-$id"
      else mv -T "$lock.dead-$id" "$lock" 2>/dev/null; fi
    fi
    nap 0.1
  done
}
# The lock is a living process's: of $1.
held_by() {
  read_owner "$lock"
  [ "$owner_pid" = "$1" ] && owner_lives
}
holds_lock() {
  read_owner "$lock"
  start_of $$
  [ "$owner_pid $owner_start" = "$$ $started" ]
}
release_lock() { if holds_lock; then rm -rf "$lock"; fi; }`;

/** Prints `busy PID SINCE WHAT` when a living process holds a lock of this instance directory; changes nothing. */
export function lookAtLock(directory: string, name: 'lock' | 'drill-lock' = 'lock'): Sh {
  const lock = `${directory}/.girofle/${name}`;
  return joinSh([
    basicsText,
    lockText,
    sh`read_owner ${lock}
if owner_lives; then echo "busy $owner_pid $owner_since $owner_what"; fi`,
  ]);
}

export function readBusy(line: string): LockOwner | undefined {
  const [, pid = '', since = '', what = ''] = /^busy (\d+) (\S+) (.+)$/.exec(line) ?? [];
  return pid === '' ? undefined : { pid, since, what };
}

/** The refusal of whoever comes second. */
export function busySentence(instance: number, { what, since, pid }: LockOwner): string {
  return `another run holds instance ${instance}: ${what} since ${since}, pid ${pid}`;
}
