/** What a backup warns of. */
import { expect, test } from 'vitest';
import { outcomeOf } from '../../../tasks/backup/outcome.ts';
import { readSurvey } from '../../../tasks/backup/survey.ts';
import { unprunable, warningsOf } from '../../../tasks/backup/warnings.ts';

const now = new Date('2026-11-23T12:00:00Z');
const newest = { date: '2026-11-22T16-00-00Z', bytes: 4 << 20 };
const made = (bytes: number) => ({ date: '2026-11-23T12-00-00Z', bytes });

test.each<[string, Parameters<typeof warningsOf>, readonly string[]]>([
  ['the first', [{ newest: undefined, now }, 60, made(1)], []],
  ['as large as the last, nothing expected', [{ newest, now }, undefined, made(4 << 20)], []],
  ['half as large, exactly', [{ newest, now }, undefined, made(2 << 20)], []],
  [
    'smaller than half',
    [{ newest, now }, undefined, made((2 << 20) - 1)],
    ['the backup of 2026-11-23T12-00-00Z has 2.0 MiB, less than half of the 4 MiB of 2026-11-22T16-00-00Z'],
  ],
  ['twice the interval, exactly', [{ newest, now }, 10 * 3600, made(4 << 20)], []],
  [
    'overdue',
    [{ newest, now }, 4 * 3600, made(4 << 20)],
    ['the last backup is of 2026-11-22T16-00-00Z, 20 h before this one, and one is expected every 4 h'],
  ],
  [
    'overdue, and nothing was made',
    [{ newest, now }, 3600, undefined],
    ['the last backup is of 2026-11-22T16-00-00Z, 20 h before this one, and one is expected every 60 min'],
  ],
  [
    'overdue by days',
    [{ newest: { ...newest, date: '2026-11-13T12-00-00Z' }, now }, 86_400, undefined],
    ['the last backup is of 2026-11-13T12-00-00Z, 10 days before this one, and one is expected every 24 h'],
  ],
])('%s', (_, [seen, every, done], expected) => {
  expect(warningsOf(seen, every, done)).toEqual(expected);
});

test('old backups that cannot be removed are named, with what was said', () => {
  const removed = [
    { date: '2026-01-01T00-00-00Z', code: 0, stderr: '' },
    { date: '2026-01-02T00-00-00Z', code: 1, stderr: 'x\nrm: cannot remove it\n' },
    { date: '2026-01-03T00-00-00Z', code: 137, stderr: '' },
  ];
  expect(unprunable(removed)).toEqual([
    'old backups cannot be removed: 2026-01-02T00-00-00Z (rm: cannot remove it), 2026-01-03T00-00-00Z (exit code 137)',
  ]);
  expect(unprunable(removed.slice(0, 1))).toEqual([]);
});

test('the outcome counts what was removed and knows the newest that is verified', () => {
  const hash = 'a'.repeat(64);
  const survey = readSurvey(`id 0a1b2c3d
now 1795428000
backup 2026-11-20T00-00-00Z
backup 2026-11-21T00-00-00Z
proof 2026-11-20T00-00-00Z ${hash} {"format":1,"utc":"2026-11-20T01:00:00Z","by":"drill","manifest":"${hash}"}
newest 2026-11-21T00-00-00Z 100`);
  const output = { code: 0, stdout: '', stderr: '', startedAt: now, duration: 2 };
  const told = JSON.stringify({
    ok: true,
    date: '2026-11-23T10-00-00Z',
    bytes: 49,
    files: 3,
    pause: 0.4,
    previous: '2026-11-21T00-00-00Z',
    linked: 2,
    started: '2026-11-23T09:59:00Z',
    finished: '2026-11-23T10:01:00Z',
  });
  const subject = { number: 2, container: 'c', directory: '/g/noeud-gitlab-2', still: 'paused', every: 3600 };
  const going = { date: '2026-11-21T00-00-00Z', stays: false, reason: 'no rule keeps it' };
  expect(outcomeOf(subject, survey, [going], [output, output, { ...output, stdout: told }, output])).toEqual({
    number: 2,
    container: 'c',
    busy: false,
    started: '2026-11-23T09:59:00Z',
    finished: '2026-11-23T10:01:00Z',
    verified: '2026-11-20T00-00-00Z',
    pruned: 1,
    date: '2026-11-23T10-00-00Z',
    directory: '/g/noeud-gitlab-2/bckups/2026-11-23T10-00-00Z',
    bytes: 49,
    files: 3,
    pause: 0.4,
    previous: '2026-11-21T00-00-00Z',
    linked: 2,
    duration: 4,
    summary: 'instance 2: 2026-11-23T10-00-00Z, 49 B in 3 files (2 unchanged), paused for 0.4 s',
    warnings: [
      'the last backup is of 2026-11-21T00-00-00Z, 58 h before this one, and one is expected every 60 min',
      'the backup of 2026-11-23T10-00-00Z has 49 B, less than half of the 100 B of 2026-11-21T00-00-00Z',
    ],
    retention: [going],
  });
});
