/**
 * Shell functions that compare a folder with its list of files (files.jsonl): every entry's kind, mode, owner, size, time,
 * content, target, hard links and extended attributes; nothing added, nothing missing. All is streamed and sorted on disk, so
 * that memory hardly grows with the number of files.
 *
 * Paths are compared in one form: printable ASCII as it is, every other byte and the backslash as \xNN.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** Shared by the awk programs: `canon` writes bytes in the one form, `plain` what the manifest's JSON says. */
const commonText: Sh = sh`common='
BEGIN { for (code = 1; code < 256; code++) { ORD[sprintf("%c", code)] = code } }
function canon(text,   out, i, char) {
  if (text !~ /[^ -~]/) return text
  out = ""
  for (i = 1; i <= length(text); i++) {
    char = substr(text, i, 1)
    out = out (char ~ /[ -~]/ ? char : sprintf("\\x%02X", ORD[char]))
  }
  return out
}
function bad(why) { printf "%s, line %d: %s\n", of, NR, why >"/dev/stderr"; failed = 1; exit 1 }
# What JSON writes, then what the list writes: a backslash is \\\\, a byte \\xNN.
function plain(text,   out, i, char) {
  if (index(text, "\\") == 0) return canon(text)
  out = ""
  for (i = 1; i <= length(text); i++) {
    char = substr(text, i, 1)
    if (char == "\\") {
      char = substr(text, ++i, 1)
      if (index("\"\\/", char) == 0) bad("\\" char " is not understood")
    }
    out = out char
  }
  text = out; out = ""
  for (i = 1; i <= length(text); i++) {
    char = substr(text, i, 1)
    if (char != "\\") { out = out char; continue }
    char = substr(text, ++i, 1)
    if (char == "\\") out = out "\\x5C"
    else if (substr(text, i, 3) ~ /^x[0-9A-Fa-f][0-9A-Fa-f]$/) { out = out "\\x" toupper(substr(text, i + 1, 2)); i += 2 }
    else bad("\\" char " is not understood")
  }
  return canon(out)
}'
wrong() { echo "$1" >&2; exit 1; }
sum_of() { sha256sum <"$1" | cut -c 1-64; }
sorted() { sort -S 16M -T "$work" -t "$tab" "$@"; }
lines() { sed -z 's/\\/\\x5C/g; s/\n/\\x0A/g' | tr '\0' '\n'; }`;

/** expected: path, kind, mode, uid, gid, size, mtime, hash, target, group, hash of attributes; by path. */
const expectedText: Sh = sh`expect_entries() {
if [ -L files.jsonl ] || [ ! -f files.jsonl ]; then wrong 'files.jsonl is missing'; fi
if [ "$(sum_of files.jsonl)" != "$1" ]; then wrong 'files.jsonl is not the list that the manifest was made for: its hash differs'; fi
if [ "$(wc -l <files.jsonl)" -ne "$2" ]; then wrong "files.jsonl has not the $2 lines that the manifest says"; fi
awk -v of=files.jsonl "$common"'
  BEGIN { split("file f directory d link l fifo p char c block b", pairs, " "); for (i = 1; i < 12; i += 2) letter[pairs[i]] = pairs[i + 1] }
  {
    split("", value)
    if ($0 !~ /^\{.*\}$/) bad("it is no entry")
    rest = substr($0, 2, length($0) - 2)
    while (rest != "") {
      if (!match(rest, /^"[a-z0-9]+":/)) bad("it is no entry")
      key = substr(rest, 2, RLENGTH - 3)
      rest = substr(rest, RLENGTH + 1)
      if (match(rest, /^"([^"\\]|\\.)*"/)) value[key] = substr(rest, 2, RLENGTH - 2)
      else if (match(rest, /^[0-9]+/)) value[key] = substr(rest, 1, RLENGTH)
      else bad(key " is not understood")
      rest = substr(rest, RLENGTH + 1)
      if (rest != "" && substr(rest, 1, 1) != ",") bad("it is no entry")
      rest = substr(rest, 2)
    }
    path = plain(value["path"])
    if (path !~ /^(data|config|log)(\/|$)/ || ("/" path "/") ~ /\/\.?\.?\//) bad(path " leads out of the backup")
    if (!(value["type"] in letter)) bad("there is no type " value["type"])
    if (value["mode"] !~ /^[0-7]+$/ || value["uid"] !~ /^[0-9]+$/ || value["gid"] !~ /^[0-9]+$/) bad(path " has no owner and mode")
    if (value["mtime"] !~ /^-?[0-9]+\.[0-9]+$/) bad(path " has no time")
    mode = value["mode"]; sub(/^0+/, "", mode)
    kind = letter[value["type"]]
    printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", path, kind, mode, value["uid"], value["gid"], value["size"], value["mtime"], value["sha256"], plain(value["target"]), value["group"], value["xattrs"]
  }' files.jsonl >"$work/listed" || exit 1
sorted -k 1,1 "$work/listed" >"$work/expected" || exit 1
rm -f "$work/listed"
if awk -F '\t' '$11 != "" { found = 1; exit } END { exit !found }' "$work/expected" && ! command -v getfattr >/dev/null 2>&1; then
  wrong 'the backup has extended attributes, and this host has no getfattr to read them (install attr)'
fi
}`;

