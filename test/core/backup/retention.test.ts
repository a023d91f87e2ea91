/** Which backups stay: by tables, by laws over random sets, and against restic itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dateOf } from '../../../src/core/backup/manifest.ts';
import { type Dated, type KeepPolicy, parseKeep, retain } from '../../../src/core/backup/retention.ts';

const NOW = new Date('2026-11-23T09:30:00Z');

/** `21T08` is 2026-11-21T08-00-00Z. */
function date(short: string): string {
  const [day, hour = '00'] = short.split('T');
  return `2026-11-${day}T${hour}-00-00Z`;
}

function told(backups: readonly Dated[], policy: KeepPolicy, lastFailure?: Date): readonly string[] {
  return retain(backups, policy, NOW, lastFailure).map(
    ({ date: name, stays, reason }) => `${stays ? 'stays' : 'goes '} ${name} ${reason}`,
  );
}

describe('a policy', () => {
  test.each([
    [{ last: 6, daily: '7' }, { policy: { last: 6, daily: 7 } }],
    [{ within: '1y2m3d4h', hourly: 0, weekly: null }, { policy: { within: '1y2m3d4h' } }],
    [
      {},
      {
        problem: 'keep is empty: it would remove every backup',
        hint: 'give at least one rule, such as last: 6',
      },
    ],
    [
      { last: 0, within: '0h' },
      {
        problem: 'keep is empty: it would remove every backup',
        hint: 'give at least one rule, such as last: 6',
      },
    ],
    [{ dayly: 7 }, { problem: 'keep has no rule "dayly"', hint: 'did you mean "daily"?' }],
    [{ last: -1 }, { problem: 'keep.last must be a whole number from 0 on, not -1' }],
    [{ daily: 1.5 }, { problem: 'keep.daily must be a whole number from 0 on, not 1.5' }],
    [{ last: 'all' }, { problem: 'keep.last must be a whole number from 0 on, not "all"' }],
    [
      { within: '3 days' },
      {
        problem: 'keep.within must be a duration, not "3 days"',
        hint: 'years, months, days and hours: 2y5m7d3h',
      },
    ],
    [
      { within: '' },
      { problem: 'keep.within must be a duration, not ""', hint: 'years, months, days and hours: 2y5m7d3h' },
    ],
    [7, { problem: 'keep must be a map', hint: 'write keep: { last: 6, daily: 7 }' }],
  ])('%j', (given, expected) => {
    expect(parseKeep(given)).toEqual(expected);
  });
});

test('each rule counts the hours, days, ... that hold a backup, and what one keeps no other removes', () => {
  const backups = ['22T20', '22T16', '21T12', '21T08', '18T20', '18T04', '02T04'].map(short => ({
    date: date(short),
  }));
  expect(told(backups, { last: 2, daily: 3, weekly: 2, monthly: 4 })).toEqual([
    'stays 2026-11-22T20-00-00Z last 1 of 2, daily 1 of 3, weekly 1 of 2, monthly 1 of 4',
    'stays 2026-11-22T16-00-00Z last 2 of 2',
    'stays 2026-11-21T12-00-00Z daily 2 of 3',
    'goes  2026-11-21T08-00-00Z no rule keeps it',
    'stays 2026-11-18T20-00-00Z daily 3 of 3',
    'goes  2026-11-18T04-00-00Z no rule keeps it',
    'stays 2026-11-02T04-00-00Z weekly 2 of 2',
  ]);
});

test('within counts back from the newest backup, not from now', () => {
  const backups = ['10T12', '10T00', '09T12', '09T11'].map(short => ({ date: date(short) }));
  expect(told(backups, { within: '1d' })).toEqual([
    'stays 2026-11-10T12-00-00Z within 1d',
    'stays 2026-11-10T00-00-00Z within 1d',
    'goes  2026-11-09T12-00-00Z no rule keeps it',
    'goes  2026-11-09T11-00-00Z no rule keeps it',
  ]);
});

test('a date to come stays and takes no place of another', () => {
  const backups = [{ date: '2031-01-01T00-00-00Z' }, { date: date('22T20') }, { date: date('22T16') }];
  expect(told(backups, { last: 1 })).toEqual([
    'stays 2031-01-01T00-00-00Z its date is still to come',
    'stays 2026-11-22T20-00-00Z last 1 of 1',
    'goes  2026-11-22T16-00-00Z no rule keeps it',
  ]);
});

test('a name that is no date stays', () => {
  const backups = [
    { date: '22-11-2026-time-08-48-00' },
    { date: '2026-13-45T00-00-00Z' },
    { date: date('22') },
  ];
  expect(told(backups, { last: 1 })).toEqual([
    'stays 22-11-2026-time-08-48-00 its name is no date',
    'stays 2026-13-45T00-00-00Z its name is no date',
    'stays 2026-11-22T00-00-00Z last 1 of 1',
  ]);
});

test('the last verified backup stays, earlier verified ones go as others do', () => {
  const backups = [
    { date: date('22T20') },
    { date: date('22T16'), verified: true },
    { date: date('22T12'), verified: true },
  ];
  expect(told(backups, { last: 1 })).toEqual([
    'stays 2026-11-22T20-00-00Z last 1 of 1',
    'stays 2026-11-22T16-00-00Z last verified',
    'goes  2026-11-22T12-00-00Z no rule keeps it',
  ]);
});

