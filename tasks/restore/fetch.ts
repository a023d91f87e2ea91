/** The backup as a folder of this host: where it lies, or fetched from a remote into the staging folder. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { readingText } from '../backups/reading.ts';
import type { RestoreJob } from './job.ts';

/**
 * `fetch_backup` sets `backup` to the folder, which of a remote is the staging folder itself, and makes that folder, after a
 * look at the room there. Needs `restoreSettings`, `basicsText`, `endingText`; fails by `fail`.
 */
export function fetchText({ source }: RestoreJob): Sh {
  return joinSh([
    readingText,
    roomText,
    source.kind === 'local' ? foundText(source.folder) : fetchedText(source.name, source.text),
  ]);
}

/** `need_room KIB ENTRIES`: a fiftieth and 64 MiB more than that must be free where the staging folder is. */
const roomText: Sh = sh`need_room() {
  needed_kib=$1
  needed=$(($1 + $1 / 50 + 65536)) inodes=$(($2 + $2 / 50 + 100))
  beside=\${staging%/*}
  space=$(free_kib)
  places=$(df -Pi "$beside" | awk 'NR == 2 { if ($2 + 0 > 0) print $4; else print "any" }')
  if [ "$space" -lt "$needed" ]; then
    fail "not enough room in $beside: about $((needed / 1024)) MiB are needed, $((space / 1024)) MiB are free"
  fi
  if [ "$places" != any ] && [ "$places" -lt "$inodes" ]; then
    fail "not enough inodes in $beside: about $inodes are needed, $places are free"
  fi
}
free_kib() { df -Pk "\${staging%/*}" | awk 'NR == 2 { print $4 }'; }
# From here on, what the disk loses is our progress.
measured() {
  free_before=$(free_kib)
  say_progress() { awk -v kib=$((free_before - $(free_kib))) -v all="$needed_kib" 'BEGIN { printf "%.1f of %.1f MB\n", (kib > 0 ? kib : 0) / 1000, all / 1000 }'; }
}
make_staging() { mkdir "$staging" 2>"$run/staging.err" || fail "$staging cannot be made: $(text "$(head -n 1 "$run/staging.err")")"; }`;

/** What it takes on the disk, each file once: holes take nothing. Copies that share their blocks take nothing at all. */
const foundText = (
  folder: string,
): Sh => sh`# The lock that we hold is not that of another instance's backups.
note_backup() {
  case $backup in
    "$bckups"/*) return ;;
    */bckups/"$date") others=\${backup%/bckups/*}/.girofle ;;
    *) return ;;
  esac
  if [ -L "$others" ] || [ ! -d "$others" ]; then return; fi
  reader=$others/verify-$id
  mkdir "$reader" && note_reading "$reader" "$date"
}
fetch_backup() {
  backup=${folder}
  note_backup
  if [ -L "$backup" ] || [ ! -d "$backup" ]; then fail "there is no folder $backup"; fi
  make_staging
  set -- $(cd "$backup" && find data config log -printf '%i %k\n' 2>/dev/null | sort -S 16M -T "$run" -u |
    awk '{ kib += $2 } END { printf "%.0f %d\n", kib, NR }')
  shares=
  if cp --reflink=always "$backup/manifest.json" "$staging/.probe" 2>/dev/null; then shares=yes; fi
  rm -f "$staging/.probe"
  if [ -z "$shares" ]; then need_room "$1" "$2"; else need_room 0 "$2"; fi
}`;

/** The remote's own functions stay in a subshell: their helpers may have the names of ours. */
const fetchedText = (name: string, text: Sh): Sh => sh`remotely() (
${text}
  "$@"
  code=$?
  printf '%s' "$objection" >"$run/objection"
  exit $code
)
objected_by_remote() { text "$(cat "$run/objection" 2>/dev/null)"; }
totals_of() { tr -d ' \n\t\r' <"$1" | sed -n 's/.*"totals":{"files":\([0-9]*\),"directories":\([0-9]*\),"links":\([0-9]*\),"bytes":\([0-9]*\)}.*/\1 \2 \3 \4/p'; }
fetch_backup() {
  backup=$staging
  remotely remote_manifest "$date" >"$run/remote-manifest" || fail "remote "${name}" does not give the manifest of $date: $(objected_by_remote)"
  set -- $(totals_of "$run/remote-manifest")
  if [ $# != 4 ]; then fail "the manifest of $date on remote "${name}" is truncated, or none of ours"; fi
  # A block and an inode for each entry, and the list of files.
  need_room $(($4 / 1024 + 5 * ($1 + $2 + $3))) $(($1 + $2 + $3))
  tries=0
  while :; do
    rm -rf "$staging"
    make_staging
    measured
    watched "fetching from remote "${name} remotely remote_fetch "$date" "$staging"
    case $? in
      0) return ;;
      1) tries=$((tries + 1)) ;;
      *) tries=3 ;;
    esac
    if [ $tries -ge 3 ]; then fail "$date cannot be fetched from remote "${name}": $(objected_by_remote)"; fi
    nap $((tries * 5))
  done
}`;
