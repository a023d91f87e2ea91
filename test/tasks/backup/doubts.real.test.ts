/** Faults that make a copy doubtful, though no command may have said so: each is noticed, and has its outcome. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dig } from '../../../tasks/docker/dig.ts';
import { gitlab_backup_verify } from '../../../tasks/gitlab_backup_verify.ts';
import { BackupRig, command, failureOf, nextSucceeds, wrap } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';
import { runDockerModule } from '../../support/run-docker-module.ts';

const rig = new BackupRig(973);
const bin = `${rig.root}/bin`;
const copied = (date: string, path: string) => readFileSync(`${rig.bckups}/${date}/${path}`, 'utf8');
const untouched = () => [rig.status(), rig.dates()];

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(async () => {
  await rig.reset();
  rmSync(bin, { recursive: true, force: true });
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

/** rsync does its work in the pass of the standing instance, and ends with this code. */
const ending = (code: number) =>
  wrap(bin, {
    rsync: `case "$*" in
  *--info*|*--files-from*|--version) exec "$REAL" "$@" ;;
esac
"$REAL" "$@"
echo 'file has vanished: "/x"' >&2
exit ${code}`,
  });

describe("rsync's code in the frozen pass", () => {
  test.each([23, 24])('is %i: the instance goes on, and the backup is discarded', async code => {
    const { result } = await rig.backup({}, { env: ending(code) });
    expect(result.msg).toBe(
      `the copy of the standing instance failed, rsync's code is ${code}: file has vanished: "/x"`,
    );
    expect(untouched()).toEqual(['running', []]);
    await nextSucceeds(rig);
  });

  test('24 in the hot pass is nothing to speak of', async () => {
    const env = wrap(bin, {
      rsync: `"$REAL" "$@"; code=$?; case "$*" in *--info*) exit 24 ;; esac; exit $code`,
    });
    await nextSucceeds(rig, {}, { env });
    expect(rig.manifest(rig.dates()[0] ?? '').rsync).toMatchObject({ hot: 24, frozen: 0 });
  });

  test('says nothing of older backups: none is removed after a failure, with failures only since the last good one', async () => {
    const old = ['2020-01-01T00-00-00Z', '2020-01-02T00-00-00Z', '2020-01-03T00-00-00Z'];
    for (const date of old) {
      mkdirSync(`${rig.bckups}/${date}`);
      writeFileSync(`${rig.bckups}/${date}/manifest.json`, '{}');
    }
    for (const _ of [1, 2]) {
      const { result } = await rig.backup({ keep: { last: 1 } }, { env: ending(23) });
      expect([result.failed, result.pruned]).toEqual([true, 0]);
    }
    expect(rig.dates()).toEqual(old);
    const { result } = await rig.backup({ keep: { last: 1 } });
    expect([result.pruned, rig.dates()]).toEqual([3, [result.date]]);
  });
});

describe('a writer that maps its file', () => {
  let writer: ChildProcess;
  const path = `${rig.volumes}/data/mapped`;
  const put = async (text: string) => {
    if (writer.stdin === null || writer.stdout === null) throw new Error('no pipes');
    writer.stdin.write(`${text}\n`);
    await once(writer.stdout, 'data');
  };

  test('and whose page has been in memory for longer than its time says is caught all the same', async () => {
    rig.write('data/mapped', Buffer.alloc(4096, 'x'));
    writer = spawn('python3', [
      '-uc',
      `import mmap, sys
file = open(${JSON.stringify(path)}, 'r+b')
page = mmap.mmap(file.fileno(), 0)
for line in sys.stdin:
    page[0:6] = line.strip().encode()
    print('done')`,
    ]);
    try {
      await put('first!');
      command('touch', '-d', '2020-01-01', path);
      const driven = await rig.heldAt('hot-copied');
      await put('second');
      driven.go();
      expect(await driven.ended()).toMatchObject({ ok: true });
    } finally {
      writer.kill();
    }
    expect(copied(rig.dates()[0] ?? '', 'data/mapped').slice(0, 6)).toBe('second');
  });

  test('a change behind the time of a file that was new at the last backup is caught by the next', async () => {
    rig.write('data/new', 'before');
    const time = command('stat', '-c', '%y', `${rig.volumes}/data/new`).trim();
    await nextSucceeds(rig);
    rig.write('data/new', 'after!');
    command('touch', '-d', time, `${rig.volumes}/data/new`);
    await nextSucceeds(rig);
    expect(rig.dates().map(date => copied(date, 'data/new'))).toEqual(['before', 'after!']);
  });
});

