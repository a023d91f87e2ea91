/** The script that makes a backup on the host: it needs nobody, and ends well or says why, whatever becomes of us. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { containerText } from '../host-run/container.ts';
import { endingText } from '../host-run/ending.ts';
import { journalLook, journalText } from '../host-run/journal.ts';
import { lockText } from '../host-run/lock.ts';
import { recoverText } from '../host-run/recover.ts';
import { basicsText } from '../host-run/run.ts';
import { checksText } from './checks.ts';
import { copyText } from './copy.ts';
import { guardText } from './guard.ts';
import { type BackupJob, settingsText } from './job.ts';
import { listingText } from './listing.ts';
import { manifestText } from './manifest-text.ts';
import { repairText } from './repair.ts';
import { snapshotText } from './snapshot.ts';
import { turnText } from './turn.ts';

/** Every way out lets the instance go on first. */
const undoText: Sh = sh`undo() {
  if [ -n "$guard" ]; then
    if thaw; then
      disarm_guard
      state resumed
    else
      # The guard goes on trying, and so does whoever comes next.
      sentence="$sentence; and the instance still stands still: docker $(way_on) $container"
      ending=stuck
    fi
  fi
  end_turn
  if [ -n "$copier" ]; then end_copiers "$id"; fi
  if ! drop_snapshot; then sentence="$sentence; $left_behind"; fi
}
way_on() { case $method in stop) echo start ;; *) echo unpause ;; esac; }
# An order that Docker did not answer may still be carried out.
outlast_own_orders() {
  rounds=0
  while [ $rounds -lt 25 ]; do
    nap 0.2
    thaw
    rounds=$((rounds + 1))
  done
}`;

const standstillText: Sh = sh`stand_still() {
  # On disk before the guard's time begins: a slow disk must not use it up.
  state guard-armed "\"method\":\"$method\",\"held\":\"$held\"" || fail "the journal $journal cannot be written"
  if ! holds_lock; then fail "the lock of instance $instance was taken away"; fi
  arm_guard
  if ! guard_lives; then fail 'the guard does not run'; fi
  tell "$method" 'the instance stands still'
  freeze
  case $? in
    0) if ! guard_lives; then fail 'the guard had given up before the instance stood still'; fi ;;
    # Not ours to let go on.
    2) disarm_guard; fail "container $container was paused by somebody else meanwhile: nothing was copied from it" ;;
    3) disarm_guard; fail "container $container was stopped, started or made anew meanwhile: the copy is of no use" ;;
    *) outlast_own_orders; fail "Docker could not $method container $container five times over: $objected" ;;
  esac
  date=$(date -u +%Y-%m-%dT%H-%M-%SZ)
  state paused
  frozen_copy
  after=$(container_state)
  upto=$(date +%s%N)
  state frozen-copied "\"rsync\":$frozen"
  thaw || fail 'Docker does not let the instance go on'
  clock
  stood=$((ticks - since))
  pause=$(awk -v ticks=$stood 'BEGIN { printf "%.2f", ticks / 100 }')
  end_turn
  if [ $method = pause ]; then await_events; fi
  disarm_guard
  state resumed "\"pause\":$pause"
  judge_standstill
}
judge_standstill() {
  if [ $stood -ge $((max_pause * 100)) ]; then
    fail "the instance stood still for longer than $max_pause s: it goes on, and this backup is discarded"
  fi
  if [ "$after" != "$(still)" ]; then
    fail "container $container did not stand still until the copy was whole (resumed, restarted or removed): this backup is discarded"
  fi
  judge_copy
  if [ $method = pause ]; then judge_events; fi
}
# The last that the guard hears is that we have let it go on: then nothing that was before is still to come.
await_events() {
  waited=0
  until [ -n "$(events_between "$upto" 9223372036854775807)" ] || [ $waited -ge 50 ]; do
    waited=$((waited + 1))
    nap 0.1
  done
}
events_between() {
  heard 2>/dev/null | awk -v id="$container_id" -v from="$1" -v to="$2" '$2 == id && $1 + 0 >= from + 0 && $1 + 0 <= to + 0 { printf "%s ", $3 }'
}
# State says nothing of a container that was let go on and paused again. Our own pause shows that somebody listened.
judge_events() {
  case $(events_between "$asked" "$upto") in
    'pause ') ;;
    'pause '*) fail "container $container was let go on and paused again by somebody else before the copy was whole: this backup is discarded" ;;
    *) fail "Docker does not tell what became of container $container: nothing shows that it stood still all the time, and this backup is discarded" ;;
  esac
}`;

const commitText: Sh = sh`commit() {
  trap '' TERM INT HUP
  if ! holds_lock; then fail "the lock of instance $instance was taken away"; fi
  if [ -n "$last" ] && ! printf '%s\n%s\n' "$last" "$date" | sort -cu 2>/dev/null; then
    fail "this host's clock was set back meanwhile: it said $date when the instance stood still, and there is a backup of $last"
  fi
  mv -T "$partial" "$bckups/$date" || fail "$partial cannot be renamed to $date"
  if ! persist "$bckups"; then
    mv -T "$bckups/$date" "$partial"
    fail "the disk of $bckups reports an error: this backup is discarded"
  fi
  rm -f "$home/distrust"
  note_mount
  state committed "\"date\":\"$date\""
}
finish() {
  succeed "\"date\":\"$date\",\"bytes\":$bytes,\"files\":$files,\"pause\":$pause,\"previous\":\"$previous\",\"linked\":$linked,\"started\":\"$began_utc\",\"finished\":\"$(utc)\""
  rm -f "$run"/*.list "$run/suspects" "$run/touched" "$run/hot.out"
}`;

const mainText: Sh = sh`case $1 in
  guard) guard "$2" "$3" "$4"; exit ;;
  repair) repair "$2"; exit ;;
esac
trap 'fail "it was ended by a signal"' TERM INT HUP
plan_run backup || exit 1
hold_lock 'a backup'
state locked
recover || fail "$unrepaired"
adopt_partial
check_places
check_instance
check_clock
find_previous
check_room
state checked "\"previous\":\"$previous\""
tell 'hot copy' ''
hot_copy
state hot-copied "\"rsync\":$hot"
take_turn
check_instance
stand_still
late_copy
tell 'hashing' ''
list_files
state hashed
write_manifest
state synced
commit
finish`;

/** Run it with `sh driver.sh`, detached, in its run's folder. */
export function driverScript(job: BackupJob): Sh {
  return joinSh([
    settingsText(job),
    basicsText,
    journalText(job.hooks?.hold),
    journalLook,
    lockText,
    containerText(job.docker),
    guardText,
    recoverText,
    repairText,
    ...checksText,
    copyText(job),
    snapshotText(job),
    turnText,
    listingText(job),
    manifestText(job),
    endingText,
    undoText,
    standstillText,
    commitText,
    mainText,
  ]);
}

/** Of a backup that ends well, in this order. */
export const STATES = [
  'planned',
  'locked',
  'checked',
  'hot-copied',
  'guard-armed',
  'paused',
  'frozen-copied',
  'resumed',
  'hashed',
  'synced',
  'committed',
  'reported',
] as const;
