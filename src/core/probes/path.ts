/**
 * The state of paths on the host: type, mode, owner, times, checksum. However many paths a batch asks for, it costs the
 * host one `stat`, one checksum command for each algorithm asked for, two `readlink` for each path that is a link (and a
 * `stat` when it is followed), and what rare wishes cost (`lsattr`, `file`, SELinux: one each a path). The rest is done by
 * the shell itself.
 */
import { dirname, join } from 'node:path/posix';
import type { Probe, ShellKind } from '../probe.ts';
import { look, ProbeError } from '../probe.ts';
import type { Sh } from '../sh.ts';
import { joinSh, sh } from '../sh.ts';
import { hostPath } from './host-path.ts';
import type { StatLine } from './stat-line.ts';
import { parseStat, STAT_FORMAT } from './stat-line.ts';

export type ChecksumAlgorithm = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export interface Missing {
  readonly exists: false;
  /** As asked, `~` and variables of the host's environment resolved, without a slash at the end. */
  readonly path: string;
  /** The nearest folder above it that is there, or what stands in a folder's place. */
  readonly ancestor: string;
  readonly ancestorIsDirectory: boolean;
  /** Bits that new files do not get. */
  readonly umask: number;
  /** What a followed link, which is there, points to. */
  readonly danglingTo?: string;
}

export interface Present extends StatLine {
  readonly exists: true;
  /** As asked, `~` and variables of the host's environment resolved, without a slash at the end. */
  readonly path: string;
  readonly umask: number;
  /** What the link says, when the path is a link, followed or not. */
  readonly target?: string;
  /** Where the link leads in the end, absolute; absent when that does not exist either. */
  readonly real?: string;
  /** Lower-case hex; only of regular files that may be read. */
  readonly checksum?: string;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  /** A readable directory without entries; only where it was asked for. */
  readonly empty: boolean;
  /** SELinux context, where SELinux is enabled and it was asked for. */
  readonly context?: string;
  /** Letters of `lsattr`, and its version number, where asked for and supported. */
  readonly flags?: string;
  readonly version?: string;
  /** `text/plain; charset=us-ascii`, where asked for and the host has `file`. */
  readonly mime?: string;
}

export type PathState = Missing | Present;

export interface PathOptions {
  /** What a link points to instead of the link. */
  readonly follow?: boolean;
  readonly checksum?: ChecksumAlgorithm | undefined;
  readonly context?: boolean | undefined;
  readonly flags?: boolean | undefined;
  readonly mime?: boolean | undefined;
  readonly empty?: boolean | undefined;
}

const WISHES = ['context', 'flags', 'mime', 'empty'] as const;

/** What is at a path of the host. A ProbeError when a folder above it may not be searched. */
export function pathState(path: string, options: PathOptions = {}): Probe<PathState> {
  const wishes = WISHES.filter(wish => options[wish] === true).join(' ');
  return look(pathKind, [path, options.follow ? 'follow' : '', options.checksum ?? '', wishes], parseState);
}

const US = '\x1f';

function parseState(text: string): PathState {
  const [kind = '', path = '', umask = '', ...rest] = text.split(US);
  const common = { path, umask: Number.parseInt(umask, 8) };
  if (kind === 'denied')
    throw new ProbeError(`${path} cannot be looked at: ${rest[0]} may not be searched by this user`);
  if (kind === 'missing' || kind === 'dangling') return missingState(kind, common, rest);
  const [line = '', target = '', real = '', access = '', checksum = '', context = '', flags = '', mime = ''] =
    rest;
  const stat = parseStat(line);
  // The file vanished between two looks.
  if (stat === undefined)
    return { ...common, exists: false, ancestor: dirname(path), ancestorIsDirectory: true };
  const [version, letters] = flags.split(' ');
  return {
    ...common,
    ...stat,
    exists: true,
    readable: access.includes('r'),
    writable: access.includes('w'),
    executable: access.includes('x'),
    empty: access.includes('e'),
    ...given('target', target),
    ...given('real', real),
    ...given('checksum', checksum.replace(/^\\/, '').split(' ')[0] ?? ''),
    ...given('context', context),
    ...given('flags', letters ?? ''),
    ...given('version', letters === undefined ? '' : (version ?? '')),
    ...given('mime', mime),
  };
}

