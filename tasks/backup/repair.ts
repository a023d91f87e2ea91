/** What a backup that died has left: an instance that stands still, processes that write, half a copy. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `repair PID` ends what this run began, while process PID holds the lock. `adopt_partial` is for the next backup: it takes
 * over the newest half copy.
 */
export const repairText: Sh = sh`repair() {
  if ! held_by "$1"; then echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; fi
  if ! end_copiers "$id"; then echo "rsync of backup $id, whose run is dead, cannot be ended" >&2; exit 1; fi
  if stranded "$journal"; then release_stranded; fi
  if ! drop_snapshot; then echo "instance $instance: backup $id has died; $left_behind" >&2; exit 1; fi
  state abandoned
}
release_stranded() {
  method=$(fact "$journal" guard-armed method)
  held=$(fact "$journal" guard-armed held)
  if ! thaw; then
    echo "instance $instance was left standing still by a run that died, and Docker does not let it go on: docker $(way_on) $container" >&2
    exit 1
  fi
  state resumed '"by":"repair"'
}
# The newest half copy is what this one starts from, but for one of before the last boot: it may never have reached the disk.
adopt_partial() {
  adopted=
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
    if mv -T "$newest" "$partial"; then adopted=$(fact "$home/journals/$left.jsonl" planned utc); else rm -rf "$newest"; fi
  fi
  rm -rf "$bckups"/.deleting-*
}`;