/** seen: path, kind, mode, uid, gid, size, mtime, links, inode, target; by path. */
const seenText: Sh = sh`see_entries() {
{
  find data config log -printf '%y %m %U %G %s %T@ %n %D:%i %p\0%l\0' 2>"$work/find.err"
  find . -mindepth 1 -maxdepth 1 ! -name data ! -name config ! -name log ! -name manifest.json ! -name files.jsonl ! -name verified.json \
    -printf '%y %m %U %G %s %T@ %n %D:%i %P\0%l\0'
} | lines | awk "$common"'
  NR % 2 { entry = $0; next }
  {
    split(entry, part, " ")
    path = entry
    for (i = 1; i <= 8; i++) sub(/^[^ ]* /, "", path)
    mode = part[2]; sub(/^0+/, "", mode)
    point = index(part[6], ".")
    mtime = substr(part[6], 1, point) substr(part[6] "000000000", point + 1, 9)
    printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", canon(path), part[1], mode, part[3], part[4], part[5], mtime, part[7], part[8], canon($0)
  }' | sorted -k 1,1 >"$work/seen" || exit 1
}
# hashes: path and hash of every file. How far it is goes to descriptor 4.
hash_entries() {
find data config log -type f -printf '%s\n' 2>/dev/null >"$work/sizes"
find data config log -type f -print0 2>/dev/null >"$work/names"
xargs -0 -r sha256sum -z -- <"$work/names" 2>"$work/hash.err" | lines | awk -v sizes="$work/sizes" "$common"'
  BEGIN {
    while ((getline size <sizes) > 0) { files++; bytes += size }
    close(sizes)
    step = bytes / 20
    mark = step
  }
  {
    getline size <sizes
    done += size
    print canon(substr($0, 67)) "\t" substr($0, 1, 64)
    if (done >= mark) {
      printf "read %d of %d files, %.1f of %.1f MB (%d %%)\n", NR, files, done / 1e6, bytes / 1e6, bytes ? 100 * done / bytes : 100 >"/dev/stderr"
      fflush("/dev/stderr")
      while (mark <= done) mark += step + 1
    }
  }' 2>&4 | sorted -k 1,1 >"$work/hashes" || exit 1
}
# attributes: path and hash of what has any.
attribute_entries() {
: >"$work/attributes"
if command -v getfattr >/dev/null 2>&1; then
  getfattr -R -P -h -d -m - -- data config log 2>/dev/null | awk -v text="$work/attribute" "$common"'
    function close_entry(   command) {
      if (path == "") return
      if (!(told in hash)) {
        printf "%s\n", told >text
        close(text)
        command = "sha256sum <" q text q
        command | getline hash[told]
        close(command)
      }
      print path "\t" substr(hash[told], 1, 64)
      path = ""
    }
    function unquoted(text,   out, at, code) {
      out = ""
      while ((at = match(text, /\\[0-7][0-7][0-7]/)) > 0) {
        code = substr(text, at + 1, 1) * 64 + substr(text, at + 2, 1) * 8 + substr(text, at + 3, 1)
        out = out canon(substr(text, 1, at - 1)) sprintf("\\x%02X", code)
        text = substr(text, at + 4)
      }
      return out canon(text)
    }
    BEGIN { q = sprintf("%c", 39) }
    /^# file: / { close_entry(); path = unquoted(substr($0, 9)); told = ""; next }
    path != "" && $0 != "" { told = told $0 "\n" }
    END { close_entry() }' | sorted -k 1,1 >"$work/attributes" || exit 1
fi
}`;

/**
 * What shares its inode with another backup may have got another mode or owner through it: the manifest is right then, and
 * notes say so. With a file for `fixes`, every other owner, mode or time goes there (what, value, path), and is no difference.
 */
