/**
 * Puts a file in place on the host so that nobody ever sees half of it, or sees it with another's mode: it is written beside
 * the target under a hidden name that only the owner may read, gets its owner and mode, is validated and synced, and then
 * renamed over the target. Whatever goes wrong before the rename leaves the old file as it was.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path/posix';
import { STAT_FORMAT } from './probes/stat-line.ts';
import type { Sh } from './sh.ts';
import { joinSh, sh } from './sh.ts';
import type { FileWrite, StepOutput } from './step.ts';
import { splitWords } from './words.ts';

/** Bytes that ride in the script itself; more are uploaded to `stagedPath` first. */
export const INLINE_LIMIT = 65_536;

/** Where the content of a large file is uploaded: beside its target, so that a rename moves it. */
export function stagedPath(path: string): string {
  return join(dirname(path), `${temporaryName(path)}-upload`);
}

/** The same for the same target, so that the next writer removes what a killed one left behind. */
function temporaryName(path: string): string {
  return `.girofle-${createHash('sha1').update(path).digest('hex').slice(0, 12)}`;
}

/**
 * The script of a write. The path is taken as it stands: a link there is replaced, not followed.
 * @param staged the content is already on the host, in this file beside the target; it is moved away or removed
 */
export function writeFileScript(file: FileWrite, staged?: string): Sh {
  const size = file.content instanceof Uint8Array ? file.content.length : file.content.size;
  return installScript(file, staged === undefined ? inlineSource(file, size) : stagedSource(staged, size));
}

/** Where the content comes from: shell text that writes it to "$1", and fails when it is not whole. */
export interface Source {
  readonly fill: Sh;
  /** A file to remove whatever happens. */
  readonly staged?: string;
}

function inlineSource({ path, content }: FileWrite, size: number): Source {
  if (!(content instanceof Uint8Array))
    throw new Error(`the content of ${path} is in a file: it must be staged`);
  if (size === 0) return { fill: sh`:` };
  const text = Buffer.from(content)
    .toString('base64')
    .replaceAll(/.{76}(?=.)/g, '$&\n');
  return {
    fill: sh`base64 -d >"$1" <<'_END_' && ${sizeIs(size)}
${plain(text)}
_END_
`,
  };
}

function stagedSource(staged: string, size: number): Source {
  return {
    fill: sh`{ mv -f -- ${staged} "$1" 2>/dev/null || cat -- ${staged} >"$1"; } && ${sizeIs(size)}`,
    staged,
  };
}

/** Base64 and nothing else, so it needs no quotes, and has none in a here-document. */
function plain(text: string): Sh {
  return joinSh(text.split('\n').map(line => sh`${line}`));
}

function sizeIs(size: number): Sh {
  return sh`[ "$(wc -c <"$1")" -eq ${size} ]`;
}

/** As `writeFileScript`, for content that comes from elsewhere on the host. */
export function installScript(file: FileWrite, source: Source): Sh {
  const folder = dirname(file.path);
  return joinSh([
    sh`fail() { printf '%s\n' "$1" >&2; exit 1; }
fill() {
${source.fill}
}
target=${file.path} folder=${folder} stem=${join(folder, temporaryName(file.path))}
mask=$(umask); umask 077
temporary= ; trap 'rm -f -- \${temporary:+"$temporary"} ${source.staged ?? ''}' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
[ -d "$folder" ] || fail "cannot write ${plainWord(basename(file.path))}: the directory $folder does not exist"
[ -L "$target" ] || [ ! -d "$target" ] || fail "cannot write $target: it is a directory"
${inheritance(file)}`,
    file.unsafe ? overwrite(file) : sh``,
    sh`rm -f -- "$stem".*
temporary=$stem.$$
if ! (set -C; : >"$temporary") 2>/dev/null; then
  temporary=
  ${file.unsafe ? sh`overwrite; ${TELL}; exit 0` : sh`fail "cannot write into $folder: it is not writable, read-only or full"`}
fi
fill "$temporary" || fail "cannot write the content of $target: is the disk full?"
${attributesOf(file, sh`"$temporary"`)}
if [ -e /sys/fs/selinux/enforce ]; then
  if [ -e "$target" ]; then chcon --reference="$target" -- "$temporary" 2>/dev/null || :; fi
fi`,
    validation(file.validate),
    file.backup ? BACKUP : sh``,
    sh`sync -- "$temporary" 2>/dev/null || sync
if [ -L "$target" ] && [ -d "$target" ]; then rm -f -- "$target" || exit 1; fi
if message=$(mv -f -- "$temporary" "$target" 2>&1); then temporary=; else ${file.unsafe ? sh`overwrite` : sh`fail "$message"`}; fi
${TELL}`,
  ]);
}

