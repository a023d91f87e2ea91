/** Times that `file` sets: `now`, `preserve`, or a time written in a strptime format, which the host's time zone makes exact. */
import type { Probe } from '../../src/core/probe.ts';
import { known, mapProbe, ProbeError, probe } from '../../src/core/probe.ts';
import type { Present } from '../../src/core/probes/path.ts';
import type { Sh } from '../../src/core/sh.ts';
import { sh } from '../../src/core/sh.ts';

/** Seconds since 1970. */
export type Time = 'now' | 'preserve' | number;

const FIELDS: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  e: '\\s*(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  s: '(?<s>\\d+)',
  F: '(?<Y>\\d{4})-(?<m>\\d{1,2})-(?<d>\\d{1,2})',
  T: '(?<H>\\d{1,2}):(?<M>\\d{1,2}):(?<S>\\d{1,2})',
  R: '(?<H>\\d{1,2}):(?<M>\\d{1,2})',
  n: '\\s+',
  t: '\\s+',
  '%': '%',
};

/**
 * `2026-11-23 08:48:00`, or `@SECONDS`, for `date -d`; or a sentence about what is wrong.
 * @param format of strptime; the directives are those of FIELDS
 */
export function readTime(
  text: string,
  format: string,
): { readonly date: string } | { readonly problem: string } {
  const directives = [...format.matchAll(/%(.)/g)].map(([, letter = '']) => letter);
  const unknown = directives.find(letter => FIELDS[letter] === undefined);
  if (unknown !== undefined) return { problem: `the time format directive %${unknown} is not supported` };
  const pattern = format.replaceAll(/%(.)|([^%]+)/g, (_, letter, literal) =>
    letter === undefined ? verbatim(literal) : (FIELDS[letter] ?? ''),
  );
  const fields = new RegExp(`^${pattern}$`).exec(text)?.groups;
  if (fields === undefined) return { problem: `the time "${text}" does not have the format ${format}` };
  if (fields.s !== undefined) return { date: `@${fields.s}` };
  const year =
    fields.Y ??
    (fields.y === undefined ? '1900' : String(Number(fields.y) + (Number(fields.y) < 69 ? 2000 : 1900)));
  const pad = (value = '0') => value.padStart(2, '0');
  const day = [year, pad(fields.m ?? '1'), pad(fields.d ?? '1')].join('-');
  const time = [fields.H, fields.M, fields.S].map(pad).join(':');
  if (Number.isNaN(Date.parse(`${day}T${time}Z`))) return { problem: `there is no such time as "${text}"` };
  return { date: `${day} ${time}` };
}

function verbatim(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** What a time argument means on the host. */
export function hostTime(text: string, format: string): Probe<Time> {
  if (text === 'now' || text === 'preserve') return known<Time>(text);
  const read = readTime(text, format);
  if ('problem' in read) return mapProbe(known(read.problem), fail);
  return probe(sh`date -d ${read.date} +%s`, stdout => Number(stdout.trim()));
}

function fail(problem: string): Time {
  throw new ProbeError(problem);
}

/** The commands that set the times, and what they change in words; nothing when all is so. */
export function timeCommands(path: string, seen: Present | undefined, times: { mtime: Time; atime: Time }) {
  const commands: Sh[] = [];
  const says: string[] = [];
  const set = (flag: '-m' | '-a', word: string, wanted: Time, before: number | undefined) => {
    if (wanted === 'preserve' || wanted === before) return;
    const date = wanted === 'now' ? sh`` : sh`-d ${`@${wanted}`} `;
    commands.push(sh`touch -c ${flag} ${date}-- ${path}`);
    says.push(
      `${word} time of ${path} to ${wanted === 'now' ? 'now' : new Date(wanted * 1000).toISOString()}`,
    );
  };
  set('-m', 'modification', times.mtime, seen?.mtime);
  set('-a', 'access', times.atime, seen?.atime);
  return { commands, says };
}
