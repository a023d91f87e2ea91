/** What keeps a backup from beginning: another run, and folders that are not as they should be. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BackupRig, command, failureOf, nextSucceeds } from '../../support/backup-rig.ts';

const rig = new BackupRig(923);

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(() => rig.reset());
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

describe('the lock', () => {
  test('is held by another backup: the second is busy, and touches nothing', async () => {
    const first = await rig.heldAt('hot-copied');
    const busy = new RegExp(
      `^another run holds instance 923: a backup since \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ, pid ${first.pid}$`,
    );
    const refused = await rig.backup();
    expect(refused.refusal?.refusal).toMatch(busy);
    expect(refused.result.busy).toBe(true);
    const second = await rig.drive();
    expect([second.code, second.stderr.trim()]).toEqual([75, expect.stringMatching(busy)]);
    expect(rig.partials()).toEqual([`.partial-${first.job.id}`]);
    first.go();
    expect(await first.ended()).toMatchObject({ ok: true });
  });

  test.each([
    ['whose process is no more', { pid: '4194304' }],
    ['whose number another process has now', { pid: String(process.pid), start: '1' }],
    ['of before the last boot', { boot: '00000000-0000-0000-0000-000000000000' }],
  ])('of an owner %s is taken over', async (_, changed) => {
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const owner = {
      pid: String(process.pid),
      start,
      boot,
      since: '2026-01-01T00:00:00Z',
      what: 'a restore',
      ...changed,
    };
    mkdirSync(`${rig.directory}/.girofle/lock`, { recursive: true });
    const text = Object.entries(owner).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(`${rig.directory}/.girofle/lock/owner`, text.join(''));
    await nextSucceeds(rig);
  });
});

describe('what another kind of run that died has left', () => {
  const line = '{"state":"planned","utc":"2026-01-01T00:00:00Z","uptime":1.00,"what":"restore"}\n';
  const home = () => `${rig.directory}/.girofle`;

  function leave(driver: string): void {
    mkdirSync(`${home()}/journals`, { recursive: true });
    mkdirSync(`${home()}/runs/0badcafe`, { recursive: true });
    writeFileSync(`${home()}/journals/0badcafe.jsonl`, line);
    writeFileSync(`${home()}/runs/0badcafe/driver.sh`, driver);
  }

  test('is repaired by its own driver, under the lock of the backup', async () => {
    leave('echo "$1" >"${0%/*}/asked"; grep -q "^pid=$2\n*$" "${0%/runs/*}/lock/owner"');
    await nextSucceeds(rig);
    expect(readFileSync(`${home()}/runs/0badcafe/asked`, 'utf8')).toBe('repair\n');
    expect(readFileSync(`${home()}/journals/0badcafe.jsonl`, 'utf8')).toBe(line);
  });

  test('stops the backup when it cannot be repaired', async () => {
    leave('echo "mapping-volumes is gone" >&2; exit 1');
    expect((await rig.backup()).result.msg).toBe(
      'what run 0badcafe left behind cannot be repaired: mapping-volumes is gone',
    );
    expect(rig.status()).toBe('running');
  });
});

describe('the folder of the backups', () => {
  test('has one of a time to come: the clock was set back', async () => {
    mkdirSync(`${rig.bckups}/2099-01-01T00-00-00Z`);
    expect((await rig.backup()).result.msg).toMatch(
      /^this host's clock says \S+Z, and there is a backup of 2099-01-01T00-00-00Z: set the clock, or remove that backup$/,
    );
  });

  test('is a symbolic link: refused, by the plan and by the driver', async () => {
    const sentence = `${rig.bckups} is a symbolic link: backups go into a folder of the instance itself`;
    const driven = await rig.heldAt('locked');
    renameSync(rig.bckups, `${rig.root}/elsewhere`);
    symlinkSync(`${rig.root}/elsewhere`, rig.bckups);
    driven.go();
    expect(failureOf(await driven.ended())).toBe(sentence);
    expect(readdirSync(`${rig.root}/elsewhere`)).toEqual([]);
    expect((await rig.backup()).refusal?.refusal).toBe(sentence);
  });
});

test.each(['data', 'config'])('an empty %s is no source', async volume => {
  const driven = await rig.heldAt('locked');
  const aside = `${rig.root}/aside`;
  renameSync(`${rig.volumes}/${volume}`, aside);
  mkdirSync(`${rig.volumes}/${volume}`);
  driven.go();
  const failure = failureOf(await driven.ended());
  rmSync(`${rig.volumes}/${volume}`, { recursive: true });
  renameSync(aside, `${rig.volumes}/${volume}`);
  expect(failure).toBe(`${rig.volumes}/${volume} is empty: there is nothing to back up`);
  expect(existsSync(`${rig.bckups}/.partial-${driven.job.id}`)).toBe(false);
});

test('a killed connection changes nothing: the driver is of a session of its own', async () => {
  const driven = await rig.heldAt('hot-copied');
  const [session] = command('ps', '-o', 'sid=', '-p', String(driven.pid)).trim().split('\n');
  expect(Number(session)).toBe(driven.pid);
  driven.go();
  expect(await driven.ended()).toMatchObject({ ok: true });
});
