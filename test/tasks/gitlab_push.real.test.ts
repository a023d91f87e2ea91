/** Pushes by the real driver to a real folder and to a real sshd, and each fault that may strike one, with its outcome. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { joinSh, sh } from '../../src/core/sh.ts';
import { pruneSteps } from '../../tasks/backup/prune.ts';
import { BUSY } from '../../tasks/host-run/follow.ts';
import { journalLook } from '../../tasks/host-run/journal.ts';
import { lockText } from '../../tasks/host-run/lock.ts';
import { recoverText } from '../../tasks/host-run/recover.ts';
import { basicsText, homeOf } from '../../tasks/host-run/run.ts';
import { stateOf } from '../../tasks/push/job.ts';
import { alive, command, type Driven, failureOf, wrap } from '../support/backup-rig.ts';
import { processes, until } from '../support/processes.ts';
import { DATES, KINDS, PushRig } from '../support/push-rig.ts';
import { runShell } from '../support/shell.ts';
import { freePort, type Sshd, startSshd } from '../support/sshd.ts';

const [OLD, MIDDLE, NEW] = DATES;
// Whatever else writes to this disk is waited for when a backup is flushed to it.
vi.setConfig({ testTimeout: 150_000 });
const BIG = `${KINDS}\nhead -c 3000000 /dev/urandom >data/big; touch -d @1760000000 data/big config/gitlab.rb`;

let rig: PushRig;
beforeEach(async () => {
  rig = new PushRig();
  await rig.setUp();
});
afterEach(() => rig.clean());

const disk = () => rig.remote;
const slow = () => wrap(`${rig.here}/bin`, { rsync: 'exec $REAL --bwlimit=700 "$@"' });
/** rsync that works for this rig. */
const copiers = () =>
  processes().filter(
    ({ words }) => /(^|\/)rsync$/.test(words[0] ?? '') && words.some(word => word.includes(rig.here)),
  );
const arriving = () => {
  const [partial] = rig.aside().filter(name => name.startsWith('.partial-'));
  return partial !== undefined && readdirSync(`${rig.place}/${partial}`).length > 0 && copiers().length > 0;
};

/** A push that copies slowly, in the middle of it. */
async function midway(): Promise<Driven> {
  rig.backups([NEW], BIG);
  const driven = await rig.drive({}, {}, slow());
  await until('bytes to arrive', arriving, 20);
  return driven;
}

/** The next push brings all in order. */
async function nextSucceeds(): Promise<void> {
  const { result } = await rig.push();
  expect(result.msg).toBeUndefined();
  expect([rig.there().includes(NEW), rig.aside(), rig.verified().includes(NEW)]).toEqual([true, [], true]);
  expect(copiers()).toEqual([]);
  expect(readdirSync(stateOf(rig.directory, rig.remote.name))).toEqual(['verified']);
}

