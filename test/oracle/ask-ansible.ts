/** Runs a topic by ansible-playbook, with a callback of ours that writes down what it reports. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder } from '../engine/rig.ts';
import { steadyResult, type TaskTold, type Told, withoutRole } from './told.ts';
import type { Call, Topic } from './topics.ts';

const CALLBACKS = fileURLToPath(new URL('./callback', import.meta.url));

export const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;

interface Line {
  readonly type: 'task' | 'item' | 'recap';
  readonly host: string;
  readonly task: string;
  readonly action: string;
  readonly status: string;
  readonly ignored: boolean;
  readonly label: unknown;
  readonly result: Readonly<Record<string, unknown>>;
  readonly hosts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Rejects when it ended without a recap: a playbook that it did not even start. */
export async function askAnsible(topic: Topic, call: Call, root: string): Promise<Told> {
  const place = folder();
  const record = join(place, 'record');
  const said = await execute(
    argumentsOf(topic, call, root),
    environment(place, record),
    dirname(topic.playbook),
  );
  const lines = readLines(record);
  const recap = lines.find(({ type }) => type === 'recap');
  if (recap === undefined) throw new Error(`ansible-playbook ended early in ${topic.name}: ${said}`);
  return Object.fromEntries(
    topic.hosts.map(host => [host, { tasks: tasksOf(host, lines), recap: recapOf(recap.hosts[host]) }]),
  );
}

/** None when it stopped before anything was reported. */
function readLines(record: string): readonly Line[] {
  if (!existsSync(record)) return [];
  const lines = readFileSync(record, 'utf8').split('\n');
  return lines.filter(line => line !== '').map(line => JSON.parse(line));
}

function argumentsOf({ playbook, inventory }: Topic, call: Call, root: string): string[] {
  const { tags, skip_tags: skipTags, start_at_task: start, check } = call;
  return [
    ...['-i', inventory, '-e', JSON.stringify(extraVars(call, root))],
    ...(tags ? ['--tags', tags.join(',')] : []),
    ...(skipTags ? ['--skip-tags', skipTags.join(',')] : []),
    ...(start ? ['--start-at-task', start] : []),
    ...(check ? ['--check'] : []),
    playbook,
  ];
}

/** Each case has its own folder, `dir`; `root` holds them all. */
export function extraVars({ extra }: Call, root: string): Record<string, unknown> {
  return { root, dir: `${root}/{{ inventory_hostname }}`, ...extra };
}

function environment(place: string, record: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LC_ALL: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    ORACLE_RECORD: record,
    ANSIBLE_CONFIG: join(place, 'none.cfg'),
    ANSIBLE_CALLBACK_PLUGINS: CALLBACKS,
    ANSIBLE_STDOUT_CALLBACK: 'record',
    ANSIBLE_HOME: place,
    ANSIBLE_NOCOWS: '1',
    ANSIBLE_LOCAL_TEMP: join(place, 'local'),
    ANSIBLE_REMOTE_TEMP: join(place, 'remote'),
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  };
}

function execute(args: string[], env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  return new Promise(resolve => {
    const child = execFile('ansible-playbook', args, { env, cwd, maxBuffer: 1e8 }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    child.stdin?.end();
  });
}

/** Rounds come before the task that they belong to. What is no task of a module is not told, but for includes left out. */
function tasksOf(host: string, lines: readonly Line[]): readonly TaskTold[] {
  const own = lines.filter(line => line.host === host && line.action !== 'meta');
  const tasks = own.flatMap((line, i) =>
    line.type === 'task' ? [{ line, items: roundsBefore(own.slice(0, i)) }] : [],
  );
  return tasks
    .filter(({ line }) => !(/include_(?:tasks|role)$/.test(line.action) && line.status === 'ok'))
    .map(({ line: { task, action, status, ignored, result }, items }) => ({
      task: withoutRole(bare(task)),
      status: ignored ? 'ignored' : status,
      items,
      result: steadyResult(bare(action), ignored ? 'ignored' : status, result),
    }));
}

/** The name of a module, without that of its collection. */
function bare(name: string): string {
  return name.replace(/^ansible\.(?:builtin|legacy)\./, '');
}

function roundsBefore(lines: readonly Line[]): readonly string[] {
  const since = lines.slice(lines.findLastIndex(({ type }) => type !== 'item') + 1);
  return since.map(
    ({ label, status }) => `${typeof label === 'string' ? label : JSON.stringify(label)}: ${status}`,
  );
}

function recapOf(counts: Readonly<Record<string, number>> = {}): Record<string, number> {
  const {
    failures = 0,
    ok = 0,
    changed = 0,
    unreachable = 0,
    skipped = 0,
    rescued = 0,
    ignored = 0,
  } = counts;
  return { ok, changed, failed: failures, unreachable, skipped, rescued, ignored };
}
