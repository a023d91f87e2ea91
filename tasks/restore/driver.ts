/** The script that restores an instance on its host: it needs nobody, and ends with the restored instance or the old one. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { containerText } from '../host-run/container.ts';
import { endingText } from '../host-run/ending.ts';
import { journalLook, journalText } from '../host-run/journal.ts';
import { lockText } from '../host-run/lock.ts';
import { recoverText } from '../host-run/recover.ts';
import { basicsText } from '../host-run/run.ts';
import { fetchText } from './fetch.ts';
import { type RestoreJob, restoreSettings } from './job.ts';
import { oldTreesText } from './old-trees.ts';
import { repairText } from './repair.ts';
import { revertText } from './revert.ts';
import { stageText } from './stage.ts';
import { startText } from './start.ts';
import { swapText } from './swap.ts';
import { verifyText } from './verify.ts';
import { watchText } from './watch.ts';
import { watchdogText } from './watchdog.ts';

/** Every way out leaves one instance, whole. */
const undoText: Sh = sh`undo() {
  end_session $$ $$
  rm -rf "$work" "$reader"
  if [ -z "$phase" ]; then discard; return; fi
  if revert; then
    kept
    mark_kept "$staging"
    sentence="$sentence; $kept"
    return
  fi
  stuck
  sentence="$sentence; $stuck"
  report "{\"ok\":false,\"failure\":\"$(text "$sentence")\"}"
  # No end: whoever comes next looks again before anything else is done to the instance.
  state stuck "\"failure\":\"$(text "$sentence")\""
  release_lock
  exit 1
}`;

/** `complete` waits for the started container and ends the restore, or gives 1 with `objection`. */
const completeText = (checks: Sh): Sh => sh`check_restored() (
${checks}
)
complete() {
  wait_ready "$made" "$ready_timeout" || { objection="the restored instance does not come up: $objection"; return 1; }
  clock
  downtime=$(awk -v ticks=$((ticks - down_since)) 'BEGIN { printf "%.2f", ticks / 100 }')
  state ready "\"downtime\":$downtime"
  say_progress() { said_last; }
  if ! watched 'checking' check_restored; then
    objection="the restored instance is not sound: $(text "$(tail -n 1 "$run/objections")")"
    return 1
  fi
  set_restart "$made" "$restart" || { objection="container $container cannot be told to start again: $(text "$objected")"; return 1; }
  checked=$(grep '^"checks":{.*}$' "$run/told.out" | tail -n 1)
  state checked "$checked"
  finish
}
finish() {
  trap '' TERM INT HUP
  if [ -d "$before" ]; then mark_kept "$before"; else before=; fi
  set -- $(cd "$volumes" && find data config log -type f -printf '%s\n' | awk '{ bytes += $1 } END { printf "%d %.0f\n", NR, bytes }')
  clock
  took=$(awk -v now="$uptime" -v then="$(sed -n 's/^{"state":"planned".*"uptime":\([0-9.]*\).*/\1/p' "$journal")" 'BEGIN { printf "%.1f", (now > then) ? now - then : 0 }')
  succeed "\"date\":\"$date\",\"before\":\"$before\",\"files\":$1,\"bytes\":$2,\"downtime\":$downtime,\"duration\":$took\${checked:+,$checked}"
  rm -rf "$work" "$run/backup"
}`;

const mainText: Sh = sh`phase=
noted=$(fact "$journal" stopping made 2>/dev/null)
made=\${noted:-$made}
case $1 in
  repair) repair "$2"; exit ;;
  watch) watch_over "$2" "$3"; exit ;;
  expire) expire "$2"; exit ;;
  confirm) confirm "$2"; exit ;;
esac
trap 'fail "it was ended by a signal"' TERM INT HUP
plan_run restore || exit 1
take_lock 'a restore'
case $? in
  0) ;;
  1) discard; busy ;;
  *) fail "$home cannot be written" ;;
esac
state locked
recover || fail "$unrepaired"
state recovered
find_made
check_swap
fetch_backup
state fetched
verify_backup
state verified
stage_backup
state staged
swap_in`;

/** Run it with \`sh driver.sh\`, detached, in its run's folder. */
export function restoreScript(job: RestoreJob): Sh {
  return joinSh([
    restoreSettings(job),
    basicsText,
    journalText(job.hold),
    journalLook,
    lockText,
    containerText(job.docker),
    recoverText,
    endingText,
    watchText,
    watchdogText,
    fetchText(job),
    verifyText,
    stageText,
    startText,
    swapText,
    revertText,
    oldTreesText,
    repairText,
    undoText,
    completeText(job.checks),
    mainText,
  ]);
}

/** Of a restore that ends well, in this order. */
export const STATES = [
  'planned',
  'locked',
  'recovered',
  'fetched',
  'verified',
  'staged',
  'stopping',
  'stopped',
  'renamed',
  'moved',
  'placed',
  'started',
  'ready',
  'checked',
  'reported',
] as const;
