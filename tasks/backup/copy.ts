/** The two passes: hot while the instance works, frozen while it stands still. With a snapshot see snapshot.ts. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { BackupJob } from './job.ts';

/** `copy NAME COMMAND...` runs one rsync; beside it `watch` tells how far it is and ends it when the pause is over. */
const runText: Sh = sh`copy() {
  name=$1
  shift
  "$@" </dev/null >"$run/$name.out" 2>"$run/$name.err" &
  copier=$!
  watch "$copier" "$name" &
  watcher=$!
  wait "$copier"
  code=$?
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  return $code
}
watch() {
  while kill -0 "$1" 2>/dev/null; do
    case $2 in
      hot) tell 'hot copy' "$(how_far hot)"; nap 0.5 ;;
      snapshot) tell 'copy of the snapshot' "$(how_far snapshot)"; nap 0.5 ;;
      # While the instance stands still.
      frozen|compared) if [ -n "$guard" ] && overdue; then kill -TERM "$1"; fi; nap 0.1 ;;
    esac
  done
}
# While one file is under way rsync does not say how many there are: what it said before.
how_far() {
  told=$(tail -c 4000 "$run/$1.out" 2>/dev/null | tr '\r' '\n')
  line=$(printf '%s\n' "$told" | tail -n 1)
  case $line in
    *'('*) ;;
    *) line="$line $(printf '%s\n' "$told" | grep -o '(xfr.*)' | tail -n 1)" ;;
  esac
  printf '%s' "$line"
}
overdue() { clock; [ $((ticks - since)) -ge $((max_pause * 100)) ]; }
complaint() { grep -v '^rsync error' "$run/$1.err" | head -n 1 | head -c 300; }
# Without room even rsync's own words are lost, so that the disk is asked too.
full() { [ "$2" = 11 ] || grep -q 'No space left on device' "$run/$1.err" || [ "$(free_space)" -lt 1024 ]; }`;

/** ionice and nice where there are; while the instance stands still, nobody is to be waited for. */
const paceText: Sh = sh`hurried() {
  if command -v ionice >/dev/null 2>&1; then set -- ionice -c 2 -n 0 "$@"; fi
  nice -n -10 "$@"
}`;

/** Of every pass. */
export function rsyncOptions({ rsync }: BackupJob): readonly string[] {
  const kinds = `-aHS${rsync.acls ? 'A' : ''}${rsync.xattrs ? 'X' : ''}`;
  return [kinds, '--numeric-ids', ...(rsync.exact ? ['--modify-window=-1'] : [])];
}

function hotText(job: BackupJob): Sh {
  return sh`hot_copy() {
  began_utc=$(utc)
  clock
  began_uptime=$uptime
  # Two seconds: a file written in the second of the look has a time that says nothing.
  began_epoch=$(($(date +%s) - 2))
  # Change times are the kernel's own, a tick behind at most.
  began_exactly=$(date +%s.%N | awk '{ printf "%.2f", $1 - 0.05 }')
  # What is written through a mapping gets a new time only when its page was on the disk before.
  sync -f "$volumes" 2>/dev/null || sync
  set -- rsync ${rsyncOptions(job)} ${job.hooks?.hot ?? []} --delete --info=progress2
  if [ -n "$previous" ]; then set -- "$@" --link-dest="$bckups/$previous"; fi
  # A backup was found damaged: what it was linked to may be so too.
  if [ -e "$home/distrust" ]; then set -- "$@" --checksum; fi
  (note_image; note_previous) &
  noting=$!
  copy hot "$@" "$volumes/data" "$volumes/config" "$volumes/log" "$partial/"
  hot=$?
  case $hot in
    0|24) ;;
    *) if full hot $hot; then
        rm -rf "$partial"
        fail "the disk of $bckups is full: the hot copy was given up before the instance was touched"
      fi
      fail "the hot copy failed, rsync's code is $hot: $(complaint hot)" ;;
  esac
  # What the hot pass wrote goes to the disk now: what is synced during the pause must not wait for it.
  to_disk
}`;
}

/**
 * What has to be looked at again is listed once. A second whole pass, then one that compares content where times cannot be trusted: writers that map their files
 * (postgresql, redis, prometheus), whatever was written since the hot pass began or about when the previous backup was made, and every name of
 * a file that has several.
 */
function frozenText(job: BackupJob): Sh {
  const more = [...(job.rsync.exact ? [] : ['--checksum']), ...(job.hooks?.frozen ?? [])];
  return sh`look_again() {
  set --
  from=$began_epoch
  # What a half copy has that was taken over may be older than what is there, though size and time are the same.
  if [ -n "$adopted" ]; then from=0; fi
  if [ -n "$adopted" ] && [ -n "$previous_began" ]; then from=$(($(date -d "$previous_began" +%s) - 60)); fi
  if [ -n "$previous_began" ]; then set -- -o \( -newermt "@$(($(date -d "$previous_began" +%s) - 60))" ! -newermt "$previous_ended" \); fi
  (cd "$volumes" && find data config log \( ! -type d -newerct "@$began_exactly" -fprint0 "$run/touched" -false \) -o \
    -type f \( -path 'data/postgresql/*' -o -path 'data/redis/*' -o -path 'data/prometheus/*' \
    -o -links +1 -o -newermt "@$from" "$@" \) -fprint0 "$run/suspects")
}
# Through a link rsync would give the previous backup's file the new owner, mode and time as well: such a file is copied anew.
part_from_previous() {
  if [ ! -s "$run/touched" ]; then return; fi
  # What was touched and is not there yet is no matter.
  (cd "$partial" && xargs -0 -r sh -c 'find "$@" -maxdepth 0 ! -type d -links +1 -print0 2>/dev/null; :' sh <"$run/touched" | xargs -0 -r rm -f --)
}
frozen_copy() {
  look_again && part_from_previous || { frozen=23; return; }
  copy frozen hurried rsync ${rsyncOptions(job)} ${more} --delete "$volumes/data" "$volumes/config" "$volumes/log" "$partial/"
  frozen=$?
  if [ $frozen = 0 ]; then
    copy compared hurried rsync ${rsyncOptions(job)} --checksum --from0 --files-from="$run/suspects" "$volumes/" "$partial/"
    frozen=$?
  fi
}
judge_copy() {
  if [ $frozen = 0 ]; then return; fi
  if full frozen $frozen || { [ -e "$run/compared.err" ] && full compared $frozen; }; then
    rm -rf "$partial"
    fail "the disk of $bckups is full: the instance goes on, and this backup is discarded"
  fi
  if [ -s "$run/compared.err" ]; then fail "the copy of the standing instance failed, rsync's code is $frozen: $(complaint compared)"; fi
  fail "the copy of the standing instance failed, rsync's code is $frozen: $(complaint frozen)"
}`;
}

export function copyText(job: BackupJob): Sh {
  const passes = job.consistency === 'snapshot' ? [] : [paceText, hotText(job), frozenText(job)];
  return joinSh([runText, ...passes]);
}
