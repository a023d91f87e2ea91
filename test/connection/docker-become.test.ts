import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import { HostConnection } from '../../src/connection/connection.ts';
import { Docker } from '../../src/connection/docker.ts';
import { Jumps } from '../../src/connection/jumps.ts';
import { localWire } from '../../src/connection/local.ts';
import { Slots } from '../../src/connection/slots.ts';
import { sshWire } from '../../src/connection/ssh.ts';
import type { DockerCall } from '../../src/core/docker.ts';
import { sh } from '../../src/core/sh.ts';
import type { Become, Connection } from '../../src/core/transport.ts';
import { family, processes, until } from '../support/processes.ts';
import { noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { type Account, createAccount, noAccounts } from './accounts.ts';
import { startClient } from './client-process.ts';

const missing =
  noAccounts ?? noSshd ?? (existsSync('/var/run/docker.sock') ? undefined : 'needs a Docker daemon');

const PING: DockerCall = { method: 'GET', path: '/_ping' };
const OK = { status: 200, body: 'OK' };
const NOPASSWD = 'ALL=(ALL) NOPASSWD: ALL';

/** The processes that pass the bytes of the socket, below a process. */
function relays(below: number): readonly number[] {
  const ours = new Set(family(below));
  return processes()
    .filter(({ pid, words }) => ours.has(pid) && words.includes('dial-stdio'))
    .map(({ pid }) => pid);
}

/** A connection of a user of this machine without ssh: as if that user had started the controller. */
function connectionOf({ name }: Account): Connection {
  const argv = ['setpriv', '--reuid', name, '--regid', name, '--clear-groups', '/bin/sh'];
  const refused = Object.assign(new Error('connect EACCES /var/run/docker.sock'), { code: 'EACCES' });
  return new HostConnection({
    ...localWire('here', { argv, worker: ['/bin/sh'] }),
    loginUser: name,
    dial: () => Promise.reject(refused),
  });
}

describe.skipIf(missing !== undefined)(missing ?? 'Docker for a user who may not open its socket', () => {
  let rig: Sshd;
  const accounts: Account[] = [];
  const open: Connection[] = [];
  const account = (sudo?: string, defaults?: string) => {
    const made = createAccount(sudo, defaults);
    accounts.push(made);
    return made;
  };
  const logIn = async (user: string, on = rig) => {
    const connection = await connector({ home: on.home })(
      on.settings({ user, name: 'here' }),
      new AbortController().signal,
    );
    open.push(connection);
    return connection;
  };
  beforeAll(async () => {
    rig = await startSshd();
  });
  afterEach(() => Promise.all(open.splice(0).map(one => one.close())));
  afterAll(async () => {
    await rig.stop();
    for (const made of accounts) made.remove();
  });

  describe.each([
    ['over ssh, with a password', true, 'ALL=(ALL) ALL'],
    ['over ssh, without one', true, NOPASSWD],
    ['on this machine, with a password', false, 'ALL=(ALL) ALL'],
    ['on this machine, without one', false, NOPASSWD],
  ])('%s', (_, remote, rules) => {
    let connection: Connection;
    let user: Account;
    let as: Become;
    let folder: string;
    const tag = `girofle-become-test-${process.pid}-${remote}-${rules.length}`;
    const top = () => (remote ? rig.pid : process.pid);
    beforeAll(async () => {
      user = account(rules);
      as = { user: 'root', ...(rules === NOPASSWD ? {} : { password: user.password }) };
      connection = remote ? await logIn(user.name) : connectionOf(user);
      open.splice(0);
      folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-context-'));
      copyFileSync('/bin/busybox', path.join(folder, 'busybox'));
      writeFileSync(path.join(folder, 'Dockerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\n');
      chmodSync(folder, 0o700);
    });
    afterAll(async () => {
      await connection.close();
      rmSync(folder, { recursive: true });
    });

    it('is reached as root, by one process for calls one after another', async () => {
      const answers = [];
      for (let i = 0; i < 12; i += 1) answers.push(await connection.docker(PING, { as }));
      expect(answers).toEqual(Array.from({ length: 12 }, () => OK));
      expect(relays(top())).toHaveLength(1);
    });

    it('lets forty calls share three processes, and leaves no listeners behind', async () => {
      const warnings: Error[] = [];
      const note = (warning: Error) => void warnings.push(warning);
      process.on('warning', note);
      const calls = Array.from({ length: 40 }, () =>
        connection.docker({ method: 'GET', path: '/version' }, { as }),
      );
      const answers = await Promise.all(calls);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(relays(top())).toHaveLength(3);
      await new Promise(setImmediate);
      process.off('warning', note);
      expect(warnings).toEqual([]);
    });

    it('takes an archive from a script that only root may run, and builds from a folder', async () => {
      const imported = await connection.docker(
        {
          method: 'POST',
          path: '/images/create',
          query: { fromSrc: '-', repo: tag, tag: 'x' },
          archive: { hostScript: sh`tar -C ${folder} -cf - busybox` },
          answer: 'progress',
        },
        { as },
      );
      const lines: string[] = [];
      const built = await connection.docker(
        { method: 'POST', path: '/build', query: { t: `${tag}:y` }, archive: { folder }, answer: 'progress' },
        { as, onLine: line => lines.push(line) },
      );
      expect([imported.status, built.status, lines.at(-1)]).toEqual([
        200,
        200,
        `Successfully tagged ${tag}:y`,
      ]);
      for (const name of ['x', 'y']) execFileSync('docker', ['rmi', `${tag}:${name}`]);
    });

    it('gives up after its limit, and when it is aborted', async () => {
      const events: DockerCall = { method: 'GET', path: '/events', answer: 'progress' };
      expect(await connection.docker({ ...events, limit: 0.2504 }, { as })).toEqual({
        status: 0,
        body: null,
        message: 'Docker on here did not finish GET /events within 0.2504 s',
      });
      await expect(connection.docker(events, { as, signal: AbortSignal.timeout(200) })).rejects.toMatchObject(
        { name: 'AbortError' },
      );
      expect(await connection.docker(PING, { as })).toEqual(OK);
    });

    it('is not reached as the user who logs in, and that is said', async () => {
      expect(await connection.docker(PING)).toEqual({
        status: 0,
        body: null,
        message: `here: permission denied: ${user.name} may not open /var/run/docker.sock: become root, or add ${user.name} to the group docker`,
      });
    });

    it('nor as one who may not either', async () => {
      expect(await connection.docker(PING, { as: { ...as, user: 'nobody' } })).toEqual({
        status: 0,
        body: null,
        message: `here: permission denied: neither ${user.name} nor nobody may open /var/run/docker.sock: become root, or add ${user.name} to the group docker`,
      });
    });

    it('leaves nothing running when the connection is closed', async () => {
      const running = connection.docker({ method: 'GET', path: '/events', answer: 'progress' }, { as });
      await until('relays run', () => relays(top()).length > 0);
      const seen = relays(top());
      await connection.close();
      await until('they have ended', () => !processes().some(({ pid }) => seen.includes(pid)), 3);
      await expect(running.then(({ status }) => status)).resolves.toBe(0);
    });
  });

  it('says that the password for sudo is wrong', async () => {
    const user = account('ALL=(ALL) ALL');
    const connection = await logIn(user.name);
    await expect(connection.docker(PING, { as: { user: 'root', password: 'wrong' } })).rejects.toMatchObject({
      message: 'here: sudo did not accept the password for becoming root',
      hint: `it asks for the password of ${user.name}: check it, and that ${user.name} may run sudo`,
    });
  });

  it("says what to do where docker's command line is missing", async () => {
    const bin = mkdtempSync(path.join(os.tmpdir(), 'girofle-bin-'));
    chmodSync(bin, 0o755);
    for (const name of ['tee', 'cat', 'sleep']) symlinkSync('/bin/busybox', path.join(bin, name));
    const user = account(NOPASSWD, `secure_path=${bin}`);
    const connection = await logIn(user.name);
    expect(await connection.docker(PING, { as: { user: 'root' } })).toEqual({
      status: 0,
      body: null,
      message: `here: permission denied: ${user.name} may not open /var/run/docker.sock, and to open it as root docker's command line is missing there: install it (docker.io or docker-ce-cli), add ${user.name} to the group docker, or log in as root`,
    });
    rmSync(bin, { recursive: true });
  });

  it('is reached without sudo by a member of the group docker', async () => {
    const user = account();
    const group = execFileSync('stat', ['-c', '%G', '/var/run/docker.sock']).toString().trim();
    execFileSync('usermod', ['-aG', group, user.name]);
    const connection = await logIn(user.name);
    expect(await connection.docker(PING, { as: { user: 'root' } })).toEqual(OK);
    expect(relays(rig.pid)).toEqual([]);
  });

  it('serves several users in turn, keeping the processes of the latest only', async () => {
    const user = account(NOPASSWD);
    const connection = await logIn(user.name);
    const group = execFileSync('stat', ['-c', '%G', '/var/run/docker.sock']).toString().trim();
    const member = account();
    execFileSync('usermod', ['-aG', group, member.name]);
    for (const name of ['root', member.name, 'root', member.name]) {
      expect(await connection.docker(PING, { as: { user: name } })).toEqual(OK);
    }
    await until('one is left', () => relays(rig.pid).length === 1, 3);
  });

  it('ends with a connection that is cut', async () => {
    const user = account(NOPASSWD);
    const connection = await logIn(user.name);
    const ask = () => connection.docker({ method: 'GET', path: '/events' }, { as: { user: 'root' } });
    const running = ask();
    await until('a relay runs', () => relays(rig.pid).length === 1);
    const seen = relays(rig.pid);
    rig.dropSessions();
    // It may be noticed by an end, or by a reset.
    const lost = { message: expect.stringMatching(/^here: the connection was lost( \(read ECONNRESET\))?$/) };
    await expect(running).rejects.toMatchObject(lost);
    await expect(ask()).rejects.toMatchObject(lost);
    await until('it has ended', () => !processes().some(({ pid }) => seen.includes(pid)), 3);
  });

  it('ends with a controller that is killed', async () => {
    const user = account('ALL=(ALL) ALL');
    const client = await startClient({
      settings: rig.settings({ user: user.name }),
      home: rig.home,
      as: { user: 'root', password: user.password },
      docker: true,
      scripts: ['echo begun; sleep 600'],
    });
    const seen = relays(rig.pid);
    expect(seen).toHaveLength(1);
    client.kill('SIGKILL');
    await until('it has ended', () => !processes().some(({ pid }) => seen.includes(pid)), 3);
  });

  it('is reached by a sshd that does not forward sockets', async () => {
    const strict = await startSshd({ config: ['AllowStreamLocalForwarding no'] });
    const connection = await logIn('root', strict);
    expect(await connection.docker(PING)).toEqual(OK);
    expect(relays(strict.pid)).toHaveLength(1);
    await connection.close();
    await strict.stop();
  });

  describe('without a daemon', () => {
    const asked = async (socket: string, user: Account) => {
      const wire = await sshWire(
        rig.settings({ user: user.name, name: 'here' }),
        { home: rig.home, handshakes: new Slots(1) },
        new Jumps(),
        new AbortController().signal,
      );
      const connection = new HostConnection(wire);
      open.push(connection);
      const docker = new Docker(wire, connection, socket);
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => docker.call(PING, { as: { user: 'root' } })),
      );
      docker.close();
      return answers;
    };
    const six = (message: unknown) => Array.from({ length: 6 }, () => ({ status: 0, body: null, message }));

    it('says that there is no socket', async () => {
      expect(await asked('/no/docker.sock', account(NOPASSWD))).toEqual(
        six('no answer from the Docker daemon on here (/no/docker.sock): there is no such socket'),
      );
    });

    it('gives what docker says of a socket that nobody listens at', async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-stale-'));
      const socket = path.join(folder, 'docker.sock');
      const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => console.log('up'))`;
      const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(server.stdout, 'data');
      server.kill('SIGKILL');
      await once(server, 'exit');
      const why = expect.stringMatching(
        /^no answer from the Docker daemon on here \(.*docker\.sock\): .*connection refused$/,
      );
      expect(await asked(socket, account(NOPASSWD))).toEqual(six(why));
      rmSync(folder, { recursive: true });
    });
  });
});