function missingState(
  kind: string,
  common: { path: string; umask: number },
  rest: readonly string[],
): Missing {
  const [ancestor = '/', directory, danglingTo = ''] = rest;
  const base = { ...common, exists: false, ancestor, ancestorIsDirectory: directory === 'd' } as const;
  return kind === 'dangling' ? { ...base, danglingTo } : base;
}

function given<K extends string>(key: K, value: string): Partial<Record<K, string>> {
  const part: Partial<Record<K, string>> = {};
  if (value !== '') part[key] = value;
  return part;
}

/** The folders that must be made for a missing path to be one, outermost first, itself last. */
export function missingFolders({ path, ancestor }: Missing): readonly string[] {
  const below = (ancestor === '/' ? path : path.slice(ancestor === '.' ? 0 : ancestor.length)).split('/');
  const names = below.filter(name => name !== '');
  const start = ancestor === '.' && !path.startsWith('/') ? '' : ancestor;
  return names.map((_, i) => join(start, ...names.slice(0, i + 1)));
}

/** Kind `path`: [path, `follow` or nothing, checksum algorithm or nothing, wishes separated by blanks]. */
export const pathKind: ShellKind = {
  name: 'path',
  script: queries => {
    const algorithms = [...new Set(queries.map(([, , algorithm = '']) => algorithm))].filter(
      name => name !== '',
    );
    const digits = (pick: (query: readonly string[]) => string | number) => queries.map(pick).join('');
    return joinSh([
      PRELUDE,
      sh`paths() { "$@" ${joinSh(
        queries.map(([path = '']) => hostPath(path)),
        ' ',
      )}; }`,
      sh`paths present; stats=$(paths chosen "$have" stats)$nl`,
      ...algorithms.map((name, i) =>
        checksums(
          i + 1,
          name,
          queries.filter(query => query[2] === name),
        ),
      ),
      sh`follow=${digits(query => (query[1] === 'follow' ? 'y' : 'n'))}`,
      sh`wishes=${digits(query => wishLetter(query[3] ?? ''))}`,
      sh`algorithms=${digits(query => algorithms.indexOf(query[2] ?? '') + 1)}`,
      sh`paths answer`,
    ]);
  },
};

/** One letter for each set of wishes: a is none, then bits 1 context, 2 flags, 4 mime, 8 empty. */
function wishLetter(wishes: string): string {
  const bits = WISHES.reduce<number>((sum, wish, i) => sum + (wishes.includes(wish) ? 2 ** i : 0), 0);
  return 'abcdefghijklmnop'.charAt(bits);
}

/** Hashes the files that want this algorithm in one process, and defines `takeN`, which hands out one sum after another. */
function checksums(index: number, algorithm: string, queries: readonly (readonly string[])[]): Sh {
  const command = `${algorithm}sum`;
  const define = sh`take${index}() {
  case $hashed${index} in
    y*) checksum=\${sums${index}%%"$nl"*} sums${index}=\${sums${index}#*"$nl"} ;;
    o*) checksum=$(${command} <"$1" 2>/dev/null) ;;
  esac
  hashed${index}=\${hashed${index}#?}
}
hashed${index}=$hashed; sums${index}=$(paths${index} chosen "$hashed" sums)$nl`;
  return joinSh([
    sh`paths${index}() { "$@" ${joinSh(
      queries.map(([path = '']) => hostPath(path)),
      ' ',
    )}; }`,
    sh`sum=${command}; followed=${queries.map(query => (query[1] === 'follow' ? 'y' : 'n')).join('')}`,
    sh`paths${index} summable`,
    define,
  ]);
}

