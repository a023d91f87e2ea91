/** `girofle-run schedule install`, `remove` and `list`: playbooks that cron runs. */
import { resolve } from 'node:path';
import { type Block, BrokenBlock, blocks, putBlock, takeBlock } from '../core/cron/crontab.ts';
import { type Cron, parseCron } from '../core/cron/expression.ts';
import { type JobName, slugOf } from '../core/cron/job.ts';
import { type Locale, messages } from '../core/cron/messages.ts';
import type { CronSurvey, Table } from '../core/cron/tables.ts';
import { DiagnosticError, headline } from '../core/diagnostic.ts';
import { nextTimes } from '../schedule/cron.ts';
import { jobWords } from '../schedule/job-words.ts';
import { warnings } from '../schedule/warnings.ts';
import { lookAtCron, writeTable } from './crontab-file.ts';
import type { RunFlags } from './flags.ts';
import { load } from './load.ts';
import { type JobFlags, jobOf, refuseQuestions, schedule } from './schedule-job.ts';

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
    const cron = schedule(plays, flags, options.locale);
    const { survey, table } = tableFor(flags);
    const job = jobOf(playbook, cron.text, flags, options.cli, survey, table);
    const before = table.content;
    const after = whole(putBlock(before, job), table);
    const words = jobWords[options.locale];
    const same = Buffer.compare(before, after) === 0;
    const known = blocks(before).some(block => isSame(block, job));
    if (!same) write(survey, table, after);
    options.write(
      `${same ? words.same(table.title) : known ? words.replaced(table.title) : words.installed(table.title)}\n`,
    );
    tell(cron, options);
    options.write(`${words.log}${survey.where.logs}/${slugOf(job)}-*.log\n`);
    return 0;
  });
}

/** 0, also when there was nothing to remove. */
export function removeJob(playbook: string, flags: JobFlags, options: JobOptions): Promise<number> {
  return guarded(options, () => {
    const name: JobName = { playbook: resolve(playbook), name: flags.name ?? '' };
    const { survey, table } = tableFor(flags);
    const words = jobWords[options.locale];
    const before = table.content;
    const after = whole(takeBlock(before, name), table);
    if (after.length !== before.length) {
      write(survey, table, after);
      options.write(`${words.removed(table.title)}\n`);
      return 0;
    }
    options.write(`${words.notThere(table.title)}\n`);
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
    const { user, system } = lookAtCron().tables;
    for (const { readable, problem = '' } of [user, system]) if (!readable) throw new Untouchable(problem);
    const rows = [user, system].flatMap(table =>
      blocks(table.content).map(block => rowOf(block, table, options)),
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

function rowOf(block: Block, { title }: Table, { now, locale }: JobOptions): readonly string[] {
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

function tableFor({ system }: JobFlags): { readonly survey: CronSurvey; readonly table: Table } {
  const survey = lookAtCron();
  const table = survey.tables[system === true ? 'system' : 'user'];
  if (table.problem === undefined) return { survey, table };
  throw new Untouchable(`${table.problem}${table.hint === undefined ? '' : ` (${table.hint})`}`);
}

function write(survey: CronSurvey, table: Table, content: Uint8Array): void {
  try {
    writeTable(survey, table, content);
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

function whole(changed: Uint8Array | BrokenBlock, { title }: Table): Uint8Array {
  if (!(changed instanceof BrokenBlock)) return changed;
  throw new Untouchable(`${changed.sentence(title)} (mend or delete it by hand: crontab -e)`);
}

function isSame(a: JobName, b: JobName): boolean {
  return a.playbook === b.playbook && a.name === b.name;
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
