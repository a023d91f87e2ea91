/** A remote on another machine: a real sshd on loopback, real rsync, as root and as a user without rights. */
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ValueMap } from '../../../src/core/value.ts';
import { command, wrap } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';
import { DATES, PushRig } from '../../support/push-rig.ts';
import { freePort, type Sshd, startSshd } from '../../support/sshd.ts';

const [OLD, MIDDLE] = DATES;
// Whatever else writes to this disk is waited for when a backup is flushed to it.
vi.setConfig({ testTimeout: 150_000 });
const OK = { code: 0, objection: '' };

let sshd: Sshd;
let rig: PushRig;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());
beforeEach(() => {
  rig = new PushRig();
  use({});
});
afterEach(() => rig.clean());

function use(more: ValueMap): void {
  const { address: host, port, keyFile: key_file, knownHosts: known_hosts_file } = sshd;
  rig.use({ name: 'nas', driver: 'rsync', host, port, path: rig.disk, key_file, known_hosts_file, ...more });
}

/** Differences between a folder and what came back; its own time is nobody's. */
function differences(from: string, to: string): readonly string[] {
  return command('rsync', '-aHAXSni', '--delete', `${from}/`, `${to}/`)
    .split('\n')
    .filter(line => line !== '' && !line.endsWith(' ./'));
}

describe('as root', () => {
  test('a backup with every kind of file is sent, verified, linked, listed, fetched, removed, by one connection', async () => {
    rig.backups();
    const before = sshd.log().split('Accepted publickey').length;
    const back = `${rig.here}/back`;
    mkdirSync(back);
    const called = await rig.call(`remote_create && remote_check && remote_canary &&
      remote_push ${OLD} '' && remote_verify ${OLD} && remote_push ${MIDDLE} ${OLD} && remote_verify ${MIDDLE} &&
      remote_list && remote_fetch ${MIDDLE} ${back} && remote_manifest ${MIDDLE} >${rig.here}/manifest && remote_remove ${OLD}`);
    expect(called).toMatchObject({ ...OK, stdout: `${OLD}\n${MIDDLE}\n` });
    expect([rig.there(), rig.aside()]).toEqual([[MIDDLE], []]);
    expect(differences(`${rig.bckups}/${MIDDLE}`, back)).toEqual([]);
    expect(differences(`${rig.bckups}/${MIDDLE}`, `${rig.place}/${MIDDLE}`)).toEqual([
      '*deleting   verified.json',
    ]);
    command('cmp', `${rig.here}/manifest`, `${rig.bckups}/${MIDDLE}/manifest.json`);
    expect(sshd.log().split('Accepted publickey').length - before).toBe(1);
  });

  test('a folder with blanks and quotes in its name', async () => {
    const path = `${rig.disk}/it's a "disk" $HOME`;
    mkdirSync(path);
    use({ path });
    rig.backups([OLD]);
    expect(
      await rig.call(`remote_create && remote_push ${OLD} '' && remote_verify ${OLD} && remote_list`),
    ).toMatchObject({ ...OK, stdout: `${OLD}\n` });
    expect(readdirSync(`${path}/vm1/noeud-gitlab-2`)).toEqual([OLD]);
  });

  test('a byte that was flipped there is found', async () => {
    rig.backups([OLD]);
    await rig.setUp();
    await rig.call(`remote_push ${OLD} ''`);
    rig.flip(`${rig.place}/${OLD}/data/sub dir/two`);
    expect(await rig.call(`remote_verify ${OLD}`)).toMatchObject({
      code: 2,
      objection: `the backup of ${OLD} is damaged: data/sub dir/two has another content than the manifest says; it was renamed to .damaged-${OLD}, and is no backup any more`,
    });
    expect([rig.there(), rig.aside()]).toEqual([[], [`.damaged-${OLD}`]]);
  });

  test('a folder that is not mounted there', async () => {
    expect(await rig.call('remote_check')).toMatchObject({
      code: 2,
      objection: `there is no .girofle-remote in ${rig.disk}: what should be mounted there is not, or the remote was never set up`,
    });
  });

  test('a disk that gets full there: nothing has that date', async () => {
    rig.backups([OLD], 'head -c 8000000 /dev/urandom >data/big');
    command('mount', '-t', 'tmpfs', '-o', 'size=5M', 'girofle-test', rig.disk);
    await rig.setUp();
    expect(await rig.call(`remote_push ${OLD} ''`)).toMatchObject({ code: 2, objection: 'its disk is full' });
    expect([rig.there(), rig.aside()]).toEqual([[], []]);
  });
});

