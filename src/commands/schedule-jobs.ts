/** `girofle-run schedule install`, `remove` and `list`: playbooks that cron runs. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { DiagnosticError, errorAt, headline } from '../core/diagnostic.ts';
import type { Play } from '../core/play.ts';
import { type Cron, nextTimes, parseCron } from '../schedule/cron.ts';
import {
  type Block,
  BrokenBlock,
  blocks,
  commandOf,
  type Job,
  type JobName,
  jobProblem,
  putBlock,
  takeBlock,
} from '../schedule/crontab.ts';
import { jobWords } from '../schedule/job-words.ts';
import { type Locale, messages } from '../schedule/messages.ts';
import { offset } from '../schedule/offset.ts';
import { warnings } from '../schedule/warnings.ts';
import { type CrontabFile, type Places, places, systemCrontab, userCrontab } from './crontab-file.ts';
import type { RunFlags } from './flags.ts';
import { load } from './load.ts';

/** What the command line says about a schedule. */
export interface JobFlags extends Pick<RunFlags, 'inventory' | 'extraVars' | 'limit'> {
  readonly cron?: string;
  readonly system?: boolean;
  readonly name?: string;
  readonly offsetMinutes?: number;
}

export interface JobOptions {
  readonly now: Date;
  readonly locale: Locale;
  /** Takes whole lines, newline included. */
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
  /** The program as it was started. */
  readonly cli: string;
}

/** 0 when the job is in place, 4 when it would not work (nothing is touched), 1 when the crontab cannot be had. */
export function installJob(playbook: string, flags: JobFlags, options: JobOptions): Promise<number> {
  return guarded(options, async () => {
    const { extra, playbooks, warnings: doubts } = await load([playbook], runFlags(flags));
    for (const doubt of doubts) options.complain(`${headline(doubt)}\n`);
    const plays = playbooks.flatMap(each => each.plays);
    refuseQuestions(plays, new Set(Object.keys(extra.values)));
    const cron = schedule(plays, flags, options);
    const where = places();
    const file = crontabOf(flags, where);
    const job = jobOf(playbook, cron.text, flags, { options, where, user: file.user });
    const before = touching(() => file.read());
    const after = whole(putBlock(before, job), file);
    const words = jobWords[options.locale];
    const same = Buffer.compare(before, after) === 0;
    const known = blocks(before).some(block => isSame(block, job));
    if (!same) touching(() => file.write(after));
    options.write(
      `${same ? words.same(file.title) : known ? words.replaced(file.title) : words.installed(file.title)}\n`,
    );
    tell(cron, options);
    options.write(`${words.log}${where.logs}/${slugOf(job)}-*.log\n`);
    return 0;
  });
}

/** 0, also when there was nothing to remove. */
export function removeJob(playbook: string, flags: JobFlags, options: JobOptions): Promise<number> {
  return guarded(options, () => {
    const name: JobName = { playbook: resolve(playbook), name: flags.name ?? '' };
    const file = crontabOf(flags, places());
    const words = jobWords[options.locale];
    const before = touching(() => file.read());
    const after = whole(takeBlock(before, name), file);
    if (after.length !== before.length) {
      touching(() => file.write(after));
      options.write(`${words.removed(file.title)}\n`);
      return 0;
    }
    options.write(`${words.notThere(file.title)}\n`);
    const others = blocks(before).filter(
      block => block.playbook === name.playbook && block.name !== name.name,
    );
    if (others.length > 0)
      options.write(`${words.named(others.map(other => `--name ${other.name}`).join(', '))}\n`);
    return 0;
  });
}

/** Every job of ours in the user's crontab and in /etc/cron.d, a line each: expression, playbook, where, next time. */
export function listJobs(options: JobOptions): Promise<number> {
  return guarded(options, () => {
    const where = places();
    const rows = [userCrontab(where), systemCrontab(where)].flatMap(file =>
      blocks(touching(() => file.read())).map(block => rowOf(block, file, options)),
    );
    const widths = [0, 1, 2].map(i => Math.max(0, ...rows.map(row => row[i]?.length ?? 0)));
    const lines = rows.map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    options.write(
      lines.length === 0 ? `${jobWords[options.locale].none}\n` : lines.map(line => `${line}\n`).join(''),
    );
    return 0;
  });
}

function rowOf(block: Block, { title }: CrontabFile, { now, locale }: JobOptions): readonly string[] {
  const words = jobWords[locale];
  const parsed = parseCron(block.expression, locale);
  const [next] = 'cron' in parsed ? nextTimes(parsed.cron, now, 1) : [];
  const when =
    'problem' in parsed
      ? parsed.problem
      : next
        ? `${words.next}${next.toISOString()}`
        : messages[locale].atStart;
  return [
    block.expression,
    block.name === '' ? block.playbook : `${block.playbook} (${block.name})`,
    title,
    when,
  ];
}

/** The machine's own refusals, told from mistakes in the input: those end with 1. */
class Untouchable extends Error {}

function touching<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    throw new Untouchable(error.message);
  }
}