const comparedText: Sh = sh`compare_entries() {
awk -F '\t' -v expected="$work/expected" -v seen="$work/seen" -v hashes="$work/hashes" -v attributes="$work/attributes" -v notes="$work/notes" -v fixes="$1" '
  function differs(path, why) { if (++count <= 20) print path ": " why >"/dev/stderr" }
  function next_expected(  before) {
    before = e[1]
    have_e = (getline line <expected) > 0
    if (have_e) { split(line, e, "\t"); if (e[1] "" == before "") { differs(e[1], "is listed twice"); next_expected() } }
  }
  function next_seen() { have_s = (getline line <seen) > 0; if (have_s) split(line, s, "\t") }
  function hash_of(path) {
    while (have_h && h[1] "" < path "") { have_h = (getline line <hashes) > 0; if (have_h) split(line, h, "\t") }
    return have_h && h[1] "" == path "" ? h[2] : ""
  }
  function attributes_of(path) {
    while (have_x && x[1] "" < path "") { have_x = (getline line <attributes) > 0; if (have_x) split(line, x, "\t") }
    return have_x && x[1] "" == path "" ? x[2] : ""
  }
  function octal(mode) { return substr("0000", 1, length(mode) < 4 ? 4 - length(mode) : 0) mode }
  function metadata(path, what, is, should,   shared) {
    if (is "" == should "") return
    if (fixes != "" && (what != "the extended attributes")) { print what "\t" should "\t" path >fixes; return }
    shared = s[2] == "f" && s[8] > 1 && e[10] == ""
    if (shared) print path ": " what " is " is ", the manifest says " should >notes
    else differs(path, what " is " is ", the manifest says " should)
  }
  function compare(path,   hash, first_e, first_s) {
    hash = hash_of(path)
    if (s[2] != e[2]) { differs(path, "is " words[s[2]] ", the manifest says " words[e[2]]); return }
    metadata(path, "the mode", octal(s[3]), octal(e[3]))
    metadata(path, "the owner", s[4] ":" s[5], e[4] ":" e[5])
    metadata(path, "the extended attributes", attributes_of(path), e[11])
    metadata(path, "the time", s[7], e[7])
    if (s[2] == "l" && s[10] "" != e[9] "") differs(path, "points to " s[10] ", the manifest says " e[9])
    if (s[2] == "d") return
    first_e = e[10] == "" ? path : (e[10] in group ? group[e[10]] : (group[e[10]] = path))
    first_s = s[8] == 1 ? path : (s[9] in inode ? inode[s[9]] : (inode[s[9]] = path))
    if (first_e "" != first_s "") differs(path, first_e "" == path "" ? "is the same file as " first_s ", the manifest says it is not" : "is not the same file as " first_e ", the manifest says it is")
    if (s[2] != "f") return
    if (s[6] "" != e[6] "") differs(path, "has " s[6] " bytes, the manifest says " e[6])
    else if (hash == "") differs(path, "cannot be read")
    else if (hash "" != e[8] "") differs(path, "has another content than the manifest says")
  }
  BEGIN {
    split("f,a file,d,a directory,l,a symbolic link,p,a FIFO,c,a character device,b,a block device,s,a socket", pairs, ",")
    for (i = 1; i < 15; i += 2) words[pairs[i]] = pairs[i + 1]
    have_h = (getline line <hashes) > 0
    if (have_h) split(line, h, "\t")
    have_x = (getline line <attributes) > 0
    if (have_x) split(line, x, "\t")
    next_expected()
    next_seen()
    while (have_e || have_s) {
      if (!have_s || (have_e && e[1] "" < s[1] "")) { differs(e[1], "is missing"); next_expected() }
      else if (!have_e || s[1] "" < e[1] "") { differs(s[1], "was added"); next_seen() }
      else { compare(e[1]); next_expected(); next_seen() }
    }
    if (count > 20) print "and " count - 20 " more" >"/dev/stderr"
    exit count > 0
  }'
}`;

/**
 * Needs `work`, a folder for lists, and `tab`; works on the current folder. `expect_entries SHA256 LINES` reads files.jsonl,
 * `see_entries`, `hash_entries` and `attribute_entries` look at what is there, `compare_entries [FIXES]` prints the differences
 * to stderr, the first twenty in words, and gives 1. `wrong SENTENCE` exits: run them in a shell of their own.
 */
export const compareText: Sh = joinSh([commonText, expectedText, seenText, comparedText]);
