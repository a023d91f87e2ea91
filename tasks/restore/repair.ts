/** What a restore that died has left: the restored instance is completed or the old one put back, whole either way. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `repair PID` brings this run to its end while process PID holds the lock. Before the restored container was started the way is
 * back; after, it is forward as long as that becomes healthy. `discard` takes away what nobody has seen yet.
 */
export const repairText: Sh = sh`discard() {
  case $(container_health "$made") in
    created*|exited*)
      if [ "$(container_name "$made")" = "$new_container" ]; then remove_container "$made"; fi ;;
    unanswered) sentence="$sentence; container $new_container is left over" ;;
  esac
  rm -rf "$staging" "$run/backup"
}
repair() {
  if ! held_by "$1"; then echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; fi
  if ! end_left_over; then echo "processes of restore $id, whose run is dead, cannot be ended" >&2; exit 1; fi
  rm -rf "$work"
  if ! has_state "$journal" stopping; then
    discard
    state abandoned
    return
  fi
  policy=$(fact "$journal" stopping policy) was=$(fact "$journal" stopping was) tree=$(fact "$journal" stopping tree)
  clock
  down_since=$ticks
  sentence="the restore's own process was killed"
  if has_state "$journal" started && ! has_state "$journal" reverting; then
    if await_docker && start_made && complete; then return; fi
    sentence="$sentence, and what it had restored is of no use: $objection"
  fi
  put_back
}
put_back() {
  if ! revert; then
    stuck
    state stuck "\"failure\":\"$(text "$sentence; $stuck")\""
    echo "$sentence; $stuck" >&2
    exit 1
  fi
  if has_state "$journal" started; then
    kept
    mark_kept "$staging"
  else
    kept='the old instance is back'
    discard
  fi
  state abandoned "\"failure\":\"$(text "$sentence; $kept")\""
}`;
