import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import type { Become, ConnectionSettings } from '../../src/core/transport.ts';
import { processesWith, uniqueSeconds, until } from '../support/processes.ts';
import { noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { type Account, createAccount, noAccounts } from './accounts.ts';
import { startClient } from './client-process.ts';
import { script } from './shells.ts';

const local: ConnectionSettings = { kind: 'local', name: 'here', address: 'here' };

/** Ignores TERM, leaves orphans, and keeps more input waiting than a pipe holds. */
function stubborn(seconds: string): readonly string[] {
  return [
    `trap '' TERM; echo begun; (sleep ${seconds} & sleep ${seconds} &) ; sleep ${seconds}`,
    `: ${'x'.repeat(300_000)}`,
  ];
}

async function killClient(settings: ConnectionSettings, home: string, as?: Become): Promise<void> {
  const seconds = uniqueSeconds();
  const client = await startClient({ settings, home, scripts: stubborn(seconds), ...(as ? { as } : {}) });
  await until('all three sleep', () => processesWith(seconds).length === 3);
  client.kill('SIGKILL');
  await until('nothing is left', () => processesWith(seconds).length === 0, 2.5);
}

describe('a controller killed by -9 leaves nothing running', () => {
  it('on this machine', () => killClient(local, '/nonexistent'));
});

describe.skipIf(noSshd !== undefined)('over ssh', () => {
  let rig: Sshd;
  beforeAll(async () => {
    rig = await startSshd();
  });
  afterAll(() => rig.stop());

  it('a controller killed by -9 leaves nothing running', () => killClient(rig.settings(), rig.home));

  it('nor as another user by sudo', () => killClient(rig.settings(), rig.home, { user: 'nobody' }));

  it('a cut connection ends what ran, and says so once and for all', async () => {
    const seconds = uniqueSeconds();
    const connection = await connector({ home: rig.home })(rig.settings(), new AbortController().signal);
    const running = connection.exchange(stubborn(seconds).map(text => script(text)));
    await until('all three sleep', () => processesWith(seconds).length === 3);
    rig.dropSessions();
    const lost = {
      message: 'vm: the connection was lost',
      hint: 'is the host still up? Run again: what is done already stays done',
    };
    await expect(running).rejects.toMatchObject(lost);
    await expect(connection.exchange([script('true')])).rejects.toMatchObject(lost);
    await expect(connection.dial({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject(lost);
    await expect(connection.upload({ path: '/tmp/never', content: Buffer.from('x') })).rejects.toMatchObject(
      lost,
    );
    await expect(connection.docker({ method: 'GET', path: '/_ping' })).rejects.toMatchObject(lost);
    await connection.close();
    await until('nothing is left', () => processesWith(seconds).length === 0, 2.5);
  });

  it('an abort ends what ran within two seconds and keeps the connection', async () => {
    const seconds = uniqueSeconds();
    const abort = new AbortController();
    const connection = await connector({ home: rig.home })(rig.settings(), new AbortController().signal);
    const running = connection.exchange([script(`trap '' TERM; sleep ${seconds} & sleep ${seconds}`)], {
      signal: abort.signal,
    });
    await until('both sleep', () => processesWith(seconds).length === 2);
    const began = performance.now();
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(processesWith(seconds)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await connection.exchange([script('echo again')])).toEqual([
      { code: 0, stdout: 'again\n', stderr: '' },
    ]);
    await connection.close();
  });
});

describe.skipIf(noAccounts !== undefined || noSshd !== undefined)(
  'over ssh as a plain user who becomes root',
  () => {
    let rig: Sshd;
    let user: Account;
    beforeAll(async () => {
      rig = await startSshd();
      user = createAccount('ALL=(ALL) ALL');
    });
    afterAll(async () => {
      await rig.stop();
      user.remove();
    });

    it('a controller killed by -9 leaves nothing running', () =>
      killClient(rig.settings({ user: user.name }), rig.home, { user: 'root', password: user.password }));
  },
);
