/** Each fault that may strike a backup, with its outcome, on the Docker daemon of this machine. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alive, BackupRig, command, failureOf, nextSucceeds } from '../../support/backup-rig.ts';
import { processes, until } from '../../support/processes.ts';

const rig = new BackupRig(922);

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(() => rig.reset());
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

const copiers = (id: string) =>
  processes().filter(
    ({ words }) => words[0] === 'rsync' && words.some(word => word.includes(`.partial-${id}`)),
  );

describe('kill -9 of the driver', () => {
  test('in the hot copy: only a half copy is there; the next run ends its rsync, starts from it, and succeeds', async () => {
    rig.write('data/big', Buffer.alloc(20 << 20, 1));
    const driven = await rig.drive({ hot: ['--bwlimit=1000'] });
    await until('rsync to copy', () => copiers(driven.job.id).length > 0);
    driven.kill();
    await driven.ended();
    expect([rig.dates(), rig.partials(), rig.status()]).toEqual([
      [],
      [`.partial-${driven.job.id}`],
      'running',
    ]);
    expect(copiers(driven.job.id)).not.toEqual([]);
    await nextSucceeds(rig);
    expect(copiers(driven.job.id)).toEqual([]);
    expect(driven.states().at(-1)).toBe('abandoned');
  });

  test('while paused: the guard lets the instance go on within a second; no date', async () => {
    const driven = await rig.heldAt('paused');
    expect(rig.status()).toBe('paused');
    driven.kill();
    await until('the instance to go on', () => rig.status() === 'running', 1);
    await until('the guard to end', () => driven.guard === undefined);
    expect([rig.dates(), driven.states().at(-1)]).toEqual([[], 'resumed']);
    await nextSucceeds(rig);
  });

  test('while stopped: the guard starts it again', async () => {
    const driven = await rig.heldAt('paused', { consistency: 'stop' });
    expect(rig.status()).toBe('exited');
    driven.kill();
    await until('the instance to go on', () => rig.status() === 'running', 5);
    expect(rig.dates()).toEqual([]);
  });

  test('and of the guard, while paused: the next run lets it go on first', async () => {
    const driven = await rig.heldAt('paused');
    const { guard } = driven;
    if (guard === undefined) throw new Error('no guard');
    process.kill(guard, 'SIGKILL');
    await until('the guard to be dead', () => !alive(guard));
    driven.kill();
    await driven.ended();
    expect(rig.status()).toBe('paused');
    await nextSucceeds(rig);
    expect(driven.states().slice(-2)).toEqual(['resumed', 'abandoned']);
  });

  test.each(['checked', 'resumed', 'hashed', 'synced'])(
    'in state %s: no date, the instance runs; the next run succeeds',
    async state => {
      const driven = await rig.heldAt(state);
      driven.kill();
      await driven.ended();
      expect([rig.dates(), rig.status()]).toEqual([[], 'running']);
      await nextSucceeds(rig);
      expect(rig.dates()).toHaveLength(1);
    },
  );

  test('after the rename: the backup is there and counts', async () => {
    const driven = await rig.heldAt('committed');
    driven.kill();
    await driven.ended();
    const [date = ''] = rig.dates();
    await nextSucceeds(rig);
    expect(rig.manifest(rig.dates()[1] ?? '').previous).toBe(date);
  });
});

test('TERM to the driver while paused: it lets the instance go on and says so', async () => {
  const driven = await rig.heldAt('paused');
  process.kill(driven.pid, 'SIGTERM');
  const result = await driven.ended();
  expect([failureOf(result), rig.status(), rig.dates()]).toEqual(['it was ended by a signal', 'running', []]);
});

test('the controller that follows a driver that was killed is told', async () => {
  const following = rig.backup(
    {},
    {
      onAction: async action => {
        if (action.kind !== 'wait') return;
        const [id = ''] = readdirSync(`${rig.directory}/.girofle/runs`);
        const pid = Number(readFileSync(`${rig.directory}/.girofle/runs/${id}/pid`, 'utf8').split(' ')[0]);
        process.kill(pid, 'SIGKILL');
      },
    },
  );
  rig.write('data/big', Buffer.alloc(64 << 20, 1));
  expect((await following).result.msg).toMatch(
    /^the backup's own process on the host was killed after state [a-z-]+; the next backup clears up after it$/,
  );
  await until('the instance to run', () => rig.status() === 'running', 2);
});

test('past max_pause the guard lets the instance go on, and the backup is discarded', async () => {
  const driven = await rig.heldAt('paused', { maxPause: 1 });
  await until('the instance to go on', () => rig.status() === 'running', 3);
  driven.go();
  expect(failureOf(await driven.ended())).toBe(
    'the instance stood still for longer than 1 s: it goes on, and this backup is discarded',
  );
  expect(rig.dates()).toEqual([]);
  await nextSucceeds(rig);
});

test('a copy that takes longer than max_pause is ended by the driver itself', async () => {
  const driven = await rig.drive({ hold: 'hot-copied', frozen: ['--bwlimit=500'] }, { maxPause: 1 });
  await driven.reached('hot-copied');
  rig.write('data/late', Buffer.alloc(5 << 20, 1));
  driven.go();
  expect(failureOf(await driven.ended())).toBe(
    'the instance stood still for longer than 1 s: it goes on, and this backup is discarded',
  );
  expect([rig.status(), rig.dates(), copiers(driven.job.id)]).toEqual(['running', [], []]);
});

describe('the disk', () => {
  const fill = () => spawnSync('sh', ['-c', `cat /dev/zero >${rig.bckups}/filling`], { stdio: 'ignore' });

  test('has too little room: refused before anything is copied', async () => {
    rig.mount('60M');
    const { result } = await rig.backup();
    expect(result.msg).toMatch(/^not enough room in .*\/bckups: about 64 MiB are needed, 60 MiB are free$/);
    expect(rig.partials()).toEqual([]);
  });

  test('has too few inodes: refused before anything is copied', async () => {
    rig.mount('100M', 'nr_inodes=200');
    expect((await rig.backup()).result.msg).toMatch(
      /^not enough inodes in .*\/bckups: about 10\d\d are needed, 19\d are free$/,
    );
  });

  test('gets full in the hot pass: the instance was not touched, and the half copy is removed', async () => {
    rig.mount('100M');
    const driven = await rig.heldAt('checked');
    fill();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: the hot copy was given up before the instance was touched`,
    );
    expect(driven.states()).not.toContain('guard-armed');
    expect([rig.dates(), rig.partials()]).toEqual([[], []]);
    rmSync(`${rig.bckups}/filling`);
    await nextSucceeds(rig);
  });

  test('gets full in the frozen pass: the instance goes on at once', async () => {
    rig.mount('100M');
    const driven = await rig.heldAt('paused');
    rig.write('data/late', Buffer.alloc(1 << 20, 1));
    fill();
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: the instance goes on, and this backup is discarded`,
    );
    expect([rig.status(), rig.dates(), rig.partials()]).toEqual(['running', [], []]);
  });

  test('that holds the volumes and the journal as well gets full while the instance is paused: it goes on', async () => {
    await rig.clean();
    mkdirSync(rig.root);
    command('mount', '-t', 'tmpfs', '-o', 'size=150M', 'girofle-test', rig.root);
    await rig.commission();
    const driven = await rig.heldAt('paused');
    rig.write('data/late', Buffer.alloc(1 << 20, 1));
    writeFileSync(`${driven.run}/soon`, '');
    fill();
    renameSync(`${driven.run}/soon`, `${driven.run}/go`);
    expect(failureOf(await driven.ended())).toBe(
      `the disk of ${rig.bckups} is full: the instance goes on, and this backup is discarded`,
    );
    expect([rig.status(), rig.dates()]).toEqual(['running', []]);
    rmSync(`${rig.bckups}/filling`);
    await nextSucceeds(rig);
    await rig.clean();
  });

  test('is read-only: refused with what the system says', async () => {
    rig.mount('100M', 'ro');
    expect((await rig.backup()).result.msg).toMatch(
      /^\/.*\/bckups cannot be written: mkdir: .*: Read-only file system$/,
    );
  });
});

describe('the container', () => {
  test('is missing', async () => {
    rig.docker('rm', '-f');
    expect((await rig.backup()).refusal?.refusal).toBe(
      `container ${rig.container} is not there: there is nothing to back up`,
    );
  });

  test('is stopped', async () => {
    rig.docker('stop');
    expect((await rig.backup()).refusal?.refusal).toBe(
      `container ${rig.container} is not running: start it, or copy its volumes by hand`,
    );
  });

  test('is paused by somebody else: refused, and not resumed, neither before nor in the middle', async () => {
    rig.docker('pause');
    const sentence = `container ${rig.container} is paused, and not by us: let it go on first (docker unpause ${rig.container})`;
    expect((await rig.backup()).refusal?.refusal).toBe(sentence);
    const early = await rig.drive();
    expect(failureOf(await early.ended())).toBe(sentence);
    rig.docker('unpause');
    const driven = await rig.heldAt('guard-armed');
    rig.docker('pause');
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `container ${rig.container} was paused by somebody else meanwhile: nothing was copied from it`,
    );
    await until('the guard to end', () => driven.guard === undefined);
    expect([rig.status(), rig.dates()]).toEqual(['paused', []]);
  });

  test.each([
    ['resumed', ['unpause']],
    ['restarted', ['unpause', 'restart']],
    ['removed', ['rm -f']],
  ])('is %s in the middle: the backup is discarded', async (_, orders) => {
    const driven = await rig.heldAt('paused');
    for (const order of orders) rig.docker(...order.split(' '));
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `container ${rig.container} did not stand still until the copy was whole (resumed, restarted or removed): this backup is discarded`,
    );
    expect(rig.dates()).toEqual([]);
  });

  test('is restarted before it is paused: nothing is copied from it standing', async () => {
    const driven = await rig.heldAt('guard-armed');
    rig.docker('restart');
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `container ${rig.container} was stopped, started or made anew meanwhile: the copy is of no use`,
    );
    expect([rig.status(), rig.dates()]).toEqual(['running', []]);
  });
});

describe('a kernel that refuses to freeze', () => {
  /** A docker command that refuses the first `times` pauses. */
  async function withRefusals(times: number) {
    const folder = `${rig.root}/bin`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      `${folder}/docker`,
      `#!/bin/sh
case "$*" in *" pause "*)
  echo x >>${folder}/pauses
  if [ "$(wc -l <${folder}/pauses)" -le ${times} ]; then echo 'Error response from daemon: unable to freeze' >&2; exit 1; fi ;;
esac
PATH=\${PATH#*:}
exec docker "$@"
`,
    );
    chmodSync(`${folder}/docker`, 0o755);
    rmSync(`${folder}/pauses`, { force: true });
    return rig.backup({}, { env: { PATH: `${folder}:${process.env.PATH}` } });
  }

  test('is asked again', async () => {
    expect((await withRefusals(4)).failed).toBe(false);
  });

  test('five times; then the backup fails, and nothing is copied from a running instance', async () => {
    expect((await withRefusals(5)).result.msg).toBe(
      `Docker could not pause container ${rig.container} five times over: Error response from daemon: unable to freeze`,
    );
    expect([rig.status(), rig.dates()]).toEqual(['running', []]);
  });
});