describe('as a user without rights', () => {
  /** An ssh whose far end is a user that may nothing: this machine has no such account to log in to. */
  const far = () => ({
    env: wrap(`${rig.here}/bin`, {
      ssh: `while [ $# -gt 0 ]; do
  case $1 in -o|-p|-i|-l) shift 2 ;; --|-T) shift ;; -*) shift ;; *) break ;; esac
done
shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$*"`,
    }),
  });
  beforeEach(() => {
    chmodSync(rig.here, 0o755);
    chownSync(rig.disk, 65534, 65534);
    use({ user: 'backups' });
  });

  test('owners, devices and links are kept in attributes, verified, and come back', async () => {
    rig.backups();
    const back = `${rig.here}/back`;
    mkdirSync(back);
    const called = await rig.call(
      `remote_create && remote_canary && remote_push ${OLD} '' && remote_verify ${OLD} && remote_push ${MIDDLE} ${OLD} && remote_verify ${MIDDLE} && remote_fetch ${MIDDLE} ${back}`,
      far(),
    );
    expect(called).toMatchObject(OK);
    expect(differences(`${rig.bckups}/${MIDDLE}`, back)).toEqual([]);
    const stored = (date: string, file: string) => statSync(`${rig.place}/${date}/${file}`);
    expect(stored(MIDDLE, 'data/one').uid).toBe(65534);
    expect(stored(MIDDLE, 'config/gitlab.rb').ino).toBe(stored(OLD, 'config/gitlab.rb').ino);
  });

  test('a file system without attributes is refused by the canary', async () => {
    command('mount', '-t', 'ramfs', 'girofle-test', rig.disk);
    chownSync(rig.disk, 65534, 65534);
    const called = await rig.call('remote_create && remote_canary', far());
    expect(called).toMatchObject({
      code: 2,
      objection:
        'its file system takes no attributes from backups, who is not root there and notes owners in them: take a file system with extended attributes, or user root',
    });
    expect(readdirSync(rig.disk)).toEqual(['.girofle-remote']);
  });
});

describe('what is in the way has a sentence', () => {
  const check = () => rig.call('remote_check');

  test('the machine does not answer: worth trying again', async () => {
    const port = await freePort(sshd.address);
    use({ port });
    expect(await check()).toMatchObject({
      code: 1,
      objection: `no connection to ${sshd.address}: ssh: connect to host ${sshd.address} port ${port}: Connection refused`,
    });
  });

  test('its key is not known', async () => {
    writeFileSync(`${rig.here}/known`, '');
    use({ known_hosts_file: `${rig.here}/known` });
    expect(await check()).toMatchObject({
      code: 2,
      objection: `the key of ${sshd.address} is not known: compare what ssh-keyscan -p ${sshd.port} ${sshd.address} shows with that machine's own, and put it into ${rig.here}/known`,
    });
  });

  test('its key is another one', async () => {
    command('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${rig.here}/other`);
    command(
      'sh',
      '-c',
      `echo "[${sshd.address}]:${sshd.port} $(cat ${rig.here}/other.pub)" >${rig.here}/known`,
    );
    use({ known_hosts_file: `${rig.here}/known` });
    expect(await check()).toMatchObject({
      code: 2,
      objection: `the key of ${sshd.address} is not the one that is known (${rig.here}/known): somebody else may answer there`,
    });
  });

  test('it does not accept our key', async () => {
    command('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${rig.here}/other`);
    use({ key_file: `${rig.here}/other` });
    expect(await check()).toMatchObject({
      code: 2,
      objection: `${sshd.address} does not let root in with ${rig.here}/other`,
    });
  });

  test('our key is not there', async () => {
    use({ key_file: `${rig.here}/none` });
    expect(await check()).toMatchObject({ code: 2, objection: `the key ${rig.here}/none is not there` });
  });

  test('it has no rsync', async () => {
    rig.backups([OLD]);
    await rig.setUp();
    const env = wrap(`${rig.here}/bin`, { rsync: 'exec $REAL --rsync-path=/nowhere/rsync "$@"' });
    expect(await rig.call(`remote_push ${OLD} ''`, { env })).toMatchObject({
      code: 2,
      objection: 'rsync is not there',
    });
  });

  test('the connection is cut: worth trying again, and nothing has that date', async () => {
    rig.backups([OLD], 'head -c 3000000 /dev/urandom >data/big');
    await rig.setUp();
    const env = wrap(`${rig.here}/bin`, {
      rsync: `exec $REAL --bwlimit=500 "$@"`,
    });
    const pushing = rig.call(`remote_push ${OLD} ''`, { env });
    await until(
      'bytes to arrive',
      () => rig.aside().length > 0 && readdirSync(`${rig.place}/${rig.aside()[0]}`).length > 0,
      20,
    );
    sshd.dropSessions();
    const cut = await pushing;
    expect(cut.code).toBe(1);
    expect(cut.objection).toMatch(new RegExp(`^no connection to ${sshd.address}: `));
    expect(rig.there()).toEqual([]);
    rmSync(`${rig.here}/bin`, { recursive: true });
    expect(await rig.call(`remote_push ${OLD} '' && remote_verify ${OLD}`)).toMatchObject(OK);
    expect([rig.there(), rig.aside()]).toEqual([[OLD], []]);
  });
});
