/** The list of backups, read from real folders and told as a table. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gitlab_backups } from '../../tasks/gitlab_backups.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';
import { shells } from '../support/shell.ts';
import { writeBackup } from '../support/write-backup.ts';

conforms(gitlab_backups, {
  cases: [
    {
      does: 'finds no instance',
      args: { root: 'HERE/none' },
      says: [],
      returns: { backups: [], table: 'there is no instance' },
    },
    {
      does: 'finds no instance of that number',
      given: 'mkdir -p g/noeud-gitlab-1',
      args: { root: 'HERE/g', instance: 2 },
      says: [],
      returns: { backups: [], table: 'there is no instance 2' },
    },
    {
      does: 'finds no backup',
      given: 'mkdir -p g/noeud-gitlab-1/bckups g/noeud-gitlab-x/bckups/2026-11-22T08-48-00Z',
      args: { root: 'HERE/g/' },
      says: [],
      returns: { backups: [], table: 'there is no backup' },
    },
    {
      does: 'tells what is no backup, and why',
      given: `cd "$(mkdir -p g/noeud-gitlab-12/bckups && cd g/noeud-gitlab-12/bckups && pwd)"
mkdir -p 22-11-2026-time-08-48-00/data 22-11-2026-time-08-48-00/config 22-11-2026-time-08-48-00/log 21-11-2026-time-08-48-00/data \
  2026-11-20T00-00-00Z 2026-11-19T00-00-00Z .partial-0123abcd .deleting-2026-11-18T00-00-00Z 2026-nonsense other
echo '{"format":1' >2026-11-19T00-00-00Z/manifest.json
ln -s / 2026-11-17T00-00-00Z; echo file >2026-11-16T00-00-00Z`,
      args: { root: 'HERE/g', instance: 12 },
      says: [],
      returns: {
        table: `instance  date                            size  files  version  previous  verified
12        22-11-2026-time-08-48-00        -     -      -        -         no manifest: made by the original scripts
12        21-11-2026-time-08-48-00        -     -      -        -         NO BACKUP: has no config, no log
12        2026-11-20T00-00-00Z            -     -      -        -         NO BACKUP: has no manifest
12        2026-11-19T00-00-00Z            -     -      -        -         NO BACKUP: its manifest cannot be read
12        .deleting-2026-11-18T00-00-00Z  -     -      -        -         left by a removal
12        .partial-0123abcd               -     -      -        -         left by a backup that was not finished
12        2026-nonsense                   -     -      -        -         NO BACKUP: its name is no date`,
      },
    },
  ],
  denials: [
    {
      when: 'a folder that the user may not read',
      given: 'mkdir -p g/noeud-gitlab-1; mkdir -m 700 g/noeud-gitlab-1/bckups',
      args: { root: 'HERE/g' },
      unprivileged: true,
      says: 'HERE/g/noeud-gitlab-1/bckups may not be read by this user',
    },
    {
      when: 'a bckups folder that is elsewhere',
      given: 'mkdir -p g/noeud-gitlab-1 else; ln -s ../../else g/noeud-gitlab-1/bckups',
      args: { root: 'HERE/g' },
      says: 'HERE/g/noeud-gitlab-1/bckups is a symbolic link: backups behind it are not looked at',
    },
  ],
  wrong: [
    { args: { root: 'g' }, says: ['"root" cannot be "g"'] },
    { args: { instance: -1 }, says: ['"instance" must be at least 0, not -1'] },
  ],
});

describe.each(shells)('gitlab_backups, by %s,', shell => {
  test('lists backups newest first, by instance, with what their manifests say', async () => {
    const root = mkdtempSync(join(tmpdir(), 'girofle-backups-'));
    try {
      const [first, second] = ['2026-11-22T08-48-00Z', '2026-11-22T12-48-00Z'];
      const one = join(root, 'noeud-gitlab-1');
      const folder = writeBackup(one, first, 'head -c 5000 /dev/zero >data/x');
      const manifest = execFileSync('sha256sum', [join(folder, 'manifest.json')], { encoding: 'utf8' }).slice(
        0,
        64,
      );
      const proof = { format: 1, utc: '2026-11-22T09:00:00Z', by: 'drill', manifest };
      writeFileSync(join(folder, 'verified.json'), JSON.stringify(proof));
      writeBackup(one, second, 'head -c 6000 /dev/zero >data/x; echo >log/y', { previous: first, pause: 2 });
      mkdirSync(join(root, 'noeud-gitlab-10/bckups'), { recursive: true });
      writeBackup(join(root, 'noeud-gitlab-2'), first, ':', {
        gitlab: { disk: '', release: '17.5.2', edition: '' },
      });
      // A copied folder keeps the manifest of another date.
      execFileSync('cp', ['-a', folder, join(one, 'bckups/2026-11-01T00-00-00Z')]);

      const { result } = await runModule(gitlab_backups, { root }, { shell });
      expect(result.backups).toMatchObject([
        {
          instance: 1,
          date: second,
          kind: 'backup',
          size: 6001,
          files: 2,
          version: '17.5.2',
          edition: 'ce',
          previous: first,
          pause: 2,
          verified: '',
          utc: '2026-11-22T12:48:00.000Z',
        },
        { instance: 1, date: first, size: 5000, verified: '2026-11-22T09:00:00Z', verified_by: 'drill' },
        {
          instance: 1,
          date: '2026-11-01T00-00-00Z',
          kind: 'broken',
          problem: `its manifest is that of ${first}`,
        },
        { instance: 2, date: first, version: '17.5.2' },
      ]);
      expect(
        result.table,
      ).toBe(`instance  date                  size     files  version  previous              verified
1         2026-11-22T12-48-00Z  5.9 KiB  2      17.5.2   2026-11-22T08-48-00Z  no
1         2026-11-22T08-48-00Z  4.9 KiB  1      17.5.2   -                     2026-11-22T09:00:00Z (drill)
1         2026-11-01T00-00-00Z  -        -      -        -                     NO BACKUP: its manifest is that of 2026-11-22T08-48-00Z
2         2026-11-22T08-48-00Z  0 B      0      17.5.2   -                     no`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
