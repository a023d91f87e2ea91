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

/** What differs from run to run (times, process numbers, places on the disk), and what only one of the tools tells. */
const VOLATILE = new Set([
  ...['start', 'end', 'delta', 'atime', 'mtime', 'ctime', 'inode', 'dev', 'backup_file'],
  ...['invocation', 'diff', 'warnings', 'deprecations', 'exception', 'ansible_facts', 'md5sum', 'false_condition'],
]);

/** Modules whose failures are told in the words of the playbook or the host; other errors we tell in words of our own. */
const SAME_WORDS = new Set(['assert', 'command', 'fail', 'shell']);

/** What a task's result says beside its status, as far as both can say the same: of most failures, nothing. */
export function steadyResult(module: string, result: Readonly<Record<string, unknown>>): unknown {
  const { results, failed, skipped, ...rest } = result;
  if (Array.isArray(results)) return { ...comparable(rest), results: results.map(round => ofRound(module, round)) };
  return failed === true && !isWorded(module, rest) ? {} : comparable(rest);
}

function ofRound(module: string, round: Readonly<Record<string, unknown>>): unknown {
  const { failed = false, skipped = false } = round;
  const about = typeof round['ansible_loop_var'] === 'string' ? round['ansible_loop_var'] : 'item';
  const told = steadyResult(module, round);
  return { [about]: round[about], failed, skipped, ...(typeof told === 'object' ? told : {}) };
}

function isWorded(module: string, result: Readonly<Record<string, unknown>>): boolean {
  return SAME_WORDS.has(module) && (!isCommand(module) || 'rc' in result);
}

function isCommand(module: string): boolean {
  return module === 'command' || module === 'shell';
}

function comparable(result: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(result).filter(isSteady).sort().map(([key, item]) => [key, steady(item)]));
}

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  return typeof value === 'object' && value !== null ? comparable({ ...value }) : value;
}

function isSteady([key]: readonly [string, unknown]): boolean {
  return !VOLATILE.has(key) && !key.startsWith('_ansible');
}
