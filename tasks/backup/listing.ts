/**
 * files.jsonl, made on the host: every entry of the copy, with the hash of its content. All is streamed and sorted on
 * disk, so that memory does not grow with the number of files. Inodes are the key: what shares its inode with the
 * previous backup has the same bytes, and the hash that was noted then.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { BackupJob } from './job.ts';

/**
 * `plain`: records of NUL-ended raw bytes become lines of text, in the manifest's way of writing paths (see FileEntry).
 * sed writes backslashes and newlines, awk the other control characters and what is no UTF-8.
 */
const plainText: Sh = sh`escaping='
function byte(code) { return sprintf("\\x%02X", code) }
function follows(text, at, low, high,   code) {
  code = ORD[substr(text, at, 1)]
  return code >= low && code <= high
}
function length_of(text, i, code) {
  if (code < 128) return 1
  if (code >= 194 && code <= 223) return follows(text, i + 1, 128, 191) ? 2 : 0
  if (code >= 224 && code <= 239) return follows(text, i + 1, code == 224 ? 160 : 128, code == 237 ? 159 : 191) && follows(text, i + 2, 128, 191) ? 3 : 0
  if (code >= 240 && code <= 244) return follows(text, i + 1, code == 240 ? 144 : 128, code == 244 ? 143 : 191) && follows(text, i + 2, 128, 191) && follows(text, i + 3, 128, 191) ? 4 : 0
  return 0
}
function plain(text,   out, i, code, size) {
  if (text !~ /[^ -~]/) return text
  out = ""
  for (i = 1; i <= length(text); i += size) {
    code = ORD[substr(text, i, 1)]
    size = length_of(text, i, code)
    if (size == 0 || code < 32 || code == 127) { out = out byte(code); size = 1 }
    else out = out substr(text, i, size)
  }
  return out
}
function swap(text, from, to,   out, at) {
  out = ""
  while ((at = index(text, from)) > 0) { out = out substr(text, 1, at - 1) to; text = substr(text, at + length(from)) }
  return out text
}
BEGIN { for (code = 1; code < 256; code++) ORD[sprintf("%c", code)] = code }'
lines() { sed -z 's/\\/\\\\/g; s/\n/\\x0A/g' | tr '\0' '\n'; }
sorted() { sort -S 16M -T "$run" "$@"; }
tab=$(printf '\t')`;

/** entries.list: inode, type, mode, uid, gid, size, mtime, path, target; by inode. */
const entriesText: Sh = sh`list_entries() {
  (cd "$partial" && find data config log -printf '%i %y %m %U %G %s %T@ %p\0%l\0') | lines | awk "$escaping"'
    NR % 2 { entry = $0; next }
    {
      split(entry, part, " ")
      path = entry
      for (i = 1; i <= 7; i++) sub(/^[^ ]* /, "", path)
      point = index(part[7], ".")
      mtime = substr(part[7], 1, point) substr(part[7] "000000000", point + 1, 9)
      printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", part[1], part[2], part[3], part[4], part[5], part[6], mtime, plain(path), plain($0)
    }' | sorted >"$run/entries.list"
  awk -F '\t' '$2 == "f" && $1 != last { print $1; last = $1 }' "$run/entries.list" >"$run/inodes.list"
}`;

/**
 * known.list: inode and hash of what is the previous backup's too. What the previous one has noted is worked out beside the
 * hot pass: `note_previous` before it, `list_known` after.
 */
