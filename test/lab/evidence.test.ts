/** The lab's checks find what is wrong: each fault is planted, in what was said and in a real PostgreSQL and git. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callDocker } from '../support/run-docker-module.ts';
import { type Ack, contentOf, type Evidence, judge, readEvidence, takeEvidence } from './evidence.ts';
import { imageLacks, labImage } from './image.ts';
import { untilAnswers } from './lab.ts';
import { chance, median } from './report.ts';
import { drawAim } from './strike.ts';

const one = 'a'.repeat(40);
const two = 'b'.repeat(40);
const ack = (n: number, commit: string): Ack => ({ at: 1, worker: 0, n, repository: 'r.git', commit });
const acks = [ack(1, one), ack(2, two)];
const fine = { code: 0, said: '' };

const sound: Evidence = {
  total: '10000000',
  counters: [{ worker: 0, value: 2, count: 2, last: 2 }],
  skewed: [],
  shelves: '0',
  items: new Map([
    ['0 1', `r.git ${one}`],
    ['0 2', `r.git ${two}`],
  ]),
  commits: new Map([['r.git', new Set([one, two])]]),
  fsck: new Map([['r.git', fine]]),
  writable: new Map([['r.git', fine]]),
  locks: [],
  amcheck: fine,
  checksums: fine,
  whole: true,
};

const faults: readonly [string, Partial<Evidence>, readonly string[]][] = [
  ['a sum that is off', { total: '9999999' }, ['the accounts hold 9999999, not 10000000']],
  ['a database that is silent', { total: '' }, ['the accounts hold nothing, not 10000000']],
  ['half a transfer', { skewed: ['3', '8'] }, ['2 accounts are not what their items make: 3, 8']],
  ['no counters', { counters: [] }, ['there are no counters']],
  [
    'a counter without its item',
    { counters: [{ worker: 0, value: 3, count: 2, last: 2 }] },
    ['worker 0 counted to 3 and has 2 items, the last is 2'],
  ],
  ['a stale page', { shelves: '-1' }, ['the shelves have -1 changes more than there are items']],
  [
    'an acknowledged item without a row',
    { items: new Map([['0 1', `r.git ${one}`]]) },
    ['1 acknowledged items have no row: 0/2'],
  ],
  [
    'an item with another commit than was acknowledged',
    {
      items: new Map([
        ['0 1', `r.git ${one}`],
        ['0 2', `r.git ${one}`],
      ]),
    },
    ['1 acknowledged items have no row: 0/2'],
  ],
  [
    'a row without its commit',
    { commits: new Map([['r.git', new Set([one])]]) },
    ['1 acknowledged items have no commit: 0/2', '1 rows have no commit: 0/2'],
  ],
  [
    'no repositories',
    { commits: new Map() },
    [
      'there are no repositories',
      '2 acknowledged items have no commit: 0/1, 0/2',
      '2 rows have no commit: 0/1, 0/2',
    ],
  ],
  [
    'a damaged repository',
    { fsck: new Map([['r.git', { code: 2, said: 'missing blob' }]]) },
    ['git fsck of r.git ends with 2: missing blob'],
  ],
  [
    'a ref that cannot be written',
    { writable: new Map([['r.git', { code: 128, said: 'File exists' }]]) },
    ['writing refs of r.git ends with 128: File exists'],
  ],
  ['a lock file', { locks: ['r.git/HEAD.lock'] }, ['1 lock files are left: r.git/HEAD.lock']],
  ['a damaged index', { amcheck: { code: 2, said: 'btree' } }, ['pg_amcheck ends with 2: btree']],
  ['a damaged page', { checksums: { code: 1, said: 'bad' } }, ['pg_checksums ends with 1: bad']],
  ['a check that never ended', { checksums: { code: -1, said: '' } }, ['pg_checksums ends with -1: ']],
  ['half a look', { whole: false }, ['the look at it had no end']],
];

describe('the judge', () => {
  test('has nothing against what is sound', () => {
    expect(judge(sound, acks)).toEqual([]);
  });

  test.each(faults)('finds %s', (_, fault, sentences) => {
    const found = judge({ ...sound, ...fault }, acks);
    expect(found.toSorted()).toEqual(sentences.toSorted());
  });

  test('finds everything in what says nothing', () => {
    expect(judge(readEvidence('Error: No such container'), [ack(1, one)])).toEqual([
      'the look at it had no end',
      'the accounts hold nothing, not 10000000',
      'there are no counters',
      'the shelves have no changes more than there are items',
      '1 acknowledged items have no row: 0/1',
      '1 acknowledged items have no commit: 0/1',
      'there are no repositories',
      'pg_amcheck ends with -1: ',
      'pg_checksums ends with -1: ',
    ]);
  });

  test('tells contents apart by a row or a commit', () => {
    const other = { ...sound, items: new Map([['0 1', `r.git ${one}`]]) };
    const further = { ...sound, commits: new Map([['r.git', new Set([one])]]) };
    expect(new Set([sound, other, further].map(contentOf)).size).toBe(3);
    expect(contentOf({ ...sound, locks: ['x'] })).toBe(contentOf(sound));
  });
});

describe('chance', () => {
  test('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => {
      const random = chance(seed);
      return Array.from({ length: 50 }, () => drawAim('backup', random));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('strikes each victim, in every state', () => {
    const random = chance(1);
    const drawn = Array.from({ length: 500 }, () => drawAim('restore', random));
    expect(new Set(drawn.map(({ victim }) => victim)).size).toBe(3);
    expect(new Set(drawn.map(({ state }) => state)).size).toBe(15);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

const lacking = imageLacks();

describe.skipIf(lacking !== undefined)(
  `a look at a real instance ${lacking === undefined ? '' : `(needs ${lacking})`}`,
  () => {
    const run = promisify(execFile);
    const container = 'girofle-lab-test-985';
    const acknowledged: Ack[] = [];
    let folder = '';
    const docker = async (...words: readonly string[]) => (await run('docker', words)).stdout.trim();
    const inside = (script: string) => docker('exec', container, 'bash', '-c', script);
    const query = (text: string) =>
      docker(
        ...[
          'exec',
          container,
          'psql',
          '-h',
          '/var/opt/gitlab/postgresql',
          '-U',
          'gitlab-psql',
          '-d',
          'gitlab',
        ],
        ...['-Atqc', text],
      );

    /** Until there are so many lines. */
    async function write(lines: number): Promise<void> {
      const words = ['exec', '-i', '-u', '998:998', container, '/writer.sh', '0', '0'];
      const child = spawn('docker', words, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      await new Promise<void>(done => {
        child.stdout.on('data', chunk => {
          said += chunk;
          if (said.split('\n').length > lines) void inside('touch /tmp/stop-writers').catch(() => {});
        });
        child.on('close', () => done());
      });
      for (const line of said.split('\n').filter(text => text !== '')) {
        const [worker, n, repository = '', commit = ''] = line.split(' ');
        acknowledged.push({ at: 0, worker: Number(worker), n: Number(n), repository, commit });
      }
    }

    beforeAll(async () => {
      const image = await labImage();
      folder = mkdtempSync(join(tmpdir(), 'girofle-lab-test-'));
      const binds = { data: '/var/opt/gitlab', config: '/etc/gitlab', log: '/var/log/gitlab' };
      await docker(
        ...['run', '-d', '--name', container, '--network', 'none', '--shm-size', '256m'],
        ...Object.entries(binds).flatMap(([volume, path]) => ['-v', `${folder}/${volume}:${path}`]),
        image,
      );
      expect(await untilAnswers(container, 60)).toBeDefined();
      await write(25);
    });
    afterAll(async () => {
      await callDocker({
        method: 'DELETE',
        path: `/containers/${container}`,
        query: { force: true },
        answer: 'none',
      });
      rmSync(folder, { recursive: true, force: true });
    });

    const look = async () => judge(readEvidence(await takeEvidence(container)), acknowledged);

    test('finds nothing where nothing is wrong', async () => {
      expect(acknowledged.length).toBeGreaterThanOrEqual(25);
      expect(await look()).toEqual([]);
    });

    test('finds what was planted in its tables, its pages, its objects and its locks', async () => {
      await docker('restart', container);
      expect(await untilAnswers(container, 60)).toBeDefined();
      const [damaged = '', locked = ''] = (
        await inside(
          "cd /var/opt/gitlab/git-data/repositories && find . -type d -name '*.git' -prune | sort | sed 's/^..//'",
        )
      ).split('\n');
      await query('update accounts set balance = balance + 1 where id = 42');
      await query('update shelves set version = version + 1 where id = 7');
      await query('delete from items where n = 5');
      await query(`update items set commit = '${two}' where n = 3`);
      const rows = await query('select string_agg(n::text, chr(32) order by n) from items');
      expect(rows.split(' ')).not.toContain('5');
      await query('create table spare as select generate_series(1, 1000) id');
      // Nobody has a reason to write it again.
      await query('vacuum (freeze) spare');
      const page = await query("checkpoint; select pg_relation_filepath('spare')");
      await inside(
        `cd /var/opt/gitlab/postgresql/data && printf x | dd of=${page} bs=1 seek=6000 conv=notrunc`,
      );
      await inside(
        `cd /var/opt/gitlab/git-data/repositories && printf 1 >${locked}/packed-refs.lock &&
         cd ${damaged} && find objects -type f -path 'objects/??/*' | sort | head -n 1 | xargs rm`,
      );
      // What it has read before would hide the page.
      await docker('restart', container);
      expect(await untilAnswers(container, 60)).toBeDefined();
      const found = await look();
      // What else the object that went was part of is told as well.
      expect(found).toEqual(
        expect.arrayContaining(
          [
            /^the accounts hold 10000001, not 10000000$/,
            /^\d accounts are not what their items make: /,
            /^the shelves have 2 changes more than there are items$/,
            /^worker 0 counted to (\d+) and has \d+ items, the last is \1$/,
            /^2 acknowledged items have no row: 0\/3, 0\/5$/,
            /rows have no commit: (.*, )?0\/3(,|$)/,
            new RegExp(`^git fsck of ${damaged} ends with [1-9]`),
            new RegExp(`^writing refs of ${locked} ends with [1-9]`),
            new RegExp(`^1 lock files are left: .*/${locked}/packed-refs.lock$`),
            /^pg_amcheck ends with 2: /,
            /^pg_checksums ends with 1: /,
          ].map(sentence => expect.stringMatching(sentence)),
        ),
      );
    });
  },
);