describe('a push', () => {
  test('sends the newest, then what is newer than that, verifies each, prunes by keep; then there is nothing to do', async () => {
    rig.use({ name: 'disk', driver: 'directory', path: rig.disk, keep: { last: 2 } });
    rig.backups([OLD]);
    const planned = await rig.push({}, { planOnly: true });
    expect(planned.says).toEqual([
      `push ${OLD} of instance 2 to disk (the first there)`,
      'follow the push of instance 2 to its end',
      'read what it says of itself',
    ]);
    expect([rig.there(), existsSync(homeOf(rig.directory))]).toEqual([[], false]);
    expect((await rig.push()).result).toMatchObject({
      remote: 'disk',
      busy: false,
      pushed: [OLD],
      pruned: 0,
      changed: true,
    });
    rig.backups([MIDDLE, NEW]);
    const { says, result } = await rig.push();
    expect(says.at(-1)).toBe(`remove ${OLD} from disk: no rule keeps it`);
    expect(result).toMatchObject({
      pushed: [MIDDLE, NEW],
      bytes: 2 * 1048576 + 2 * 37,
      pruned: 1,
      summary: `instance 2: pushed ${MIDDLE}, ${NEW} (2.0 MiB) to disk, 1 removed there`,
    });
    expect([rig.there(), rig.aside(), rig.verified(), rig.local()]).toEqual([
      [MIDDLE, NEW],
      [],
      [MIDDLE, NEW],
      [OLD, MIDDLE, NEW],
    ]);
    const again = await rig.push();
    expect([again.says, again.changed]).toEqual([[], false]);
  });

  test('goes through its states, with facts, and holds its own lock, not the instance’s', async () => {
    rig.backups([NEW]);
    const driven = await rig.drive({ hold: 'pushed' });
    await driven.reached('pushed');
    expect(readdirSync(homeOf(rig.directory)).sort()).toEqual(['journals', 'remotes', 'runs']);
    expect(readdirSync(stateOf(rig.directory, 'disk')).sort()).toEqual(['lock', 'pushing']);
    driven.go();
    expect(await driven.ended()).toMatchObject({ ok: true, remote: 'disk', pushed: [NEW], pruned: 0 });
    expect(driven.states()).toEqual(['planned', 'locked', 'pushed', 'push-verified', 'pruned', 'reported']);
    expect(rig.journal(driven)).toContain(`"date":"${NEW}"`);
    expect(readdirSync(stateOf(rig.directory, 'disk'))).toEqual(['verified']);
    expect(driven.log()).toBe('');
  });

  test('tells how far it is', async () => {
    const driven = await midway();
    await until('progress', () => /^push .* to disk\n\s*[\d,]+\s+\d+%/.test(driven.progress()), 20);
    driven.kill();
    await nextSucceeds();
  });

  test('on an append-only remote removes nothing, and says so', async () => {
    rig.use({ name: 'disk', driver: 'directory', path: rig.disk, keep: { last: 1 }, append_only: true });
    rig.backups([OLD]);
    await rig.push();
    rig.backups([NEW]);
    const { says, result } = await rig.push();
    expect(says).toHaveLength(3);
    expect(result).toMatchObject({
      pruned: 'skipped',
      summary: `instance 2: pushed ${NEW} (1.0 MiB) to disk, pruning skipped: it is append-only`,
    });
    expect(rig.there()).toEqual([OLD, NEW]);
  });

  test('goes on by itself when the runner is gone', async () => {
    rig.backups([NEW]);
    const gone = rig.push(
      {},
      {
        onAction: action => {
          if (action.kind === 'wait') throw new Error('the runner was killed');
        },
      },
    );
    await expect(gone).rejects.toThrow('the runner was killed');
    await until('the backup to be there', () => rig.verified().includes(NEW), 20);
    expect(rig.there()).toEqual([NEW]);
  });
});

describe('a remote that is not mounted', () => {
  test('is refused when it is planned', async () => {
    rig.backups([NEW]);
    rmSync(`${rig.disk}/.girofle-remote`);
    expect((await rig.push()).refusal?.refusal).toBe(
      `remote disk: there is no .girofle-remote in ${rig.disk}: what should be mounted there is not, or the remote was never set up`,
    );
    expect([readdirSync(rig.disk), existsSync(homeOf(rig.directory))]).toEqual([[], false]);
  });

  test('and by the driver: nothing is written there, the local backup is as it was', async () => {
    rig.backups([NEW]);
    rmSync(`${rig.disk}/.girofle-remote`);
    const driven = await rig.drive();
    expect(failureOf(await driven.ended())).toMatch(/^remote disk: there is no \.girofle-remote in /);
    expect([readdirSync(rig.disk), rig.local(), driven.states().at(-1)]).toEqual([[], [NEW], 'failed']);
  });
});

test('the disk of the remote gets full in the middle: nothing dated there, the local backup is valid', async () => {
  rig.backups([OLD], 'printf x >data/x');
  command('mount', '-t', 'tmpfs', '-o', 'size=2M', 'girofle-test', rig.disk);
  await rig.setUp();
  await rig.push();
  rig.backups([NEW], BIG);
  const { result } = await rig.push();
  expect(result.msg).toBe('remote disk: its disk is full');
  expect([rig.there(), rig.aside(), rig.local()]).toEqual([[OLD], [], [OLD, NEW]]);
});

