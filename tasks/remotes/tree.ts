/**
 * What is done where the folder of a remote lies: on the host itself (`directory`) or on the machine behind SSH (`rsync`). Plain
 * sh with find, sha256sum, xargs, mv and sync; nothing else is asked of that machine but rsync.
 */
import { type Sh, sh } from '../../src/core/sh.ts';
import type { Origin } from './remote.ts';

/** The file that says: this is a remote, and it is mounted. */
export const SENTINEL = '.girofle-remote';

/** Below the folder of a remote: `vm1/noeud-gitlab-2`. What cannot stand in a name of a folder becomes `_`. */
export function placeOf({ host, instance }: Origin): string {
  return `${host.replaceAll(/[^\w.:@+-]/g, '_').replace(/^[.-]/, '_')}/noeud-gitlab-${instance}`;
}

/**
 * `tree WORD...`, for a shell of its own: it exits. An objection goes to stderr, with code 1 (may pass) or 2. Words:
 *
 *   check            the folder is there, is a remote, can be written
 *   create           makes it one, where nothing else is in it
 *   room NAME        makes an empty folder there, for the canary; `clear NAME` removes it
 *   list             dates of whole backups, oldest first
 *   file DATE NAME   prints manifest.json or files.jsonl
 *   manifests        DATE, US, manifest.json, RS for each
 *   prepare DATE     makes .partial-DATE, of what an interrupted push has left; prints `distrust` when a backup was found damaged
 *   commit DATE      onto the disk, and renamed
 *   discard DATE     removes .partial-DATE
 *   sums DATE        hash, two blanks, path of every file, NUL after each
 *   prove DATE HASH  notes that it was verified, with its manifest's hash
 *   damaged DATE     it is no backup any more: renamed to .damaged-DATE
 *   remove DATE...   renamed first, then removed
 */
