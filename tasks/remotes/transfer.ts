/** What `directory` and `rsync` have in common: a tree of dated folders, filled and read by rsync. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { compareText } from '../backups/compare-script.ts';

/**
 * Needs of the driver: `there WORD...` (tree.ts, where the folder lies; leaves an `objection`), `carry WORDS` (rsync with what it
 * takes to get there), `target` (what stands before the place in rsync's words), `there_base` and `there_place`, and
 * `lost CODE FILE` (judges a connection; gives 0 when it was not that).
 */
const runText: Sh = sh`# Both ends must be able to; ACLs and attributes as far as our own rsync can.
rsync_kinds() {
  kinds=-aHS
  said=$(rsync --version 2>/dev/null | tr '\n' ' ')
  case $said in *'no ACLs'*) ;; *ACLs*) kinds=\${kinds}A ;; esac
  case $said in *'no xattrs'*) ;; *xattrs*) kinds=\${kinds}X ;; esac
  echo "$kinds"
}
# Without room even rsync's own words may be lost. Gives 1 or 2.
rsync_judge() {
  complaint=$(grep -v '^rsync error\|^rsync: connection unexpectedly closed\|^ *$' "$run/rsync.err" | head -n 1 | head -c 300)
  if grep -q 'No space left on device\|Disk quota exceeded' "$run/rsync.err"; then
    full=yes
    objection='its disk is full'
    return 2
  fi
  if [ "$1" = 127 ] || grep -q 'rsync: \(command not found\|not found\|No such file\)' "$run/rsync.err"; then
    objection='rsync is not there'
    return 2
  fi
  lost "$1" "$run/rsync.err" || return
  if [ -z "$complaint" ]; then complaint=$(head -n 1 "$run/rsync.err"); fi
  objection="rsync failed with code $1: $complaint"
  case $1 in 10|12|30|35) return 1 ;; esac
  return 2
}
# One rsync; beside it is told how far it is.
rsync_watched() {
  saying=$1
  shift
  full=
  tell "$saying" ''
  : >"$run/rsync.out"
  carry "$@" --info=progress2 >"$run/rsync.out" 2>"$run/rsync.err" </dev/null &
  rsync_pid=$!
  start_of "$rsync_pid"
  rsync_start=$started
  while start_of "$rsync_pid" && [ "$started" = "$rsync_start" ]; do
    tell "$saying" "$(tail -c 300 "$run/rsync.out" | tr '\r' '\n' | tail -n 1)"
    nap 0.2
  done
  wait "$rsync_pid"
  code=$?
  if [ $code = 0 ]; then return 0; fi
  rsync_judge $code
}`;

const pushText: Sh = sh`remote_push() {
  for part in data config log manifest.json files.jsonl; do
    if [ ! -e "$bckups/$1/$part" ]; then objection="$bckups/$1 is no whole backup: there is no $part in it"; return 2; fi
  done
  there prepare "$1" >"$run/prepared" || return
  set -- "$1" "$2" "$(rsync_kinds)" --numeric-ids --modify-window=-1 --delete --partial --exclude=/verified.json --exclude=/.verified.new
  pushed=$1 before=$2
  shift 2
  if [ -n "$before" ]; then set -- "$@" --link-dest="../$before"; fi
  # A damaged file may be in the last backup as well: what is linked is compared by its content.
  if grep -q distrust "$run/prepared"; then set -- "$@" --checksum; fi
  rsync_watched "push $pushed to $remote_name" "$@" "$bckups/$pushed/" "$target$there_place/.partial-$pushed/"
  code=$?
  if [ $code = 0 ]; then there commit "$pushed"; return; fi
  if [ -n "$full" ]; then
    said=$objection
    there discard "$pushed"
    objection=$said
  fi
  return $code
}
remote_fetch() {
  there file "$1" manifest.json >/dev/null || return
  carry "$(rsync_kinds)" --numeric-ids --partial --exclude=/verified.json --exclude=/.verified.new "$target$there_place/$1/" "$2/" >"$run/rsync.out" 2>"$run/rsync.err" </dev/null
  code=$?
  if [ $code = 0 ]; then return 0; fi
  rsync_judge $code
  severity=$?
  if [ -n "$full" ]; then objection="$2 has no room for it"; fi
  full=
  return $severity
}`;

