/** What runs that died have left: each one's own driver brings it to an end, under the lock of whoever comes next. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `recover` repairs every run of the instance that has no end and no living process; on failure `unrepaired` is a sentence.
 * Needs `basicsText`, `journalLook`, `home`, `journal` (our own, left out) and the lock.
 */
export const recoverText: Sh = sh`recover() {
  unrepaired=
  for old in $(unfinished | sed 's/.*\///; s/\.jsonl$//'); do
    if [ "$home/journals/$old.jsonl" = "$journal" ] || run_lives "$home/runs/$old"; then continue; fi
    if [ ! -f "$home/runs/$old/driver.sh" ]; then
      clock
      printf '{"state":"abandoned","utc":"%s","uptime":%s}\n' "$(utc)" "$uptime" >>"$home/journals/$old.jsonl"
      continue
    fi
    if ! said=$(sh "$home/runs/$old/driver.sh" repair $$ 2>&1); then
      unrepaired="what run $old left behind cannot be repaired: $(printf '%s' "$said" | tail -n 1)"
      return 1
    fi
  done
  expire_old_trees
  forget_old_runs
}
# What a restore has left beside the instance goes when its time is over; what cannot go yet is no obstacle.
expire_old_trees() {
  for old in "\${home%/.girofle}"/.before-* "\${home%/.girofle}"/.restore-* "\${home%/.girofle}"/.removing-*; do
    old=\${old##*-}
    if [ -f "$home/runs/$old/driver.sh" ]; then sh "$home/runs/$old/driver.sh" expire $$; fi
  done
}
# The last fifty stay, and whatever has no end, or has left a tree.
forget_old_runs() {
  for old in $(ls -t "$home/journals" | tail -n +51 | sed 's/\.jsonl$//'); do
    if ls -d "\${home%/.girofle}"/.*-"$old" >/dev/null 2>&1; then continue; fi
    if grep -q '^{"state":"\(reported\|failed\|abandoned\)"' "$home/journals/$old.jsonl"; then
      rm -rf "$home/journals/$old.jsonl" "$home/runs/$old"
    fi
  done
}`;
