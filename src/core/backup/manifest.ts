/** What a backup says of itself: manifest.json and files.jsonl, beside data, config and log in `bckups/<date>`. */
import type { ValueMap } from '../value.ts';

/** A moment by both clocks, so that a clock set back is seen. */
export interface Moment {
  /** ISO 8601, UTC. */
  readonly utc: string;
  /** Seconds since the host started (/proc/uptime). */
  readonly uptime: number;
}

export interface Manifest {
  readonly format: 1;
  /** Eight hex digits, also in the names of the staging folder and the journal. */
  readonly id: string;
  /** The folder's name: `2026-11-22T08-48-00Z`, the moment at which the instance stood still. */
  readonly date: string;
  readonly instance: number;
  readonly container: string;
  /** The host's own name. */
  readonly host: string;
  readonly started: Moment;
  readonly finished: Moment;
  readonly image: { readonly reference: string; readonly id: string; readonly digests: readonly string[] };
  /** `disk`: data/gitlab-rails/VERSION; `release`: the image's version by its tag or label; edition ce, ee or ''. */
  readonly gitlab: { readonly disk: string; readonly release: string; readonly edition: string };
  /** Major version, from PG_VERSION; '' without PostgreSQL. */
  readonly postgresql: string;
  /** As `uname -m` says it. */
  readonly architecture: string;
  /** The container as it was created; values of secret-looking variables are replaced by `sha256:<hash>`. */
  readonly configuration: ValueMap;
  readonly consistency: 'pause' | 'stop' | 'snapshot';
  /** Seconds during which the instance stood still. */
  readonly pause: number;
  readonly rsync: { readonly version: string; readonly hot: number; readonly frozen: number };
  /** git's lock files in the frozen copy: a restore removes them. Relative to the backup's folder. */
  readonly locks: readonly string[];
  /** What was left out on purpose (sockets, pid files). */
  readonly excluded: readonly string[];
  readonly totals: {
    readonly files: number;
    readonly directories: number;
    readonly links: number;
    readonly bytes: number;
  };
  /** Date of the backup that unchanged files are linked to; '' for none. */
  readonly previous: string;
  /** Of files.jsonl. */
  readonly files: { readonly sha256: string; readonly lines: number };
}

/** A line of files.jsonl, sorted by path (bytewise). */
export interface FileEntry {
  /** Relative to the backup's folder: `data/postgresql/PG_VERSION`. Bytes that are no UTF-8 or are control characters are written \\xNN, a backslash \\\\. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'fifo' | 'char' | 'block';
  /** Octal digits, four or five. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file. */
  readonly size?: number;
  /** Seconds, a point, nine digits. */
  readonly mtime: string;
  /** Of a file's content. */
  readonly sha256?: string;
  /** Of a link, written as `path` is. */
  readonly target?: string;
  /** Files with one number are one file (hard links). */
  readonly group?: number;
  /** SHA-256 of `getfattr -d -m - --absolute-names` without its first line; left out when there are none. */
  readonly xattrs?: string;
}

/** A date that sorts: `2026-11-22T08-48-00Z`. */
export const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z$/;

/** As the original scripts named them: `22-11-2026-time-08-48-00`. Listed, restored with --unverified only. */
export const OLD_DATE = /^\d{2}-\d{2}-\d{4}-time-/;

/** The three volumes, in the host's words. */
export const VOLUMES = ['data', 'config', 'log'] as const;

/** Milliseconds since the epoch of a backup's date. */
export function timeOf(date: string): number {
  return Date.parse(date.replace(/T(\d{2})-(\d{2})-(\d{2})Z$/, 'T$1:$2:$3Z'));
}

/** The name for a moment, whole seconds. */
export function dateOf(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
}
