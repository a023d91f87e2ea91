/**
 * Which backups stay and why, by restic's rules: each rule keeps the newest backup of every hour, day, week, month or year
 * that has one, as many of them as its number says, and what one rule keeps no other removes.
 * Hours and days are those of UTC, as the backups' names are; weeks are ISO 8601's, from Monday.
 */
import { didYouMean } from '../suggest.ts';
import { isMap } from '../value.ts';
import { DATE, timeOf } from './manifest.ts';

/** How many of each kind to keep; a rule that is left out keeps nothing. At least one keeps something. */
export interface KeepPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** All that is younger than this, counted back from the newest backup: `2y5m7d3h`. */
  readonly within?: string;
}

/** A backup as retention sees it. */
export interface Dated {
  readonly date: string;
  readonly verified?: boolean;
}

export interface Verdict {
  readonly date: string;
  readonly stays: boolean;
  /** A phrase: `last 2 of 6, daily 1 of 7`. */
  readonly reason: string;
}

const COUNTED = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
type Counted = (typeof COUNTED)[number];
const RULES: readonly string[] = [...COUNTED, 'within'];

const DURATION = /^(?=.)(?:(\d+)y)?(?:(\d+)m)?(?:(\d+)d)?(?:(\d+)h)?$/;

/** Reads a `keep:` map as users write it. An empty policy is a problem: it would remove everything. */
export function parseKeep(
  value: unknown,
): { readonly policy: KeepPolicy } | { readonly problem: string; readonly hint?: string } {
  if (!isMap(value)) return { problem: 'keep must be a map', hint: 'write keep: { last: 6, daily: 7 }' };
  const unknown = Object.keys(value).find(key => !RULES.includes(key));
  if (unknown !== undefined) {
    return {
      problem: `keep has no rule "${unknown}"`,
      hint: didYouMean(unknown, RULES) ?? `the rules are ${RULES.join(', ')}`,
    };
  }
  const counts: [Counted, number][] = [];
  for (const rule of COUNTED) {
    const given = value[rule];
    if (given === undefined || given === null) continue;
    const count = wholeNumber(given);
    if (count === undefined)
      return { problem: `keep.${rule} must be a whole number from 0 on, not ${JSON.stringify(given)}` };
    if (count > 0) counts.push([rule, count]);
  }
  const within = value.within ?? undefined;
  if (within !== undefined && (typeof within !== 'string' || !DURATION.test(within))) {
    return {
      problem: `keep.within must be a duration, not ${JSON.stringify(within)}`,
      hint: 'years, months, days and hours: 2y5m7d3h',
    };
  }
  const policy: KeepPolicy = {
    ...Object.fromEntries(counts),
    ...(typeof within === 'string' && /[1-9]/.test(within) ? { within } : {}),
  };
  if (Object.keys(policy).length === 0)
    return {
      problem: 'keep is empty: it would remove every backup',
      hint: 'give at least one rule, such as last: 6',
    };
  return { policy };
}

function wholeNumber(given: unknown): number | undefined {
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/**
 * What becomes of each backup, newest first. Dates to come stay and are not counted, for the clock may be wrong; names that
 * are no dates stay; so does the newest verified backup.
 * @param policy from `parseKeep`; an empty one removes nothing
 * @param lastFailure when the last backup failed: where no backup succeeded since, nothing is removed
 */
export function retain(
  backups: readonly Dated[],
  policy: KeepPolicy,
  now: Date,
  lastFailure?: Date,
): readonly Verdict[] {
  const sorted = backups.toSorted((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
  const past = sorted.filter(({ date }) => isDate(date) && timeOf(date) <= now.getTime());
  const newest = past[0];
  const spared = pardon(policy, newest, lastFailure);
  const kept = reasons(past, policy);
  const proven = past.find(({ verified }) => verified === true);
  return sorted.map(backup => {
    const { date } = backup;
    if (!isDate(date)) return { date, stays: true, reason: 'its name is no date' };
    if (timeOf(date) > now.getTime()) return { date, stays: true, reason: 'its date is still to come' };
    const why = [...(kept.get(date) ?? []), ...(backup === proven ? ['last verified'] : [])];
    if (why.length > 0) return { date, stays: true, reason: why.join(', ') };
    return spared === undefined
      ? { date, stays: false, reason: 'no rule keeps it' }
      : { date, stays: true, reason: spared };
  });
}

/** `2026-13-45T...` has the form of a date and is none. */
function isDate(date: string): boolean {
  return DATE.test(date) && !Number.isNaN(timeOf(date));
}

/** Why nothing at all may be removed. */
function pardon(
  policy: KeepPolicy,
  newest: Dated | undefined,
  lastFailure: Date | undefined,
): string | undefined {
  if (!RULES.some(rule => rule in policy)) return 'the policy is empty';
  const failedSince = lastFailure !== undefined && (!newest || timeOf(newest.date) < lastFailure.getTime());
  return failedSince ? 'the last backup failed: nothing is removed' : undefined;
}

/** @param past newest first */
function reasons(past: readonly Dated[], policy: KeepPolicy): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, string[]>();
  const keep = (date: string, why: string) => kept.set(date, [...(kept.get(date) ?? []), why]);
  for (const rule of COUNTED) {
    const most = policy[rule] ?? 0;
    let before: string | undefined;
    let count = 0;
    for (const { date } of past) {
      const bucket = BUCKETS[rule](date);
      if (count === most) break;
      if (bucket === before) continue;
      before = bucket;
      count += 1;
      keep(date, `${rule} ${count} of ${most}`);
    }
  }
  const [newest] = past;
  if (policy.within !== undefined && newest !== undefined) {
    const since = before(timeOf(newest.date), policy.within);
    for (const { date } of past) if (timeOf(date) > since) keep(date, `within ${policy.within}`);
  }
  return kept;
}

const BUCKETS: Readonly<Record<Counted, (date: string) => string>> = {
  last: date => date,
  hourly: date => date.slice(0, 13),
  daily: date => date.slice(0, 10),
  weekly: weekOf,
  monthly: date => date.slice(0, 7),
  yearly: date => date.slice(0, 4),
};

/** The Monday of a date's week. */
function weekOf(date: string): string {
  const day = new Date(timeOf(date));
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

/** Milliseconds. A month before the 31st of March is the 31st of February: the 3rd of March. */
function before(time: number, duration: string): number {
  const [, years = 0, months = 0, days = 0, hours = 0] = (DURATION.exec(duration) ?? []).map(text =>
    Number(text ?? 0),
  );
  const date = new Date(time);
  date.setUTCFullYear(date.getUTCFullYear() - years, date.getUTCMonth() - months, date.getUTCDate() - days);
  return date.getTime() - hours * 3_600_000;
}