async function guarded({ complain }: JobOptions, act: () => number | Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DiagnosticError || error instanceof Untouchable)) throw error;
    complain(`${error.message}\n`);
    return error instanceof Untouchable ? 1 : 4;
  }
}

function crontabOf({ system }: JobFlags, where: Places): CrontabFile {
  return system === true ? systemCrontab(where) : userCrontab(where);
}

function whole(changed: Uint8Array | BrokenBlock, { title }: CrontabFile): Uint8Array {
  if (!(changed instanceof BrokenBlock)) return changed;
  throw new Untouchable(
    `${title}:${changed.line}: the block that begins here has lost its END line (mend or delete it by hand: crontab -e)`,
  );
}

function isSame(a: JobName, b: JobName): boolean {
  return a.playbook === b.playbook && a.name === b.name;
}

/** Nobody answers under cron. */
function refuseQuestions(plays: readonly Play[], given: ReadonlySet<string>): void {
  const open = plays
    .flatMap(play => play.varsPrompt)
    .filter(({ name, default: answer }) => answer === undefined && !given.has(name));
  if (open.length > 0)
    throw new DiagnosticError(
      open.map(({ name }) =>
        errorAt(
          `the playbook asks for ${name}, and nobody answers under cron`,
          undefined,
          `give -e ${name}=...`,
        ),
      ),
    );
}

/** --cron, or what the playbook says, moved by --offset-minutes. */
function schedule(
  plays: readonly Play[],
  { cron, offsetMinutes = 0 }: JobFlags,
  { locale }: JobOptions,
): Cron {
  const written = cron ?? ownSchedule(plays);
  const parsed = checked(written, locale);
  const moved = offset(parsed, offsetMinutes);
  if (moved === undefined)
    throw new DiagnosticError(
      errorAt(
        `"${written}" cannot be moved by ${offsetMinutes} minutes: it would pass the hour`,
        undefined,
        'give --cron',
      ),
    );
  return moved === parsed.text ? parsed : checked(moved, locale);
}

function checked(expression: string, locale: Locale): Cron {
  const parsed = parseCron(expression, locale);
  if ('cron' in parsed) return parsed.cron;
  throw new DiagnosticError(errorAt(`"${expression}": ${parsed.problem}`, undefined, parsed.hint));
}

function ownSchedule(plays: readonly Play[]): string {
  const written = plays.flatMap(({ schedule: own }) => (own ? [own] : []));
  const [first] = written;
  const other = written.find(({ value }) => value !== first?.value);
  if (first === undefined)
    throw new DiagnosticError(
      errorAt(
        'the playbook does not say when it runs',
        undefined,
        "give --cron '0 */4 * * *', or write schedule: in a play",
      ),
    );
  if (other !== undefined)
    throw new DiagnosticError(
      errorAt(
        `one play says ${first.value}, another ${other.value}`,
        other.source.place(other.path),
        'a playbook is run as one: give --cron',
      ),
    );
  return first.value;
}

function jobOf(
  playbook: string,
  expression: string,
  flags: JobFlags,
  { options, where, user }: { options: JobOptions; where: Places; user: string | undefined },
): Job {
  const path = resolve(playbook);
  const name = { playbook: path, name: flags.name ?? '' };
  const command = commandOf({
    folder: process.cwd(),
    node: process.execPath,
    cli: realpathSync(options.cli),
    args: ['run', path, ...passedOn(flags), '--output', 'plain'],
    state: `${where.state}/locks`,
    logs: where.logs,
    slug: slugOf(name),
    flock: /util-linux/.test(String(spawnSync('flock', ['--version']).stdout)),
  });
  const job: Job = { ...name, expression, command, ...(user === undefined ? {} : { user }) };
  const problem = jobProblem(job);
  if (problem !== undefined)
    throw new DiagnosticError(errorAt(problem, undefined, 'put variables into a file: -e @file.yml'));
  return job;
}

function passedOn({ inventory, extraVars, limit }: JobFlags): readonly string[] {
  return [
    ...inventory.flatMap(source => ['-i', source]),
    ...(limit === undefined ? [] : ['-l', limit]),
    ...extraVars.flatMap(vars => ['-e', vars]),
  ];
}

/** Names the lock and the log: readable, and not the same for two projects. */
function slugOf({ playbook, name }: JobName): string {
  const base = basename(playbook)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^\w-]+/g, '-');
  const hash = createHash('sha256').update(playbook).digest('hex').slice(0, 6);
  return [base, ...(name === '' ? [] : [name]), hash].join('-');
}

function tell(cron: Cron, { locale, now, write, complain }: JobOptions): void {
  const words = jobWords[locale];
  for (const { message, hint } of warnings(cron, locale))
    complain(`${words.warning}${message}${hint === undefined ? '' : ` (${hint})`}\n`);
  const [next] = nextTimes(cron, now, 1);
  write(`${words.next}${next ? next.toISOString() : messages[locale].atStart}\n`);
}

function runFlags({ inventory, extraVars, limit }: JobFlags): RunFlags {
  return {
    inventory,
    extraVars,
    ...(limit === undefined ? {} : { limit }),
    tags: [],
    skipTags: [],
    forks: 1,
    verbose: 0,
  };
}
