/** manifest.json, written by the host after everything else: what we know beforehand, and what it has seen. */
import { type Sh, sh } from '../../src/core/sh.ts';
import type { Value } from '../../src/core/value.ts';
import type { BackupJob } from './job.ts';

/** A key a line: `"files"` and `"started"` are read back by the next backup with sed. */
export function manifestText(job: BackupJob): Sh {
  const json = (value: Value) => JSON.stringify(value);
  const reference = typeof job.image.reference === 'string' ? job.image.reference : '';
  const imageId = typeof job.image.id === 'string' ? job.image.id : '';
  return sh`as_list() { awk 'BEGIN { printf "[" } { gsub(/["\\]/, "\\\\&"); printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 } END { printf "]" }'; }
lock_files() {
  awk -F '\t' '$2 == "f" && $8 ~ /^data\/git-data\/.*\.lock$/ { print $8 }' "$run/entries.list" | sorted
}
first_of() { head -n 1 "$1" 2>/dev/null | tr -d '\r'; }
postgresql() { first_of "$(ls "$partial/data/postgresql/data/PG_VERSION" "$partial/data/postgresql/PG_VERSION" 2>/dev/null | head -n 1)"; }
# Beside the hot pass: Docker takes its time.
note_image() { image_digests ${imageId} >"$run/digests.list"; }
write_manifest() {
  to_disk
  locks=$(lock_files | as_list) excluded=$(as_list <"$run/sockets.list")
  case "$locks$excluded" in '['*']['*']') ;; *) fail 'the manifest cannot be written: awk fails' ;; esac
  [ -e "$run/digests.list" ] || note_image
  digests=$(cat "$run/digests.list")
  if [ "$digests" = null ]; then digests=; fi
  clock
  {
    printf '{"format":1,\n"id":"%s",\n"date":"%s",\n"instance":%s,\n"container":"%s",\n"host":"%s",\n' \
      "$id" "$date" "$instance" "$(text "$container")" "$(text "$(uname -n)")"
    printf '"started":{"utc":"%s","uptime":%s},\n"finished":{"utc":"%s","uptime":%s},\n' \
      "$began_utc" "$began_uptime" "$(utc)" "$uptime"
    printf '"image":{"reference":%s,"id":%s,"digests":%s},\n' ${json(reference)} ${json(imageId)} "\${digests:-[]}"
    printf '"gitlab":{"disk":"%s","release":%s,"edition":%s},\n' \
      "$(text "$(first_of "$partial/data/gitlab-rails/VERSION")")" ${json(job.gitlab.release)} ${json(job.gitlab.edition)}
    printf '"postgresql":"%s",\n"architecture":"%s",\n' "$(text "$(postgresql)")" "$(uname -m)"
    printf '"configuration":%s,\n' ${json(job.configuration)}
    printf '"consistency":"%s",\n"pause":%s,\n' "$consistency" "$pause"
    printf '"rsync":{"version":%s,"hot":%s,"frozen":%s},\n' ${json(job.rsync.version)} "$hot" "$frozen"
    printf '"locks":%s,\n"excluded":%s,\n' "$locks" "$excluded"
    printf '"totals":{"files":%s,"directories":%s,"links":%s,"bytes":%s},\n' "$files" "$directories" "$links" "$bytes"
    printf '"previous":"%s",\n' "$previous"
    printf '"files":{"sha256":"%s","lines":%s}}\n' "$(sha_of "$partial/files.jsonl")" "$(wc -l <"$partial/files.jsonl")"
  } >"$partial/.manifest.new" || fail 'the manifest cannot be written'
  # A group of commands hides what fails inside it.
  if [ "$(wc -l <"$partial/.manifest.new")" != 21 ] || [ "$(noted_sha "$partial/.manifest.new")" != "$(sha_of "$partial/files.jsonl")" ]; then
    fail 'the manifest cannot be written: it is not whole'
  fi
  mv "$partial/.manifest.new" "$partial/manifest.json" || fail 'the manifest cannot be written'
  to_disk
}
to_disk() { flush "$partial" || fail "the disk of $bckups reports an error: this backup is discarded"; }`;
}
