/** How a driver ends: with a result for us, a last line in its journal, and its lock given back. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `succeed FACTS` and `fail SENTENCE`; `hold_lock 'a backup'`. Needs `undo`, a function of the driver: what must be brought
 * in order before it gives up; it may lengthen `sentence`, and set `ending` to `stuck`: then the run has no end, and whoever
 * comes next repairs it.
 */
export const endingText: Sh = sh`report() {
  forget_secrets
  printf '%s\n' "$1" >"$run/result.new" || return
  persist "$run/result.new"
  mv -f "$run/result.new" "$run/result.json"
}
forget_secrets() { rm -f "$run"/restic-*.env "$run"/restic-*.password; }
succeed() {
  report "{\"ok\":true,$1}"
  state reported
  release_lock
}
fail() {
  trap '' TERM INT HUP
  sentence=$1
  ending=failed
  undo
  report "{\"ok\":false,\"failure\":\"$(text "$sentence")\"}"
  state $ending "\"failure\":\"$(text "$sentence")\""
  release_lock
  exit 1
}
busy() {
  report "{\"ok\":false,\"busy\":true,\"failure\":\"$(text "another run holds instance $instance: $owner_what since $owner_since, pid $owner_pid")\"}"
  state failed '"busy":true'
  exit 1
}
hold_lock() {
  take_lock "$1"
  case $? in
    0) ;;
    1) busy ;;
    *) fail "$home cannot be written" ;;
  esac
}`;