const knownText: Sh = sh`note_previous() {
  : >"$run/previous.list"
  if [ -z "$previous" ]; then return; fi
  awk "$escaping"'{
    start = length("{\"path\":\"") + 1
    end = index($0, "\",\"type\":\"")
    path = substr($0, start, end - start)
    # A path has no control characters.
    path = swap(swap(swap(path, "\\\\", "\001"), "\\\"", "\""), "\001", "\\")
    if (match($0, /"sha256":"[0-9a-f]+"/)) print path "\t" substr($0, RSTART + 10, 64)
  }' "$bckups/$previous/files.jsonl" | sorted -t "$tab" -k 1,1 >"$run/noted.list"
  (cd "$bckups/$previous" && find data config log -type f -printf '%i %p\0') | lines | awk "$escaping"'
    { inode = $1; sub(/^[^ ]* /, ""); print plain($0) "\t" inode }' | sorted -t "$tab" -k 1,1 |
    join -t "$tab" -o 1.2,2.2 - "$run/noted.list" | sorted -t "$tab" -k 1,1 -u >"$run/previous.list"
}
list_known() {
  if [ -n "$noting" ]; then wait "$noting"; else note_previous; fi
  join -t "$tab" -o 1.1,1.2 "$run/previous.list" "$run/inodes.list" >"$run/known.list"
}`;

/** hashes.list: inode and hash of every file, by inode. */
const hashesText: Sh = sh`hash_files() {
  join -t "$tab" -v 1 "$run/inodes.list" "$run/known.list" >"$run/todo.list"
  tr '\n' '\0' <"$run/todo.list" >"$run/todo-z.list"
  (cd "$partial" && find data config log -type f -printf '%i\t%p\0') | sorted -z -t "$tab" -k 1,1 -u |
    join -z -t "$tab" - "$run/todo-z.list" | sed -z 's/^[0-9]*\t//' >"$run/names.list"
  (cd "$partial" && xargs -0 -r sha256sum -z -- <"$run/names.list") >"$run/sums.list" 2>"$run/hash.err" ||
    fail "the copy cannot be read back: $(head -n 1 "$run/hash.err")"
  sed -z 's/ .*//' <"$run/sums.list" | tr '\0' '\n' >"$run/fresh.list"
  if [ "$(wc -l <"$run/fresh.list")" != "$(wc -l <"$run/todo.list")" ]; then fail 'the copy changed while it was read back'; fi
  paste "$run/todo.list" "$run/fresh.list" | sorted -m -t "$tab" -k 1,1 - "$run/known.list" >"$run/hashes.list"
  linked=$(wc -l <"$run/known.list")
}`;

/**
 * attributes.list: path and the hash of its extended attributes. Few different texts are common to many files
 * (SELinux labels them all), so each text is hashed once.
 */
const attributesText: Sh = sh`list_attributes() {
  : >"$run/attributes.list"
  : >"$run/labelled.list"
  if ! command -v getfattr >/dev/null 2>&1; then return; fi
  (cd "$partial" && getfattr -R -P -h -d -m - -- data config log) 2>/dev/null | awk -v run="$run" "$escaping"'
    function close_entry() {
      if (path == "") return
      if (!(told in number)) { number[told] = ++count; file = sprintf("%s/xattr-%d.list", run, count); printf "%s\n", told >file; close(file) }
      print number[told] "\t" path
      path = ""
    }
    /^# file: / { close_entry(); path = substr($0, 9); path = plain(swap(swap(swap(path, "\\012", "\\x0A"), "\\015", "\\x0D"), "\\134", "\\\\")); told = ""; next }
    path != "" && $0 != "" { told = told $0 "\n" }
    END { close_entry() }' | sorted -t "$tab" -k 1,1 >"$run/labelled.list"
  if [ -s "$run/labelled.list" ]; then
    for one in "$run"/xattr-*.list; do
      number=\${one##*/xattr-}
      printf '%s\t%s\n' "\${number%.list}" "$(sha_of "$one")"
    done | sorted -t "$tab" -k 1,1 | join -t "$tab" -o 1.2,2.2 "$run/labelled.list" - | sorted -t "$tab" -k 1,1 >"$run/attributes.list"
  fi
}`;

