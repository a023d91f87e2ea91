/** The script that sends backups to a remote, verifies them there, and removes old ones: it needs nobody, and ends well or says why. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { endingText } from '../host-run/ending.ts';
import { journalLook, journalText } from '../host-run/journal.ts';
import { lockText } from '../host-run/lock.ts';
import { basicsText } from '../host-run/run.ts';
import { type PushJob, pushSettings } from './job.ts';
import { notePushing } from './pushing.ts';

/**
 * `remotely FUNCTION...` calls one of the remote's in a shell of its own, whose names are not ours, and leaves its `objection`. A
 * signal is heeded at once; `end_work` ends that shell and all that it has started, also of a run that was killed.
 */
const remotelyText = (job: PushJob): Sh => sh`GIROFLE_RUN=$run
export GIROFLE_RUN
remotely() {
  rm -f "$run/objection"
  (
    trap - TERM INT HUP
${job.driver.text}
    "$@"
    code=$?
    printf '%s' "$objection" >"$run/objection"
    exit $code
  ) 3<&- &
  worker=$!
  start_of "$worker"
  printf '%s %s\n' "$worker" "$started" >"$run/worker"
  wait "$worker"
  severity=$?
  rm -f "$run/worker"
  objection=$(cat "$run/objection" 2>/dev/null)
  if [ $severity -gt 2 ]; then
    if [ -z "$objection" ]; then objection="what talks to it ended with code $severity: $(tail -n 1 "$run/log" | head -c 300)"; fi
    severity=2
  fi
  return $severity
}
end_work() {
  { read -r worker born <"$run/worker"; } 2>/dev/null || return 0
  patience=0
  while :; do
    # What a shell starts has our mark in its environment; itself it has not.
    going=$(grep -lzxF "GIROFLE_RUN=$run" /proc/[0-9]*/environ 2>/dev/null | sed 's/[^0-9]//g')
    if start_of "$worker" && [ "$started" = "$born" ]; then going="$worker $going"; fi
    gone=yes
    for one in $going; do
      if ! start_of "$one"; then continue; fi
      gone=
      if [ $patience -lt 20 ]; then kill "$one" 2>/dev/null; else kill -9 "$one" 2>/dev/null; fi
    done
    if [ -n "$gone" ]; then break; fi
    patience=$((patience + 1))
    if [ $patience -gt 60 ]; then return 1; fi
    nap 0.1
  done
  rm -f "$run/worker"
}`;

/** `persevere WHAT COMMAND...` tries again what may pass, each time after twice as long and some more. */
const retryText: Sh = sh`persevere() {
  what=$1
  shift
  tries=0
  while :; do
    objection=
    "$@"
    severity=$?
    if [ $severity = 0 ]; then return 0; fi
    if [ $severity != 1 ] || [ $tries -ge "$retries" ]; then break; fi
    tries=$((tries + 1))
    wait_for=$(od -An -N 1 -t u1 /dev/urandom | awk -v first="$back_off" -v tries="$tries" '{ seconds = first * 2 ^ (tries - 1) * (1 + $1 / 512); printf "%.1f", (seconds > 600 ? 600 : seconds) }')
    state waiting "\"for\":\"$(text "$what")\",\"seconds\":$wait_for,\"objection\":\"$(text "$objection")\""
    tell "$what: trying again in $wait_for s ($tries of $retries)" "$objection"
    nap "$wait_for"
  done
  if [ $tries -gt 0 ] && [ $severity = 1 ]; then objection="$objection (tried $((tries + 1)) times)"; fi
  return $severity
}`;

/** What another push that died has left: processes, a note, a journal without an end. */
const tidyText: Sh = sh`undo() {
  end_work
  forget_pushing
}
abandon() {
  clock
  printf '{"state":"abandoned","utc":"%s","uptime":%s}\n' "$(utc)" "$uptime" >>"$1"
}
tidy() {
  for old in $(unfinished); do
    if [ "$old" = "$journal" ] || ! is_a push "$old" || [ "$(fact "$old" planned remote)" != "$name" ]; then continue; fi
    dead=\${old##*/}
    dead=$home/runs/\${dead%.jsonl}
    if run_lives "$dead"; then continue; fi
    if [ ! -f "$dead/driver.sh" ]; then abandon "$old"; continue; fi
    said=$(sh "$dead/driver.sh" repair $$ 2>&1) || fail "what an earlier push left behind cannot be ended: $(printf '%s' "$said" | tail -n 1)"
  done
  forget_pushing
}
# A push leaves nothing in the way of others: the remote's half copy is for the next push.
repair() {
  instance_lock=$home/lock
  remote_lock=$lock
  lock=$instance_lock
  if ! held_by "$1"; then lock=$remote_lock; held_by "$1" || { echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; }; fi
  if ! end_work; then echo "what push $id has left running cannot be ended" >&2; exit 1; fi
  pushing_pid=$(sed -n 's/^pid=//p' "$state/pushing" 2>/dev/null)
  read -r dead_pid _ <"$run/pid"
  if [ "$pushing_pid" = "$dead_pid" ]; then forget_pushing; fi
  abandon "$journal"
}
busy() {
  said="another push of instance $instance to remote $name runs since $owner_since, pid $owner_pid"
  report "{\"ok\":false,\"busy\":true,\"failure\":\"$(text "$said")\"}"
  state failed '"busy":true'
  exit 1
}`;

