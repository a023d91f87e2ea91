/** The container that was made for the restored volumes, and the wait for its health. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `start_made` starts container `made`, `wait_ready ID SECONDS` waits until a container is healthy (one without a health check: has
 * run for five seconds); both leave a sentence in `objection` and give 1 when it is not to be. `await_docker` gives Docker its
 * time to answer, `patiently COMMAND...` repeats an order. Need `containerText`.
 */
export const startText: Sh = sh`start_made() {
  if start_container "$made"; then return; fi
  objection="container $container does not start: $(text "$objected")"
  return 1
}
wait_ready() {
  clock
  ready_by=$((ticks + $2 * 100)) steady=$((ticks + 500))
  while :; do
    health=$(container_health "$1")
    clock
    case $health in
      'running healthy '*) return 0 ;;
      'running none '*) if [ "$ticks" -ge "$steady" ]; then return 0; fi ;;
      running*|restarting*|unanswered) ;;
      missing) objection='its container is gone'; return 1 ;;
      exited*) objection="its container ended, with code \${health##* }"; return 1 ;;
      *) objection="its container is \${health%% *}"; return 1 ;;
    esac
    if [ "$ticks" -ge "$ready_by" ]; then
      objection="it is not healthy after $2 s: \${health% *}"
      return 1
    fi
    tell 'waiting until it is healthy' "\${health% *}"
    nap 0.3
  done
}
await_docker() {
  clock
  answer_by=$((ticks + patience * 100))
  while [ "$(container_health "$made")" = unanswered ]; do
    clock
    if [ "$ticks" -ge "$answer_by" ]; then objection='Docker does not answer'; return 1; fi
    nap 0.5
  done
}
# What Docker refuses five times it will go on refusing.
patiently() {
  refusals=0
  until "$@"; do
    refusals=$((refusals + 1))
    if [ $refusals -ge 5 ] || ! await_docker; then
      objection=$(text "$objected")
      return 1
    fi
    nap 0.5
  done
}`;
