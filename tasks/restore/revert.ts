/** The way back: whatever of an exchange was done is undone, and the old instance runs again as it did. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** Each looks at how things are, so that it can be done again after it was cut short. */
const backText: Sh = sh`quiet_made() {
  case $(container_health "$made") in
    created*|exited*|dead*|missing) return ;;
  esac
  patiently set_restart "$made" no && patiently stop_container "$made" || {
    objection="the restored container does not stop: $objection"
    return 1
  }
}
# The old tree is known by its inode, whatever its name is now.
is_old() { [ "$(stat -c %i "$1" 2>/dev/null)" = "$tree" ]; }
trees_back() {
  if [ "$tree" = no ]; then
    if [ -d "$volumes" ] && [ ! -e "$staging" ]; then move_back "$volumes" "$staging"; fi
    return
  fi
  if is_old "$volumes"; then return; fi
  if ! is_old "$before"; then objection="the old tree is neither $volumes nor $before"; return 1; fi
  if [ -e "$volumes" ]; then
    if [ -e "$staging" ]; then objection="something has made $volumes anew"; return 1; fi
    move_back "$volumes" "$staging" || return 1
  fi
  move_back "$before" "$volumes"
}
move_back() {
  if move_tree "$1" "$2"; then return; fi
  objection="$1 cannot be renamed to $2: $(text "$(cat "$run/move.err")")"
  return 1
}
names_back() {
  if [ "$(container_name "$made")" = "$container" ]; then
    patiently rename_container "$made" "$new_container" || return 1
  fi
  if [ -z "$replaced" ]; then return; fi
  case $(container_name "$replaced") in
    "$container") ;;
    missing) objection="the old container, $old_container, was removed"; return 1 ;;
    *) patiently rename_container "$replaced" "$container" || return 1 ;;
  esac
}
note_back() {
  if [ -f "$run/address" ]; then cp -p "$run/address" "$directory/.address" && mv -f "$directory/.address" "$directory/address"
  elif [ -f "$run/no-address" ]; then rm -f "$directory/address"; fi
}
old_back() {
  if [ -z "$replaced" ]; then return; fi
  patiently set_restart "$replaced" "$policy" || return 1
  case $was in running*|restarting*) ;; *) return ;; esac
  # Docker may still be about to stop it: a stop of which nobody waited for the end.
  if ! has_state "$journal" stopped && [ "$(fact "$journal" planned boot)" = "$(boot)" ]; then stop_container "$replaced"; fi
  patiently start_container "$replaced" || return 1
  case $was in 'running unhealthy '*|restarting*) return ;; esac
  wait_ready "$replaced" "$ready_timeout" || { objection="the old instance was started, but $objection"; return 1; }
}`;

/** What is left to do, a command each, by how things are. */
const byHandText: Sh = sh`hand() { printf '%s; ' "$*"; }
by_hand() {
  case $(container_health "$made") in created*|exited*|missing) ;; *) hand "docker stop $made" ;; esac
  if is_old "$before"; then
    if [ -e "$volumes" ] && [ -e "$staging" ]; then hand "mv -T $volumes $volumes.in-the-way"
    elif [ -e "$volumes" ]; then hand "mv -T $volumes $staging"; fi
    hand "mv -T $before $volumes"
  fi
  if [ "$(container_name "$made")" = "$container" ]; then hand "docker rename $container $new_container"; fi
  if [ -z "$replaced" ]; then return; fi
  case $(container_name "$replaced") in
    missing) hand "make container $container anew from the inventory (girofle-run playbooks/provision.yml)"; return ;;
    "$container") ;;
    *) hand "docker rename $old_container $container" ;;
  esac
  hand "docker update --restart $policy $container"
  case $was in running*|restarting*) hand "docker start $container" ;; esac
}`;

/**
 * \`revert\` undoes what was done since \`stopping\`; on failure \`objection\` says what is in its way. \`kept\` and \`stuck\` are
 * what \`sentence\` is lengthened by. Needs \`tree\`, \`policy\`, \`was\`.
 */
export const revertText: Sh = joinSh([
  backText,
  byHandText,
  sh`revert() {
  state reverting
  tell 'putting the old instance back' ''
  await_docker && quiet_made && trees_back && names_back && old_back || return 1
  note_back
  state reverted
}
kept() {
  case "$replaced $was" in
    ' '*) kept="there was no container before, and there is none now" ;;
    *' running healthy '*) kept="the old instance runs again and is healthy" ;;
    *' running '*|*' restarting '*) kept="the old instance runs again, as it did before" ;;
    *) kept="the old instance is as it was, and does not run" ;;
  esac
  if [ "$tree" != no ]; then kept="$kept, on $volumes"; fi
  kept="$kept; what was restored is kept in $staging, with container $new_container"
}
stuck() { stuck="the old instance could not be put back: $objection; its tree is $(old_tree), what was restored is $(new_tree); to do by hand: $(by_hand)then run it again"; }
old_tree() { if [ "$tree" = no ]; then echo 'none, for there was none'; elif is_old "$before"; then echo "$before"; else echo "$volumes"; fi; }
new_tree() { if [ -d "$staging" ]; then echo "$staging"; else echo "$volumes"; fi; }`,
]);