const workText: Sh = sh`dated() { grep -x '[0-9]\{4\}-[0-9]\{2\}-[0-9]\{2\}T[0-9]\{2\}-[0-9]\{2\}-[0-9]\{2\}Z' | sort; }
local_dates() { for one in "$bckups"/*Z; do if [ -f "$one/manifest.json" ] && [ ! -L "$one" ]; then echo "\${one##*/}"; fi; done | dated; }
list_remote() { remotely remote_list >"$run/there"; }
is_verified() { grep -qx "$1" "$state/verified" 2>/dev/null; }
note_verified() {
  { cat "$state/verified" 2>/dev/null; echo "$1"; } | sort -u >"$state/verified.new" && persist "$state/verified.new" && mv -f "$state/verified.new" "$state/verified"
}
refuse_remote() { fail "remote $name: $objection"; }
reach() {
  persevere "reach $name" remotely remote_check || refuse_remote
  persevere "list $name" list_remote || refuse_remote
  # What is still to come by this clock says nothing.
  newest=$(dated <"$run/there" | awk -v now="$(date -u +%Y-%m-%dT%H-%M-%SZ)" '$0 "" <= now "" { last = $0 } END { print last }')
}
# Newer than what is there, oldest first; only the newest where nothing is there.
choose() {
  local_dates | awk -v newest="$newest" -v up_to="$up_to" -v there="$run/there" '
    BEGIN { while ((getline date <there) > 0) known[date] = 1 }
    (up_to != "" && $0 "" > up_to "") || $0 in known { next }
    newest != "" && $0 "" > newest "" { print }
    { last = $0 }
    END { if (newest == "" && last != "") print last }' >"$run/todo"
}
verify() {
  persevere "verify $1 on $name" remotely remote_verify "$1" || refuse_remote
  note_verified "$1"
  state push-verified "\"date\":\"$1\""
}
# A push that died may have sent its last date, and not verified it.
verify_last() {
  if [ -z "$newest" ] || is_verified "$newest" || [ ! -d "$bckups/$newest" ]; then return; fi
  note_pushing "$newest"
  verify "$newest"
  forget_pushing
}
bytes_of() { tr -d ' \n' <"$bckups/$1/manifest.json" | sed -n 's/.*"totals":{[^}]*"bytes":\([0-9]*\).*/\1/p'; }
push_one() {
  note_pushing "$1" || fail "$state cannot be written"
  # Removed by retention since it was listed.
  if [ ! -d "$bckups/$1" ]; then forget_pushing; return; fi
  persevere "push $1 to $name" remotely remote_push "$1" "$newest" || refuse_remote
  state pushed "\"date\":\"$1\""
  verify "$1"
  bytes=$((bytes + $(bytes_of "$1")))
  forget_pushing
  newest=$1
  pushed="$pushed\${pushed:+,}\"$1\""
}
# Never the newest, never the last that was verified.
prune() {
  if [ -n "$append_only" ]; then pruned='"skipped"'; state pruned '"removed":"skipped"'; return; fi
  last_verified=$(dated <"$state/verified" 2>/dev/null | tail -n 1)
  list_remote || refuse_remote
  going=
  for one in $remove; do
    if [ "$one" != "$newest" ] && [ "$one" != "$last_verified" ] && grep -qx "$one" "$run/there"; then going="$going $one"; fi
  done
  pruned=0
  if [ -n "$going" ]; then
    tell "remove from $name" "$going"
    persevere "remove from $name" remotely remote_remove $going || fail "remote $name: all is pushed and verified, but old backups cannot be removed: $objection"
    for one in $going; do
      pruned=$((pruned + 1))
      echo "$one" >>"$run/removed"
    done
  fi
  forget_verified
  state pruned "\"removed\":$pruned"
}
forget_verified() {
  list_remote || return
  if [ -f "$state/verified" ]; then
    dated <"$run/there" >"$run/there.dated"
    grep -xF -f "$run/there.dated" "$state/verified" >"$state/verified.new"
    mv -f "$state/verified.new" "$state/verified"
  fi
}`;

const mainText: Sh = sh`case $1 in
  repair) repair "$2"; exit ;;
esac
trap 'fail "it was ended by a signal"' TERM INT HUP
start_of $$
printf '%s %s\n' $$ "$started" >"$run/pid" || exit 1
mkdir -p "$state" || exit 1
state planned "\"what\":\"push\",\"remote\":\"$name\",\"boot\":\"$(boot)\"" || exit 1
hold_lock 'a push'
state locked
clock
began=$ticks
bytes=0 pushed=
tidy
reach
verify_last
choose
while read -r date <&3; do push_one "$date"; done 3<"$run/todo"
prune
clock
succeed "\"remote\":\"$name\",\"pushed\":[$pushed],\"bytes\":$bytes,\"duration\":$(awk -v ticks=$((ticks - began)) 'BEGIN { printf "%.1f", ticks / 100 }'),\"pruned\":$pruned"`;

/** Run it with `sh driver.sh`, detached, in its run's folder. */
export function pushScript(job: PushJob): Sh {
  return joinSh([
    pushSettings(job),
    basicsText,
    journalText(job.hooks?.hold),
    journalLook,
    lockText,
    endingText,
    remotelyText(job),
    notePushing,
    retryText,
    tidyText,
    workText,
    mainText,
  ]);
}
