/**
 * The guard: a process of its own session that lets the instance go on when the driver dies, or when its time is over.
 * It looks at the driver's pid and start time; TERM from the driver ends its duty.
 */
import { type Sh, sh } from '../../src/core/sh.ts';

/** `arm_guard` starts it (the same script, called with `guard`), `disarm_guard` ends it, `guard PID START` is it. */
export const guardText: Sh = sh`copiers() {
  for process in $(grep -alF ".partial-$1" /proc/[0-9]*/cmdline 2>/dev/null); do
    process=\${process%/cmdline}
    case $(cat "$process/comm" 2>/dev/null) in rsync) echo "\${process#/proc/}" ;; esac
  done
}
# Ends the rsyncs that a dead driver has left, and waits until they are gone: two must never write into one folder.
end_copiers() {
  rounds=0
  while left=$(copiers "$1") && [ -n "$left" ]; do
    kill -KILL $left 2>/dev/null
    rounds=$((rounds + 1))
    if [ $rounds -gt 100 ]; then return 1; fi
    nap 0.1
  done
}
limit() {
  case $method in
    # The driver keeps to max_pause by itself, from the moment of the freeze; the guard is there for when it cannot.
    pause) echo $((max_pause * 100 + 200)) ;;
    stop) echo $(((max_pause + stop_timeout + 30) * 100)) ;;
  esac
}
arm_guard() {
  start_of $$
  setsid sh "$run/driver.sh" guard $$ "$started" "$held" </dev/null >>"$run/log" 2>&1 &
  guard=$!
  waited=0
  until [ -e "$run/guard" ] || [ $waited -ge 250 ]; do
    waited=$((waited + 1))
    nap 0.02
  done
}
guard_lives() { [ -e "$run/guard" ] && start_of "$guard"; }
disarm_guard() {
  if [ -n "$guard" ]; then kill -TERM "$guard" 2>/dev/null; fi
  guard=
}
end_listening() { if [ -n "$ear" ]; then kill "$ear" 2>/dev/null; fi; }
guard() {
  held=$3
  ear=
  if [ $method = pause ]; then
    (listen "$(date +%s.%N)" $((max_pause + 300))) </dev/null >"$run/heard" 2>/dev/null &
    ear=$!
  fi
  trap 'end_listening; exit 0' TERM
  clock
  deadline=$((ticks + $(limit)))
  : >"$run/guard"
  while start_of "$1" && [ "$started" = "$2" ]; do
    clock
    if [ "$ticks" -ge "$deadline" ]; then break; fi
    nap 0.2
  done
  trap '' TERM
  end_listening
  if [ $method = stop ] && ! has_state "$journal" paused; then
    # Docker may still be stopping it.
    until [ "$(container_state)" = "$held false false" ] || [ "$ticks" -ge "$deadline" ]; do nap 0.2; clock; done
  fi
  tried=0
  until thaw; do
    tried=$((tried + 1))
    if [ $tried -ge 20 ]; then return 1; fi
  done
  end_copiers "$id"
  if [ $method = pause ] && ! has_state "$journal" paused; then outlast_orders "$1"; fi
  state resumed '"by":"guard"'
}
# The last order of a driver that died may still be on its way, or Docker be carrying it out; until somebody else has the lock.
outlast_orders() {
  clock
  quiet=$((ticks + 300))
  while read_owner "$lock" && [ "$owner_pid" = "$1" ] && { [ "$ticks" -lt $quiet ] || { is_ordered && [ "$ticks" -lt "$deadline" ]; }; }; do
    nap 0.1
    thaw
    clock
  done
}
is_ordered() {
  for process in $(grep -alF "$container_id" /proc/[0-9]*/cmdline 2>/dev/null); do
    case $(cat "\${process%/cmdline}/comm" 2>/dev/null) in docker|curl) return 0 ;; esac
  done
  return 1
}`;
