/** Makes of a command line the job that cron will run: when, and the words of its line. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Cron, parseCron } from '../core/cron/expression.ts';
import { type Job, jobProblem, makeJob } from '../core/cron/job.ts';
import type { Locale } from '../core/cron/messages.ts';
import { offset } from '../core/cron/offset.ts';
import type { CronSurvey, Table } from '../core/cron/tables.ts';
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Play } from '../core/play.ts';
import type { RunFlags } from './flags.ts';

/** What the command line says about a schedule. */
export interface JobFlags extends Pick<RunFlags, 'inventory' | 'extraVars' | 'limit'> {
  readonly cron?: string;
  readonly system?: boolean;
  readonly name?: string;
  readonly offsetMinutes?: number;
}

/** Nobody answers under cron. */
export function refuseQuestions(plays: readonly Play[], given: ReadonlySet<string>): void {
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
export function schedule(
  plays: readonly Play[],
  { cron, offsetMinutes = 0 }: JobFlags,
  locale: Locale,
): Cron {
  const written = cron ?? ownSchedule(plays);
  const parsed = checked(written, locale);
  const moved = offset(parsed, offsetMinutes);
  if (moved === undefined)
    throw new DiagnosticError(
      errorAt(
        `"${written}" cannot be moved by ${offsetMinutes} minutes: some of its times would pass the hour or the day, others not`,
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
  if (/\{[{%]/.test(first.value))
    throw new DiagnosticError(
      errorAt(
        'when it runs is a template, and is needed before a host is known',
        first.source.place(first.path),
        'give --cron',
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

/** Throws a DiagnosticError where crontab cannot carry it. */
export function jobOf(
  playbook: string,
  expression: string,
  flags: JobFlags,
  cli: string,
  { user, where, flock }: CronSurvey,
  table: Table,
): Job {
  const name = { playbook: resolve(playbook), name: flags.name ?? '' };
  const program = { node: process.execPath, cli: realpathSync(cli), folder: process.cwd() };
  const owner = table.name === 'system' ? user : undefined;
  const job = makeJob(name, expression, flags, program, { where, user: owner, flock });
  const problem = jobProblem(job);
  if (problem !== undefined)
    throw new DiagnosticError(errorAt(problem, undefined, 'put variables into a file: -e @file.yml'));
  return job;
}
