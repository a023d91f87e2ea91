import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connector, localConnection } from '../../src/connection/connect.ts';
import type { Become, Connection } from '../../src/core/transport.ts';
import { processes, processesWith } from '../support/processes.ts';
import { noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { type Account, createAccount, noAccounts } from './accounts.ts';
import { script } from './shells.ts';

describe.skipIf(noAccounts !== undefined)('becoming another user here', () => {
  const connection = localConnection({ name: 'here' });
  afterAll(() => connection.close());

  it('needs no sudo for the user one is already', async () => {
    await connection.exchange([script('id -un')], {
      as: { user: connection.user, flags: ['--no-such-flag'] },
    });
  });

  it("runs each script as that user, with that user's home", async () => {
    const [who] = await connection.exchange([script('id -un; echo "$HOME"')], { as: { user: 'nobody' } });
    expect(who).toEqual({ code: 0, stdout: 'nobody\n/nonexistent\n', stderr: '' });
  });

  it('keeps one shell for each user', async () => {
    const shell = async (as?: Become) =>
      (await connection.exchange([script('echo $$')], as ? { as } : {}))[0]?.stdout;
    const [mine, theirs] = [await shell(), await shell({ user: 'nobody' })];
    expect(mine).not.toBe(theirs);
    expect([await shell(), await shell({ user: 'nobody' })]).toEqual([mine, theirs]);
  });

  it('serves more users than there are shells kept', async () => {
    const users = ['daemon', 'bin', 'sys', 'games', 'man', 'lp', 'mail', 'news'];
    const seen = [];
    for (const user of users)
      seen.push((await connection.exchange([script('id -un')], { as: { user } }))[0]?.stdout.trim());
    expect(seen).toEqual(users);
  });

  it('names a user that does not exist', async () => {
    await expect(connection.exchange([script('true')], { as: { user: 'nosuchuser' } })).rejects.toMatchObject(
      {
        message: `here: ${connection.user} cannot become nosuchuser: there is no user nosuchuser`,
        hint: 'create the user first, or correct become_user',
      },
    );
  });
});

describe.skipIf(noAccounts !== undefined || noSshd !== undefined)('becoming root over ssh', () => {
  let rig: Sshd;
  const accounts: Account[] = [];
  const open: Connection[] = [];
  const account = (sudo?: string, defaults?: string) => {
    const made = createAccount(sudo, defaults);
    accounts.push(made);
    return made;
  };
  const logIn = async (user: Account) => {
    const connection = await connector({ home: rig.home })(
      rig.settings({ user: user.name }),
      new AbortController().signal,
    );
    open.push(connection);
    return connection;
  };
  const whoami = async (user: Account, password?: string) =>
    (await logIn(user)).exchange([script('id -un; cat; printf end')], {
      as: { user: 'root', ...(password === undefined ? {} : { password }) },
    });

  beforeAll(async () => {
    rig = await startSshd();
  });
  afterEach(() => Promise.all(open.splice(0).map(one => one.close())));
  afterAll(async () => {
    await rig.stop();
    for (const made of accounts) made.remove();
  });

  const root = [{ code: 0, stdout: 'root\nend', stderr: '' }];

  it('answers sudo with the password', async () => {
    const user = account('ALL=(ALL) ALL');
    expect(await whoami(user, user.password)).toEqual(root);
  });

  it('never writes a password that sudo did not ask for', async () => {
    const user = account('ALL=(ALL) NOPASSWD: ALL');
    expect(await whoami(user, 'secret')).toEqual(root);
  });

  it('works without a pty of sudo as well', async () => {
    const user = account('ALL=(ALL) ALL', '!use_pty');
    expect(await whoami(user, user.password)).toEqual(root);
  });

  it('shows the password in no command line', async () => {
    const user = account('ALL=(ALL) ALL');
    const connection = await logIn(user);
    await connection.exchange([script('true')], { as: { user: 'root', password: user.password } });
    expect(processesWith(user.password)).toEqual([]);
    expect(processes().filter(({ words }) => words.some(word => word.includes(user.password)))).toEqual([]);
  });

  it('says that the password is wrong', async () => {
    const user = account('ALL=(ALL) ALL');
    await expect(whoami(user, 'wrong')).rejects.toMatchObject({
      message: 'vm: sudo did not accept the password for becoming root',
      hint: `it asks for the password of ${user.name}: check it, and that ${user.name} may run sudo`,
    });
  });

  it('says that a password is wanted', async () => {
    const user = account('ALL=(ALL) ALL');
    await expect(whoami(user)).rejects.toMatchObject({
      message: `vm: ${user.name} cannot become root: sudo wants the password of ${user.name}`,
      hint: 'give it with -K or become_password, or allow it in sudoers with NOPASSWD',
    });
  });

  it('says that the user may not', async () => {
    const user = account();
    await expect(whoami(user, user.password)).rejects.toMatchObject({
      message: `vm: ${user.name} cannot become root: ${user.name} may not use sudo to become root`,
      hint: 'allow it in sudoers on the host',
    });
  });

  it('says that sudo insists on a terminal', async () => {
    const user = account('ALL=(ALL) NOPASSWD: ALL', 'requiretty');
    await expect(whoami(user)).rejects.toMatchObject({
      message: `vm: ${user.name} cannot become root: sudo insists on a terminal`,
      hint: `add "Defaults:${user.name} !requiretty" to sudoers`,
    });
  });

  it('writes files as that user', async () => {
    const user = account('ALL=(ALL) ALL');
    const connection = await logIn(user);
    const as = { user: 'root', password: user.password };
    const path = `/tmp/${user.name}-upload`;
    await connection.upload({ path, content: Buffer.alloc(9_000_000, 'x') }, { as });
    const [seen] = await connection.exchange(
      [script(`stat -c '%U %a %s' ${path}; tr -d x < ${path} | wc -c; rm ${path}`)],
      { as },
    );
    expect(seen?.stdout).toBe('root 600 9000000\n0\n');
  });
});

describe('a host without sudo', () => {
  it('says so', async () => {
    const connection = localConnection(
      { name: 'bare' },
      { argv: ['/usr/bin/env', 'PATH=/nonexistent', '/bin/sh'], worker: ['/bin/sh'] },
    );
    await expect(
      connection.exchange([script('true')], { as: { user: 'nobody', password: 'x' } }),
    ).rejects.toMatchObject({
      message: `bare: ${connection.user} cannot become nobody: sudo is not installed there`,
      hint: 'log in as nobody, or install sudo',
    });
  });
});
