/**
 * The script that tries a backup out on its host: restored into a scratch folder and container, checked, proven, taken away
 * again. It has a lock of its own, and holds the instance's only while it repairs what others left and links the backup: a
 * backup by the clock never finds the instance busy for the hours of a drill.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { containerText } from '../host-run/container.ts';
import { endingText } from '../host-run/ending.ts';
import { journalLook, journalText } from '../host-run/journal.ts';
import { lockText } from '../host-run/lock.ts';
import { recoverText } from '../host-run/recover.ts';
import { basicsText, type DockerWay, homeOf } from '../host-run/run.ts';
import { type DrillJob, pinOf } from './drill-job.ts';
import { fetchText } from './fetch.ts';
import { healthChecksText } from './health-checks.ts';
import { restoreSettings } from './job.ts';
import { stageText } from './stage.ts';
import { startText } from './start.ts';
import { verifyText } from './verify.ts';
import { watchText } from './watch.ts';

const drillSettings = (
  job: DrillJob,
): Sh => sh`network=${job.network} from=${job.from} lock_wait=${job.lockWait}
original=${`${job.directory}/bckups/${job.date}`} pin=${pinOf(job.directory, job.id)}
drill_lock=${`${homeOf(job.directory)}/drill-lock`} instance_lock=$lock
health= manifest_sha=`;

const locksText: Sh = sh`hold_drill() {
  lock=$drill_lock
  take_lock 'a drill'
  case $? in
    0) ;;
    1) clear_away; busy ;;
    *) fail "$home cannot be written" ;;
  esac
}
hold_instance() {
  lock=$instance_lock
  clock
  hold_by=$((ticks + lock_wait * 100))
  while :; do
    take_lock 'a drill'
    case $? in
      0) return ;;
      1) ;;
      *) fail "$home cannot be written" ;;
    esac
    clock
    if [ "$ticks" -ge "$hold_by" ]; then fail "another run holds instance $instance: $owner_what since $owner_since, pid $owner_pid; the drill waited $lock_wait s for it"; fi
    tell 'waiting for the instance' "$owner_what since $owner_since holds it"
    nap 1
  done
}
free_instance() {
  lock=$instance_lock
  release_lock
  lock=$drill_lock
}
# Links, so that nobody waits for us: removing the backup leaves these.
pin_backup() {
  if [ "$from" != local ]; then return; fi
  if [ -L "$original" ] || [ ! -d "$original" ]; then fail "there is no folder $original"; fi
  cp -al -- "$original" "$pin" 2>"$run/pin.err" || fail "$original cannot be linked to $pin: $(text "$(tail -n 1 "$run/pin.err")")"
}`;

function removalText(docker: DockerWay['docker']): Sh {
  return docker === 'cli'
    ? sh`force_remove() { command_of rm -f -v "$1"; }
remove_network() { command_of network rm "$1"; }
network_there() { dockerc network inspect --format '{{.Id}}' "$1" 2>&1 | grep -qi 'no such network' && return 1; return 0; }`
    : sh`force_remove() { command_of DELETE "/containers/$1?v=1&force=1"; }
remove_network() { command_of DELETE "/networks/$1"; }
network_there() { case $(api GET "/networks/$1") in *'
404') return 1 ;; esac; }`;
}

/** `clear_away` leaves in `left_over` what it could not remove, and gives 1. What it wrote into goes after the container. */
const clearText: Sh = sh`gone() {
  rounds=0
  until [ "$(container_health "$made")" = missing ]; do
    if [ $rounds -ge 10 ]; then return 1; fi
    rounds=$((rounds + 1))
    force_remove "$made" || nap 0.5
  done
}
clear_away() {
  left_over=
  if ! gone; then
    left_over="container $made and $staging are left over: $(text "$objected")"
    return 1
  fi
  if network_there "$network" && ! remove_network "$network"; then left_over="network $network is left over: $(text "$objected")"; fi
  rm -rf "$staging" "$pin" "$work" "$run/backup" 2>"$run/clear.err" || left_over="$staging is left over: $(text "$(tail -n 1 "$run/clear.err")")"
  [ -z "$left_over" ]
}`;

