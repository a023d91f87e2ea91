/** What must hold before a backup begins, looked at on the host under the lock. */
import { type Sh, sh } from '../../src/core/sh.ts';

const placesText: Sh = sh`# The folder of the backups is a file system of its own; the next backup is not to be made into what lies below it.
mounted_bckups() { [ "$(stat -c %d "$bckups")" != "$(stat -c %d "$directory")" ]; }
note_mount() {
  if mounted_bckups; then df --output=source "$bckups" | tail -n 1 >"$home/bckups-mount"; fi
}
check_places() {
  if [ -L "$bckups" ]; then fail "$bckups is a symbolic link: backups go into a folder of the instance itself"; fi
  if [ ! -d "$bckups" ]; then fail "$bckups is not there"; fi
  if [ -e "$home/bckups-mount" ] && ! mounted_bckups; then
    fail "$bckups is not mounted: at the last backup it was a file system of its own ($(head -n 1 "$home/bckups-mount")); mount it, or remove $home/bckups-mount"
  fi
  for volume in data config log; do
    if [ -L "$volumes/$volume" ] || [ ! -d "$volumes/$volume" ]; then fail "$volumes/$volume is no folder: there is nothing to back up"; fi
  done
  for volume in data config; do
    if [ -z "$(ls -A "$volumes/$volume")" ]; then fail "$volumes/$volume is empty: there is nothing to back up"; fi
  done
  mkdir -p "$partial" 2>"$run/places.err" || fail "$bckups cannot be written: $(cat "$run/places.err")"
}`;

const instanceText: Sh = sh`check_instance() {
  now=$(container_state)
  held=
  case $now in
    "$container_id "*" true false") held=\${now% true false} ;;
    "$container_id "*" true true") fail "container $container is paused, and not by us: let it go on first (docker unpause $container)" ;;
    "$container_id "*) fail "container $container is not running: start it, or copy its volumes by hand" ;;
    missing) fail "container $container is gone" ;;
    *) fail 'Docker does not answer' ;;
  esac
}`;

/** Dated folders, oldest first; `previous` is the newest whose manifest and list of files agree. */
const previousText: Sh = sh`dated() { ls "$bckups" | grep -x '[0-9]\{4\}-[0-9]\{2\}-[0-9]\{2\}T[0-9]\{2\}-[0-9]\{2\}-[0-9]\{2\}Z' | sort; }
check_clock() {
  last=$(dated | tail -n 1)
  while [ "$(date -u +%Y-%m-%dT%H-%M-%SZ)" = "$last" ]; do nap 0.2; done
  name=$(date -u +%Y-%m-%dT%H-%M-%SZ)
  if [ -n "$last" ] && ! printf '%s\n%s\n' "$last" "$name" | sort -cu 2>/dev/null; then
    fail "this host's clock says $name, and there is a backup of $last: set the clock, or remove that backup"
  fi
}
noted_sha() { sed -n 's/^"files":{"sha256":"\([0-9a-f]*\)".*/\1/p' "$1"; }
moment() { sed -n "s/^\"$1\":{\"utc\":\"\([^\"]*\)\".*/\1/p" "$2"; }
find_previous() {
  previous= previous_began= previous_ended=
  for name in $(dated | sort -r); do
    one=$bckups/$name
    if [ ! -L "$one" ] && [ -f "$one/manifest.json" ] && [ -f "$one/files.jsonl" ] &&
      [ "$(sha_of "$one/files.jsonl")" = "$(noted_sha "$one/manifest.json")" ]; then
      previous=$name
      previous_began=$(moment started "$one/manifest.json")
      previous_ended=$(moment finished "$one/manifest.json")
      return
    fi
  done
}`;

/**
 * Room for what changed since the previous backup began, a tenth and 64 MiB more. Change times: what was renamed or
 * given another mode since is copied anew as well.
 */
const roomText: Sh = sh`changed_since() {
  set --
  if [ -n "$previous_began" ]; then set -- -newerct "$previous_began"; fi
  (cd "$volumes" && find data config log ! -type f -printf 'other\n' -o -type f "$@" -printf '%k\n')
}
measure() {
  set -- $(changed_since | awk '$1 == "other" { others++; next } { kib += $1; files++ }
    END { printf "%.0f %d\n", kib * 1.1 + 65536, files * 1.1 + 1000 + others }')
  needed=$1 inodes=$2
}
free_space() { df -Pk "$bckups" | awk 'NR == 2 { print $4 }'; }
free_inodes() { df -Pi "$bckups" | awk 'NR == 2 { if ($2 + 0 > 0) print $4; else print "any" }'; }
room() {
  space=$(free_space) places=$(free_inodes)
  [ "$space" -ge "$needed" ] && { [ "$places" = any ] || [ "$places" -ge "$inodes" ]; }
}
check_room() {
  measure
  if room; then return; fi
  rm -rf "$partial"
  mkdir "$partial"
  if room; then return; fi
  rm -rf "$partial"
  if [ "$space" -lt "$needed" ]; then
    fail "not enough room in $bckups: about $((needed / 1024)) MiB are needed, $((space / 1024)) MiB are free"
  fi
  fail "not enough inodes in $bckups: about $inodes are needed, $places are free"
}`;

export const checksText: readonly Sh[] = [placesText, instanceText, previousText, roomText];
