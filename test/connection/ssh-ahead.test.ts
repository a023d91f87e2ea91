/** What is sent ahead of the answers: how many round trips that leaves, and that a login that fails at first is none the worse. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import { partsOf } from '../../src/connection/ssh-ahead.ts';
import type { ConnectionSettings } from '../../src/core/transport.ts';
import { freePort, noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { countTrips, type Trips } from '../support/trips.ts';
import { script } from './shells.ts';

const never = new AbortController().signal;
const DROPBEAR = '/usr/sbin/dropbear';

it('the parts of ssh2 that are reached into are there, in the version that is pinned', () => {
  const { version } = createRequire(import.meta.url)('ssh2/package.json');
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(dependencies.ssh2).toBe(version);
  const client = new ssh2.Client();
  client.on('error', () => {});
  const sock = new net.Socket();
  client.connect({ sock, username: 'nobody', password: 'x' });
  expect(partsOf(client)).toBeDefined();
  client.destroy();
  sock.destroy();
});

describe.skipIf(noSshd !== undefined)(`round trips ${noSshd ? `(${noSshd})` : ''}`, () => {
  let rig: Sshd;
  let trips: Trips;
  let folder: string;

  beforeAll(async () => {
    rig = await startSshd();
    trips = await countTrips(rig.address, rig.port);
    folder = mkdtempSync(path.join(tmpdir(), 'girofle-ahead-'));
    writeFileSync(rig.knownHosts, `[${rig.address}]:${trips.port} ${rig.hostKey()}\n`, { flag: 'a' });
  });
  afterAll(async () => {
    await trips.stop();
    await rig.stop();
    rmSync(folder, { recursive: true });
  });

  /** Connects through the proxy, runs commands, each in an exchange, and gives the round trips that all took. */
  async function cost(more: Partial<ConnectionSettings>, exchanges = 1): Promise<number | undefined> {
    const before = trips.counts().length;
    const connection = await connector({ home: rig.home })(
      rig.settings({ port: trips.port, ...more }),
      never,
    );
    for (let i = 0; i < exchanges; i++)
      expect(await connection.exchange([script('echo hi')])).toEqual([
        { code: 0, stdout: 'hi\n', stderr: '' },
      ]);
    await connection.close();
    return trips.counts()[before];
  }

  function key(name: string, type: string): string {
    const file = path.join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
    return file;
  }

  it('are six for a connection with a known key and one exchange', async () => {
    expect(await cost({})).toBe(6);
  });

  it('are one more for each further exchange', async () => {
    expect(await cost({}, 3)).toBe(8);
  });

  it('are one more when another key is tried first and refused, and the session is opened all the same', async () => {
    const { privateKeyFile: _, ...settings } = rig.settings();
    const wrong = key('wrong', 'ed25519');
    const identities = { identityfile: [wrong, rig.keyFile] };
    const before = trips.counts().length;
    const connection = await connector({ home: rig.home })(
      { ...settings, port: trips.port, sshOptions: { ...settings.sshOptions, ...identities } },
      never,
    );
    expect(await connection.exchange([script('echo hi')])).toEqual([{ code: 0, stdout: 'hi\n', stderr: '' }]);
    await connection.close();
    expect(trips.counts()[before]).toBe(7);
  });
});

const noDropbear = noSshd ?? (existsSync(DROPBEAR) ? undefined : 'needs dropbear-bin');

describe.skipIf(noDropbear !== undefined)(`another SSH server ${noDropbear ? `(${noDropbear})` : ''}`, () => {
  it('(dropbear) is logged in to, also when the first key is refused', async () => {
    const keys = await startSshd();
    const folder = mkdtempSync(path.join(tmpdir(), 'girofle-dropbear-'));
    const hostKey = path.join(folder, 'host');
    spawnSync('dropbearkey', ['-t', 'ed25519', '-f', hostKey]);
    const known = spawnSync('dropbearkey', ['-y', '-f', hostKey], { encoding: 'utf8' }).stdout;
    // It looks for keys in root's own home: in a mount namespace of its own that is a folder of the test.
    const home = path.join(folder, 'home');
    mkdirSync(path.join(home, '.ssh'), { recursive: true, mode: 0o700 });
    copyFileSync(`${keys.keyFile}.pub`, path.join(home, '.ssh/authorized_keys'));
    const port = await freePort(keys.address);
    const place = `${keys.address}:${port}`;
    const command = `mount --bind "$1" /root && exec ${DROPBEAR} -F -E -r "$2" -p "$3" -P "$4"`;
    const words = ['-m', 'sh', '-c', command, 'sh', home, hostKey, place, path.join(folder, 'pid')];
    const server = spawn('unshare', words);
    try {
      await once(server.stderr, 'data');
      const line = known.split('\n').find(one => one.startsWith('ssh-ed25519')) ?? '';
      writeFileSync(keys.knownHosts, `[${keys.address}]:${port} ${line.split(' ').slice(0, 2).join(' ')}\n`, {
        flag: 'a',
      });
      const wrong = path.join(folder, 'wrong');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrong]);
      const { privateKeyFile: _, ...settings } = keys.settings({ port });
      for (const identityfile of [[keys.keyFile], [wrong, keys.keyFile]]) {
        const connection = await connector({ home: keys.home })(
          { ...settings, sshOptions: { ...settings.sshOptions, identityfile } },
          never,
        );
        expect(await connection.exchange([script('echo hi')])).toEqual([
          { code: 0, stdout: 'hi\n', stderr: '' },
        ]);
        await connection.close();
      }
    } finally {
      server.kill();
      await once(server, 'exit');
      await keys.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
