/**
 * The text of files on the host, for diffs. A batch costs one `sha1sum` for all files whose wanted content is known, and
 * `head` and `base64` for each file that is not so already.
 */
import type { Probe, ShellKind } from '../probe.ts';
import { look } from '../probe.ts';
import { joinSh, sh } from '../sh.ts';
import { hostPath } from './host-path.ts';

export interface FileContent {
  /** A regular file that may be read, links followed. */
  readonly exists: boolean;
  /** Null when there is no such file, it is larger than the limit, or no UTF-8 text. */
  readonly content: string | null;
  /** The file has the content that was named by `unless`; it was not read. */
  readonly same: boolean;
}

/** Bytes of a file that are worth showing as a diff. */
export const DIFF_LIMIT = 65_536;

/** The text of a file. @param unless a SHA-1: a file that has it already is not read */
export function fileContent(path: string, limit = DIFF_LIMIT, unless = ''): Probe<FileContent> {
  return look(contentKind, [path, String(limit), unless], parseContent(limit));
}

function parseContent(limit: number): (text: string) => FileContent {
  return text => {
    const kind = text.charAt(0);
    const bytes = Buffer.from(text.slice(1), 'base64');
    const readable = kind === 'c' && bytes.length <= limit;
    return { exists: kind !== '-', same: kind === '=', content: readable ? textOf(bytes) : null };
  };
}

/** The bytes of a file; null when there is no such file, undefined when it is larger than the limit. */
export function fileBytes(path: string, limit: number): Probe<Uint8Array | null | undefined> {
  return look(contentKind, [path, String(limit), ''], text => {
    if (text.startsWith('-')) return null;
    const bytes = Buffer.from(text.slice(1), 'base64');
    return bytes.length > limit ? undefined : bytes;
  });
}

/** Null for what is no text: a NUL byte, or no UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Kind `content`: [path, limit in bytes, SHA-1 of a content that need not be read, or nothing]. */
export const contentKind: ShellKind = {
  name: 'content',
  script: queries => {
    const known = queries.filter(([, , sum = '']) => sum !== '').map(([path = '']) => hostPath(path));
    const each = queries.map(
      ([path = '', limit = '', sum = '']) => sh`content ${hostPath(path)} ${limit} ${sum}`,
    );
    return joinSh([PRELUDE, sh`sums ${joinSh(known, ' ')}`, ...each]);
  },
};

// The order of the sums is the order of the calls with a sum: each takes the next line, if its file was hashed.
const PRELUDE = sh`LC_ALL=C; export LC_ALL
nl='
'
rs=$(printf '\036')
sums() {
  n=$# hashed=
  for p do if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; hashed=\${hashed}y; else hashed=\${hashed}n; fi; done
  shift "$n"; sums=
  [ "$#" = 0 ] && return
  if sums=$(sha1sum -- "$@" 2>/dev/null); then sums=$sums$nl
  else sums=; for p do sums=$sums$(sha1sum <"$p" 2>/dev/null)$nl; done; fi
  case "$*" in *"$nl"*) sums=; for p do sums=$sums$(sha1sum <"$p" 2>/dev/null)$nl; done ;; esac
}
content() {
  same=
  if [ -n "$3" ]; then
    case $hashed in y*)
      line=\${sums%%"$nl"*} sums=\${sums#*"$nl"}
      case $line in "$3"* | "\\$3"*) same=y ;; esac ;;
    esac
    hashed=\${hashed#?}
  fi
  if [ -n "$same" ]; then printf =
  elif [ -f "$1" ] && [ -r "$1" ]; then printf c; head -c "$(($2 + 1))" <"$1" 2>/dev/null | base64
  else printf -; fi
  printf %s "$rs"
}`;
