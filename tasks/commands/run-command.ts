/** Commands that users write, as the modules command and shell run them: arguments, script, and what is registered. */
import { Type } from 'typebox';
import { Flag } from '../../src/core/args.ts';
import type { Probe } from '../../src/core/probe.ts';
import { all, known } from '../../src/core/probe.ts';
import { anyMatch } from '../../src/core/probes/glob.ts';
import { hostPath } from '../../src/core/probes/host-path.ts';
import type { Sh } from '../../src/core/sh.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import type { PlanContext } from '../../src/core/task-module.ts';
import type { Value } from '../../src/core/value.ts';

const optional = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));

/** Arguments that command and shell share. */
export const commandArgs = {
  chdir: optional('Directory to run it in'),
  creates: optional('A path or pattern: the command does not run when something matches'),
  removes: optional('A path or pattern: the command does not run when nothing matches'),
  stdin: Type.Optional(Type.String({ description: 'Text for its standard input; by default there is none' })),
  stdin_add_newline: Flag('End that text with a newline', true),
  strip_empty_ends: Flag('Take empty lines from the end of what is registered as its output', true),
};

export interface CommandArgs {
  readonly chdir?: string;
  readonly creates?: string;
  readonly removes?: string;
  readonly stdin?: string;
  readonly stdin_add_newline: boolean;
  readonly strip_empty_ends: boolean;
}

/** What `register` gets, for the reference. */
export const commandReturns = {
  rc: 'Exit code',
  'stdout, stderr': 'What it printed',
  'stdout_lines, stderr_lines': 'The same, line by line',
  cmd: 'The command',
  'start, end, delta': 'When it ran, and how long',
};

export interface CommandSeen {
  readonly created: boolean;
  readonly toRemove: boolean;
}

export function checkCommand({ stdin }: CommandArgs): readonly string[] {
  return stdin?.includes('\0') ? ['stdin cannot hold a NUL character'] : [];
}

export function lookAtMarks({ creates, removes, chdir }: CommandArgs): Probe<CommandSeen> {
  return all({
    created: creates === undefined ? known(false) : anyMatch(creates, chdir),
    toRemove: removes === undefined ? known(true) : anyMatch(removes, chdir),
  });
}

/** Why the command need not run: the mark, and what is true of it. */
function reason(
  { creates, removes }: CommandArgs,
  { created, toRemove }: CommandSeen,
): [string, string] | undefined {
  if (created) return [creates ?? '', 'exists'];
  return toRemove ? undefined : [removes ?? '', 'does not exist'];
}

/** @param run shell text that runs the command and ends with its exit code */
export function commandSteps(args: CommandArgs, seen: CommandSeen, say: string, run: Sh): readonly Step[] {
  if (reason(args, seen) !== undefined) return [];
  const text = joinSh([...(args.chdir === undefined ? [] : [enter(args.chdir)]), fed(args, run)]);
  return [{ say, streams: true, action: { kind: 'script', text, success: 'any' } }];
}

function enter(folder: string): Sh {
  const problem = `Unable to change directory before execution: ${folder}`;
  return sh`cd -- ${hostPath(folder)} 2>/dev/null || { printf '%s\n' ${problem} >&2; exit 1; }`;
}

/** The shell's own printf feeds it: the text is in no command line and no file. */
function fed({ stdin, stdin_add_newline }: CommandArgs, run: Sh): Sh {
  if (stdin === undefined) return run;
  return sh`printf %s ${stdin_add_newline ? `${stdin}\n` : stdin} | ${run}`;
}

/** One line for people: the first of several. */
export function sayCommand(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  return `run: ${first}${more.length > 0 ? ' …' : ''}`;
}

export function commandResult(
  args: CommandArgs,
  seen: CommandSeen,
  cmd: Value,
  [output]: readonly StepOutput[],
  { planning }: PlanContext,
) {
  if (output === undefined) {
    const [mark, fact] = reason(args, seen) ?? ['', ''];
    const stdout = `skipped, since ${mark} ${fact}`;
    const msg = `${planning ? 'Would' : 'Did'} not run command since '${mark}' ${fact}`;
    return { cmd, rc: 0, msg, stdout, stdout_lines: [stdout], stderr: '', stderr_lines: [] };
  }
  const strip = (text: string) => (args.strip_empty_ends ? text.replace(/[\r\n]+$/, '') : text);
  const [stdout, stderr] = [strip(output.stdout), strip(output.stderr)];
  const { code, startedAt, duration } = output;
  return {
    cmd,
    rc: code,
    stdout,
    stderr,
    stdout_lines: lines(stdout),
    stderr_lines: lines(stderr),
    start: moment(startedAt),
    end: moment(new Date(startedAt.getTime() + duration * 1000)),
    delta: span(duration),
    msg: '',
    ...(code === 0 ? {} : { failed: true, msg: 'non-zero return code' }),
  };
}

function lines(text: string): string[] {
  const all = text.split(/\r\n|\r|\n/);
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}

/** `2026-11-23 08:48:00.083128`, UTC. */
function moment(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '000');
}

/** `0:00:01.001529` */
function span(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  const micro = pad(Math.round((seconds - whole) * 1_000_000) % 1_000_000, 6);
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60, 2)}:${pad(whole % 60, 2)}.${micro}`;
}