/** Numbers the groups of hard links, puts all together, and writes a line for each path. */
const joinText: Sh = sh`write_list() {
  join -t "$tab" -a 1 -e '' -o 1.8,1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.9,2.2 "$run/entries.list" "$run/hashes.list" | awk -F '\t' -v OFS='\t' '
    function flush(  group) {
      if (held == "") return
      group = ""
      if (many) group = groups
      print held, group
    }
    $2 == last && $3 != "d" {
      if (!many) { many = 1; groups++ }
      print $0, groups
      next
    }
    { flush(); held = $0; many = 0; last = $2 }
    END { flush() }' | sorted -t "$tab" -k 1,1 | join -t "$tab" -a 1 -e '' -o 1.1,1.3,1.4,1.5,1.6,1.7,1.8,1.9,1.10,1.11,2.2 - "$run/attributes.list" | awk -F '\t' '
    function json(text) { gsub(/["\\]/, "\\\\&", text); return "\"" text "\"" }
    BEGIN { split("f file d directory l link p fifo c char b block", pairs, " "); for (i = 1; i < 12; i += 2) type[pairs[i]] = pairs[i + 1] }
    {
      line = "{\"path\":" json($1) ",\"type\":\"" type[$2] "\",\"mode\":\"" (length($3) < 4 ? substr("0000", 1, 4 - length($3)) $3 : $3) "\",\"uid\":" $4 ",\"gid\":" $5
      if ($2 == "f") line = line ",\"size\":" $6
      line = line ",\"mtime\":\"" $7 "\""
      if ($2 == "f") line = line ",\"sha256\":\"" $9 "\""
      if ($2 == "l") line = line ",\"target\":" json($8)
      if ($10 != "") line = line ",\"group\":" $10
      if ($11 != "") line = line ",\"xattrs\":\"" $11 "\""
      print line "}"
    }' >"$partial/files.jsonl" || fail 'the list of files cannot be written'
}
tally() {
  set -- $(awk -F '\t' '{ kind[$2]++; if ($2 == "f") bytes += $6 } END { printf "%d %d %d %.0f", kind["f"], kind["d"], kind["l"], bytes }' "$run/entries.list")
  files=$1 directories=$2 links=$3 bytes=$4
}
# A pipe hides what fails inside it: the list is counted against the folder itself.
check_list() {
  there=$(cd "$partial" && find data config log -printf '\n' | wc -l)
  listed=$(wc -l <"$partial/files.jsonl")
  hashed=$(grep -c '","sha256":"[0-9a-f]\{64\}"' "$partial/files.jsonl")
  labelled=$(grep -c ',"xattrs":"[0-9a-f]\{64\}"}$' "$partial/files.jsonl")
  if [ "$there" != "$listed" ] || [ "$hashed" != "$files" ] || [ "$labelled" != "$(wc -l <"$run/labelled.list")" ]; then
    fail "the list of files is not whole: $there entries, $listed listed, $hashed of $files files hashed"
  fi
}`;

/** Sockets are nobody's data; their folders keep their times. */
const socketsText: Sh = sh`drop_sockets() {
  (cd "$partial" && find data config log -type s -printf '%p\0') | lines | awk "$escaping"'{ print plain($0) }' >"$run/sockets.list"
  if [ ! -s "$run/sockets.list" ]; then return; fi
  find "$partial/data" "$partial/config" "$partial/log" -type s -exec sh -c 'reference=$1
    shift
    for one; do
      touch -r "\${one%/*}" "$reference"
      rm -f "$one"
      touch -r "$reference" "\${one%/*}"
    done' sh "$run/reference" {} +
}`;

export function listingText(_: BackupJob): Sh {
  return joinSh([
    plainText,
    socketsText,
    entriesText,
    knownText,
    hashesText,
    attributesText,
    joinText,
    sh`list_files() {
  drop_sockets
  list_attributes &
  labelling=$!
  list_entries
  list_known
  hash_files
  wait "$labelling" || fail 'the extended attributes of the copy cannot be listed'
  write_list
  tally
  check_list
}`,
  ]);
}
