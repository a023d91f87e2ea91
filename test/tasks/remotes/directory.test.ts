/** A remote that is a folder of the host, by its real functions, on real file systems of this machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { placeOf } from '../../../tasks/remotes/tree.ts';
import { command } from '../../support/backup-rig.ts';
import { DATES, KINDS, PushRig } from '../../support/push-rig.ts';

const [OLD, MIDDLE, NEW] = DATES;
// Whatever else writes to this disk is waited for when a backup is flushed to it.
vi.setConfig({ testTimeout: 150_000 });
const OK = { code: 0, objection: '' };

let rig: PushRig;
beforeEach(() => {
  rig = new PushRig();
});
afterEach(() => rig.clean());

const notMounted = () =>
  `there is no .girofle-remote in ${rig.disk}: what should be mounted there is not, or the remote was never set up`;

describe('is set up', () => {
  test('in an empty folder, once', async () => {
    expect(await rig.call('remote_check')).toMatchObject({ code: 2, objection: notMounted() });
    expect(await rig.call('remote_create && remote_check && remote_canary && remote_create')).toMatchObject(
      OK,
    );
    expect(readdirSync(rig.disk)).toEqual(['.girofle-remote']);
  });

  test('where a remote was whose mark is lost', async () => {
    mkdirSync(`${rig.disk}/vm7/noeud-gitlab-3`, { recursive: true });
    mkdirSync(`${rig.disk}/lost+found`);
    expect(await rig.call('remote_create && remote_check')).toMatchObject(OK);
  });

  test('not where something else is', async () => {
    mkdirSync(`${rig.disk}/photos/summer`, { recursive: true });
    expect(await rig.call('remote_create')).toMatchObject({
      code: 2,
      objection: `${rig.disk} holds something else (photos): a remote needs a folder of its own`,
    });
    expect(readdirSync(rig.disk)).toEqual(['photos']);
  });

  test('not in a folder that is not there, but in one that a mounted file system lacks', async () => {
    rig.use({ name: 'disk', driver: 'directory', path: `${rig.disk}/backups` });
    expect(await rig.call('remote_check')).toMatchObject({
      code: 2,
      objection: `${rig.disk}/backups is not there: is it mounted?`,
    });
    expect(await rig.call('remote_create')).toMatchObject({
      code: 2,
      objection: `${rig.disk}/backups is not there: mount it, or make the folder, first`,
    });
    command('mount', '-t', 'tmpfs', '-o', 'size=10M', 'girofle-test', rig.disk);
    expect(await rig.call('remote_create && remote_check')).toMatchObject(OK);
    expect(readdirSync(rig.disk)).toEqual(['backups']);
  });

  test('not on a file system that can only be read', async () => {
    await rig.setUp();
    command('mount', '--bind', rig.disk, rig.disk);
    command('mount', '-o', 'remount,bind,ro', rig.disk);
    expect(await rig.call('remote_check')).toMatchObject({
      code: 2,
      objection: `${rig.disk} cannot be written`,
    });
  });

  test('not on a file system that keeps no owners: the canary tells', async () => {
    await rig.setUp();
    expect(await rig.call('rsync() { command rsync "$@" --no-owner; }\nremote_canary')).toMatchObject({
      code: 2,
      objection:
        'it does not keep owners, modes and links of files: a file system of Unix is needed there, or the restic driver',
    });
  });

  test('not on one that corrupts what it takes: the canary tells', async () => {
    await rig.setUp();
    const corrupting = `rsync() { command rsync "$@" && for one in ${rig.disk}/.girofle-canary-*/song; do printf x | dd of="$one" bs=1 seek=9 conv=notrunc 2>/dev/null; done; }`;
    expect(await rig.call(`${corrupting}\nremote_canary`)).toMatchObject({
      code: 2,
      objection: 'what was written and what was read back differ: its storage cannot be trusted',
    });
    expect(readdirSync(rig.disk)).toEqual(['.girofle-remote']);
  });
});

describe('a backup with every kind of file', () => {
  beforeEach(async () => {
    rig.backups();
    await rig.setUp();
  });

  test('is sent, verified, listed, and fetched as it was', async () => {
    const called = await rig.call(
      `remote_push ${OLD} '' && remote_verify ${OLD} && remote_push ${MIDDLE} ${OLD} && remote_verify ${MIDDLE} && remote_list`,
    );
    expect(called).toMatchObject({ ...OK, stdout: `${OLD}\n${MIDDLE}\n` });
    const back = `${rig.here}/back`;
    mkdirSync(back);
    expect(await rig.call(`remote_fetch ${MIDDLE} ${back}`)).toMatchObject(OK);
    expect(readdirSync(back).sort()).toEqual(['config', 'data', 'files.jsonl', 'log', 'manifest.json']);
    const differences = command('rsync', '-aHAXSni', '--delete', `${rig.bckups}/${MIDDLE}/`, `${back}/`);
    expect(differences.split('\n').filter(line => line !== '' && !line.endsWith(' ./'))).toEqual([]);
  });

  test('is linked to the one before, so that it costs no space', async () => {
    await rig.call(`remote_push ${OLD} '' && remote_push ${MIDDLE} ${OLD}`);
    const inode = (date: string, file: string) => statSync(`${rig.place}/${date}/${file}`).ino;
    expect(inode(MIDDLE, 'config/gitlab.rb')).toBe(inode(OLD, 'config/gitlab.rb'));
    expect(inode(MIDDLE, 'data/date')).not.toBe(inode(OLD, 'data/date'));
  });

  test('is proven there when it is verified, not before', async () => {
    await rig.call(`remote_push ${OLD} ''`);
    expect(existsSync(`${rig.place}/${OLD}/verified.json`)).toBe(false);
    await rig.call(`remote_verify ${OLD}`);
    expect(JSON.parse(readFileSync(`${rig.place}/${OLD}/verified.json`, 'utf8'))).toMatchObject({
      format: 1,
      by: 'verify',
      manifest: command('sha256sum', `${rig.bckups}/${OLD}/manifest.json`).slice(0, 64),
    });
  });

  test('does not take the proof of the local one with it', async () => {
    writeFileSync(`${rig.bckups}/${OLD}/verified.json`, '{}');
    expect(await rig.call(`remote_push ${OLD} '' && remote_verify ${OLD}`)).toMatchObject(OK);
    expect(readFileSync(`${rig.place}/${OLD}/verified.json`, 'utf8')).toContain('"by":"verify"');
  });

  test('has its manifest there', async () => {
    await rig.call(`remote_push ${OLD} '' && remote_push ${MIDDLE} ${OLD}`);
    const manifest = (date: string) => readFileSync(`${rig.bckups}/${date}/manifest.json`, 'utf8');
    expect((await rig.call(`remote_manifest ${MIDDLE}`)).stdout).toBe(manifest(MIDDLE));
    expect((await rig.call('remote_manifests')).stdout).toBe(
      [OLD, MIDDLE].map(date => `${date}\x1f${manifest(date)}\x1e`).join(''),
    );
    expect(await rig.call(`remote_manifest ${NEW}`)).toMatchObject({
      code: 2,
      objection: `there is no backup of ${NEW}`,
    });
  });

  test('is removed by its date', async () => {
    await rig.call(`remote_push ${OLD} '' && remote_push ${MIDDLE} ${OLD} && remote_push ${NEW} ${MIDDLE}`);
    expect(await rig.call(`remote_remove ${OLD} ${MIDDLE} 2001-01-01T00-00-00Z`)).toMatchObject(OK);
    expect([rig.there(), rig.aside()]).toEqual([[NEW], []]);
  });

  test('that is not whole is not sent', async () => {
    rmSync(`${rig.bckups}/${OLD}/files.jsonl`);
    expect(await rig.call(`remote_push ${OLD} ''`)).toMatchObject({
      code: 2,
      objection: `${rig.bckups}/${OLD} is no whole backup: there is no files.jsonl in it`,
    });
  });
});

describe('what is not as it was sent is no backup any more', () => {
  const damaged = (why: string) => ({
    code: 2,
    objection: `the backup of ${NEW} is damaged: ${why}; it was renamed to .damaged-${NEW}, and is no backup any more`,
  });
  const file = (name: string) => `${rig.place}/${NEW}/${name}`;

  beforeEach(async () => {
    rig.backups([NEW]);
    await rig.setUp();
    await rig.call(`remote_push ${NEW} ''`);
  });

  test.each<[string, () => void, string]>([
    [
      'a flipped byte',
      () => rig.flip(file('data/sub dir/two')),
      'data/sub dir/two has another content than the manifest says',
    ],
    ['a file that is missing', () => rmSync(file('data/sub dir/two')), 'data/sub dir/two is missing'],
    ['a file that was added', () => writeFileSync(file('log/more'), ''), 'log/more was added'],
    [
      'several',
      () => {
        rig.flip(file('data/date'));
        rmSync(file('data/sub dir/two'));
      },
      'data/date has another content than the manifest says and 1 more',
    ],
    [
      'a truncated list',
      () => writeFileSync(file('files.jsonl'), ''),
      'files.jsonl is not the list that the manifest was made for: its hash differs',
    ],
    [
      'another manifest',
      () => writeFileSync(file('manifest.json'), '{}'),
      'manifest.json is not the one that was sent',
    ],
    [
      'another owner of a link',
      () => command('chown', '-h', '1:1', file('data/link')),
      'it differs from the local one (rsync says: .L....og... data/link -> /etc/shadow)',
    ],
    [
      'another mode',
      () => command('chmod', '0777', file('data/date')),
      'it differs from the local one (rsync says: .f...p..... data/date)',
    ],
  ])('%s', async (_, harm, why) => {
    harm();
    expect(await rig.call(`remote_verify ${NEW}`)).toMatchObject(damaged(why));
    expect([rig.there(), rig.aside()]).toEqual([[], [`.damaged-${NEW}`]]);
  });

  test('without the local one it is compared with its own manifest', async () => {
    rmSync(`${rig.bckups}/${NEW}`, { recursive: true });
    expect(await rig.call(`remote_verify ${NEW}`)).toMatchObject(OK);
    rig.flip(file('data/date'));
    expect(await rig.call(`remote_verify ${NEW}`)).toMatchObject(
      damaged('data/date has another content than the manifest says'),
    );
  });

  test('it is sent again whole, though the one that it was linked to has the same damage', async () => {
    rig.backups([OLD, MIDDLE], KINDS);
    await rig.call(`remote_remove ${NEW}; remote_push ${OLD} '' && remote_push ${MIDDLE} ${OLD}`);
    command('touch', '-r', `${rig.bckups}/${OLD}/data/sub dir/two`, `${rig.bckups}/${NEW}/data/sub dir/two`);
    rig.flip(`${rig.place}/${MIDDLE}/data/sub dir/two`);
    const again = await rig.call(
      `remote_push ${NEW} ${MIDDLE}; remote_verify ${NEW} || remote_push ${NEW} ${MIDDLE} && remote_verify ${NEW}`,
    );
    expect(again).toMatchObject(OK);
    expect([rig.there(), rig.aside()]).toEqual([[OLD, MIDDLE, NEW], []]);
  });
});

describe('what an interrupted push has left', () => {
  beforeEach(async () => {
    rig.backups([OLD, NEW], `${KINDS}\nhead -c 3000000 /dev/urandom >data/big`);
    await rig.setUp();
  });

  test('is taken up by the next: what has arrived is not sent again', async () => {
    mkdirSync(`${rig.place}/.partial-${NEW}/data`, { recursive: true });
    command('cp', '-p', `${rig.bckups}/${NEW}/data/big`, `${rig.place}/.partial-${NEW}/data/`);
    const { ino } = statSync(`${rig.place}/.partial-${NEW}/data/big`);
    expect(await rig.call(`remote_push ${NEW} '' && remote_verify ${NEW}`)).toMatchObject(OK);
    expect(statSync(`${rig.place}/${NEW}/data/big`).ino).toBe(ino);
    expect(rig.aside()).toEqual([]);
  });

  test('of another date serves too, but for what it shares with a backup', async () => {
    await rig.call(`remote_push ${OLD} ''`);
    const partial = `${rig.place}/.partial-${MIDDLE}`;
    mkdirSync(`${partial}/data`, { recursive: true });
    command('ln', `${rig.place}/${OLD}/data/date`, `${partial}/data/date`);
    command('cp', '-p', `${rig.bckups}/${NEW}/data/big`, `${partial}/data/`);
    const { ino } = statSync(`${partial}/data/big`);
    expect(
      await rig.call(`remote_push ${NEW} ${OLD} && remote_verify ${OLD} && remote_verify ${NEW}`),
    ).toMatchObject(OK);
    expect(statSync(`${rig.place}/${NEW}/data/big`).ino).toBe(ino);
    expect([rig.there(), rig.aside()]).toEqual([[OLD, NEW], []]);
  });
});

test('a disk that gets full: nothing has that date, and the room is given back', async () => {
  rig.backups([NEW], `${KINDS}\nhead -c 8000000 /dev/urandom >data/big`);
  command('mount', '-t', 'tmpfs', '-o', 'size=5M', 'girofle-test', rig.disk);
  await rig.setUp();
  expect(await rig.call(`remote_push ${NEW} ''`)).toMatchObject({ code: 2, objection: 'its disk is full' });
  expect([rig.there(), rig.aside()]).toEqual([[], []]);
});

test('a disk that is unmounted later is never taken for an empty one', async () => {
  rig.backups([NEW]);
  command('mount', '-t', 'tmpfs', '-o', 'size=50M', 'girofle-test', rig.disk);
  await rig.setUp();
  expect(await rig.call(`remote_push ${NEW} ''`)).toMatchObject(OK);
  command('umount', rig.disk);
  for (const call of [
    'remote_check',
    'remote_list',
    `remote_push ${NEW} ''`,
    `remote_verify ${NEW}`,
    `remote_remove ${NEW}`,
  ])
    expect(await rig.call(call)).toMatchObject({ code: 2, objection: notMounted() });
  expect(readdirSync(rig.disk)).toEqual([]);
});

test.each([
  [{ host: 'vm1', instance: 2 }, 'vm1/noeud-gitlab-2'],
  [{ host: '../../etc', instance: 2 }, '_._.._etc/noeud-gitlab-2'],
  [{ host: 'fe80::1', instance: 12 }, 'fe80::1/noeud-gitlab-12'],
  [{ host: 'a b/c', instance: 1 }, 'a_b_c/noeud-gitlab-1'],
])('the backups of %o lie in %s', (origin, place) => {
  expect(placeOf(origin)).toBe(place);
});
