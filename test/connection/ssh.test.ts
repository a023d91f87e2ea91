import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectorOptions, connector } from '../../src/connection/connect.ts';
import type { Connection, ConnectionSettings } from '../../src/core/transport.ts';
import { processes } from '../support/processes.ts';
import { freePort, noSshd, type Sshd, type SshdOptions, startSshd } from '../support/sshd.ts';
import { type Account, createAccount } from './accounts.ts';
import { script } from './shells.ts';

const never = new AbortController().signal;

describe.skipIf(noSshd !== undefined)('ssh', () => {
  let rig: Sshd;
  let folder: string;
  const rigs: Sshd[] = [];
  const open: Connection[] = [];
  const start = async (options: SshdOptions) => {
    const made = await startSshd(options);
    rigs.push(made);
    return made;
  };
  const logIn = async (settings: ConnectionSettings, options: ConnectorOptions = { home: rig.home }) => {
    const connection = await connector(options)(settings, never);
    open.push(connection);
    return connection;
  };
  const whoami = async (settings: ConnectionSettings, options?: ConnectorOptions) =>
    (await (await logIn(settings, options)).exchange([script('id -un')]))[0]?.stdout.trim();
  const file = (name: string, content: string) => {
    const full = path.join(folder, name);
    writeFileSync(full, content, { mode: 0o600 });
    return full;
  };
  const knowing = (lines: string) => ({
    userknownhostsfile: [file(`known-${Math.random()}`, lines)],
    globalknownhostsfile: ['none'],
  });

  beforeAll(async () => {
    rig = await start({});
    folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-ssh-test-'));
  });
  afterEach(() => Promise.all(open.splice(0).map(one => one.close())));
  afterAll(async () => {
    for (const one of rigs) await one.stop();
    rmSync(folder, { recursive: true });
  });

  it('logs in with a key and runs scripts', async () => {
    const connection = await logIn(rig.settings());
    expect(connection.user).toBe('root');
    expect(await connection.exchange([script('echo "$SSH_CONNECTION" | cut -d" " -f3,4')])).toEqual([
      { code: 0, stdout: `${rig.address} ${rig.port}\n`, stderr: '' },
    ]);
  });

  it('asks sshd for nothing before the key: no `none`', async () => {
    const quiet = await start({ config: ['LogLevel DEBUG1'] });
    await whoami(quiet.settings(), { home: quiet.home });
    expect(quiet.log()).toContain('userauth-request for user root service ssh-connection method publickey');
    expect(quiet.log()).not.toContain('method none');
  });

  it('ignores what login scripts print', async () => {
    const noisy = await start({
      config: [`ForceCommand echo noise; echo noise >&2; eval "$SSH_ORIGINAL_COMMAND"`],
    });
    const connection = await logIn(noisy.settings(), { home: noisy.home });
    expect(await connection.exchange([script('echo hi')])).toEqual([{ code: 0, stdout: 'hi\n', stderr: '' }]);
  });

  it('uses another shell when asked to', async () => {
    const connection = await logIn(rig.settings({ shell: '/bin/bash' }));
    expect((await connection.exchange([script('echo "${BASH_VERSION:+bash}"')]))[0]?.stdout).toBe('bash\n');
  });

  it('says what a host that allows no shell said', async () => {
    const closed = await start({ config: ['ForceCommand echo This account is closed. >&2; exit 1'] });
    const connection = await logIn(closed.settings(), { home: closed.home });
    await expect(connection.exchange([script('true')])).rejects.toMatchObject({
      message: 'vm: no shell could be started for root: This account is closed.',
    });
  });

  describe('host keys', () => {
    it('refuses an unknown one, and says how to add it', async () => {
      const fingerprint = fingerprintOf(rig.hostKey());
      const options = knowing('');
      await expect(whoami(rig.settings({ sshOptions: options }))).rejects.toMatchObject({
        message: `vm: the host key of [${rig.address}]:${rig.port} is not known: ssh-ed25519 ${fingerprint}`,
        hint: `compare the fingerprint, then: ssh-keyscan -p ${rig.port} ${rig.address} >> ${options.userknownhostsfile[0]}`,
      });
    });

    it('asks about an unknown one and remembers the answer', async () => {
      const options = knowing('# mine');
      const questions: unknown[] = [];
      const asking = {
        home: rig.home,
        askHostKey: async (question: unknown) => questions.push(question) > 0,
      };
      expect(await whoami(rig.settings({ sshOptions: options }), asking)).toBe('root');
      expect(await whoami(rig.settings({ sshOptions: options }), asking)).toBe('root');
      const host = `[${rig.address}]:${rig.port}`;
      expect(questions).toEqual([
        { host, keyType: 'ssh-ed25519', fingerprint: fingerprintOf(rig.hostKey()) },
      ]);
      expect(readFileSync(options.userknownhostsfile[0] ?? '', 'utf8')).toBe(
        `# mine\n${host} ${rig.hostKey()}\n`,
      );
    });

    it('does not let the time limit run while somebody thinks', async () => {
      const slow = {
        home: rig.home,
        askHostKey: () => new Promise<boolean>(resolve => setTimeout(resolve, 1300, true)),
      };
      expect(await whoami(rig.settings({ connectTimeout: 1, sshOptions: knowing('') }), slow)).toBe('root');
    });

    it('refuses when the answer is no', async () => {
      const asking = { home: rig.home, askHostKey: async () => false };
      await expect(whoami(rig.settings({ sshOptions: knowing('') }), asking)).rejects.toThrow(/is not known/);
    });

    it.each(['no', 'accept-new'])(
      'takes an unknown one without asking when StrictHostKeyChecking is %s',
      async strict => {
        const options = knowing('');
        expect(
          await whoami(rig.settings({ sshOptions: { ...options, stricthostkeychecking: [strict] } })),
        ).toBe('root');
        expect(readFileSync(options.userknownhostsfile[0] ?? '', 'utf8')).toContain(rig.hostKey());
      },
    );

    it.each(['no', 'accept-new', 'ask', 'yes'])(
      'refuses a changed one, also when StrictHostKeyChecking is %s',
      async strict => {
        const other = path.join(folder, `other-${strict}`);
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
        const key = readFileSync(`${other}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
        const host = `[${rig.address}]:${rig.port}`;
        const options = knowing(`# first line\n${host} ${key}\n`);
        const known = options.userknownhostsfile[0];
        await expect(
          whoami(rig.settings({ sshOptions: { ...options, stricthostkeychecking: [strict] } }), {
            home: rig.home,
            askHostKey: async () => true,
          }),
        ).rejects.toMatchObject({
          message:
            `vm: the host key of ${host} has changed: it shows ssh-ed25519 ${fingerprintOf(rig.hostKey())}` +
            `; known is ssh-ed25519 ${fingerprintOf(key)} (${known}:2)`,
          hint: `somebody may be listening in; if the host was reinstalled: ssh-keygen -R '${host}' -f ${known}`,
        });
      },
    );

    it('refuses a revoked one', async () => {
      const host = `[${rig.address}]:${rig.port}`;
      const options = knowing(`@revoked * ${rig.hostKey()}\n${host} ${rig.hostKey()}\n`);
      await expect(whoami(rig.settings({ sshOptions: options }))).rejects.toThrow(
        `vm: the host shows a revoked key: ssh-ed25519 ${fingerprintOf(rig.hostKey())} (${options.userknownhostsfile[0]}:1)`,
      );
    });

    it('finds hashed names, and prefers the key type that is known', async () => {
      const both = await start({ hostKeys: ['ed25519', 'rsa'] });
      const hashed = file('hashed', `[${both.address}]:${both.port} ${both.hostKey('rsa')}\n`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], { stdio: 'ignore' });
      expect(readFileSync(hashed, 'utf8')).toMatch(/^\|1\|/);
      expect(
        await whoami(both.settings({ sshOptions: { userknownhostsfile: [hashed] } }), { home: both.home }),
      ).toBe('root');
    });

    it('looks under HostKeyAlias', async () => {
      expect(
        await whoami(
          rig.settings({ sshOptions: { ...knowing(`vm-one ${rig.hostKey()}\n`), hostkeyalias: ['vm-one'] } }),
        ),
      ).toBe('root');
    });
  });

  describe('logging in', () => {
    it('says which keys were tried, and why others were not', async () => {
      const wrong = path.join(folder, 'wrong');
      const locked = path.join(folder, 'locked');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrong]);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked]);
      const settings = rig.settings({
        privateKeyFile: wrong,
        sshOptions: { identityfile: [locked, '/no/such/key'] },
      });
      await expect(whoami(settings)).rejects.toMatchObject({
        message:
          `vm: cannot log in as root: tried key ${wrong}; ${locked} is encrypted: add it to the agent with ssh-add ${locked}; ` +
          '/no/such/key cannot be read (ENOENT)',
        hint: 'put your public key into ~root/.ssh/authorized_keys there, or name another by ansible_user, ansible_ssh_private_key_file or ansible_password',
      });
    });

    it('says that there was nothing to try', async () => {
      const { privateKeyFile: _, ...settings } = rig.settings();
      await expect(whoami(settings)).rejects.toThrow('vm: cannot log in as root: there was nothing to try');
    });

    it('uses the keys of an agent, and with IdentitiesOnly those that are named', async () => {
      const agent = startAgent(path.join(folder, 'agent'));
      try {
        const locked = path.join(folder, 'in-agent');
        copyFileSync(rig.keyFile, locked);
        copyFileSync(`${rig.keyFile}.pub`, `${locked}.pub`);
        agent.add(locked);
        execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', locked]);
        const { privateKeyFile: _, ...settings } = rig.settings({
          sshOptions: { identityagent: [agent.socket] },
        });
        expect(await whoami(settings)).toBe('root');
        const only = { ...settings.sshOptions, identitiesonly: ['yes'] };
        expect(await whoami({ ...settings, sshOptions: { ...only, identityfile: [locked] } })).toBe('root');
        await expect(
          whoami({ ...settings, sshOptions: { ...only, identityfile: ['/no/such/key'] } }),
        ).rejects.toThrow(/nothing to try/);
      } finally {
        agent.stop();
      }
    });

    it('says that the agent does not answer', async () => {
      const { privateKeyFile: _, ...settings } = rig.settings({
        sshOptions: { identityagent: ['/no/agent'] },
      });
      await expect(whoami(settings)).rejects.toThrow(
        /there was nothing to try; the ssh agent at \/no\/agent does not answer/,
      );
    });

    describe('with a password', () => {
      let user: Account;
      beforeAll(() => {
        user = createAccount();
      });
      afterAll(() => user.remove());

      it.each([
        ['password', ['PasswordAuthentication yes', 'UsePAM yes']],
        ['keyboard-interactive', ['KbdInteractiveAuthentication yes', 'UsePAM yes']],
      ])('by %s', async (_, config) => {
        const server = await start({ config });
        const { privateKeyFile: __, ...settings } = server.settings({
          user: user.name,
          password: user.password,
        });
        expect(await whoami(settings, { home: server.home })).toBe(user.name);
      });

      it('says that it was tried', async () => {
        const server = await start({ config: ['PasswordAuthentication yes', 'UsePAM yes'] });
        const { privateKeyFile: _, ...settings } = server.settings({ user: user.name, password: 'wrong' });
        await expect(whoami(settings, { home: server.home })).rejects.toThrow(
          `vm: cannot log in as ${user.name}: tried the password`,
        );
      });
    });
  });

  describe('reaching the host', () => {
    it('says that the connection was refused', async () => {
      const port = await freePort(rig.address);
      await expect(whoami(rig.settings({ port }))).rejects.toMatchObject({
        message: `vm: cannot connect to ${rig.address} port ${port}: the connection was refused`,
        hint: 'is sshd running there, and on that port?',
      });
    });

    it('says that there is no such name', async () => {
      await expect(whoami(rig.settings({ address: 'no-such-host.invalid' }))).rejects.toThrow(
        /^vm: cannot connect to no-such-host.invalid port \d+: (there is no such name|the name cannot be looked up)$/,
      );
    });

    it('gives up on a host that accepts and says nothing', async () => {
      const mute = net.createServer(() => {}).listen(0, rig.address);
      await new Promise(resolve => mute.once('listening', resolve));
      const bound = mute.address();
      const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
      const began = performance.now();
      await expect(whoami(rig.settings({ port, connectTimeout: 0.4 }))).rejects.toMatchObject({
        message: `vm: no answer from ${rig.address} port ${port} within 0.4 s`,
        hint: 'is the host up, the address right, and no firewall in between?',
      });
      expect(performance.now() - began).toBeLessThan(1500);
      mute.close();
    });

    it('stops when it is told to', async () => {
      const mute = net.createServer(() => {}).listen(0, rig.address);
      await new Promise(resolve => mute.once('listening', resolve));
      const bound = mute.address();
      const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
      const connecting = connector({ home: rig.home })(rig.settings({ port }), AbortSignal.timeout(200));
      await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
      mute.close();
    });

    it('tries again where MaxStartups drops connections', async () => {
      const crowded = await start({ config: ['MaxStartups 2:100:2', 'LogLevel DEBUG1'] });
      const connect = connector({ home: crowded.home, handshakes: 20 });
      const all = await Promise.all(Array.from({ length: 20 }, () => connect(crowded.settings(), never)));
      open.push(...all);
      expect(
        (await Promise.all(all.map(one => one.exchange([script('echo in')]))))
          .flat()
          .map(({ stdout }) => stdout),
      ).toEqual(Array(20).fill('in\n'));
      expect(crowded.log()).toMatch(/past MaxStartups/);
    });

    it('goes through jump hosts, and shares them', async () => {
      const jump = await start({ sharing: rig, config: ['LogLevel VERBOSE'] });
      const far = await start({ sharing: rig });
      const config = file(
        'config',
        [
          `Host jump`,
          `  HostName ${jump.address}`,
          `  Port ${jump.port}`,
          '  User root',
          `  IdentityFile ${rig.keyFile}`,
          'Host near',
          `  HostName ${rig.address}`,
          `  Port ${rig.port}`,
          '  User root',
          `  IdentityFile ${rig.keyFile}`,
          `Host ${far.address}`,
          '  ProxyJump near,jump',
          '',
        ].join('\n'),
      );
      const connect = connector({ home: rig.home });
      const settings = far.settings({ sshOptions: { configfile: [config] } });
      const both = await Promise.all([connect(settings, never), connect(settings, never)]);
      for (const one of both)
        expect((await one.exchange([script('echo "$SSH_CONNECTION" | cut -d" " -f3')]))[0]?.stdout).toBe(
          `${far.address}\n`,
        );
      expect(jump.log().match(/Accepted publickey/g)?.length).toBe(1);
      await Promise.all(both.map(one => one.close()));
    });

    it('says which jump host refused', async () => {
      const port = await freePort(rig.address);
      const settings = rig.settings({ sshOptions: { proxyjump: [`root@${rig.address}:${port}`] } });
      await expect(whoami(settings)).rejects.toThrow(
        `vm (jump host ${rig.address}): cannot connect to ${rig.address} port ${port}: the connection was refused`,
      );
    });

    it('refuses a ProxyCommand by name', async () => {
      await expect(
        whoami(rig.settings({ sshOptions: { proxycommand: ['nc %h %p'] } })),
      ).rejects.toMatchObject({
        message: 'vm: the ssh option proxycommand (nc %h %p) is not supported',
        hint: 'write ProxyJump instead',
      });
    });
  });

  it('dials sockets from the host, and says why not', async () => {
    const server = net.createServer(socket => socket.end('hello')).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    const connection = await logIn(rig.settings());
    const stream = await connection.dial({ host: '127.0.0.1', port });
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('hello');
    server.close();
    const dead = await freePort('127.0.0.1');
    await expect(connection.dial({ host: '127.0.0.1', port: dead })).rejects.toThrow(
      `vm: nothing answers at 127.0.0.1 port ${dead} ((SSH) Channel open failure: Connection refused)`,
    );
    await expect(connection.dial({ socket: '/no/such.sock' })).rejects.toThrow(
      /^vm: \/no\/such.sock cannot be opened: nothing listens there/,
    );
    const strict = await start({ config: ['AllowTcpForwarding no', 'AllowStreamLocalForwarding no'] });
    const closed = await logIn(strict.settings(), { home: strict.home });
    await expect(closed.dial({ host: '127.0.0.1', port: dead })).rejects.toThrow(
      `vm: sshd does not forward to 127.0.0.1 port ${dead}: set AllowTcpForwarding and AllowStreamLocalForwarding to yes in its sshd_config`,
    );
  });

  it('leaves no process and no session when it is closed', async () => {
    const alone = await start({});
    const connection = await connector({ home: alone.home })(alone.settings(), never);
    await connection.exchange([script('true')]);
    await connection.close();
    expect(processes().filter(({ parent }) => parent === alone.pid).length).toBeLessThanOrEqual(1);
  });
});

function fingerprintOf(publicKey: string): string {
  const out = execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: publicKey }).toString();
  return out.split(' ')[1] ?? '';
}

function startAgent(socket: string) {
  const said = execFileSync('ssh-agent', ['-a', socket]).toString();
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  if (!existsSync(socket)) throw new Error(said);
  return {
    socket,
    add: (key: string) =>
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } }),
    stop: () => process.kill(pid),
  };
}
