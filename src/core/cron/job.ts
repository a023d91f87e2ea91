/** What cron is to run: the command of a job, and why crontab cannot carry one. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { joinSh, type Sh, sh } from '../sh.ts';

/** What a job is found by. */
export interface JobName {
  /** Absolute. */
  readonly playbook: string;
  /** Tells several jobs of one playbook apart; '' for the only one. */
  readonly name: string;
}

export interface Job extends JobName {
  /** Five fields or an alias, as crontab has them. */
  readonly expression: string;
  /** Set in /etc/cron.d, where lines name their user. */
  readonly user?: string;
  readonly command: Sh;
}

/** The program that cron starts. Paths are absolute. */
export interface Program {
  readonly node: string;
  readonly cli: string;
  /** Where relative paths of inventories and variables begin. */
  readonly folder: string;
}

/** Of the user whom cron runs it as. */
export interface Places {
  /** Locks and copies of crontabs. */
  readonly state: string;
  readonly logs: string;
}

/** What a job hands to girofle-run. */
export interface Passed {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly extraVars: readonly string[];
}

/** cron cuts a longer command off without a word. */
const LONGEST_COMMAND = 998;

/** cron's own PATH lacks what administrators use. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @param flock false where the machine has no flock of util-linux: then a directory is the lock */
export function makeJob(
  name: JobName,
  expression: string,
  passed: Passed,
  program: Program,
  machine: { readonly where: Places; readonly user: string | undefined; readonly flock: boolean },
): Job {
  const { where, user, flock } = machine;
  const command = commandOf({
    ...program,
    args: ['run', name.playbook, ...passedOn(passed), '--output', 'plain'],
    state: `${where.state}/locks`,
    logs: where.logs,
    slug: slugOf(name),
    flock,
  });
  return { ...name, expression, command, ...(user === undefined ? {} : { user }) };
}

function passedOn({ inventory, extraVars, limit }: Passed): readonly string[] {
  return [
    ...inventory.flatMap(source => ['-i', source]),
    ...(limit === undefined ? [] : ['-l', limit]),
    ...extraVars.flatMap(vars => ['-e', vars]),
  ];
}

/** Names the lock and the log: readable, and not the same for two projects. */
export function slugOf({ playbook, name }: JobName): string {
  const base = basename(playbook)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^\w-]+/g, '-');
  const hash = createHash('sha256').update(playbook).digest('hex').slice(0, 6);
  return [base, ...(name === '' ? [] : [name]), hash].join('-');
}

/** What the command of a job is made of. */
export interface Work extends Program, Places {
  /** Arguments of girofle-run. */
  readonly args: readonly string[];
  /** Names the lock and the log. */
  readonly slug: string;
  readonly flock: boolean;
}

/** Runs the program unless its last run is still under way, and logs what it says by month. */
export function commandOf(work: Work): Sh {
  const { folder, node, cli, args, state, logs, slug } = work;
  const run = sh`${node} ${cli} ${args}`;
  const locked = work.flock
    ? sh`flock -n -o -E 5 ${`${state}/${slug}.lock`} ${run}`
    : byDirectory(`${state}/${slug}.lock.d`, run);
  return joinSh(
    [
      sh`cd ${folder}`,
      sh`export PATH=${PATH}`,
      sh`mkdir -p ${[...new Set([state, logs])]}`,
      sh`{ date; ${locked} || echo "ended with $? (5: another run is under way)"; } >>${`${logs}/${slug}`}-"$(date +%Y-%m)".log 2>&1`,
    ],
    ' && ',
  );
}

/** The owner is known by process, start time and boot, so that a dead one's lock is taken over. */
function byDirectory(lock: string, run: Sh): Sh {
  const started = sh`"$(cut -d ' ' -f 22 /proc/$p/stat 2>/dev/null; cat /proc/sys/kernel/random/boot_id)"`;
  return sh`( l=${lock}; p=$(cat "$l/pid" 2>/dev/null); [ -n "$p" ] && [ ${started} = "$(cat "$l/at")" ] && exit 5; rm -rf "$l"; mkdir "$l" || exit 5; p=$(exec sh -c 'echo $PPID'); echo ${started} >"$l/at"; echo $p >"$l/pid"; ${run}; c=$?; rm -rf "$l"; exit $c )`;
}

/** Why crontab cannot carry the job; undefined when it can. */
export function jobProblem({ command, playbook, name }: Job): string | undefined {
  const text = command.text;
  if (/[\n\r]/.test(`${text}${playbook}${name}`)) return 'a crontab line cannot hold a line break';
  if (/\\[\\%]/.test(text))
    return 'a crontab line cannot hold a backslash before a backslash or a percent sign';
  const length = Buffer.byteLength(escapePercent(text));
  return length > LONGEST_COMMAND
    ? `the command has ${length} bytes, and cron takes no more than ${LONGEST_COMMAND}`
    : undefined;
}

/** A percent sign is a line break to cron, but after a backslash. */
export function escapePercent(text: string): string {
  return text.replaceAll('%', '\\%');
}