describe('kill -9 of the driver', () => {
  test('in the middle: no date there; the next push ends what still runs, takes up what has arrived, and succeeds', async () => {
    rig.backups([NEW], BIG);
    const driven = await rig.drive({}, {}, slow());
    await until(
      'a file to have arrived',
      () => existsSync(`${rig.place}/.partial-${NEW}/config/gitlab.rb`),
      20,
    );
    driven.kill();
    await driven.ended();
    expect([rig.there(), rig.aside()]).toEqual([[], [`.partial-${NEW}`]]);
    const { ino } = statSync(`${rig.place}/.partial-${NEW}/config/gitlab.rb`);
    expect(copiers()).not.toEqual([]);
    await nextSucceeds();
    expect(statSync(`${rig.place}/${NEW}/config/gitlab.rb`).ino).toBe(ino);
    expect(driven.states().at(-1)).toBe('abandoned');
  });

  test('in the middle, and a backup comes first: it ends what the push has left running', async () => {
    const driven = await midway();
    driven.kill();
    await driven.ended();
    const recovering = joinSh([
      basicsText,
      sh`umask 077
id=11111111 instance=2 home=${homeOf(rig.directory)} journal= lock=${`${homeOf(rig.directory)}/lock`}`,
      lockText,
      journalLook,
      recoverText,
      sh`take_lock 'a backup' && recover || echo "$unrepaired"
release_lock`,
    ]);
    // A shell of its own: its pid is what the lock names.
    expect(await runShell(sh`sh -c ${recovering.text}`.text)).toMatchObject({
      stdout: '',
      stderr: '',
      code: 0,
    });
    await until('rsync to end', () => copiers().length === 0);
    expect(driven.states().at(-1)).toBe('abandoned');
    await nextSucceeds();
  });

  test('between the rename and the verification: the date is there; the next push verifies it', async () => {
    rig.backups([NEW]);
    const driven = await rig.drive({ hold: 'pushed' });
    await driven.reached('pushed');
    driven.kill();
    await driven.ended();
    expect([rig.there(), rig.verified()]).toEqual([[NEW], []]);
    expect((await rig.push({}, { planOnly: true })).says[0]).toBe(`verify ${NEW} of instance 2 on disk`);
    await nextSucceeds();
  });

  test('nobody but its own is ended by whoever repairs without the lock', async () => {
    rig.backups([NEW]);
    const driven = await rig.drive({ hold: 'pushed' });
    await driven.reached('pushed');
    driven.kill();
    await driven.ended();
    const { code, stderr } = await runShell(sh`sh ${`${driven.run}/driver.sh`} repair $$`.text);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^process \d+ does not hold the lock of instance 2\n$/),
    ]);
  });
});

test('TERM to the driver in the middle: it ends its rsync and says so; no date there', async () => {
  const driven = await midway();
  process.kill(driven.pid, 'SIGTERM');
  expect(failureOf(await driven.ended())).toBe('it was ended by a signal');
  expect([rig.there(), copiers()]).toEqual([[], []]);
  await nextSucceeds();
});

describe('a byte that is flipped after the push', () => {
  test('fails the verification, nothing is removed, and the next push sends it again', async () => {
    rig.backups([OLD]);
    await rig.push();
    rig.backups([NEW]);
    const driven = await rig.drive({ hold: 'pushed' }, { remove: [OLD] });
    await driven.reached('pushed');
    rig.flip(`${rig.place}/${NEW}/data/date`);
    driven.go();
    expect(failureOf(await driven.ended())).toBe(
      `remote disk: the backup of ${NEW} is damaged: data/date has another content than the manifest says; it was renamed to .damaged-${NEW}, and is no backup any more`,
    );
    expect([rig.there(), rig.aside()]).toEqual([[OLD], [`.damaged-${NEW}`]]);
    await nextSucceeds();
  });
});

test('what was to go and is the newest or the last verified by then stays', async () => {
  rig.backups([OLD, MIDDLE, NEW]);
  await rig.push({ up_to: OLD });
  await rig.push();
  const driven = await rig.drive({}, { remove: [OLD, MIDDLE, NEW] });
  expect(await driven.ended()).toMatchObject({ ok: true, pruned: 2 });
  expect([rig.there(), rig.verified()]).toEqual([[NEW], [NEW]]);
});

describe('two pushes at once', () => {
  test('of one instance to one remote: the second is busy, and nothing is touched', async () => {
    rig.backups([NEW]);
    const first = await rig.drive({ hold: 'pushed' });
    await first.reached('pushed');
    const sentence = new RegExp(
      `^another push of instance 2 to remote disk runs since 2\\S+Z, pid ${first.pid}$`,
    );
    const planned = await rig.push();
    expect(planned.result).toMatchObject({ busy: true, msg: expect.stringMatching(sentence) });
    const second = await rig.drive();
    expect([second.code, await second.ended()]).toEqual([
      BUSY,
      { ok: false, busy: true, failure: expect.stringMatching(sentence) },
    ]);
    expect(first.states().at(-1)).toBe('pushed');
    first.go();
    expect(await first.ended()).toMatchObject({ ok: true });
  });

  test('to two remotes: both go on', async () => {
    rig.backups([NEW]);
    const first = await rig.drive({ hold: 'pushed' });
    await first.reached('pushed');
    rig.use({ name: 'second', driver: 'directory', path: `${rig.here}/second` });
    command('mkdir', `${rig.here}/second`);
    await rig.setUp();
    expect((await rig.push()).result).toMatchObject({ pushed: [NEW] });
    first.go();
    expect(await first.ended()).toMatchObject({ ok: true });
  });
});

