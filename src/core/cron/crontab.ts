/**
 * Our part of a crontab: one marked block for each job, put in, replaced and taken out as bytes, so that what others wrote
 * stays as it was, whatever its encoding.
 */
import { escapePercent, type Job, type JobName } from './job.ts';

export interface Block extends JobName {
  readonly expression: string;
}

/**
 * The crontab with the job's block: where its block stood, or at the end; in any case before the first line that sets a
 * variable, for SHELL, HOME or CRON_TZ of others would hold for ours too. The same bytes when it is so already.
 */
export function putBlock(crontab: Uint8Array, job: Job): Uint8Array | BrokenBlock {
  const lines = ended(linesOf(crontab));
  const place = find(lines, job);
  if (place instanceof BrokenBlock) return place;
  const rest = place ? without(lines, place) : lines;
  const settings = firstSetting(rest);
  const stood = place?.start ?? rest.length;
  const at = Math.min(stood, settings);
  return bytesOf([...rest.slice(0, at), ...blockLines(job), ...rest.slice(at)]);
}

/** The crontab without the job's block; the same bytes when there is none. */
export function takeBlock(crontab: Uint8Array, name: JobName): Uint8Array | BrokenBlock {
  const lines = linesOf(crontab);
  const place = find(lines, name);
  if (place instanceof BrokenBlock) return place;
  return place ? bytesOf(without(lines, place)) : crontab;
}

/** The text of a job's block; '' when there is none. */
export function textOfBlock(crontab: Uint8Array, name: JobName): string {
  const lines = linesOf(crontab);
  const place = find(lines, name);
  return place === undefined || place instanceof BrokenBlock
    ? ''
    : fromBytes(lines.slice(place.start, place.end + 1).join(''));
}

/** A block without its last line: somebody edited it, and what is ours cannot be told. */
export class BrokenBlock {
  /** Counts from 1. */
  readonly line: number;

  constructor(line: number) {
    this.line = line;
  }

  /** @param title of the crontab, for people */
  sentence(title: string): string {
    return `${title}:${this.line}: the block that begins here has lost its END line`;
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

/** What makes the bytes `after` of the bytes `before`: so many lines kept, so many left out, bytes put in, the rest kept. */
export interface Edit {
  readonly keep: number;
  readonly drop: number;
  readonly put: Uint8Array;
}

export function editOf(before: Uint8Array, after: Uint8Array): Edit {
  const [old, made] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, made.length);
  let keep = 0;
  while (keep < shorter && old[keep] === made[keep]) keep++;
  let last = 0;
  while (last < shorter - keep && old.at(-1 - last) === made.at(-1 - last)) last++;
  return {
    keep,
    drop: old.length - keep - last,
    put: bytesOf(made.slice(keep, made.length - last)),
  };
}

function blockLines(job: Job): readonly string[] {
  const user = job.user === undefined ? '' : `${job.user} `;
  return [
    begin(job),
    '# Written by girofle-run; girofle-run schedule remove takes it away.\n',
    `${job.expression} ${user}${escapePercent(job.command.text)}\n`,
    end(job),
  ].map(toBytes);
}

const begin = ({ name, playbook }: JobName) => `# BEGIN girofle "${name}" ${playbook}\n`;
const end = ({ name, playbook }: JobName) => `# END girofle "${name}" ${playbook}\n`;

interface Span {
  readonly start: number;
  readonly end: number;
}

function find(lines: readonly string[], name: JobName): Span | undefined | BrokenBlock {
  const start = lines.indexOf(toBytes(begin(name)));
  if (start < 0) return undefined;
  const rest = lines.slice(start + 1).findIndex(line => /^# (?:BEGIN|END) girofle /.test(line));
  const last = start + 1 + rest;
  const whole = rest >= 0 && lines[last]?.replace(/\n?$/, '\n') === toBytes(end(name));
  return whole ? { start, end: last } : new BrokenBlock(start + 1);
}

/** Index of the first line that sets a variable, or of the comment right above it; the number of lines when there is none. */
function firstSetting(lines: readonly string[]): number {
  // A job's line begins with a digit, * or @.
  const setting = lines.findIndex(line =>
    /^[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[^\s=#"'@*\d][^\s=]*)[ \t]*=/.test(line),
  );
  if (setting < 0) return lines.length;
  let at = setting;
  while (at > 0 && /^[ \t]*#(?! (?:BEGIN|END) girofle )/.test(lines[at - 1] ?? '')) at--;
  return at;
}

function without(lines: readonly string[], { start, end: last }: Span): readonly string[] {
  return [...lines.slice(0, start), ...lines.slice(last + 1)];
}

/** cron reads no last line without its line feed. */
function ended(lines: readonly string[]): readonly string[] {
  return lines.map(line => line.replace(/\n?$/, '\n'));
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
