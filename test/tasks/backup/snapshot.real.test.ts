/** `consistency: snapshot`, on a real btrfs; and the orders given to LVM and ZFS, which this kernel may not have. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { STATES } from '../../../tasks/backup/driver.ts';
import { BackupRig, command, failureOf, nextSucceeds } from '../../support/backup-rig.ts';
import { processes, until } from '../../support/processes.ts';
import { type Fake, fake, mountImage } from '../../support/snapshots.ts';

const rig = new BackupRig(970);
const snapshot = { consistency: 'snapshot' } as const;
const copied = (date: string, path: string) => readFileSync(`${rig.bckups}/${date}/${path}`, 'utf8');
const copying = (id: string) =>
  processes().some(
    ({ words }) => words[0] === 'rsync' && words.some(word => word.includes(`.partial-${id}`)),
  );

async function onNew(type: 'btrfs' | 'ext4'): Promise<void> {
  await rig.clean();
  mountImage(type, rig.root);
  await rig.makeImage();
}

afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
  rmSync(`${rig.root}.img`, { force: true });
  rmSync(`${rig.root}.fake`, { recursive: true, force: true });
});

describe('on btrfs', () => {
  const subvolumes = () => command('btrfs', 'subvolume', 'list', rig.root).trimEnd();
  beforeAll(() => onNew('btrfs'));
  beforeEach(() => rig.reset());

  test('the backup is the instance as it stood still, however long the copy takes, and no snapshot stays', async () => {
    rig.write('data/x', 'then');
    rig.write('data/big', Buffer.alloc(8 << 20, 7));
    const driven = await rig.heldAt('resumed', snapshot);
    expect([rig.status(), subvolumes()]).toEqual([
      'running',
      expect.stringContaining(`path .girofle-snapshot-${driven.job.id}`),
    ]);
    rig.write('data/x', 'now!');
    rig.write('data/y', 'too late');
    rmSync(`${rig.volumes}/data/big`);
    driven.go();
    expect(await driven.ended()).toMatchObject({ ok: true });
    expect([driven.states(), driven.log(), subvolumes()]).toEqual([STATES, '', '']);
    const [date = ''] = rig.dates();
    const there = readdirSync(`${rig.bckups}/${date}/data`);
    expect([there.includes('big'), there.includes('y')]).toEqual([true, false]);
    expect(copied(date, 'data/x')).toBe('then');
    const { consistency, pause, rsync } = rig.manifest(date);
    expect([consistency, rsync]).toEqual(['snapshot', { version: rsync.version, hot: 0, frozen: 0 }]);
    expect(pause).toBeLessThan(2);
  });

  test('what has not changed is linked; what changed behind its time is not', async () => {
    rig.write('data/same', 'same');
    rig.write('data/changed', 'before');
    rig.write('data/postgresql/data/1', 'before');
    const plan = await rig.backup(snapshot, { planOnly: true });
    expect(plan.says[0]).toBe(
      `back up instance 970 to ${rig.bckups} (paused for a snapshot, for 60 s at most, the first)`,
    );
    await nextSucceeds(rig, snapshot);
    for (const path of ['data/changed', 'data/postgresql/data/1']) {
      const time = command('stat', '-c', '%y', `${rig.volumes}/${path}`).trim();
      rig.write(path, 'after!');
      command('touch', '-d', time, `${rig.volumes}/${path}`);
    }
    await nextSucceeds(rig, snapshot);
    const [first = '', second = ''] = rig.dates();
    expect(rig.manifest(second).previous).toBe(first);
    const inode = (date: string) => lstatSync(`${rig.bckups}/${date}/data/same`).ino;
    expect(inode(second)).toBe(inode(first));
    expect([copied(second, 'data/changed'), copied(second, 'data/postgresql/data/1')]).toEqual([
      'after!',
      'after!',
    ]);
    expect(copied(first, 'data/changed')).toBe('before');
  });

  test.each(['frozen-copied', 'resumed'])(
    'kill -9 in state %s: the instance goes on, no date; the next run removes the snapshot',
    async state => {
      const driven = await rig.heldAt(state, snapshot);
      expect(subvolumes()).not.toBe('');
      driven.kill();
      await until('the instance to go on', () => rig.status() === 'running', 1);
      await until('the guard to end', () => driven.guard === undefined);
      expect(rig.dates()).toEqual([]);
      await nextSucceeds(rig, snapshot);
      expect(subvolumes()).toBe('');
    },
  );

  test('kill -9 in the copy of the snapshot: the next run, though with a pause, starts from it and removes the snapshot', async () => {
    rig.write('data/big', Buffer.alloc(20 << 20, 1));
    const driven = await rig.drive({ frozen: ['--bwlimit=1000'] }, snapshot);
    await until('rsync to copy', () => copying(driven.job.id));
    expect(rig.status()).toBe('running');
    driven.kill();
    await driven.ended();
    await nextSucceeds(rig);
    expect([subvolumes(), copying(driven.job.id)]).toEqual(['', false]);
  });

  test('TERM in the copy: the snapshot is removed at once', async () => {
    rig.write('data/big', Buffer.alloc(20 << 20, 1));
    const driven = await rig.drive({ frozen: ['--bwlimit=1000'] }, snapshot);
    await until('rsync to copy', () => copying(driven.job.id));
    process.kill(driven.pid, 'SIGTERM');
    expect(failureOf(await driven.ended())).toBe('it was ended by a signal');
    expect([subvolumes(), rig.dates()]).toEqual(['', []]);
  });

  test('a disk that gets full in the copy: no date, no snapshot', async () => {
    rig.mount('80M');
    const driven = await rig.heldAt('resumed', snapshot);
    command('sh', '-c', `cat /dev/zero >${rig.bckups}/filling || :`);
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: this backup is discarded`,
    );
    expect([rig.status(), rig.dates(), subvolumes()]).toEqual(['running', [], '']);
  });

  test('a subvolume inside of a volume is refused before anything; one that comes meanwhile makes the backup void', async () => {
    const nested = `${rig.volumes}/data/nested`;
    const driven = await rig.heldAt('checked', snapshot);
    command('btrfs', 'subvolume', 'create', nested);
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `${nested} is a subvolume, which a snapshot leaves out: take consistency: pause`,
    );
    expect(driven.states()).not.toContain('guard-armed');
    command('btrfs', 'subvolume', 'delete', nested);
    const late = await rig.heldAt('guard-armed', snapshot);
    command('btrfs', 'subvolume', 'create', nested);
    late.go();
    expect(failureOf(await late.ended())).toBe(
      `${nested} became a subvolume meanwhile: this backup is discarded`,
    );
    command('btrfs', 'subvolume', 'delete', nested);
    expect([rig.dates(), subvolumes()]).toEqual([[], '']);
  });

  test('a volume that is a subvolume of its own, and a mount inside, are refused by the plan', async () => {
    const log = `${rig.volumes}/log`;
    command('mount', '-t', 'tmpfs', 'girofle-test', `${log}`);
    const mounted = await rig.backup(snapshot);
    command('umount', log);
    expect(mounted.refusal?.refusal).toBe(
      `there can be no snapshot: ${log} is mounted inside of ${rig.volumes}, and a snapshot would leave it out; take consistency: pause`,
    );
    rmSync(log, { recursive: true });
    command('btrfs', 'subvolume', 'create', log);
    const own = await rig.backup(snapshot);
    command('btrfs', 'subvolume', 'delete', log);
    mkdirSync(log);
    expect(own.refusal?.refusal).toBe(
      `there can be no snapshot: ${log} is a subvolume of its own, and one snapshot must hold all three volumes; take consistency: pause`,
    );
  });
});

describe('elsewhere', () => {
  let played: Fake;
  const play = (kind: Parameters<typeof fake>[0], free?: number) => {
    played = fake(kind, `${rig.root}.fake`, rig.root, free);
  };
  beforeAll(() => onNew('ext4'));
  beforeEach(() => rig.reset());
  afterEach(() => expect(played?.snapshots() ?? []).toEqual([]));

  test('there is no snapshot on ext4: refused, with what it is', async () => {
    expect((await rig.backup(snapshot)).refusal?.refusal).toMatch(
      /^there can be no snapshot: \S+\/mapping-volumes is on ext4 \(\/dev\/loop\d+\), which is neither btrfs, ZFS nor LVM; take consistency: pause$/,
    );
  });

  test.each([
    ['LVM, played', 'lvm', '-L 209715k '],
    ['a thin volume of LVM, played', 'thin', '-kn '],
  ] as const)('%s: created, mounted read-only, unmounted, removed', async (_, kind, size) => {
    play(kind);
    rig.write('data/x', 'then');
    const driven = await rig.heldAt('resumed', snapshot, played.env);
    rig.write('data/x', 'now!');
    driven.go();
    expect(await driven.ended()).toMatchObject({ ok: true });
    expect(copied(rig.dates()[0] ?? '', 'data/x')).toBe('then');
    const name = `girofle-${driven.job.id}`;
    expect(played.log()).toEqual([
      `lvcreate -y -s ${size}-n ${name} vg0/lv0`,
      `mount -t ext4 -o ro /dev/vg0/${name} ${driven.run}/snapshot`,
      `lvremove -f -y vg0/${name}`,
    ]);
    expect(command('cat', '/proc/self/mountinfo')).not.toContain(driven.run);
  });

  test('LVM, played: a snapshot that has run full makes the backup void', async () => {
    play('lvm');
    const driven = await rig.heldAt('resumed', snapshot, played.env);
    played.overflow();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      'the snapshot ran full: more was written meanwhile than its 204 MiB hold: this backup is discarded',
    );
    expect([rig.dates(), rig.status()]).toEqual([[], 'running']);
  });

  test('LVM, played: a volume group without room is refused before anything', async () => {
    play('lvm', 40_000);
    expect((await rig.backup(snapshot, { env: played.env })).result.msg).toBe(
      'the volume group of vg0/lv0 has 39 MiB free, and a snapshot needs 64 at least: take consistency: pause',
    );
  });

  test('LVM, played: kill -9 in the copy leaves a mount and a snapshot; the next run removes both', async () => {
    play('lvm');
    rig.write('data/big', Buffer.alloc(20 << 20, 1));
    const driven = await rig.drive({ frozen: ['--bwlimit=1000'] }, snapshot, played.env);
    await until('rsync to copy', () => copying(driven.job.id));
    driven.kill();
    await driven.ended();
    await nextSucceeds(rig, snapshot, { env: played.env });
    expect(command('cat', '/proc/self/mountinfo')).not.toContain(driven.run);
  });

  test('ZFS, played: read from .zfs/snapshot, destroyed', async () => {
    play('zfs');
    rig.write('data/x', 'then');
    const driven = await rig.heldAt('resumed', snapshot, played.env);
    expect(driven.job).toMatchObject({
      ground: {
        kind: 'zfs',
        type: 'zfs',
        holder: 'tank/g',
        mount: rig.root,
        inside: 'noeud-gitlab-970/mapping-volumes',
      },
    });
    rig.write('data/x', 'now!');
    driven.go();
    expect(await driven.ended()).toMatchObject({ ok: true });
    expect(copied(rig.dates()[0] ?? '', 'data/x')).toBe('then');
    const name = `tank/g@girofle-${driven.job.id}`;
    expect(played.log()).toEqual([`zfs snapshot ${name}`, `zfs destroy ${name}`]);
    expect(rig.manifest(rig.dates()[0] ?? '').consistency).toBe('snapshot');
  });
});
