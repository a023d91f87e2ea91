/** What a backup is no failure for, and somebody should look at all the same. */
import { timeOf } from '../../src/core/backup/manifest.ts';
import { showBytes } from '../docker/units.ts';
import type { Survey } from './survey.ts';

/** Sentences. */
export function warningsOf(
  { newest, now }: Pick<Survey, 'newest' | 'now'>,
  /** Seconds between two backups. */
  expectedEvery: number | undefined,
  /** The backup that was made. */
  made: { readonly date: string; readonly bytes: number } | undefined,
): readonly string[] {
  if (newest === undefined) return [];
  const age = (now.getTime() - timeOf(newest.date)) / 1000;
  return [
    ...(expectedEvery !== undefined && age > 2 * expectedEvery
      ? [
          `the last backup is of ${newest.date}, ${showTime(age)} before this one, and one is expected every ${showTime(expectedEvery)}`,
        ]
      : []),
    ...(made !== undefined && made.bytes < newest.bytes / 2
      ? [
          `the backup of ${made.date} has ${showBytes(made.bytes)}, less than half of the ${showBytes(newest.bytes)} of ${newest.date}`,
        ]
      : []),
  ];
}

/** What should have gone and is still there, in one sentence. */
export function unprunable(
  removed: readonly { readonly date: string; readonly code: number; readonly stderr: string }[],
): readonly string[] {
  const stuck = removed.filter(({ code }) => code !== 0);
  if (stuck.length === 0) return [];
  const each = stuck.map(({ date, code, stderr }) => `${date} (${lastLine(stderr) || `exit code ${code}`})`);
  return [`old backups cannot be removed: ${each.join(', ')}`];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** `20 h`, `90 min`, `3 days`. */
function showTime(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 72 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
