/** What a restore leaves beside the instance until it is confirmed: the old tree and container, or those that failed. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { BUSY } from '../host-run/follow.ts';
import { lockText } from '../host-run/lock.ts';
import { basicsText, homeOf } from '../host-run/run.ts';

/** In the tree that is kept: until when. */
export const MARK = '.girofle-before';

/**
 * `mark_kept TREE` notes in it when it may go; `expire PID` removes what this restore left when its time is over, `confirm PID`
 * at once; both while process PID holds the lock, and only after that restore has come to an end.
 */
export const oldTreesText: Sh = sh`mark_kept() {
  clock
  printf 'utc=%s\nexpires=%s\nboot=%s\nuptime=%s\nrestore=%s\nbackup=%s\n' "$(utc)" $(($(date +%s) + keep_before)) "$(boot)" "\${uptime%.*}" "$id" "$date" >"$1/"${MARK}
}
expire() {
  if ! held_by "$1"; then echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; fi
  find_kept || exit 0
  until=$(sed -n 's/^expires=\([0-9]*\)$/\1/p' "$kept_tree/"${MARK} 2>/dev/null)
  if [ "$kept_tree" = "$removing" ]; then until=0; elif ahead_of_time "$kept_tree/"${MARK}; then exit 0; fi
  if [ -n "$until" ] && [ "$(date +%s)" -ge "$until" ]; then remove_kept; fi
}
# A clock that was set far ahead is not believed as long as the host itself has not been up for that long.
ahead_of_time() {
  clock
  up_then=$(sed -n 's/^uptime=\([0-9]*\)$/\1/p' "$1" 2>/dev/null)
  [ -n "$up_then" ] && grep -qx "boot=$(boot)" "$1" && [ $((\${uptime%.*} - up_then)) -lt "$keep_before" ]
}
confirm() {
  if ! held_by "$1"; then echo "process $1 does not hold the lock of instance $instance" >&2; exit 1; fi
  find_kept || { echo "restore $id of instance $instance has not come to an end: nothing is removed" >&2; exit 1; }
  remove_kept
}
# The old ones of a restore that went well, the new ones of one that was undone.
find_kept() {
  if has_state "$journal" reported; then kept_tree=$before kept_id=$replaced kept_name=$old_container
  elif has_state "$journal" reverted; then kept_tree=$staging kept_id=$made kept_name=$new_container
  else return 1; fi
  removing=$directory/.removing-$id
  if [ ! -d "$kept_tree" ]; then kept_tree=$removing; fi
}
remove_kept() {
  if [ -n "$kept_id" ] && [ "$(container_name "$kept_id")" = "$kept_name" ] && ! remove_container "$kept_id"; then
    echo "container $kept_name cannot be removed: $(text "$objected")" >&2
    exit 1
  fi
  if [ "$kept_tree" != "$removing" ]; then
    mv -T "$kept_tree" "$removing" && persist "$directory" || exit 1
  fi
  rm -rf "$removing" || exit 1
  echo "removed $kept_tree and container $kept_name"
}`;

/**
 * Removes what restores of this instance have left: of one, by its id, or of all. Exit code 75 when another run holds the
 * instance.
 */
export function confirmScript(directory: string, which: string): Sh {
  const home = homeOf(directory);
  // A shell of its own: its pid is what the lock names.
  const text = joinSh([
    basicsText,
    sh`umask 077
id=confirm-$$ directory=${directory} home=${home} lock=${`${home}/lock`} which=${which}`,
    lockText,
    sh`take_lock 'a confirmation of restores'
case $? in
  0) ;;
  1) echo "$owner_what since $owner_since, pid $owner_pid, holds the instance" >&2; exit ${BUSY} ;;
  *) exit 1 ;;
esac
trap release_lock EXIT
left=
for one in "$directory"/.before-* "$directory"/.restore-* "$directory"/.removing-*; do
  if [ ! -d "$one" ]; then continue; fi
  restore=\${one##*-}
  if [ "$which" != all ] && [ "$which" != "$restore" ]; then continue; fi
  left=yes
  if [ ! -f "$home/runs/$restore/driver.sh" ]; then
    echo "$one is of a restore of which nothing else is known here: look at it, and remove it by hand" >&2
    exit 1
  fi
  sh "$home/runs/$restore/driver.sh" confirm $$ || exit 1
done
if [ -z "$left" ] && [ "$which" != all ]; then echo "restore $which has left nothing in $directory" >&2; exit 1; fi
exit 0`,
  ]).text;
  return sh`sh -c ${text}`;
}