describe('the container', () => {
  test.each(['cli', 'curl'] as const)(
    'is let go on and paused again by an operator (asked by %s): the backup is discarded',
    async docker => {
      const driven = await rig.heldAt('paused', { docker });
      rig.docker('unpause');
      rig.docker('pause');
      driven.go();
      expect(failureOf(await driven.ended())).toBe(
        `container ${rig.container} was let go on and paused again by somebody else before the copy was whole: this backup is discarded`,
      );
      expect(untouched()).toEqual(['running', []]);
    },
  );

  test('stood still, but Docker does not tell: the backup is discarded', async () => {
    const env = wrap(bin, { docker: `case "$*" in *' events '*) exit 0 ;; esac; exec "$REAL" "$@"` });
    expect((await rig.backup({}, { env })).result.msg).toBe(
      `Docker does not tell what became of container ${rig.container}: nothing shows that it stood still all the time, and this backup is discarded`,
    );
    expect(untouched()).toEqual(['running', []]);
  });

  test('is made anew under the same name in the middle: the backup is discarded, the new one is left alone', async () => {
    const driven = await rig.heldAt('paused');
    rig.docker('rm', '-f');
    await rig.commission();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `container ${rig.container} did not stand still until the copy was whole (resumed, restarted or removed): this backup is discarded`,
    );
    expect(untouched()).toEqual(['running', []]);
    await nextSucceeds(rig);
  });

  test('is made anew before it is paused: the backup ends, the new one is not paused', async () => {
    const driven = await rig.heldAt('checked');
    rig.docker('rm', '-f');
    await rig.commission();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(`container ${rig.container} is gone`);
    expect(driven.states()).not.toContain('guard-armed');
    expect(untouched()).toEqual(['running', []]);
  });
});

describe('the folder of the backups', () => {
  const fillInodes = () => {
    const filling = () => {
      for (let i = 0; ; i++) writeFileSync(`${rig.bckups}/fill-${i}`, '');
    };
    expect(filling).toThrow('ENOSPC');
  };

  test('has no inodes left in the hot pass: given up before the instance is touched', async () => {
    rig.mount('100M', 'nr_inodes=2000');
    const driven = await rig.heldAt('checked');
    fillInodes();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: the hot copy was given up before the instance was touched`,
    );
    expect([driven.states().includes('guard-armed'), ...untouched()]).toEqual([false, 'running', []]);
  });

  test('has no inodes left in the frozen pass: the instance goes on at once', async () => {
    rig.mount('100M', 'nr_inodes=2000');
    const driven = await rig.heldAt('hot-copied');
    fillInodes();
    rig.write('data/late', 'late');
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: the instance goes on, and this backup is discarded`,
    );
    expect(untouched()).toEqual(['running', []]);
  });

  test('becomes read-only in the middle: the instance goes on at once', async () => {
    rig.mount('100M');
    const driven = await rig.heldAt('paused');
    rig.write('data/late', 'late');
    command('mount', '-o', 'remount,ro', rig.bckups);
    driven.go();
    expect(failureOf(await driven.ended())).toMatch(
      /^the copy of the standing instance failed, rsync's code is \d+: rsync: .*Read-only file system \(30\)$/,
    );
    expect(untouched()).toEqual(['running', []]);
  });

  test('is not mounted, and was at the last backup: refused, and nothing is written below', async () => {
    rig.mount('100M');
    await nextSucceeds(rig);
    command('umount', rig.bckups);
    const { result } = await rig.backup();
    expect(result.msg).toBe(
      `${rig.bckups} is not mounted: at the last backup it was a file system of its own (girofle-test); mount it, or remove ${rig.directory}/.girofle/bckups-mount`,
    );
    expect([readdirSync(rig.bckups), rig.status()]).toEqual([[], 'running']);
    rig.mount('100M');
    await nextSucceeds(rig);
    command('umount', rig.bckups);
    rmSync(`${rig.directory}/.girofle/bckups-mount`);
    await nextSucceeds(rig);
  });
});

