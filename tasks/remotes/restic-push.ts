/** Sending a backup to the repository as one snapshot, judged by what restic counted. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/**
 * A snapshot that restic completed is not yet a backup: the date is noted in `sending` until its files and bytes are those of
 * the manifest, and `restic_whole` leaves it out until then. restic 0.14 gives 0 though a source is not there.
 */
const mainText: Sh = sh`remote_push() {
  source=$bckups/$1
  check_source "$1" || return
  remote_stop || { objection="restic $orphan of an earlier push cannot be ended"; return 1; }
  restic_rows "$restic_tags" >"$run/before" || return
  read_sending
  if [ "$sending" != "$1" ]; then restic_drop "$(ids_of "$sending" "$run/before")"; fi
  printf '%s %s\n' "$1" "$restic_host/$restic_tags" >"$restic_state/sending" || { objection="$restic_state cannot be written"; return 2; }
  persist "$restic_state/sending"
  earlier=$(ids_of "$1" "$run/before")
  find_parent "$1" "$2"
  restic_send "$1" || {
    sent=$?
    reason=$objection
    # Where the storage does not answer now either, the note stays.
    if restic_rows "$restic_tags" >"$run/after"; then restic_drop "$(made_since "$1") $earlier"; fi
    objection=$reason
    return $sent
  }
  restic_rows "$restic_tags" >"$run/after" || return
  made=$(made_since "$1")
  if [ -z "$made" ]; then objection="restic said that it was done, and there is no snapshot of $1"; return 1; fi
  restic_drop "$earlier"
  for id in $made; do cp "$source/manifest.json" "$restic_state/manifests/$id"; done
  rm -f "$restic_state/sending"
  restic_tidy
}
ids_of() { awk -v date="$1" '$1 == date { print $2 }' "$2"; }
made_since() { awk -v date="$1" 'FILENAME == ARGV[1] { old[$2] = 1; next } $1 == date && !($2 in old) { print $2 }' "$run/before" "$run/after"; }
check_source() {
  for part in data config log; do
    if [ -L "$source/$part" ] || [ ! -d "$source/$part" ]; then objection="$source is no whole backup: it has no $part"; return 2; fi
  done
  for part in manifest.json files.jsonl; do
    if [ -L "$source/$part" ] || [ ! -f "$source/$part" ]; then objection="$source is no whole backup: it has no $part"; return 2; fi
  done
  set -- $(tr -d '\n ' <"$source/manifest.json" | sed -n 's/.*"totals":{"files":\([0-9]*\),.*"bytes":\([0-9]*\)}.*/\1 \2/p')
  if [ -z "$2" ]; then objection="$source/manifest.json has no totals"; return 2; fi
  expected="$(($1 + 2)) $(($2 + $(wc -c <"$source/manifest.json") + $(wc -c <"$source/files.jsonl")))"
  mkdir -p "$restic_state/manifests" || { objection="$restic_state cannot be written"; return 2; }
}`;

/**
 * restic takes a file of the parent's size and time for unchanged. Written in place through a mapping a file may have both
 * and other content: a parent is used only where the two lists say that no file is like that.
 */
const parentText: Sh = sh`find_parent() {
  parent=$(ids_of "$1" "$run/before" | tail -n 1)
  if [ -z "$parent" ] && [ -n "$2" ] && honest "$2"; then parent=$(ids_of "$2" "$run/before" | tail -n 1); fi
}
stamps() { sed -n 's/^{"path":\("\([^"\\]\|\\.\)*"\),"type":"file".*,"size":\([0-9]*\),"mtime":"\([0-9.]*\)","sha256":"\([0-9a-f]*\)".*/\3 \4 \1\t\5/p' "$1" | LC_ALL=C sort -S 16M -T "$run"; }
honest() {
  if [ ! -f "$bckups/$1/files.jsonl" ]; then return 1; fi
  stamps "$bckups/$1/files.jsonl" >"$run/stamps.before"
  stamps "$source/files.jsonl" >"$run/stamps.now"
  LC_ALL=C comm -3 "$run/stamps.before" "$run/stamps.now" | sed 's/^\t//' | cut -f 1 | LC_ALL=C sort -S 16M -T "$run" | uniq -d | grep -q .
  deceived=$?
  rm -f "$run/stamps.before" "$run/stamps.now"
  [ $deceived = 1 ]
}`;

const sendText: Sh = sh`restic_send() {
  moment="\${1%T*} $(printf '%s' "\${1#*T}" | tr -d Z | tr - :)"
  saying="push $1 to $restic_name"
  set -- backup data config log manifest.json files.jsonl --json --host "$restic_host" --tag "$restic_tags" --time "$moment" --ignore-inode --ignore-ctime
  if [ -n "$parent" ]; then set -- "$@" --parent "$parent"; fi
  restic_folder=$source
  restic_long "$saying" "$@"
  sent=$?
  restic_folder=
  if [ $restic_code = 3 ]; then
    objection="some files of $source cannot be read: $(restic_words)"
    return 2
  fi
  if [ $sent != 0 ]; then return $sent; fi
  counted=$(sed -n 's/.*"message_type":"summary".*"total_files_processed":\([0-9]*\),"total_bytes_processed":\([0-9]*\).*/\1 \2/p' "$run/restic.out" | tail -n 1)
  if [ "$counted" = "$expected" ]; then return 0; fi
  objection="what restic read is not what the manifest says: \${expected% *} files and \${expected#* } bytes expected, \${counted% *} and \${counted#* } read"
  return 2
}`;

/** `restic_drop IDS` removes snapshots that are not whole, or that a newer one stands for; where the storage keeps them, they are noted. */
const dropText: Sh = sh`restic_drop() {
  for id in $1; do
    printf '%s\n' "$id" >>"$restic_state/incomplete"
    rm -f "$restic_state/manifests/$id"
  done
  set -- $1
  if [ $# -gt 0 ] && [ -z "$restic_append_only" ]; then restic_try forget "$@"; fi
  return 0
}
# Manifests and notes of snapshots that are no more.
restic_tidy() {
  for one in "$restic_state"/manifests/*; do
    if ! grep -q " \${one##*/}$" "$run/after"; then rm -f "$one"; fi
  done
  if [ -f "$restic_state/incomplete" ]; then
    awk 'FILENAME == ARGV[1] { there[$2] = 1; next } $1 in there' "$run/after" "$restic_state/incomplete" >"$restic_state/incomplete.new"
    mv -f "$restic_state/incomplete.new" "$restic_state/incomplete"
  fi
  return 0
}`;

export const pushText: Sh = joinSh([mainText, parentText, sendText, dropText]);
