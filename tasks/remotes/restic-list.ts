/** What lies in the repository: snapshots, found by host and tags, and the manifests in them. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Origin } from './remote.ts';

export const CANARY = 'girofle-canary';

/**
 * `restic_rows TAGS` prints `DATE ID` for the host's snapshots with these tags, oldest first. An object of restic's list begins
 * with its time; inside its strings every quotation mark has a backslash before it.
 */
const rowsText = ({
  host,
  instance,
}: Origin): Sh => sh`restic_host=${host} restic_tags=${`girofle,noeud-gitlab-${instance}`}
restic_rows() {
  restic_try snapshots --json --no-lock --host "$restic_host" --tag "$1" || return
  sed 's/{"time":"/\n&/g' "$run/restic.out" |
    sed -n 's/^{"time":"\([0-9]*-[0-9]*-[0-9]*T\)\([0-9]*\):\([0-9]*\):\([0-9]*\)[^"]*".*"id":"\([0-9a-f]\{64\}\)","short_id".*/\1\2-\3-\4Z \5/p' | sort
}
read_sending() {
  sending= whose=
  { read -r sending whose <"$restic_state/sending"; } 2>/dev/null
  if [ "$whose" != "$restic_host/$restic_tags" ]; then sending=; fi
}
# What was never said to be whole is left out: a run was killed meanwhile, or it was incomplete and could not be removed.
restic_whole() {
  restic_rows "$restic_tags" >"$run/rows" || return
  read_sending
  awk -v sending="$sending" -v bad="$restic_state/incomplete" '
    BEGIN { while ((getline id <bad) > 0) skip[id] = 1 }
    $1 != sending && !($2 in skip)' "$run/rows"
}
# The id of a date, the last one where there are several.
restic_id() {
  restic_whole >"$run/whole" || return
  snapshot=$(awk -v date="$1" '$1 == date { id = $2 } END { print id }' "$run/whole")
  if [ -n "$snapshot" ]; then return 0; fi
  objection="the repository has no backup of $1"
  return 2
}
remote_list() {
  restic_whole >"$run/whole" || return
  cut -d ' ' -f 1 "$run/whole" | uniq
}`;

/** The push keeps a copy of each manifest under its snapshot's id; only what it did not send is read from the storage. */
const manifestsText: Sh = sh`remote_manifest() {
  restic_id "$1" || return
  if [ -f "$restic_state/manifests/$snapshot" ]; then cat "$restic_state/manifests/$snapshot"; return; fi
  restic_try dump --no-lock "$snapshot" /manifest.json || return
  cat "$run/restic.out"
}
restic_dump_all() {
  mkdir -p "$run/manifests" || return 2
  busy=0
  while read -r _ id; do
    if [ -f "$restic_state/manifests/$id" ]; then continue; fi
    # Several at once: each spends its time waiting for the storage.
    (restic_exec dump --no-lock "$id" /manifest.json) >"$run/manifests/$id" 2>"$run/manifests/$id.err" </dev/null || echo >"$run/manifests/$id.failed" &
    busy=$((busy + 1))
    if [ $((busy % 4)) = 0 ]; then wait; fi
  done <"$run/listed"
  wait
}
remote_manifests() {
  restic_whole >"$run/listed" || return
  restic_dump_all || return
  # Damage is told with the backup that has it; where the storage does not answer, nothing is known.
  for failed in "$run"/manifests/*.failed; do
    if [ ! -e "$failed" ]; then continue; fi
    cp "\${failed%.failed}.err" "$run/restic.err"
    restic_judge 1
    if [ "$ailment" != damage ]; then rm -rf "$run/manifests"; restic_judge 1; return; fi
    : >"\${failed%.failed}"
  done
  while read -r date id; do
    printf '%s\037' "$date"
    cat "$restic_state/manifests/$id" 2>/dev/null || cat "$run/manifests/$id"
    printf '\036'
  done <"$run/listed"
  rm -rf "$run/manifests"
}`;

export function listText(origin: Origin): Sh {
  return joinSh([rowsText(origin), manifestsText]);
}
