/** What a tool tells of a run, in the one shape in which both are compared. */

export interface TaskTold {
  readonly task: string;
  readonly status: string;
  /** `label: status` for each round of a loop. */
  readonly items: readonly string[];
  /** What a register would get, without what differs from run to run. */
  readonly result: unknown;
}

export interface HostTold {
  readonly tasks: readonly TaskTold[];
  readonly recap: Readonly<Record<string, number>>;
}

export type Told = Readonly<Record<string, HostTold>>;

export const RECAP = ['ok', 'changed', 'failed', 'unreachable', 'skipped', 'rescued', 'ignored'] as const;

/** Times, process numbers and places on the disk, and what only one of the tools tells. */
const VOLATILE = new Set([
  ...['start', 'end', 'delta', 'atime', 'mtime', 'ctime', 'inode', 'dev', 'backup_file'],
  ...['invocation', 'diff', 'warnings', 'deprecations', 'exception', 'ansible_facts', 'md5sum'],
]);

/** Keys sorted, volatile ones left out, everywhere below. */
export function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !VOLATILE.has(key) && !key.startsWith('_ansible'));
  return Object.fromEntries(kept.sort().map(([key, item]) => [key, steady(item)]));
}