/** The last resort, not atomic; what is not asked for stays as it is. */
function overwrite(file: FileWrite): Sh {
  return sh`overwrite() {
if [ -n "$temporary" ]; then cat -- "$temporary" >"$target"; else fill "$target"; fi || fail "cannot write $target"
${ownerOf(sh`"$target"`)}
${file.mode === undefined ? sh`:` : sh`(umask "$mask"; chmod -- ${file.mode} "$target") || fail "cannot set the mode of $target"`}
}`;
}

/** A word inside double quotes: what would be special there is left out. */
function plainWord(text: string): Sh {
  return sh`${text.replaceAll(/[^\w.+@-]/g, '_')}`;
}

/** What the file replaced hands down: its mode, owner and group; a new file gets what the umask leaves. */
function inheritance(file: FileWrite): Sh {
  return sh`old= mode=$(printf %o "$((0666 & ~0$mask))")
if [ -f "$target" ] && [ ! -L "$target" ]; then
  old=$(stat -c %u:%g -- "$target") mode=$(stat -c %a -- "$target")
fi
owner=${file.owner ?? ''} group=${file.group ?? ''}`;
}

function attributesOf(file: FileWrite, path: Sh): Sh {
  const symbolic = file.mode !== undefined && !/^[0-7]+$/.test(file.mode);
  const mode = file.mode === undefined || symbolic ? sh`"0$mode"` : sh`0${file.mode}`;
  return sh`if [ -n "$old" ] && [ "$old" != "$(stat -c %u:%g -- ${path})" ]; then chown -- "$old" ${path} 2>/dev/null || :; fi
${ownerOf(path)}
chmod -- ${mode} ${path} || fail "cannot set the mode of $target"
${symbolic ? sh`umask "$mask"; chmod -- ${file.mode ?? ''} ${path} || fail "cannot set the mode of $target"; umask 077` : sh`:`}`;
}

function ownerOf(path: Sh): Sh {
  return sh`if [ -n "$owner" ]; then chown -- "$owner" ${path} || fail "cannot give $target to user $owner"; fi
if [ -n "$group" ]; then chgrp -- "$group" ${path} || fail "cannot give $target to group $group"; fi`;
}

/** The words of the command are fixed here; no shell reads them again. */
function validation(command: string | undefined): Sh {
  if (command === undefined) return sh``;
  const split = splitWords(command);
  if ('problem' in split) throw new Error(split.problem);
  const words = split.words.map(withTemporary);
  return sh`report=$(${joinSh(words, ' ')} 2>&1) || fail "the new content of $target was refused by ${plainWord(split.words[0] ?? '')}: $report"`;
}

function withTemporary(word: string): Sh {
  if (!word.includes('%s')) return sh`${word}`;
  return joinSh(
    word.split('%s').map(part => (part === '' ? sh`` : sh`${part}`)),
    '"$temporary"',
  );
}

const TELL = sh`printf 'state %s\n' "$(stat -c ${STAT_FORMAT} -- "$target")"`;

const BACKUP = sh`if [ -f "$target" ]; then
  copy=$target.$$.$(date +%Y-%m-%d@%H:%M:%S)~
  cp -p -- "$target" "$copy" || { rm -f -- "$copy"; fail "cannot keep a copy of $target"; }
  printf 'backup %s\n' "$copy"
fi`;

/** What a write tells of itself: the line of `stat` for the new file, and the copy that it kept. */
export function writeReport({ stdout }: StepOutput): { readonly stat?: string; readonly backup?: string } {
  const line = (word: string) => new RegExp(`^${word} (.*)$`, 'm').exec(stdout)?.[1];
  const stat = line('state');
  const backup = line('backup');
  return { ...(stat === undefined ? {} : { stat }), ...(backup === undefined ? {} : { backup }) };
}