describe('after a failed backup', () => {
  const backups = [{ date: date('22T20') }, { date: date('22T16') }];
  test('nothing is removed', () => {
    expect(told(backups, { last: 1 }, new Date('2026-11-23T00:00:00Z'))).toEqual([
      'stays 2026-11-22T20-00-00Z last 1 of 1',
      'stays 2026-11-22T16-00-00Z the last backup failed: nothing is removed',
    ]);
  });
  test('a success since then lets go again', () => {
    expect(told(backups, { last: 1 }, new Date('2026-11-22T18:00:00Z'))[1]).toBe(
      'goes  2026-11-22T16-00-00Z no rule keeps it',
    );
  });
});

test('an empty policy removes nothing, should one get here', () => {
  expect(told([{ date: date('22') }], {})).toEqual(['stays 2026-11-22T00-00-00Z the policy is empty']);
});

/** Moments of three years, in clusters, so that buckets hold several and there are gaps. */
const aMoment = fc
  .tuple(
    fc.integer({ min: 0, max: 1095 }),
    fc.constantFrom(0, 1, 4, 8, 12, 23),
    fc.constantFrom(0, 1800, 3599),
  )
  .map(([days, hours, seconds]) =>
    dateOf(new Date(NOW.getTime() - days * 86_400_000 - hours * 3_600_000 - seconds * 1000)),
  );
const someCount = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 2 });
const aPolicy = fc
  .record({
    last: someCount,
    hourly: someCount,
    daily: someCount,
    weekly: someCount,
    monthly: someCount,
    yearly: someCount,
    within: fc.option(fc.constantFrom('3h', '2d', '1m', '1m2d', '1y', '1y1m1d1h'), {
      nil: undefined,
      freq: 2,
    }),
  })
  .map(rules => Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined)))
  .filter(rules => Object.keys(rules).length > 0);

describe('over random sets', () => {
  const backupsOf = fc.uniqueArray(fc.record({ date: aMoment, verified: fc.boolean() }), {
    selector: ({ date: name }) => name,
    maxLength: 40,
  });

  test('removing twice removes no more, and the newest and the last verified always stay', () => {
    fc.assert(
      fc.property(backupsOf, aPolicy, (backups, policy) => {
        const stay = retain(backups, policy, NOW).filter(({ stays }) => stays);
        const left = backups.filter(({ date: name }) => stay.some(one => one.date === name));
        expect(retain(left, policy, NOW).every(({ stays }) => stays)).toBe(true);
        const names = backups.map(({ date: name }) => name).sort();
        const proven = backups
          .filter(({ verified }) => verified)
          .map(({ date: name }) => name)
          .sort();
        for (const must of [names.at(-1), proven.at(-1)])
          if (must !== undefined) expect(stay.map(({ date: name }) => name)).toContain(must);
      }),
      { seed: 20261123 },
    );
  });
});

const restic = spawnSync('restic', ['version']).status === 0;

describe.skipIf(!restic)(`as restic does${restic ? '' : ' (skipped: restic is not installed)'}`, () => {
  let folder = '';
  const run = (args: readonly string[]): string =>
    execFileSync('restic', ['--no-cache', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC', RESTIC_PASSWORD: 'x', RESTIC_REPOSITORY: join(folder, 'repository') },
    });
  const [dates = []] = fc.sample(fc.uniqueArray(aMoment, { minLength: 30, maxLength: 30 }), {
    numRuns: 1,
    seed: 7,
  });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'girofle-restic-'));
    writeFileSync(join(folder, 'file'), 'x');
    run(['init', '-q']);
    for (const [i, name] of dates.entries()) {
      const time = name
        .slice(0, 19)
        .replace('T', ' ')
        .replace(/-(\d\d)-(\d\d)$/, ':$1:$2');
      run(['backup', '-q', '--tag', `set${i % 2}`, '--time', time, 'file']);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const policies = fc.sample(aPolicy, { numRuns: 12, seed: 9 });
  test.each(policies.map((policy, i) => [JSON.stringify(policy), policy, i % 3] as const))(
    '%s',
    (_, policy, set) => {
      const ours = dates.filter((_name, i) => set === 2 || i % 2 === set).map(name => ({ date: name }));
      const rules = Object.entries(policy).flatMap(([rule, value]) => [`--keep-${rule}`, String(value)]);
      const tags = set === 2 ? [] : ['--tag', `set${set}`];
      const text = run(['forget', '--dry-run', '--json', '--group-by', '', ...tags, ...rules]);
      const [group]: { keep: { time: string }[] }[] = JSON.parse(
        text.split('\n').find(line => line.startsWith('[')) ?? '',
      );
      const theirs = group?.keep.map(({ time }) => dateOf(new Date(time))).sort();
      const stay = retain(ours, policy, NOW).flatMap(({ date: name, stays }) => (stays ? [name] : []));
      expect(stay.sort()).toEqual(theirs);
    },
  );
});