/** Content by hashes that are made there; all else by a pass of rsync that only looks, where the local backup is still there. */
const verifyText: Sh = sh`tab=$(printf '\t')
rotten() {
  said="the backup of $verified is damaged: $1"
  if there damaged "$verified"; then objection="$said; it was renamed to .damaged-$verified, and is no backup any more"
  else objection="$said; and it cannot be renamed: $objection"; fi
  return 2
}
remote_verify() {
  verified=$1
  work=$run/verify
  rm -rf "$work"
  mkdir "$work" || { objection="$run cannot be written"; return 2; }
  tell "verify $verified on $remote_name" 'reading every file there'
  there file "$verified" manifest.json >"$work/manifest.json" || return
  there file "$verified" files.jsonl >"$work/files.jsonl" || return
  if [ -f "$bckups/$verified/manifest.json" ] && ! cmp -s "$bckups/$verified/manifest.json" "$work/manifest.json"; then
    rotten 'manifest.json is not the one that was sent'
    return
  fi
  noted=$(tr -d ' \n' <"$work/manifest.json" | sed -n 's/.*"files":{"sha256":"\([0-9a-f]*\)","lines":\([0-9]*\)}.*/\1 \2/p')
  if [ -z "$noted" ]; then rotten 'manifest.json cannot be understood'; return; fi
  if ! (cd "$work" && expect_entries $noted) 2>"$work/err"; then rotten "$(head -n 1 "$work/err")"; return; fi
  there sums "$verified" >"$work/sums" || return
  lines <"$work/sums" | awk "$common"'{ print canon(substr($0, 67)) "\t" substr($0, 1, 64) }' | sorted -k 1,1 >"$work/hashes"
  first=$(join -t "$tab" -a 1 -a 2 -e '' -o 0,1.2,1.8,2.2 "$work/expected" "$work/hashes" | awk -F '\t' '
    function differs(why) { if (!count++) print $1 " " why }
    $2 == "" { differs("was added") }
    $2 == "f" && $4 == "" { differs("is missing") }
    $2 == "f" && $4 != "" && $4 "" != $3 "" { differs("has another content than the manifest says") }
    END { if (count > 1) print "and " count - 1 " more" }' | paste -s -d ' ')
  if [ -n "$first" ]; then rotten "$first"; return; fi
  if [ -d "$bckups/$verified" ]; then
    compare_metadata "$verified" || return
  fi
  there prove "$verified" "$(sha_of "$work/manifest.json")" || return
  rm -rf "$work"
}
compare_metadata() {
  carry "$(rsync_kinds)" --numeric-ids --dry-run --itemize-changes --delete --exclude=/verified.json --exclude=/.verified.new "$bckups/$1/" "$target$there_place/$1/" >"$run/rsync.out" 2>"$run/rsync.err" </dev/null
  code=$?
  if [ $code != 0 ]; then rsync_judge $code; return; fi
  first=$(grep -v ' \./$' "$run/rsync.out" | head -n 1 | head -c 300)
  if [ -n "$first" ]; then rotten "it differs from the local one (rsync says: $first)"; return; fi
}`;

/** Random bytes, an owner of no account, a mode, a hard link and a symbolic link there and back, by the very same ways. */
const canaryText: Sh = sh`remote_canary() {
  bird=.girofle-canary-$(od -An -N 4 -t x1 /dev/urandom | tr -d ' ')
  nest=$run/canary
  rm -rf "$nest"
  mkdir -p "$nest/out/folder" "$nest/back" && head -c 65536 /dev/urandom >"$nest/out/song" && ln "$nest/out/song" "$nest/out/folder/same" &&
    ln -s song "$nest/out/link" && chmod 0640 "$nest/out/song" && chown -h 4242:4343 "$nest/out/song" "$nest/out/link" || { objection="$run cannot be written"; return 2; }
  there room "$bird" || return
  fly
  code=$?
  said=$objection
  there clear "$bird"
  rm -rf "$nest"
  objection=$said
  return $code
}
fly() {
  carry "$(rsync_kinds)" --numeric-ids "$nest/out/" "$target$there_base/$bird/" >"$run/rsync.out" 2>"$run/rsync.err" </dev/null || { cannot_keep $?; return; }
  carry "$(rsync_kinds)" --numeric-ids "$target$there_base/$bird/" "$nest/back/" >"$run/rsync.out" 2>"$run/rsync.err" </dev/null || { cannot_keep $?; return; }
  if ! cmp -s "$nest/out/song" "$nest/back/song"; then objection='what was written and what was read back differ: its storage cannot be trusted'; return 2; fi
  if [ "$(plumage out)" != "$(plumage back)" ]; then
    objection='it does not keep owners, modes and links of files: a file system of Unix is needed there, or the restic driver'
    return 2
  fi
}
plumage() { (cd "$nest/$1" && find song folder link -printf '%p %y %m %U %G %n %l\n' | sort); }
cannot_keep() {
  rsync_judge "$1"
  severity=$?
  if [ -n "$there_fake" ] && grep -q 'Operation not supported\|xattr' "$run/rsync.err"; then
    objection="its file system takes no attributes from $there_user, who is not root there and notes owners in them: take a file system with extended attributes, or user root"
  elif [ "$1" = 23 ] && [ -z "$full" ]; then objection="it does not keep owners, modes and links of files: $complaint"; fi
  return $severity
}`;

/** All functions of a driver, once `there`, `carry` and `lost` are defined. */
export const transferText: Sh = joinSh([
  compareText,
  runText,
  pushText,
  verifyText,
  canaryText,
  sh`remote_check() { there check; }
remote_create() { there create; }
remote_list() { there list; }
remote_manifest() { there file "$1" manifest.json; }
remote_manifests() { there manifests; }
remote_remove() { there remove "$@"; }`,
]);
