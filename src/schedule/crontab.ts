/**
 * Our part of a crontab: one marked block for each job, put in, replaced and taken out as bytes, so that what others wrote
 * stays as it was, whatever its encoding.
 */
import { joinSh, type Sh, sh } from '../core/sh.ts';

/** What a block is found by. */
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

export interface Block extends JobName {
  readonly expression: string;
}

/** What the command of a job is made of. Paths are absolute. */
export interface Work {
  /** Where relative paths begin. */
  readonly folder: string;
  readonly node: string;
  readonly cli: string;
  /** Arguments of girofle-run. */
  readonly args: readonly string[];
  /** Of locks. */
  readonly state: string;
  readonly logs: string;
  /** Names the lock and the log. */
  readonly slug: string;
  /** False where the machine has no flock of util-linux: then a directory is the lock. */
  readonly flock: boolean;
}

/** cron cuts a longer command off without a word. */
const LONGEST_COMMAND = 998;

/** cron's own PATH lacks what administrators use. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

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
function escapePercent(text: string): string {
  return text.replaceAll('%', '\\%');
}

/** The crontab with the job's block: where its block stood, or at the end. The same bytes when it is so already. */
export function putBlock(crontab: Uint8Array, job: Job): Uint8Array | BrokenBlock {
  const lines = linesOf(crontab);
  const place = find(lines, job);
  if (place instanceof BrokenBlock) return place;
  const block = blockLines(job);
  if (place) return bytesOf([...lines.slice(0, place.start), ...block, ...lines.slice(place.end + 1)]);
  const last = lines.at(-1);
  const ended = last === undefined || last.endsWith('\n') ? lines : [...lines.slice(0, -1), `${last}\n`];
  return bytesOf([...ended, ...block]);
}

/** The crontab without the job's block; the same bytes when there is none. */
export function takeBlock(crontab: Uint8Array, name: JobName): Uint8Array | BrokenBlock {
  const lines = linesOf(crontab);
  const place = find(lines, name);
  if (place instanceof BrokenBlock) return place;
  return place ? bytesOf([...lines.slice(0, place.start), ...lines.slice(place.end + 1)]) : crontab;
}

/** A block without its last line: somebody edited it, and what is ours cannot be told. */
export class BrokenBlock {
  /** Counts from 1. */
  readonly line: number;

  constructor(line: number) {
    this.line = line;
  }
}

const BEGIN = /^# BEGIN girofle "([^"\n]*)" (\/.*)\n?$/;

/** Every block of ours, in order; broken ones too. */
export function blocks(crontab: Uint8Array): readonly Block[] {
  const lines = linesOf(crontab);
  return lines.flatMap((line, i) => {
    const [, name, playbook] = BEGIN.exec(line) ?? [];
    if (name === undefined || playbook === undefined) return [];
    const schedule = lines.slice(i + 1).find(next => !next.startsWith('#')) ?? '';
    const [expression = ''] = /^(?:@\S+|\S+(?:\s+\S+){4})/.exec(schedule) ?? [];
    return [{ name: fromBytes(name), playbook: fromBytes(playbook), expression }];
  });
}

function blockLines(job: Job): readonly string[] {
  const user = job.user === undefined ? '' : `${job.user} `;
  return [
    begin(job),
    '# Written by girofle-run schedule install; schedule remove takes it away.\n',
    `${job.expression} ${user}${escapePercent(job.command.text)}\n`,
    end(job),
  ].map(toBytes);
}

const begin = ({ name, playbook }: JobName) => `# BEGIN girofle "${name}" ${playbook}\n`;
const end = ({ name, playbook }: JobName) => `# END girofle "${name}" ${playbook}\n`;

function find(
  lines: readonly string[],
  name: JobName,
): { readonly start: number; readonly end: number } | undefined | BrokenBlock {
  const start = lines.indexOf(toBytes(begin(name)));
  if (start < 0) return undefined;
  const rest = lines.slice(start + 1).findIndex(line => /^# (?:BEGIN|END) girofle /.test(line));
  const last = start + 1 + rest;
  const whole = rest >= 0 && lines[last]?.replace(/\n?$/, '\n') === toBytes(end(name));
  return whole ? { start, end: last } : new BrokenBlock(start + 1);
}

/** Lines with their line feed, a character for each byte. */
function linesOf(crontab: Uint8Array): readonly string[] {
  return (
    Buffer.from(crontab)
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

function bytesOf(lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.join(''), 'latin1');
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
