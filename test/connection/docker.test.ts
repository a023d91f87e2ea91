import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connector, localConnection } from '../../src/connection/connect.ts';
import { dockerPath } from '../../src/core/docker.ts';
import { sh } from '../../src/core/sh.ts';
import type { Connection } from '../../src/core/transport.ts';
import { isMap } from '../../src/core/value.ts';
import { noSshd, startSshd } from '../support/sshd.ts';

const noDocker = existsSync('/var/run/docker.sock') ? undefined : 'needs a Docker daemon';

interface Place {
  readonly connection: Connection;
  stop(): Promise<void>;
}

const here = async (): Promise<Place> => {
  const connection = localConnection({ name: 'here' });
  return { connection, stop: () => connection.close() };
};
const overSsh = async (): Promise<Place> => {
  const rig = await startSshd();
  const connection = await connector({ home: rig.home })(
    rig.settings({ name: 'here' }),
    new AbortController().signal,
  );
  return { connection, stop: () => connection.close().then(() => rig.stop()) };
};

describe.each([
  ['on this machine', here, noDocker],
  ['over ssh', overSsh, noDocker ?? noSshd],
])('Docker %s', (_, start, missing) => {
  describe.skipIf(missing !== undefined)(missing ?? 'as it should be', () => {
    let place: Place;
    let folder: string;
    const tag = `girofle-connection-test-${process.pid}`;
    const containers: string[] = [];
    beforeAll(async () => {
      place = await start();
      folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-context-'));
      copyFileSync('/bin/busybox', path.join(folder, 'busybox'));
      chmodSync(path.join(folder, 'busybox'), 0o755);
      writeFileSync(path.join(folder, 'Dockerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\nENV A=1\n');
    });
    afterAll(async () => {
      for (const id of containers)
        await place.connection.docker({
          method: 'DELETE',
          path: dockerPath('containers', id),
          query: { force: true },
        });
      await place.connection.docker({
        method: 'DELETE',
        path: dockerPath('images', tag),
        query: { force: true },
      });
      await place.stop();
      rmSync(folder, { recursive: true });
    });
    const create = async (command: readonly string[], tty = false) => {
      const made = await place.connection.docker({
        method: 'POST',
        path: '/containers/create',
        body: { Image: tag, Cmd: [...command], Tty: tty, NetworkMode: 'none' },
      });
      const id = isMap(made.body) ? String(made.body.Id) : '';
      containers.push(id);
      return { ...made, id };
    };

    it('answers, with text where there is no JSON', async () => {
      expect(await place.connection.docker({ method: 'GET', path: '/_ping' })).toEqual({
        status: 200,
        body: 'OK',
      });
    });

    it("answers what is not there with 404 and Docker's message", async () => {
      expect(
        await place.connection.docker({ method: 'GET', path: dockerPath('containers', 'no/such', 'json') }),
      ).toEqual({
        status: 404,
        body: { message: 'No such container: no/such' },
        message: 'No such container: no/such',
      });
    });

    it('builds an image from a folder and tells the progress line by line', async () => {
      const lines: string[] = [];
      const built = await place.connection.docker(
        {
          method: 'POST',
          path: '/build',
          query: { t: tag, version: 1 },
          archive: { folder },
          answer: 'progress',
          limit: 120,
        },
        { onLine: line => lines.push(line) },
      );
      expect(built).toMatchObject({ status: 200 });
      expect(lines[0]).toBe('Step 1/3 : FROM scratch');
      expect(lines.at(-1)).toBe(`Successfully tagged ${tag}:latest`);
    });

    it('makes a failing build an answer that is no success', async () => {
      const bad = mkdtempSync(path.join(os.tmpdir(), 'girofle-context-'));
      writeFileSync(path.join(bad, 'Dockerfile'), 'FROM scratch\nCOPY missing /\n');
      const built = await place.connection.docker({
        method: 'POST',
        path: '/build',
        query: { version: 1 },
        archive: { folder: bad },
        answer: 'progress',
      });
      expect(built.status).toBe(500);
      expect(built.message).toMatch(/missing/);
      rmSync(bad, { recursive: true });
    });

    it('imports what a script on the host packs', async () => {
      const [repo, script] = [`${tag}-imported`, sh`tar -C ${folder} -cf - busybox`];
      const imported = await place.connection.docker({
        method: 'POST',
        path: '/images/create',
        query: { fromSrc: '-', repo, tag: 'x' },
        archive: { hostScript: script },
        answer: 'progress',
      });
      expect(imported).toMatchObject({ status: 200 });
      expect(
        execFileSync('docker', ['image', 'inspect', '-f', '{{index .RepoTags 0}}', `${repo}:x`]).toString(),
      ).toBe(`${repo}:x\n`);
      expect(
        (await place.connection.docker({ method: 'DELETE', path: dockerPath('images', `${repo}:x`) })).status,
      ).toBe(200);
    });

    it('says why the script on the host failed', async () => {
      const imported = await place.connection.docker({
        method: 'POST',
        path: '/images/create',
        query: { fromSrc: '-', repo: `${tag}-never` },
        archive: { hostScript: sh`echo broken >&2; exit 3` },
        answer: 'progress',
      });
      expect(imported).toEqual({
        status: 0,
        body: null,
        message: 'the script that makes the archive failed: broken',
      });
    });

    it('creates and starts, and says 304 when it runs already', async () => {
      const { status, id } = await create(['/bin/busybox', 'sleep', '600']);
      const begin = () =>
        place.connection.docker({ method: 'POST', path: dockerPath('containers', id, 'start') });
      expect([status, await begin(), await begin()]).toEqual([
        201,
        { status: 204, body: null },
        { status: 304, body: null },
      ]);
    });

    it.each([false, true])('reads logs, with a terminal: %s', async tty => {
      const { id } = await create(['/bin/busybox', 'sh', '-c', 'echo out; echo err >&2'], tty);
      await place.connection.docker({ method: 'POST', path: dockerPath('containers', id, 'start') });
      await place.connection.docker({ method: 'POST', path: dockerPath('containers', id, 'wait') });
      const got = await place.connection.docker({
        method: 'GET',
        path: dockerPath('containers', id, 'logs'),
        query: { stdout: true, stderr: true },
        answer: 'log',
      });
      expect(got.status).toBe(200);
      expect(String(got.body).replaceAll('\r', '').split('\n').sort()).toEqual(['', 'err', 'out']);
    });

    it('lets forty calls wait for one another', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => place.connection.docker({ method: 'GET', path: '/version' })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    });

    it('gives up after its limit', async () => {
      const { id } = await create(['/bin/busybox', 'sleep', '600']);
      await place.connection.docker({ method: 'POST', path: dockerPath('containers', id, 'start') });
      const call = { method: 'POST', path: dockerPath('containers', id, 'wait'), limit: 0.3 } as const;
      expect(await place.connection.docker(call)).toEqual({
        status: 0,
        body: null,
        message: `Docker on here did not finish POST ${call.path} within 0.3 s`,
      });
      await expect(
        place.connection.docker({ ...call, limit: 60 }, { signal: AbortSignal.timeout(200) }),
      ).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('fails a pull from a registry that is not there, with its message', async () => {
      const auth = { username: 'me', password: 'secret', serveraddress: '127.0.0.1:1' };
      const pulled = await place.connection.docker({
        method: 'POST',
        path: '/images/create',
        query: { fromImage: '127.0.0.1:1/none', tag: 'x' },
        auth,
        answer: 'progress',
      });
      expect(pulled.status).toBe(500);
      expect(pulled.message).toMatch(/connection refused/);
    });
  });
});

describe('a host without Docker', () => {
  it('answers with status 0 and a sentence', async () => {
    const { Docker } = await import('../../src/connection/docker.ts');
    const { localWire } = await import('../../src/connection/local.ts');
    const wire = localWire('bare', { argv: ['/bin/sh'], worker: ['/bin/sh'] });
    const docker = new Docker(wire, { dial: () => wire.dial({ socket: '/no/docker.sock' }) });
    expect(await docker.call({ method: 'GET', path: '/_ping' }, {})).toEqual({
      status: 0,
      body: null,
      message:
        'no answer from the Docker daemon on bare (/var/run/docker.sock): connect ENOENT /no/docker.sock',
    });
  });
});
