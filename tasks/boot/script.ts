/**
 * What a host runs by itself after a boot, for the instances below one root: it needs this script and what lies in the
 * instances' directories. Runs that the boot cut short are brought to an end by their own drivers, and what should run is started.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { LABELS } from '../gitlab/gitlab.ts';
import { journalLook } from '../host-run/journal.ts';
import { lockText } from '../host-run/lock.ts';
import { recoverText } from '../host-run/recover.ts';
import { basicsText } from '../host-run/run.ts';
import { startingText } from './starting.ts';

/** Where it lies, and where it writes what it did. */
export const bootHome = (root: string) => `${root.replace(/\/+$/, '')}/.girofle`;
export const bootScriptPath = (root: string) => `${bootHome(root)}/boot.sh`;

const settings = (root: string): Sh => sh`umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root=${root.replace(/\/+$/, '')} log=${`${bootHome(root)}/boot.log`}
socket=/var/run/docker.sock
# Seconds for Docker to answer, and for addresses to come up.
docker_limit=\${1:-300} start_limit=\${2:-900}
id=boot$$ journal= failed=0`;

const sayText: Sh = sh`say() {
  printf '%s %s\n' "$(utc)" "$1" >>"$log"
  printf '%s\n' "$1"
}
trouble() {
  failed=1
  say "$1"
}
trim_log() {
  if [ -n "$(find "$log" -size +256k 2>/dev/null)" ]; then tail -n 1000 "$log" >"$log.new" && mv -f "$log.new" "$log"; fi
}`;

/** Under the lock. `ours`: containers that a backup with consistency stop had stopped when the host went down. */
const repairText: Sh = sh`stopped_by_us() {
  unfinished | while IFS= read -r one; do
    if is_a backup "$one" && has_state "$one" guard-armed && ! has_state "$one" resumed && [ "$(fact "$one" guard-armed method)" = stop ]; then
      held=$(fact "$one" guard-armed held)
      printf '%s ' "\${held%% *}"
    fi
  done
}
hold_instance() {
  take_lock 'the repair after a boot'
  case $? in
    0) ;;
    1) say "instance $instance is left alone: $owner_what since $owner_since, pid $owner_pid, holds it"; return 1 ;;
    *) trouble "instance $instance: $home cannot be written"; return 1 ;;
  esac
}
enter() {
  directory=$1 home=$1/.girofle instance=\${1##*-}
  lock=$home/lock
}
repair_instance() {
  enter "$1"
  if [ -L "$home" ]; then trouble "instance $instance: $home is a symbolic link, nothing is repaired there"; return 1; fi
  if [ ! -d "$home/journals" ]; then return; fi
  if ! hold_instance; then return 1; fi
  left=$(unfinished | sed 's/.*\///; s/\.jsonl$//' | tr '\n' ' ')
  ours="$ours$(stopped_by_us)"
  recover
  repaired=$?
  for one in $left; do say "instance $instance: run $one had no end; it ends as: $(tail -n 1 "$home/journals/$one.jsonl")"; done
  release_lock
  if [ $repaired != 0 ]; then trouble "instance $instance: $unrepaired"; return 1; fi
}`;

const mainText: Sh = sh`if [ ! -d "$root" ]; then echo "$root is not there" >&2; exit 1; fi
mkdir -p "\${log%/*}" || exit 1
trim_log
waited=0
until docker_answers; do
  waited=$((waited + 2))
  if [ $waited -gt "$docker_limit" ]; then trouble "Docker does not answer since $docker_limit s: nothing was repaired or started"; exit 1; fi
  nap 2
done
ours= wanted=
for folder in "$root"/noeud-gitlab-*; do
  if [ -d "$folder" ] && repair_instance "$folder"; then wanted="$wanted \${folder##*-}"; fi
done
start_instances
exit $failed`;

/** @param root directory of all instances' directories */
export function bootScript(root: string): Sh {
  return joinSh([
    settings(root),
    basicsText,
    sayText,
    journalLook,
    lockText,
    recoverText,
    repairText,
    startingText(LABELS.root),
    mainText,
  ]);
}
