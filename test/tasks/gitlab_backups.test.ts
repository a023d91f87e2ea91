/** The list of backups, read from real folders and told as a table. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitlab_backups } from '../../tasks/gitlab_backups.ts';
import { conforms, snapshot } from '../support/conformance.ts';
import { callRemote, remoteOf } from '../support/remote-calls.ts';
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
        table: `instance  where  date                            size  files  version  previous  verified
12        local  22-11-2026-time-08-48-00        -     -      -        -         no manifest: made by the original scripts
12        local  21-11-2026-time-08-48-00        -     -      -        -         NO BACKUP: has no config, no log
12        local  2026-11-20T00-00-00Z            -     -      -        -         NO BACKUP: has no manifest
12        local  2026-11-19T00-00-00Z            -     -      -        -         NO BACKUP: its manifest cannot be read
12        local  .deleting-2026-11-18T00-00-00Z  -     -      -        -         left by a removal
12        local  .partial-0123abcd               -     -      -        -         left by a backup that was not finished
12        local  2026-nonsense                   -     -      -        -         NO BACKUP: its name is no date`,
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
    {
      args: { remotes: [{ name: 'nas', driver: 'directory', path: '/mnt/nas' }] },
      says: ['host_name is needed with remotes: what this host is called there'],
    },
    {
      args: { remotes: [{ name: 'nas' }], host_name: 'vm1' },
      says: ['remote nas has no driver: it is one of directory, rsync, restic'],
    },
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
      ).toBe(`instance  where  date                  size     files  version  previous              verified
1         local  2026-11-22T12-48-00Z  5.9 KiB  2      17.5.2   2026-11-22T08-48-00Z  no
1         local  2026-11-22T08-48-00Z  4.9 KiB  1      17.5.2   -                     2026-11-22T09:00:00Z (drill)
1         local  2026-11-01T00-00-00Z  -        -      -        -                     NO BACKUP: its manifest is that of 2026-11-22T08-48-00Z
2         local  2026-11-22T08-48-00Z  0 B      0      17.5.2   -                     no`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('with remotes', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'girofle-backups-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const [first, second] = ['2026-11-22T08-48-00Z', '2026-11-22T12-48-00Z'];
  const off = () => ({ name: 'off', driver: 'restic', repository: `${root}/repo`, password: 'geheim' });
  const nas = () => ({ name: 'nas', driver: 'directory', path: `${root}/nas` });
  const push = (remote: Record<string, string>, instance: number, date: string) =>
    callRemote(
      remoteOf(remote),
      { host: 'vm1', instance },
      join(root, `noeud-gitlab-${instance}`),
      `remote_create && remote_push ${date} ''`,
    );

  test('what lies there is shown beside what lies here, and a remote that does not answer says so', {
    timeout: 60_000,
  }, async () => {
    writeBackup(join(root, 'noeud-gitlab-1'), first, 'head -c 5000 /dev/zero >data/x');
    writeBackup(join(root, 'noeud-gitlab-2'), second, ':');
    mkdirSync(`${root}/nas`);
    expect((await push(off(), 1, first)).objection).toBe('');
    expect((await push(nas(), 1, first)).objection).toBe('');
    rmSync(`${root}/noeud-gitlab-1/bckups/${first}`, { recursive: true });
    const gone = { name: 'gone', driver: 'directory', path: `${root}/none` };
    const before = snapshot(root);
    const seen = await runModule(gitlab_backups, { root, remotes: [off(), nas(), gone], host_name: 'vm1' });
    expect([seen.changed, seen.failed]).toEqual([false, false]);
    expect(seen.says).toEqual([
      'look at the backups on remote off',
      'look at the backups on remote nas',
      'look at the backups on remote gone',
    ]);
    expect(seen.result.table).toBe(
      `instance  where  date                  size     files  version  previous  verified
1         off    2026-11-22T08-48-00Z  4.9 KiB  1      17.5.2   -         -
1         nas    2026-11-22T08-48-00Z  4.9 KiB  1      17.5.2   -         -
1         gone   -                     -        -      -        -         NOT KNOWN: ${root}/none is not there: is it mounted?
2         local  2026-11-22T12-48-00Z  0 B      0      17.5.2   -         no
2         gone   -                     -        -      -        -         NOT KNOWN: ${root}/none is not there: is it mounted?`,
    );
    expect(snapshot(root), 'looking writes nothing').toEqual(before);
  });

  test('an instance that this host has lost is asked for by its number', { timeout: 60_000 }, async () => {
    writeBackup(join(root, 'noeud-gitlab-3'), first, ':');
    mkdirSync(`${root}/nas`);
    await push(nas(), 3, first);
    rmSync(`${root}/noeud-gitlab-3`, { recursive: true });
    const shown = async (instance: number) =>
      (await runModule(gitlab_backups, { root, remotes: [nas()], host_name: 'vm1', instance })).result.table;
    expect(await shown(0)).toBe(
      'there is no instance; what remotes have is shown for a number: girofle-run backups 1',
    );
    expect(
      await shown(3),
    ).toBe(`instance  where  date                  size  files  version  previous  verified
3         nas    2026-11-22T08-48-00Z  0 B   0      17.5.2   -         -`);
    expect(await shown(4)).toBe('there is no instance 4, and no remote has a backup of it');
  });
});