export function treeText(path: string, origin: Origin): Sh {
  return sh`umask 077
LC_ALL=C
export LC_ALL
base=${path.replace(/\/+$/, '')}
place=$base/${placeOf(origin)}
tree() {
  word=$1
  shift
  if [ "$word" != create ]; then tree_present; fi
  "tree_$word" "$@"
}
tree_object() {
  printf '%s\n' "$1" >&2
  exit "$2"
}
tree_sync() {
  if sync -f "$1" 2>/dev/null; then return; fi
  # Only here a disk that fails says so; a sync that takes no names is asked for everything.
  if sync -f /proc 2>/dev/null; then tree_object "the disk of $1 reports an error" 2; else sync; fi
}
tree_present() {
  if [ ! -d "$base" ]; then tree_object "$base is not there: is it mounted?" 2; fi
  if [ ! -f "$base/"${SENTINEL} ]; then tree_object "there is no "${SENTINEL}" in $base: what should be mounted there is not, or the remote was never set up" 2; fi
}
tree_check() {
  if [ ! -w "$base" ]; then tree_object "$base cannot be written" 2; fi
  for one in find sha256sum xargs; do
    if ! command -v $one >/dev/null 2>&1; then tree_object "$one is not there" 2; fi
  done
}
tree_create() {
  if [ -f "$base/"${SENTINEL} ]; then return 0; fi
  if [ ! -d "$base" ]; then
    above=\${base%/*}
    if [ ! -d "$above/" ] || [ "$(stat -c %d "$above/")" = "$(stat -c %d "$above/..")" ]; then
      tree_object "$base is not there: mount it, or make the folder, first" 2
    fi
    mkdir "$base" || tree_object "$base cannot be made" 2
  fi
  for one in "$base"/* "$base"/.[!.]*; do
    if [ -e "$one" ] && ! tree_ours "$one"; then
      tree_object "$base holds something else (\${one##*/}): a remote needs a folder of its own" 2
    fi
  done
  printf 'Backups of GitLab instances lie here. Without this file nothing is written: an unmounted disk has none.\n' >"$base/.girofle-remote.new" &&
    mv -f "$base/.girofle-remote.new" "$base/"${SENTINEL} || tree_object "$base cannot be written" 2
  tree_sync "$base"
}
# A folder of a host with nothing but instances in it, as of a remote whose mark was lost.
tree_ours() {
  case $1 in */lost+found|*/.girofle-remote.new) return 0 ;; esac
  [ -d "$1" ] && [ ! -L "$1" ] && [ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name 'noeud-gitlab-*')" ]
}
tree_room() {
  rm -rf "$base/$1"
  mkdir "$base/$1" || tree_object "$base cannot be written" 2
}
tree_clear() { rm -rf "$base/$1"; }
tree_whole() {
  case \${1##*/} in [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]-[0-9][0-9]-[0-9][0-9]Z) ;; *) return 1 ;; esac
  if [ -L "$1" ] || [ ! -f "$1/manifest.json" ] || [ ! -f "$1/files.jsonl" ]; then return 1; fi
  [ -d "$1/data" ] && [ -d "$1/config" ] && [ -d "$1/log" ]
}
tree_list() {
  for one in "$place"/*Z; do if tree_whole "$one"; then echo "\${one##*/}"; fi; done
}
tree_file() {
  if ! tree_whole "$place/$1"; then tree_object "there is no backup of $1" 2; fi
  cat "$place/$1/$2" || tree_object "$2 of $1 cannot be read" 2
}
tree_manifests() {
  for one in "$place"/*Z; do
    if ! tree_whole "$one"; then continue; fi
    printf '%s\037' "\${one##*/}"
    cat "$one/manifest.json"
    printf '\036'
  done
}
tree_prepare() {
  mkdir -p "$place" || tree_object "$place cannot be made" 2
  rm -rf "$place"/.deleting-*
  for one in "$place"/.partial-*; do
    if [ "$one" = "$place/.partial-$1" ] || [ ! -d "$one" ]; then continue; fi
    if [ -d "$place/.partial-$1" ]; then rm -rf "$one"; continue; fi
    # What it shares with a backup costs nothing to be linked again, and must not be changed through the link.
    find "$one" ! -type d -links +1 -exec rm -f {} +
    mv "$one" "$place/.partial-$1"
  done
  mkdir -p "$place/.partial-$1" || tree_object "$place cannot be written" 2
  for one in "$place"/.damaged-*; do if [ -d "$one" ]; then echo distrust; break; fi; done
}
tree_commit() {
  if [ -e "$place/$1" ]; then tree_object "$place/$1 is there already" 2; fi
  for part in data config log manifest.json files.jsonl; do
    if [ ! -e "$place/.partial-$1/$part" ]; then tree_object "$part of $1 did not arrive" 1; fi
  done
  tree_sync "$place/.partial-$1"
  mv "$place/.partial-$1" "$place/$1" || tree_object "$place/.partial-$1 cannot be renamed" 2
  tree_sync "$place"
}
tree_discard() { rm -rf "$place/.partial-$1"; }
tree_sums() {
  cd "$place/$1" || tree_object "there is no backup of $1" 2
  if sha256sum -z </dev/null >/dev/null 2>&1; then
    find data config log -type f -print0 | xargs -0 -r sha256sum -z -- || tree_object "a file of $1 cannot be read" 2
  else
    find data config log -type f -print0 | xargs -0 -r sha256sum -- | tr '\n' '\000'
  fi
}
tree_prove() {
  cd "$place/$1" || tree_object "there is no backup of $1" 2
  printf '{"format":1,"utc":"%s","by":"verify","manifest":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" >.verified.new &&
    mv -f .verified.new verified.json || tree_object "$place/$1/verified.json cannot be written" 2
  tree_sync "$place/$1"
  rm -rf "$place"/.damaged-*
}
tree_damaged() {
  rm -rf "$place/.damaged-$1"
  mv "$place/$1" "$place/.damaged-$1" || tree_object "$place/$1 cannot be renamed" 2
  tree_sync "$place"
}
tree_remove() {
  for one; do
    if [ ! -e "$place/$one" ]; then continue; fi
    rm -rf "$place/.deleting-$one"
    mv "$place/$one" "$place/.deleting-$one" || tree_object "$place/$one cannot be removed" 2
  done
  tree_sync "$place"
  rm -rf "$place"/.deleting-* || tree_object "$place/.deleting-* cannot be removed" 2
}`;
}
