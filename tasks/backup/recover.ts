/** What a run that died has left: an instance that stands still, processes that write, half a copy. */
import { type Sh, sh } from '../../src/core/sh.ts';

/** Run under the lock, before anything is looked at. */
export const recoverText: Sh = sh`recover() {
  own=$journal
  unfinished >"$run/unfinished"
  while IFS= read -r old; do
    if [ "$old" = "$own" ]; then continue; fi
    dead=\${old##*/}
    dead=\${dead%.jsonl}
    end_copiers "$dead" || fail "rsync of backup $dead, whose run is dead, cannot be ended"
    if stranded "$old"; then release_stranded "$old"; fi
    journal=$old
    state abandoned "\"by\":\"$id\""
    journal=$own
  done <"$run/unfinished"
  adopt_partial
  rm -rf "$bckups"/.deleting-*
  forget_old_runs
}
release_stranded() {
  mine=$method
  method=$(fact "$1" guard-armed method)
  held=$(fact "$1" guard-armed held)
  thaw || fail "instance $instance was left standing still by a run that died, and Docker does not let it go on: docker unpause $container"
  held=
  method=$mine
  journal=$1
  state resumed "\"by\":\"$id\""
  journal=$own
}
# The newest half copy is what this one starts from, but for one of before the last boot: it may never have reached the disk.
adopt_partial() {
  newest=$(ls -td "$bckups"/.partial-* 2>/dev/null | head -n 1)
  left=\${newest##*/.partial-}
  if [ "$(fact "$home/journals/$left.jsonl" planned boot 2>/dev/null)" != "$(boot)" ]; then newest=; fi
  for one in "$bckups"/.partial-*; do
    if [ -L "$one" ] || [ ! -d "$one" ] || [ "$one" != "$newest" ]; then rm -rf "$one"; fi
  done
  if [ -d "$newest" ]; then
    rm -rf "$newest/manifest.json" "$newest/files.jsonl" "$newest/.manifest.new"
    # What it shares with a backup costs nothing to be linked again, and must not be changed through the link.
    find "$newest" ! -type d -links +1 -delete
    mv -T "$newest" "$partial" || rm -rf "$newest"
  fi
}
forget_old_runs() {
  ls -t "$home/journals" | tail -n +51 | while IFS= read -r one; do
    if is_backup "$home/journals/$one"; then rm -rf "$home/journals/$one" "$home/runs/\${one%.jsonl}"; fi
  done
}`;