// Names never pass through a text that is taken apart by lines: a line belongs to a path by its position alone.
// A name that sha1sum would escape is read from stdin, one process each.
const PRELUDE = sh`LC_ALL=C; export LC_ALL
nl='
'
us=$(printf '\037'); rs=$(printf '\036'); mask=$(umask)
format=${STAT_FORMAT}
chosen() {
  w=$1 do=$2; shift 2; n=$#
  for p do case $w in y*) set -- "$@" "$p" ;; esac; w=\${w#?}; done
  shift "$n"; [ "$#" = 0 ] || "$do" "$@"
}
present() {
  have=
  for p do if [ -e "$p" ] || [ -L "$p" ]; then have=\${have}y; else have=\${have}n; fi; done
}
stats() {
  if r=$(stat -c "$format" -- "$@" 2>/dev/null); then printf '%s\n' "$r"
  else for p do stat -c "$format" -- "$p" 2>/dev/null || echo; done; fi
}
summable() {
  hashed=
  for p do
    h=n
    if [ -f "$p" ] && [ -r "$p" ]; then case $followed in y*) h=y ;; *) [ -L "$p" ] || h=y ;; esac; fi
    case $h$p in y*"$nl"* | y*\\*) h=o ;; esac
    hashed=$hashed$h followed=\${followed#?}
  done
}
sums() {
  if r=$("$sum" -- "$@" 2>/dev/null); then printf '%s\n' "$r"
  else for p do "$sum" <"$p" 2>/dev/null || echo; done; fi
}
missing() {
  d=$1
  while :; do
    case $d in ?*/*) d=\${d%/*} ;; /*) d=/ ;; *) d=. ;; esac
    [ -e "$d" ] && break
  done
  a=; k=$2
  if [ -d "$d" ]; then a=d; [ -x "$d" ] || k=denied; fi
  printf %s "$k$us$1$us$mask$us$d$us$a$us$3"
}
bare() { case $1 in *"$us"* | *"$rs"*) ;; *) printf %s "$1" ;; esac; }
access() {
  [ -r "$1" ] && printf r
  [ -w "$1" ] && printf w
  [ -x "$1" ] && printf x
  case $2 in [ijklmnop]) ;; *) return ;; esac
  [ -d "$1" ] && [ -r "$1" ] || return
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do if [ -e "$c" ] || [ -L "$c" ]; then return; fi; done
  printf e
}
wish() {
  context= flags= mime= l=
  case $follow in y*) l=-L ;; esac
  case $1 in [bdfhjlnp]) [ -e /sys/fs/selinux/enforce ] && context=$(stat $l -c %C -- "$2" 2>/dev/null) ;; esac
  case $1 in [cdghklop]) [ -L "$2" ] || flags=$(lsattr -vd -- "$2" 2>/dev/null | { read -r v f _; printf %s "$v $f"; }) ;; esac
  case $1 in [efghmnop]) mime=$(file -b $l --mime-type --mime-encoding -- "$2" 2>/dev/null) ;; esac
}
found() {
  target= real=
  if [ -L "$1" ]; then
    target=$(readlink -- "$1" && echo .); target=$(bare "\${target%"$nl".}")
    if [ -e "$1" ]; then real=$(readlink -f -- "$1" && echo .); real=$(bare "\${real%"$nl".}"); fi
    case $follow in y*)
      if [ -e "$1" ]; then line=$(stat -L -c "$format" -- "$1" 2>/dev/null); else missing "$1" dangling "$target"; return; fi ;;
    esac
  fi
  wish "$2" "$1"
  printf %s "is$us$1$us$mask$us$line$us$target$us$real$us$(access "$1" "$2")$us$checksum$us$context$us$flags$us$mime"
}
answer() {
  for p do
    a=\${algorithms%"\${algorithms#?}"} w=\${wishes%"\${wishes#?}"} checksum=
    [ "$a" = 0 ] || "take$a" "$p"
    case $have in
      n*) missing "$p" missing '' ;;
      *) line=\${stats%%"$nl"*} stats=\${stats#*"$nl"}; found "$p" "$w" ;;
    esac
    have=\${have#?} follow=\${follow#?} wishes=\${wishes#?} algorithms=\${algorithms#?}
    printf %s "$rs"
  done
}`;
