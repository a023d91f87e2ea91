/** The backup is what its manifest says, before anything of the instance is touched. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { compareText } from '../backups/compare-script.ts';

/** The last key of a manifest is \`files\`: one that was cut short has none. */
const manifestText: Sh = sh`read_manifest() {
  if [ -L "$backup/manifest.json" ] || [ ! -f "$backup/manifest.json" ]; then fail "$backup has no manifest.json"; fi
  tr -d ' \n\t\r' <"$backup/manifest.json" >"$run/manifest"
  set -- $(sed -n 's/.*"files":{"sha256":"\([0-9a-f]\{64\}\)","lines":\([0-9]*\)}}$/\1 \2/p' "$run/manifest")
  if [ $# != 2 ]; then fail "$backup/manifest.json is truncated, or no manifest of a backup"; fi
  listed_sha=$1 listed_lines=$2
  if ! grep -qF "\"date\":\"$date\"" "$run/manifest"; then fail "$backup/manifest.json is not that of $date"; fi
}`;

const wholeText: Sh = sh`check_structure() {
  for volume in data config log; do
    if [ -L "$backup/$volume" ]; then fail "$backup/$volume is a symbolic link: a backup has folders of its own"; fi
    if [ ! -d "$backup/$volume" ]; then fail "$backup/$volume is no folder: a backup has data, config and log"; fi
  done
}
check_contents() {
  for one in $required; do
    if [ -L "$backup/$one" ] || [ ! -f "$backup/$one" ]; then fail "the backup of $date has no $one"; fi
  done
  if [ -z "$twins" ] || [ ! -f "$backup/config/gitlab-secrets.json" ]; then return; fi
  printf '%s\n' "$twins" >"$run/twins"
  identity=$(sha_of "$backup/config/gitlab-secrets.json")
  while read -r one name; do
    if [ "$one" = "$identity" ]; then
      fail "the backup of $date has the identity of $name, which runs on this host: two of one identity would both run its jobs and fetch its mail"
    fi
  done <"$run/twins"
}
compare_whole() {
  cd "$backup" || exit 1
  expect_entries "$listed_sha" "$listed_lines"
  see_entries
  hash_entries
  attribute_entries
  # Owners, modes and times are set right in the copy: a storage may not have kept them.
  compare_entries "$work/astray" || exit 1
  if [ -s "$work/find.err" ]; then wrong "$(head -n 1 "$work/find.err")"; fi
  if [ -s "$work/hash.err" ]; then wrong "$(head -n 1 "$work/hash.err")"; fi
}
verify_backup() {
  rm -rf "$work"
  mkdir "$work" || fail "$run cannot be written"
  check_structure
  check_contents
  if [ -z "$verified" ]; then return; fi
  read_manifest
  say_progress() { said_last; }
  if ! watched 'verifying' compare_whole; then
    fail "the backup of $date is not what its manifest says: $(objections)"
  fi
}
# The first of a command's complaints, and how many more.
objections() {
  more=$(($(wc -l <"$run/objections") - 1))
  text "$(head -n 1 "$run/objections")"
  if [ $more -gt 0 ]; then echo " (and $more more)"; fi
}`;

/**
 * `verify_backup` reads all of `backup` and fails (by `fail`) with a sentence that names the file; it leaves in `work` what
 * should be there, for `stage_backup`. Of a backup without a manifest it looks at the three folders alone.
 */
export const verifyText: Sh = joinSh([compareText, manifestText, wholeText]);
