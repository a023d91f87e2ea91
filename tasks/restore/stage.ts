/** The volumes as they were, made ready beside the instance: a copy, with owners, modes and times of the manifest. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** A copy keeps holes, links, attributes and, where the disk can, shares its blocks with the backup. */
const copyText: Sh = sh`copy_backup() { cp -a --reflink=auto -- "$backup/data" "$backup/config" "$backup/log" "$staging/"; }
place_backup() {
  if [ "$backup" = "$staging" ]; then
    rm -rf "$run/backup" && mkdir "$run/backup" || fail "$run cannot be written"
    for one in manifest.json files.jsonl verified.json; do
      if [ -e "$staging/$one" ]; then mv "$staging/$one" "$run/backup/" || fail "$run cannot be written"; fi
    done
    return
  fi
  measured
  if watched 'staging' copy_backup; then return; fi
  if grep -q 'No space left on device' "$run/objections" || [ "$(free_kib)" -lt 1024 ]; then
    fail "the disk of $staging is full: the restore was given up before the instance was touched"
  fi
  fail "the backup cannot be copied to $staging: $(objections)"
}`;

/** Paths in the manifest's form become NUL-ended bytes; `printf` of the shell knows no \xNN. */
const lockText: Sh = sh`raw() { xargs -r -d '\n' env printf '%b\0'; }
# git's lock files that the backup noted, and what says that PostgreSQL runs: of what is in the list of files only.
list_leavings() {
  tr '\n' ' ' <"\${manifest}" | awk -v of=manifest.json "$common"'
    match($0, /"locks": *\[/) {
      rest = substr($0, RSTART + RLENGTH)
      while (match(rest, /^[ ,]*"([^"\\]|\\.)*"/)) {
        path = substr(rest, 1, RLENGTH - 1)
        sub(/^[ ,]*"/, "", path)
        print plain(path)
        rest = substr(rest, RLENGTH + 1)
      }
    }' | sorted -u >"$work/locks" || exit 1
  awk -F '\t' '$2 == "f" && $1 ~ /^data\/postgresql\/(.*\/)?postmaster\.pid$/ { print $1 }' "$work/expected" >>"$work/locks"
  sorted -u "$work/locks" | join -t "$tab" -o 1.1 - "$work/expected" >"$work/leavings" || exit 1
  join -t "$tab" -v 2 "$work/leavings" "$work/expected" >"$work/expected.staged" || exit 1
}
remove_leavings() { (cd "$staging" && raw <"$work/leavings" | xargs -0 -r rm -f --); }`;

/** Few owners and modes are common to many files; a time is mostly one file's own. With five digits chmod takes setgid from a folder. */
const fixText: Sh = sh`fixes_of() { awk -F '\t' -v what="$1" '$1 == what { print $2 "\t" $3 }' "$work/fixes"; }
fix_all() {
  fixes_of "$1" >"$work/fixes.one"
  cut -f 1 "$work/fixes.one" | sort -u | while read -r value; do
    awk -F '\t' -v value="$value" '$1 "" == value "" { print $2 }' "$work/fixes.one" | raw | xargs -0 -r $2"$value" -- || exit 1
  done
}
fix_times() {
  fixes_of 'the time' | awk -F '\t' '{ print "@" $1 "\n" $2 }' | raw | xargs -0 -r -n 2 touch -h -d
}
# An owner's change takes the bits of setuid away, and a change in a folder its time.
fix_metadata() {
  cd "$staging" || exit 1
  see_staged
  compare_entries "$work/fixes" 2>/dev/null
  fix_all 'the owner' 'chown -h ' && fix_all 'the mode' 'chmod 0' && fix_times || exit 1
  see_staged
  compare_entries || exit 1
}
see_staged() {
  see_entries
  attribute_entries
}`;

const stageAllText: Sh = sh`stage_backup() {
  place_backup
  if [ -z "$verified" ]; then
    find "$staging/data/postgresql" -name postmaster.pid -type f -delete 2>/dev/null
  else
    set_right
  fi
  rm -rf "$reader"
  tell 'staging' 'to the disk'
  flush "$staging" || fail "the disk of $staging reports an error"
}
# The list of files has the authority: what the copy shows is held against it, its content was compared before.
set_right() {
  manifest=$backup/manifest.json
  if [ "$backup" = "$staging" ]; then manifest=$run/backup/manifest.json; fi
  (list_leavings) 2>"$run/objections" && remove_leavings || fail "recorded lock files cannot be taken out of $staging: $(objections)"
  mv "$work/expected.staged" "$work/expected" || fail "$run cannot be written"
  awk -F '\t' -v OFS='\t' '$2 == "f" { print $1, $8 }' "$work/expected" >"$work/hashes"
  : >"$work/fixes"
  say_progress() { echo 'owners, modes and times'; }
  if ! watched 'staging' fix_metadata; then fail "what lies in $staging is not what the manifest says: $(objections)"; fi
}`;

/**
 * `stage_backup` makes `staging` hold data, config and log of `backup`, on disk, without recorded lock files and
 * postmaster.pid; fails by `fail`. Needs `fetchText`, `verifyText`, and what `verify_backup` left in `work`.
 */
export const stageText: Sh = joinSh([copyText, lockText, fixText, stageAllText]);
