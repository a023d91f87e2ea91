/** Whether the repository can be used, making it, and the proof that its storage gives back what it took. */
import { type Sh, sh } from '../../src/core/sh.ts';
import { CANARY } from './restic-list.ts';

/**
 * `init` only where restic itself says that there is no repository. restic 0.14 makes a new one where only the file `config`
 * was lost: a folder that holds something is refused here.
 */
export const setupText: Sh = sh`restic_recent() {
  restic_version=$( (restic_exec version) 2>/dev/null </dev/null | sed -n 's/^restic \([0-9]*\.[0-9]*\).*/\1/p')
  case $restic_version in
    '') objection='restic is not on this host'; return 2 ;;
    0.?|0.1[0-3]) objection="restic $restic_version is too old: 0.14 at least"; return 2 ;;
  esac
}
remote_check() {
  ailment=
  restic_recent && restic_try cat config --no-lock
}
remote_create() {
  remote_check && return 0
  severity=$?
  if [ "$ailment" != none ]; then return $severity; fi
  folder=$(. "$run/restic-$restic_name.env" && printf '%s' "$RESTIC_REPOSITORY")
  folder=\${folder#local:}
  case $folder in
    /*) if [ -n "$(ls -A "$folder" 2>/dev/null)" ]; then
        objection="$folder holds something, but no repository that restic knows: choose an empty folder, or bring back its file config"
        return 2
      fi ;;
  esac
  restic_try init || return
  objection=
  remote_check
}
remote_canary() {
  canary=$run/canary
  rm -rf "$canary"
  mkdir -p "$canary/back" && head -c 1048576 /dev/urandom >"$canary/sent" || { objection="$run cannot be written"; return 2; }
  restic_folder=$canary
  restic_long "canary on $restic_name" backup sent --json --host "$restic_host" --tag ${CANARY}
  outcome=$?
  restic_folder=
  if [ $outcome = 0 ]; then read_canary; outcome=$?; fi
  reason=$objection
  remove_canary || {
    kept=$?
    if [ $outcome = 0 ]; then outcome=$kept reason=$objection; fi
  }
  rm -rf "$canary"
  objection=$reason
  return $outcome
}
# Without the cache: what is compared came from the storage.
read_canary() {
  id=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' "$run/restic.out" | tail -n 1)
  if [ -z "$id" ]; then objection='restic made no snapshot'; return 1; fi
  kept=$restic_cache
  restic_cache=
  restic_try restore "$id" --target "$canary/back"
  severity=$?
  restic_cache=$kept
  if [ $severity != 0 ] && [ "$ailment" != damage ] && [ "$ailment" != other ]; then return $severity; fi
  if [ $severity = 0 ] && cmp -s "$canary/sent" "$canary/back/sent"; then return 0; fi
  if [ $severity != 0 ] && ! restic_err 'verification failed\|does not match\|damaged\|invalid\|not exist\|unexpected\|corrupt\|not found\|ended prematurely'; then return $severity; fi
  objection="the storage does not give back what it took: $(restic_words)"
  return 2
}
# With the code of a removal, tags and ids: 2 where the storage keeps what was to go.
restic_kept() {
  refused=
  if [ "$1" = 0 ] || restic_err '403\|forbidden\|not permitted\|denied'; then refused=yes; fi
  restic_rows "$2" >"$run/after" || return
  shift 2
  for id; do
    if [ -n "$refused" ] && grep -q " $id$" "$run/after"; then
      objection="the storage lets nothing be removed: say append_only: true for remote $restic_name"
      return 2
    fi
  done
}
remove_canary() {
  restic_rows ${CANARY} >"$run/canaries" || return 0
  if [ -n "$restic_append_only" ]; then
    echo 'the storage is append-only: the canary stays in it'
    return 0
  fi
  set -- $(cut -d ' ' -f 2 "$run/canaries")
  if [ $# = 0 ]; then return 0; fi
  restic_try forget --prune --max-unused unlimited "$@"
  removal=$?
  if [ $removal != 0 ] && [ "$ailment" = locked ]; then
    echo 'another restic works in the repository: the canary goes when something is removed next'
    return 0
  fi
  restic_kept $removal ${CANARY} "$@"
}`;
