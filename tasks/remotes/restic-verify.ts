/** Looking whether the repository is sound, removing from it, and bringing a backup back. */
import { type Sh, sh } from '../../src/core/sh.ts';
import type { ResticRemote } from './remote.ts';
import { CANARY } from './restic-list.ts';

/**
 * After a push: restic's own check of everything but the data, one part of the data in rotation, and the two lists of the
 * backup itself, read from the storage. restic's exit code is not believed alone: 0.14 says 0 to some damage.
 */
export const verifyText = ({ check_parts }: ResticRemote): Sh => sh`remote_verify() {
  mkdir -p "$restic_state" || { objection="$restic_state cannot be written"; return 2; }
  turn=$(sed -n 's/^\([0-9][0-9]*\)$/\1/p' "$restic_state/rotation" 2>/dev/null)
  turn=$((\${turn:-0} % ${check_parts} + 1))
  restic_long "check part $turn of "${check_parts}" of $restic_name" check --read-data-subset=$turn/${check_parts}
  severity=$?
  if [ $severity != 0 ] && [ "$ailment" != other ] && [ "$ailment" != damage ]; then return $severity; fi
  if [ $severity != 0 ] || ! grep -q '^no errors were found' "$run/restic.out"; then
    if reached_not; then return 1; fi
    objection="the repository is damaged: $(complaint_of_check)"
    return 2
  fi
  restic_id "$1" || return
  for part in manifest.json files.jsonl; do same_there "$part" "$1" || return; done
  printf '%s\n' "$turn" >"$restic_state/rotation"
  find "$restic_cache" -maxdepth 1 -name 'restic-check-cache-*' -mmin +1440 -exec rm -rf {} + 2>/dev/null
  return 0
}
reached_not() {
  restic_err 'dial tcp\|connection re\|connection lost\|timeout\|timed out\|unexpected EOF\|no such host\|ssh: \|(5[0-9][0-9])\|unreachable\|broken pipe\|killed\|interrupted'
}
complaint_of_check() {
  cat "$run/restic.err" "$run/restic.out" | grep -a -i 'error\|pack\|does not\|damaged\|missing\|verification' |
    grep -a -v '^check all packs\|^\[\|^read group\|Fatal: repository contains errors\|no errors were found' | head -n 1 | head -c 300 | sed 's/^ *//'
}
same_there() {
  kept=$restic_cache
  restic_cache=
  restic_try dump "$snapshot" "/$1"
  severity=$?
  restic_cache=$kept
  if [ $severity != 0 ]; then return $severity; fi
  here=$bckups/$2/$1
  if [ -f "$here" ] && ! cmp -s "$run/restic.out" "$here"; then objection="$1 of $2 is another one in the repository"; return 2; fi
  : >"$run/restic.out"
}`;

/** Snapshots by their id; canaries that could not be removed before go with them. */
export const removeText: Sh = sh`remote_remove() {
  if [ -n "$restic_append_only" ]; then objection='it is append-only: nothing is removed from it'; return 2; fi
  restic_rows "$restic_tags" >"$run/before" || return
  going=
  for date; do going="$going $(ids_of "$date" "$run/before" | tr '\n' ' ')"; done
  restic_rows ${CANARY} >"$run/canaries" || return
  set -- $going $(cut -d ' ' -f 2 "$run/canaries")
  if [ $# = 0 ]; then return 0; fi
  restic_long "remove old backups from $restic_name" forget --prune "$@"
  severity=$?
  reason=$objection outcome=$severity
  restic_kept $outcome "$restic_tags" $going || return
  objection=$reason severity=$outcome
  if [ $severity = 0 ] && [ -d "$restic_state/manifests" ]; then restic_tidy; fi
  return $severity
}`;

/** restic restores below its target whatever a snapshot's names are; that the top holds what a backup has is looked at here. */
export const fetchText: Sh = sh`remote_fetch() {
  if [ -L "$2" ] || [ ! -d "$2" ] || [ -n "$(ls -A "$2")" ]; then objection="$2 is no empty folder"; return 2; fi
  restic_id "$1" || return
  set -- "$1" "$2" restore "$snapshot" --target "$2"
  if (restic_exec restore --help) 2>/dev/null </dev/null | grep -q -- --sparse; then set -- "$@" --sparse; fi
  fetched=$1 folder=$2
  shift 2
  restic_try "$@" || return
  for name in data config log; do
    if [ -L "$folder/$name" ] || [ ! -d "$folder/$name" ]; then objection="the backup of $fetched in the repository has no folder $name"; return 2; fi
  done
  for name in manifest.json files.jsonl; do
    if [ -L "$folder/$name" ] || [ ! -f "$folder/$name" ]; then objection="the backup of $fetched in the repository has no $name"; return 2; fi
  done
  strange=$(ls -A "$folder" | grep -v -x 'data\|config\|log\|manifest\.json\|files\.jsonl' | head -n 1)
  if [ -n "$strange" ]; then objection="the backup of $fetched in the repository holds $strange, which is no part of a backup"; return 2; fi
}`;