/** A line for each drill, for good. */
const historyText: Sh = sh`took() {
  clock
  awk -v now="$uptime" -v then="$(sed -n 's/^{"state":"planned".*"uptime":\([0-9.]*\).*/\1/p' "$journal")" 'BEGIN { printf "%.1f", (now > then) ? now - then : 0 }'
}
note_history() {
  if [ -z "$health" ]; then health='"checks":{}'; fi
  printf '{"utc":"%s","what":"drill","id":"%s","date":"%s","from":"%s","ok":%s,"seconds":%s,%s%s}\n' \
    "$(utc)" "$id" "$date" "$from" "$1" "$(took)" "$health" "\${2:+,\"failure\":\"$(text "$2")\"}" >>"$home/history.jsonl"
  persist "$home/history.jsonl"
}
undo() {
  end_session $$ $$
  free_instance
  note_history false "$sentence"
  if clear_away; then return; fi
  sentence="$sentence; $left_over"
  report "{\"ok\":false,\"failure\":\"$(text "$sentence")\"}"
  # No end: whoever comes next takes it away.
  state stuck "\"failure\":\"$(text "$sentence")\""
  release_lock
  exit 1
}
repair() {
  lock=$instance_lock
  if ! held_by "$1"; then echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; fi
  if ! end_left_over; then echo "processes of drill $id, whose run is dead, cannot be ended" >&2; exit 1; fi
  # Its lock is nobody's now, unless a later drill has taken it over.
  read_owner "$drill_lock"
  if [ -e "$drill_lock" ] && ! owner_lives; then rm -rf "$drill_lock"; fi
  if ! clear_away; then echo "drill $id of instance $instance has died; $left_over" >&2; exit 1; fi
  if ! has_state "$journal" removed && ! has_state "$journal" stuck; then note_history false "the drill's own process was killed"; fi
  state abandoned
}`;

const proofText: Sh = sh`check_drilled() {
  check_instance_health "$made" "$staging"
  sound=$?
  printf '%s\n' "$health"
  if [ $sound != 0 ]; then printf '%s\n' "$unhealthy" >&2; exit 1; fi
}
check_all() {
  say_progress() { echo 'GitLab, PostgreSQL, repositories'; }
  watched 'checking' check_drilled
  sound=$?
  health=$(tail -n 1 "$run/told.out")
  state checked "$health"
  if [ $sound != 0 ]; then fail "what was restored from the backup of $date is not sound: $(tail -n 1 "$run/objections")"; fi
}
prove() {
  if [ "$from" != local ]; then
    mkdir -p "$home/remotes/$from" &&
      printf '{"format":1,"utc":"%s","by":"drill","date":"%s","manifest":"%s"}\n' "$(utc)" "$date" "$manifest_sha" >>"$home/remotes/$from/proofs.jsonl" &&
      persist "$home/remotes/$from/proofs.jsonl" || fail "$home/remotes/$from/proofs.jsonl cannot be written"
    return
  fi
  # It may have been pruned meanwhile.
  if [ "$(sha_of "$original/manifest.json" 2>/dev/null)" != "$manifest_sha" ]; then return; fi
  printf '{"format":1,"utc":"%s","by":"drill","manifest":"%s"}\n' "$(utc)" "$manifest_sha" >"$original/.verified.new" &&
    persist "$original/.verified.new" && mv -f "$original/.verified.new" "$original/verified.json" && persist "$original" ||
    fail "$original/verified.json cannot be written"
}`;

const mainText: Sh = sh`case $1 in
  repair) repair "$2"; exit ;;
  '') ;;
  *) exit 0 ;;
esac
trap 'fail "it was ended by a signal"' TERM INT HUP
plan_run drill || exit 1
hold_drill
state locked
hold_instance
recover || fail "$unrepaired"
state recovered
pin_backup
free_instance
fetch_backup
state fetched
verify_backup
manifest_sha=$(sha_of "$backup/manifest.json")
state verified
stage_backup
rm -rf "$pin"
state staged
start_made || fail "$objection"
state started
wait_ready "$made" "$ready_timeout" || fail "the backup of $date does not come up: $objection"
state ready
check_all
prove
state proven
trap '' TERM INT HUP
clear_away || fail 'the backup is sound, but the drill cannot be taken away'
state removed
note_history true
succeed "\"date\":\"$date\",\"from\":\"$from\",\"seconds\":$(took),$health"`;

/** Run it with `sh driver.sh`, detached, in its run's folder. */
export function drillScript(job: DrillJob): Sh {
  return joinSh([
    restoreSettings(job),
    drillSettings(job),
    basicsText,
    journalText(job.hold),
    journalLook,
    lockText,
    containerText(job.docker),
    removalText(job.docker),
    recoverText,
    endingText,
    watchText,
    fetchText(job),
    verifyText,
    stageText,
    startText,
    healthChecksText({ docker: job.docker, repositories: job.repositories, scratch: true }),
    locksText,
    clearText,
    historyText,
    proofText,
    mainText,
  ]);
}

/** Of a drill that ends well, in this order. */
export const DRILL_STATES = [
  'planned',
  'locked',
  'recovered',
  'fetched',
  'verified',
  'staged',
  'started',
  'ready',
  'checked',
  'proven',
  'removed',
  'reported',
] as const;
