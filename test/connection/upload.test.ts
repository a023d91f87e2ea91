import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connector, localConnection } from '../../src/connection/connect.ts';
import type { Connection } from '../../src/core/transport.ts';
import { noBusyboxHost, startBusyboxHost } from '../support/busybox-host.ts';
import { noSshd, startSshd } from '../support/sshd.ts';
import { script } from './shells.ts';

interface Place {
  readonly connection: Connection;
  /** Where the host's /tmp is for us. */
  readonly outside: string;
  stop(): Promise<void>;
}

const here = async (): Promise<Place> => {
  const connection = localConnection({ name: 'here' });
  return { connection, outside: '/tmp', stop: () => connection.close() };
};
const overSsh = async (): Promise<Place> => {
  const rig = await startSshd();
  const connection = await connector({ home: rig.home })(rig.settings(), new AbortController().signal);
  return { connection, outside: '/tmp', stop: () => connection.close().then(() => rig.stop()) };
};
const busybox = async (): Promise<Place> => {
  const host = await startBusyboxHost();
  return { connection: host.connection, outside: `${host.root}/tmp`, stop: () => host.stop() };
};

describe.each([
  ['on this machine', here, undefined],
  ['over ssh', overSsh, noSshd],
  ['to a host with busybox alone', busybox, noBusyboxHost],
])('an upload %s', (_, start, missing) => {
  describe.skipIf(missing !== undefined)(missing ?? 'as it should be', () => {
    let place: Place;
    let folder: string;
    const name = `girofle up'load ${process.pid}`;
    const sha = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
    const landed = () => path.join(place.outside, name);
    beforeAll(async () => {
      place = await start();
      folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-upload-'));
    });
    afterAll(async () => {
      rmSync(landed(), { force: true });
      rmSync(folder, { recursive: true });
      await place.stop();
    });

    it.each([0, 1, 70_000, 5_000_000, 8 * 1024 * 1024 + 1, 21_000_001])(
      'of %i bytes arrives whole, readable by its owner alone',
      async size => {
        const content = randomBytes(size);
        await place.connection.upload({ path: `/tmp/${name}`, content });
        expect(sha(readFileSync(landed()))).toBe(sha(content));
        expect((statSync(landed()).mode & 0o777).toString(8)).toBe('600');
      },
    );

    it('of a file replaces what is there, also when it was longer and readable by all', async () => {
      writeFileSync(landed(), 'x'.repeat(100_000));
      chmodSync(landed(), 0o644);
      const file = path.join(folder, 'source');
      writeFileSync(file, 'short');
      await place.connection.upload({ path: `/tmp/${name}`, content: { file } });
      expect(readFileSync(landed(), 'utf8')).toBe('short');
      expect((statSync(landed()).mode & 0o777).toString(8)).toBe('600');
    });

    it('of part of a buffer takes that part', async () => {
      const whole = Buffer.from('0123456789');
      await place.connection.upload({ path: `/tmp/${name}`, content: whole.subarray(2, 5) });
      expect(readFileSync(landed(), 'utf8')).toBe('234');
    });

    it('says why it cannot write', async () => {
      const target = '/no/such/folder/file';
      await expect(place.connection.upload({ path: target, content: Buffer.from('x') })).rejects.toThrow(
        /^\w+: cannot write \/no\/such\/folder\/file: .*(Directory nonexistent|nonexistent directory|No such file)/,
      );
    });

    it('says why it cannot read', async () => {
      await expect(
        place.connection.upload({ path: `/tmp/${name}`, content: { file: '/no/such/source' } }),
      ).rejects.toThrow(/ENOENT/);
    });

    it('stops when it is told to, and the connection lives on', async () => {
      const abort = new AbortController();
      const sending = place.connection.upload(
        { path: `/tmp/${name}`, content: randomBytes(60_000_000) },
        { signal: abort.signal },
      );
      setImmediate(() => abort.abort());
      await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
      expect((await place.connection.exchange([script('echo on')]))[0]?.stdout).toBe('on\n');
    });
  });
});
