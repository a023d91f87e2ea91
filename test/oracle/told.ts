/** What a tool tells of a run, in the one shape in which both are compared. */

export interface TaskTold {
  readonly task: string;
  readonly status: string;
  /** `label: status` for each round of a loop. */
  readonly items: readonly string[];
  /** What a register would get, without what differs from run to run. Undefined where a plan cannot know it. */
  readonly result: unknown;
}

type Result = Readonly<Record<string, unknown>>;

interface HostTold {
  readonly tasks: readonly TaskTold[];
  readonly recap: Readonly<Record<string, number>>;
}

export type Told = Readonly<Record<string, HostTold>>;

/** Ansible tells its callbacks of some tasks of roles with the role's name before it, of others without. */
export function withoutRole(task: string): string {
  return task.replace(/^\w+ : /, '');
}

export const RECAP = ['ok', 'changed', 'failed', 'unreachable', 'skipped', 'rescued', 'ignored'] as const;

/** What differs from run to run (times, process numbers, places on the disk), and what only one of the tools tells. */
const VOLATILE = new Set([
  ...['start', 'end', 'delta', 'atime', 'mtime', 'ctime', 'inode', 'dev', 'backup_file'],
  ...[
    'invocation',
    'diff',
    'warnings',
    'deprecations',
    'exception',
    'ansible_facts',
    'md5sum',
    'false_condition',
  ],
  ...['version', 'block_size', 'blocks', 'device_type'],
]);

/** Modules whose failures are told in the words of the playbook or the host; other errors we tell in words of our own. */
const SAME_WORDS = new Set(['assert', 'command', 'fail', 'shell']);

/** Of some modules: places that Ansible made for itself. */
const OWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  copy: ['src', 'path'],
  template: ['src', 'path'],
};

/** What a task's result says beside its status, as far as both can say the same: of most failures, nothing. */
export function steadyResult(module: string, status: string, result: Result): Result {
  const { results, failed: _failed, skipped: _skipped, ...rest } = result;
  if (Array.isArray(results))
    return { ...comparable(rest), results: results.map(round => ofRound(module, round)) };
  const failed = status === 'failed' || status === 'ignored';
  if (failed && !isWorded(module, rest)) return {};
  const told = Object.entries(comparable(rest)).filter(([key]) => !OWN_KEYS[module]?.includes(key));
  return module === 'debug' ? withText(Object.fromEntries(told)) : Object.fromEntries(told);
}

function ofRound(module: string, round: Result): Result {
  const { failed = false, skipped = false } = round;
  const about = typeof round.ansible_loop_var === 'string' ? round.ansible_loop_var : 'item';
  const told = steadyResult(module, failed === true ? 'failed' : 'ok', round);
  return { [about]: steady(round[about]), failed, skipped, ...told };
}

/** A number that an expression gives stays a number with us; Ansible makes it a text. */
function withText(result: Result): Result {
  return typeof result.msg === 'number' ? { ...result, msg: String(result.msg) } : result;
}

function isWorded(module: string, result: Result): boolean {
  return SAME_WORDS.has(module) && (!isCommand(module) || 'rc' in result);
}

function isCommand(module: string): boolean {
  return module === 'command' || module === 'shell';
}

function comparable(result: Result): Result {
  return Object.fromEntries(
    Object.entries(result)
      .filter(isSteady)
      .sort()
      .map(([key, item]) => [key, steady(item)]),
  );
}

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  return typeof value === 'object' && value !== null ? comparable({ ...value }) : value;
}

/** `failed: false` is told everywhere by us, and by Ansible not of loops. */
function isSteady([key, value]: readonly [string, unknown]): boolean {
  return !VOLATILE.has(key) && !key.startsWith('_ansible') && !(key === 'failed' && value === false);
}
