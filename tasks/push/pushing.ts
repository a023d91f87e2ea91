/** The note that a backup is being read for a remote: whoever removes backups leaves that one alone. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `note_pushing DATE` in the remote's folder `state`, `forget_pushing`. Needs `basicsText`.
 */
export const notePushing: Sh = sh`note_pushing() {
  start_of $$
  printf 'pid=%s\nstart=%s\nboot=%s\ndate=%s\n' $$ "$started" "$(boot)" "$1" >"$state/pushing.new" && mv -f "$state/pushing.new" "$state/pushing"
}
forget_pushing() { rm -f "$state/pushing"; }`;

/**
 * `being_pushed DATE`: a living process reads this backup, for a remote, whose name is in `pushing_to` then, or for a verification or a
 * restore (tasks/backups/reading.ts). Needs `basicsText` and
 * `home`, the instance's .girofle.
 */
export const lookForPushes: Sh = sh`being_pushed() {
  for note in "$home"/remotes/*/pushing "$home"/verify-*/pushing; do
    push_pid= push_start= push_boot= push_date=
    { while IFS='=' read -r key value; do
      case $key in
        pid) push_pid=$value ;;
        start) push_start=$value ;;
        boot) push_boot=$value ;;
        date) push_date=$value ;;
      esac
    done <"$note"; } 2>/dev/null
    pushing_to=\${note%/pushing}
    pushing_to=\${pushing_to##*/}
    if [ "$push_date" = "$1" ] && [ "$push_boot" = "$(boot)" ] && start_of "$push_pid" && [ "$started" = "$push_start" ]; then return 0; fi
  done
  return 1
}`;
