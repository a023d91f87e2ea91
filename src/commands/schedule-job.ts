/** Makes of a command line the job that cron will run: when, and the words of its line. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Play } from '../core/play.ts';
import { type Cron, parseCron } from '../schedule/cron.ts';
import { commandOf, type Job, type JobName, jobProblem } from '../schedule/crontab.ts';
import type { Locale } from '../schedule/messages.ts';
import { offset } from '../schedule/offset.ts';
import type { Places } from './crontab-file.ts';
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
  { cli, where, user }: { cli: string; where: Places; user: string | undefined },
): Job {
  const path = resolve(playbook);
  const name = { playbook: path, name: flags.name ?? '' };
  const command = commandOf({
    folder: process.cwd(),
    node: process.execPath,
    cli: realpathSync(cli),
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
export function slugOf({ playbook, name }: JobName): string {
  const base = basename(playbook)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^\w-]+/g, '-');
  const hash = createHash('sha256').update(playbook).digest('hex').slice(0, 6);
  return [base, ...(name === '' ? [] : [name]), hash].join('-');
}
