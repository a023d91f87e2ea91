/**
 * The state of everything below a folder of the host. Costs one `find`, a `stat` for each few thousand entries, and as
 * much again for the checksums when they are asked for; entries whose names hold control characters are looked at in a
 * second pass, their names in hexadecimal, so that no name can be taken for another.
 */
import type { Probe, ShellKind } from '../probe.ts';
import { look } from '../probe.ts';
import type { Sh } from '../sh.ts';
import { joinSh, sh } from '../sh.ts';
import { hostPath } from './host-path.ts';
import type { StatLine } from './stat-line.ts';
import { parseStat, STAT_FORMAT } from './stat-line.ts';

export interface TreeState extends StatLine {
  /** Below the folder, with `/`. */
  readonly relative: string;
  /** SHA-1 of a regular file, when it was asked for and may be read. */
  readonly sha1?: string;
  /** What a link says. */
  readonly target?: string;
}

export interface TreeOptions {
  /** Go through links, and tell what they point to. */
  readonly follow?: boolean;
  readonly checksums?: boolean;
}

/** Everything below a folder, without itself; empty when there is no such folder. */
export function treeState(path: string, options: TreeOptions = {}): Probe<readonly TreeState[]> {
  const query = [path, options.follow ? 'follow' : '', options.checksums ? 'sha1' : ''];
  return look(treeKind, query, parseTree);
}

function parseTree(text: string): readonly TreeState[] {
  const [root = '', lines = '', odd = '', sums = '', targets = ''] = text.split('\x1d');
  const named = (line: string): [string, string] => {
    const space = line.indexOf('\t');
    return [line.slice(0, space), line.slice(space + 1)];
  };
  const hashes = new Map(
    rows(sums).map(row => [row.slice(66 - 24).replace(/^ ?[ *]?/, ''), row.slice(0, 40)] as const),
  );
  const links = new Map(
    rows(targets)
      .map(row => named(row))
      .map(([target, name]) => [name, target] as const),
  );
  const plain = rows(lines).map(named);
  const strange = rows(odd)
    .map(row => named(row))
    .map(([stat, hex]) => [stat, fromHex(hex)] as [string, string]);
  return [...plain, ...strange].flatMap(([line, name]) => {
    const stat = parseStat(line);
    if (stat === undefined) return [];
    const relative = name.slice(root.length).replace(/^\/+/, '');
    const sha1 = hashes.get(name);
    const target = links.get(name);
    return [
      {
        ...stat,
        relative,
        ...(sha1 === undefined ? {} : { sha1 }),
        ...(target === undefined ? {} : { target }),
      },
    ];
  });
}

function rows(text: string): readonly string[] {
  return text.split('\n').filter(row => row !== '');
}

function fromHex(hex: string): string {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex').toString('utf8');
}

/** Kind `tree`: [folder, `follow` or nothing, `sha1` or nothing]. */
export const treeKind: ShellKind = {
  name: 'tree',
  script: queries => joinSh([PRELUDE, ...queries.map(query)]),
};

function query([path = '', follow = '', sha1 = '']: readonly string[]): Sh {
  return sh`tree ${hostPath(path)} ${follow === '' ? '' : '-L'} ${sha1 === '' ? '' : 'y'}`;
}

const PRELUDE = sh`LC_ALL=C; export LC_ALL
gs=$(printf '\035'); rs=$(printf '\036'); tab=$(printf '\t')
format=${STAT_FORMAT}
tree() {
  if [ -d "$1" ]; then
    top=$1; [ "$1" = / ] || top=$1/
    all() { l=$1; shift; find $l "$top" -mindepth 1 "$@" 2>/dev/null; }
    printf %s "$top$gs"
    kept='! -path *[[:cntrl:]]*'; set -f
    if [ -n "$2" ]; then real='! -type l'; else real=; fi
    all "$2" $kept $real -exec stat $2 -c "$format$tab%n" -- {} +
    printf %s "$gs"
    all "$2" -path '*[[:cntrl:]]*' $real -exec sh -c 'l=$1 f=$2; shift 2; for p do
      printf "%s\t" "$(stat $l -c "$f" -- "$p")"; printf %s "$p" | od -An -v -tx1 | tr -d "\n"; echo; done' sh "$2" "$format" {} +
    printf %s "$gs"
    [ -z "$3" ] || all "$2" $kept ! -name '*\\*' -type f -exec sha1sum -- {} +
    printf %s "$gs"
    [ -n "$2" ] || all "" $kept -type l -exec sh -c 'for p do
      t=$(readlink -- "$p"); case $t in *[[:cntrl:]]*) ;; *) printf "%s\t%s\n" "$t" "$p" ;; esac; done' sh {} +
    set +f
  fi
  printf %s "$rs"
}`;
