/** One line of `stat -c`, in a format that coreutils and busybox print alike, and what it says. */

/** The format; it holds no quote. Names of users and groups stand last: they may hold blanks, but no colon. */
export const STAT_FORMAT = '%f %u %g %s %i %d %h %X %Y %Z|%x|%y|%z|%U:%G';

export type FileType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'char' | 'block';

export interface StatLine {
  readonly type: FileType;
  /** Permission bits, as four octal digits or more: `0644`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Names, or the numbers when nobody has them. */
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly inode: number;
  readonly dev: number;
  readonly nlink: number;
  /** Seconds since 1970, with a fraction where the host tells it. */
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
}

const LINE =
  /^([0-9a-f]+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (-?\d+) (-?\d+) (-?\d+)\|([^|]*)\|([^|]*)\|([^|]*)\|([^:]*):([^:]*)$/;

const TYPES: Readonly<Record<number, FileType>> = {
  1: 'fifo',
  2: 'char',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
};

/** Undefined for what is no such line. */
export function parseStat(line: string): StatLine | undefined {
  const match = LINE.exec(line.trimEnd());
  if (match === null) return undefined;
  const [
    ,
    raw = '',
    uid = '',
    gid = '',
    size,
    inode,
    dev,
    nlink,
    x,
    y,
    z,
    xText,
    yText,
    zText,
    owner = '',
    group = '',
  ] = match;
  const bits = Number.parseInt(raw, 16);
  return {
    type: TYPES[bits >> 12] ?? 'file',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    uid: Number(uid),
    gid: Number(gid),
    owner: owner === 'UNKNOWN' || owner === '' ? uid : owner,
    group: group === 'UNKNOWN' || group === '' ? gid : group,
    size: Number(size),
    inode: Number(inode),
    dev: Number(dev),
    nlink: Number(nlink),
    atime: withFraction(x, xText),
    mtime: withFraction(y, yText),
    ctime: withFraction(z, zText),
  };
}

/** The fraction stands in the readable form only: `2026-11-23 08:08:21.108955458 +0000`. */
function withFraction(seconds = '0', readable = ''): number {
  const fraction = /:\d\d\.(\d+)/.exec(readable)?.[1];
  return Number(fraction === undefined ? seconds : `${seconds}.${fraction}`);
}