describe('the clock', () => {
  const shift = `${rig.root}/shift`;
  /** date tells another time, by so many seconds as are in that file. */
  const skewed = () =>
    wrap(bin, {
      date: `by=$(cat ${shift} 2>/dev/null || echo 0)
case "$1 $2" in
  '-u +'*) exec "$REAL" -u -d "@$(($("$REAL" +%s) + by))" "$2" ;;
  *) exec "$REAL" "$@" ;;
esac`,
    });

  test('is far ahead: a backup of a time to come; once the clock is right, the next refuses until it is gone', async () => {
    writeFileSync(shift, String(10 * 365 * 86_400));
    const driven = await rig.drive({}, {}, skewed());
    expect(await driven.ended()).toMatchObject({ ok: true });
    rmSync(shift);
    const [date = ''] = rig.dates();
    expect(Number(date.slice(0, 4)) - new Date().getFullYear()).toBeGreaterThanOrEqual(9);
    const { result } = await rig.backup({ keep: { last: 1 } });
    expect(result.msg).toMatch(
      new RegExp(
        `^this host's clock says \\S+Z, and there is a backup of ${date}: set the clock, or remove that backup$`,
      ),
    );
    expect(untouched()).toEqual(['running', [date]]);
    rmSync(`${rig.bckups}/${date}`, { recursive: true });
    await nextSucceeds(rig);
  });

  test('is set back in the middle: no backup that would look older than the last', async () => {
    await nextSucceeds(rig);
    const [last = ''] = rig.dates();
    const driven = await rig.heldAt('hot-copied', {}, skewed());
    writeFileSync(shift, '-86400');
    driven.go();
    const failure = failureOf(await driven.ended());
    rmSync(shift);
    expect(failure).toMatch(
      new RegExp(
        `^this host's clock was set back meanwhile: it said \\S+Z when the instance stood still, and there is a backup of ${last}$`,
      ),
    );
    expect(untouched()).toEqual(['running', [last]]);
    await nextSucceeds(rig);
  });
});

describe('a backup that was found damaged', () => {
  test('hands its damage down to no later one: the next backup copies the file anew', async () => {
    rig.write('data/pack', 'x'.repeat(5000));
    command('touch', '-d', '2020-01-01', `${rig.volumes}/data/pack`);
    const first = await rig.backup();
    const bad = `${rig.bckups}/${first.result.date}/data/pack`;
    const { atime, mtime } = statSync(bad);
    writeFileSync(bad, 'y'.repeat(5000));
    utimesSync(bad, atime, mtime);
    const verified = await runDockerModule(gitlab_backup_verify, { root: rig.root, instance: rig.number });
    expect([verified.failed, existsSync(`${rig.directory}/.girofle/distrust`)]).toEqual([true, true]);
    const second = await rig.backup();
    expect(readFileSync(`${rig.bckups}/${second.result.date}/data/pack`, 'utf8')).toBe('x'.repeat(5000));
    expect(existsSync(`${rig.directory}/.girofle/distrust`)).toBe(false);
  });
});

describe('a disk that fails when it is synced', () => {
  test('discards the backup: nothing dated is there, the instance runs', async () => {
    // The file system of the backups reports an error, all others are well.
    const env = wrap(bin, { sync: 'case "$*" in *bckups*) exit 1 ;; esac\nexec "$REAL" "$@"' });
    const { result } = await rig.backup({}, { env });
    expect(result.msg).toBe(`the disk of ${rig.bckups} reports an error: this backup is discarded`);
    expect([rig.dates(), rig.status()]).toEqual([[], 'running']);
    await nextSucceeds(rig);
  });
});

describe('warnings', () => {
  test('a backup that is less than half as large as the last, and one that is overdue', async () => {
    rig.write('data/big', Buffer.alloc(1 << 20, 1));
    const first = await rig.backup();
    expect([first.result.warnings, first.result.verified]).toEqual([[], '']);
    rmSync(`${rig.volumes}/data/big`);
    await until('a second to pass', () => Date.now() - Date.parse(String(first.result.finished)) > 1500);
    const { result, failed } = await rig.backup({ expected_every: '0.1s' });
    expect(failed).toBe(false);
    const [late, small] = [dig(result, 'warnings', 0), dig(result, 'warnings', 1)];
    expect(late).toMatch(
      /^the last backup is of \S+Z, 0 min before this one, and one is expected every 0 min$/,
    );
    expect(small).toMatch(
      /^the backup of \S+Z has \d+ B, less than half of the 1\.\d MiB of \S+Z$|^the backup of \S+Z has \S+ KiB, less than half/,
    );
    expect(Date.parse(String(result.started))).toBeLessThanOrEqual(Date.parse(String(result.finished)));
  });

  test('an old backup that cannot be removed: the new one is good all the same', async () => {
    const stuck = `${rig.bckups}/2020-01-01T00-00-00Z`;
    mkdirSync(stuck);
    writeFileSync(`${stuck}/manifest.json`, '{}');
    command('chattr', '+i', stuck);
    const { result, failed } = await rig.backup({ keep: { last: 1 } });
    command(
      'chattr',
      '-i',
      ...readdirSync(rig.bckups).flatMap(name => (name.includes('2020') ? [`${rig.bckups}/${name}`] : [])),
    );
    expect([failed, result.pruned]).toEqual([false, 0]);
    expect(dig(result, 'warnings', 0)).toMatch(
      /^old backups cannot be removed: 2020-01-01T00-00-00Z \(.*Operation not permitted\)$/,
    );
    expect(rig.dates()).toContain(result.date);
  });
});
