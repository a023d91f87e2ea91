/** One pause at a time on a host: whoever makes an instance stand still waits until no other one does. */
import { type Sh, sh } from '../../src/core/sh.ts';

/** `take_turn` waits for ten minutes at most; `end_turn` gives it back. Needs `lockText` and `turn`, the lock's folder. */
export const turnText: Sh = sh`take_turn() {
  mkdir -p "\${turn%/*}" || fail "\${turn%/*} cannot be written"
  clock
  patience=$((ticks + 60000))
  until other=$(ask_for_turn); do
    if [ $? = 2 ]; then fail "$turn cannot be written"; fi
    clock
    if [ "$ticks" -ge "$patience" ]; then fail "waited ten minutes for another instance of this host to stand still no more: $other"; fi
    tell 'waiting' "one instance at a time stands still: $other"
    nap 0.5
  done
}
# In a shell of its own: the instance's lock must not be mistaken for this one.
ask_for_turn() (
  lock=$turn
  take_lock "the pause of instance $instance" 2>/dev/null
  code=$?
  echo "$owner_what since $owner_since, pid $owner_pid"
  exit $code
)
end_turn() { (lock=$turn && release_lock); }`;
