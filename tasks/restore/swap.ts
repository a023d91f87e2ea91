/** The exchange: the old instance stops and steps aside, the restored one takes its place. Nothing is deleted. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** Looked at before the long work, and again right before the instance is stopped. */
const checkText: Sh = sh`check_swap() {
  if ! holds_lock; then fail "the lock of instance $instance was taken away"; fi
  check_trees
  check_made
  check_replaced
}
check_trees() {
  if [ -L "$volumes" ]; then fail "$volumes is a symbolic link: a restore exchanges a folder of the instance itself"; fi
  if [ -e "$volumes" ] && [ ! -d "$volumes" ]; then fail "$volumes is no folder"; fi
  mounted=$(awk -v tree="$volumes" '$5 == tree || index($5, tree "/") == 1 { print $5; exit }' /proc/self/mountinfo)
  if [ -n "$mounted" ]; then fail "$mounted is a mount of its own: a restore cannot exchange the folders around it"; fi
  if [ -e "$before" ]; then fail "$before is there already"; fi
}
# Its name changes with the exchange.
find_made() {
  found=$(full_id "$made")
  case $found in
    unanswered) fail 'Docker does not answer' ;;
    missing) fail "container $made, which was made for the restore, is gone" ;;
  esac
  made=$found
  # Docker, started again, must not start it beside the old one.
  set_restart "$made" no || fail "container $new_container cannot be told not to start: $(text "$objected")"
}
check_made() {
  case "$(container_health "$made") $(container_name "$made")" in
    created*" $new_container") ;;
    unanswered*) fail 'Docker does not answer' ;;
    missing*) fail "container $new_container, which was made for the restore, is gone" ;;
    *) fail "container $new_container, which was made for the restore, is not as it was made: it was started or renamed" ;;
  esac
}
check_replaced() {
  if [ -z "$replaced" ]; then
    case $(container_health "$container") in
      missing) return ;;
      unanswered) fail 'Docker does not answer' ;;
      *) fail "there is a container $container now, which was not there before" ;;
    esac
  fi
  was=$(container_health "$replaced")
  policy=$(restart_policy "$replaced")
  case "$(container_name "$replaced") $was" in
    "$container running "*|"$container restarting "*|"$container exited "*|"$container created "*) ;;
    "$container paused "*) fail "container $container is paused, and not by us: let it go on first (docker unpause $container)" ;;
    *unanswered*) fail 'Docker does not answer' ;;
    *) fail "container $container is not the one that was looked at: it was removed, made anew or renamed" ;;
  esac
  if [ "$policy" = unanswered ]; then fail 'Docker does not answer'; fi
}`;

const exchangeText: Sh = sh`stand_aside() {
  clock
  down_since=$ticks
  if [ -n "$replaced" ]; then
    set_restart "$replaced" no || fail "container $container cannot be told not to start again: $(text "$objected")"
    case $was in
      running*|restarting*)
        tell 'stopping' "container $container"
        stop_container "$replaced" || fail "container $container does not stop: $(text "$objected")" ;;
    esac
    case $(container_health "$replaced") in
      exited*|created*) ;;
      *) fail "container $container does not stop" ;;
    esac
  fi
  state stopped
}
exchange_names() {
  if [ -n "$replaced" ]; then
    rename_container "$replaced" "$old_container" || fail "container $container cannot be renamed to $old_container: $(text "$objected")"
  fi
  rename_container "$made" "$container" || fail "container $new_container cannot be renamed to $container: $(text "$objected")"
  state renamed
}
# A folder is exchanged by renames alone, each on disk before the next.
move_tree() {
  mv -T "$1" "$2" 2>"$run/move.err" && persist "$directory"
}
exchange_trees() {
  if [ "$tree" != no ]; then
    move_tree "$volumes" "$before" || fail "$volumes cannot be renamed to $before: $(text "$(cat "$run/move.err")")"
  fi
  state moved
  move_tree "$staging" "$volumes" || fail "$staging cannot be renamed to $volumes: $(text "$(cat "$run/move.err")")"
  state placed
}
like_before() {
  if [ "$tree" != no ]; then chown --reference="$volumes" "$staging" && chmod --reference="$volumes" "$staging"
  else chmod 0755 "$staging"; fi
}
take_note() {
  if [ -z "$note" ]; then return; fi
  if [ -f "$directory/address" ]; then cp -p "$directory/address" "$run/address"; else : >"$run/no-address"; fi
  printf '%s\n' "$note" >"$directory/.address" && chmod 0644 "$directory/.address" && mv -f "$directory/.address" "$directory/address"
}`;

/** \`swap_in\` can be given up at any line: from \`stopping\` on, \`revert\` knows what to do. */
export const swapText: Sh = joinSh([
  checkText,
  exchangeText,
  sh`swap_in() {
  check_swap
  tree=no
  if [ -d "$volumes" ]; then tree=$(stat -c %i "$volumes"); fi
  like_before || fail "$staging cannot get the owner and mode of $volumes"
  [ -d "$bckups" ] || mkdir -m 0700 "$bckups" || fail "$bckups cannot be made"
  if [ -z "$unwatched" ]; then post_watch; fi
  state stopping "\"made\":\"$made\",\"replaced\":\"$replaced\",\"policy\":\"$policy\",\"was\":\"$was\",\"tree\":\"$tree\",\"old\":\"$old_container\"" ||
    fail "the journal $journal cannot be written"
  phase=swap
  stand_aside
  exchange_names
  exchange_trees
  take_note || fail "$directory/address cannot be written"
  start_made || fail "$objection"
  state started
  complete || fail "$objection"
}`,
]);