test('local retention leaves a backup that is being pushed, and takes it when it is not', async () => {
  rig.backups([NEW]);
  const driven = await rig.drive({ hold: 'pushed' });
  await driven.reached('pushed');
  const [step] = pruneSteps({ id: '22222222', instance: 2, directory: rig.directory }, [
    { date: NEW, stays: false, reason: 'no rule keeps it' },
  ]);
  const prune = () => (step?.action.kind === 'script' ? runShell(step.action.text.text) : undefined);
  expect(await prune()).toEqual({
    code: 0,
    stdout: 'it stays for now: it is being pushed to disk\n',
    stderr: '',
  });
  expect(rig.local()).toEqual([NEW]);
  driven.kill();
  await driven.ended();
  expect(await prune()).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(rig.local()).toEqual([]);
});

describe('a clock that was wrong', () => {
  test('a backup of days to come on the remote is in nobody’s way, and stays', async () => {
    const LATER = '2031-01-01T00-00-00Z';
    rig.backups([LATER]);
    const ahead = await rig.drive();
    expect(await ahead.ended()).toMatchObject({ ok: true, pushed: [LATER] });
    rmSync(`${rig.bckups}/${LATER}`, { recursive: true });
    rig.backups([MIDDLE, NEW]);
    expect((await rig.push()).result).toMatchObject({ pushed: [NEW], pruned: 0 });
    expect(rig.there()).toEqual([NEW, LATER]);
  });
});

describe('over SSH', () => {
  let sshd: Sshd;
  beforeEach(async () => {
    sshd = await startSshd();
    use();
  });
  afterEach(() => sshd.stop());
  const use = (more: { port?: number; retries?: number; known_hosts_file?: string } = {}) =>
    rig.use({
      name: 'nas',
      driver: 'rsync',
      host: sshd.address,
      port: sshd.port,
      path: rig.disk,
      key_file: sshd.keyFile,
      known_hosts_file: sshd.knownHosts,
      ...more,
    });

  test('backups are sent, verified and pruned there', async () => {
    rig.backups([OLD]);
    await rig.push();
    rig.backups([MIDDLE, NEW]);
    expect((await rig.push()).result).toMatchObject({ remote: 'nas', pushed: [MIDDLE, NEW], pruned: 0 });
    expect([rig.there(), rig.aside(), rig.verified()]).toEqual([DATES, [], DATES]);
  });

  test('the connection is cut in the middle: it is tried again, and completes', async () => {
    const driven = await midway();
    sshd.dropSessions();
    await driven.reached('waiting');
    expect(rig.there()).toEqual([]);
    expect(await driven.ended()).toMatchObject({ ok: true, pushed: [NEW] });
    expect(driven.states()).toEqual([
      'planned',
      'locked',
      'waiting',
      'pushed',
      'push-verified',
      'pruned',
      'reported',
    ]);
    expect(rig.journal(driven)).toMatch(
      new RegExp(
        `"state":"waiting".*"for":"push ${NEW} to nas","seconds":0.\\d,"objection":"no connection to ${sshd.address}: `,
      ),
    );
    expect([rig.there(), rig.aside()]).toEqual([[NEW], []]);
  });

  test('a machine that is gone is tried as often as `retries` says; the local backup stays', async () => {
    rig.backups([NEW]);
    const port = await freePort(sshd.address);
    use({ port, retries: 2 });
    const driven = await rig.drive();
    expect(failureOf(await driven.ended())).toBe(
      `remote nas: no connection to ${sshd.address}: ssh: connect to host ${sshd.address} port ${port}: Connection refused (tried 3 times)`,
    );
    expect([driven.states(), rig.local()]).toEqual([
      ['planned', 'locked', 'waiting', 'waiting', 'failed'],
      [NEW],
    ]);
    expect((await rig.push()).refusal?.refusal).toBe(
      `remote nas: no connection to ${sshd.address}: ssh: connect to host ${sshd.address} port ${port}: Connection refused`,
    );
  });

  test('a host key that is not known is not tried again', async () => {
    rig.backups([NEW]);
    writeFileSync(`${rig.here}/known`, '');
    use({ known_hosts_file: `${rig.here}/known` });
    const driven = await rig.drive();
    expect(failureOf(await driven.ended())).toMatch(
      /^remote nas: the key of \S+ is not known: compare what ssh-keyscan /,
    );
    expect(driven.states()).toEqual(['planned', 'locked', 'failed']);
  });

  test('kill -9 in the middle: the next push succeeds', async () => {
    const driven = await midway();
    driven.kill();
    await until('it to be dead', () => !alive(driven.pid));
    expect(rig.there()).toEqual([]);
    await nextSucceeds();
  });
});

test('what is noted of a push is for root alone', async () => {
  rig.backups([NEW]);
  await rig.push();
  const modes = command('find', homeOf(rig.directory), '-perm', '/077');
  expect([modes, disk().name, readFileSync(`${stateOf(rig.directory, 'disk')}/verified`, 'utf8')]).toEqual([
    '',
    'disk',
    `${NEW}\n`,
  ]);
});
