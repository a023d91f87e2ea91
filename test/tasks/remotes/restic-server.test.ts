/** A repository of restic on a storage that answers over HTTP: one that keeps everything, one that spoils, one that is cut off. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callRemote, remoteOf } from '../../support/remote-calls.ts';
import { type ResticServer, startResticServer } from '../../support/restic-server.ts';
import { writeBackup } from '../../support/write-backup.ts';

const FIRST = '2026-11-20T00-00-00Z';
const run = promisify(execFile);
const origin = { host: 'vm1', instance: 1 };

let here = '';
let server: ResticServer | undefined;
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'girofle-restic-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(here, { recursive: true, force: true });
});

async function serve(...options: readonly string[]): Promise<ResticServer> {
  server = await startResticServer(`${here}/storage`, options);
  return server;
}

const call = ({ repository }: ResticServer, calls: string, more: Record<string, boolean> = {}) =>
  callRemote(
    remoteOf({ name: 'off', driver: 'restic', repository, password: 'geheim', check_parts: 1, ...more }),
    origin,
    here,
    calls,
  );
/** How many there are, by restic itself; not synchronously, for the man in the middle is of this process. */
async function snapshots({ repository }: ResticServer): Promise<number> {
  const env = { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: 'geheim' };
  const { stdout } = await run('restic', ['snapshots', '--json', '--no-cache', '--no-lock'], { env });
  return JSON.parse(stdout).length;
}

test('a storage that keeps everything: pushes and verifies, the canary stays and says so, nothing is removed', {
  timeout: 240_000,
}, async () => {
  const storage = await serve('--append-only');
  const keeping = { append_only: true };
  writeBackup(here, FIRST, 'head -c 1000000 /dev/urandom >data/a');
  expect(await call(storage, 'remote_create && remote_canary', keeping)).toMatchObject({
    code: 0,
    stdout: 'the storage is append-only: the canary stays in it\n',
  });
  expect(
    await call(storage, `remote_push ${FIRST} '' && remote_verify ${FIRST} && remote_list`, keeping),
  ).toMatchObject({
    code: 0,
    stdout: `${FIRST}\n`,
  });
  expect(await call(storage, `remote_remove ${FIRST}`, keeping)).toMatchObject({
    code: 2,
    objection: 'it is append-only: nothing is removed from it',
  });
});

test('one that keeps everything and of which nobody said so: the canary finds out, and so does a removal', {
  timeout: 240_000,
}, async () => {
  const storage = await serve('--append-only');
  writeBackup(here, FIRST, 'echo a >data/a');
  const answer = await call(storage, 'remote_create && remote_canary');
  expect(answer.code).toBe(2);
  expect(answer.objection).toBe('the storage lets nothing be removed: say append_only: true for remote off');
  expect(await call(storage, `remote_push ${FIRST} ''`)).toMatchObject({ code: 0 });
  const removal = await call(storage, `remote_remove ${FIRST}`);
  expect(removal.code).toBe(2);
  expect(removal.objection).toBe('the storage lets nothing be removed: say append_only: true for remote off');
  expect((await call(storage, 'remote_list')).stdout).toBe(`${FIRST}\n`);
});

test('a second snapshot of a date in a storage that keeps everything: the one that was not judged is left out', {
  timeout: 240_000,
}, async () => {
  const storage = await serve('--append-only');
  const keeping = { append_only: true };
  writeBackup(here, FIRST, 'echo a >data/a; echo b >data/b');
  await call(storage, 'remote_create', keeping);
  rmSync(`${here}/bckups/${FIRST}/data/b`);
  expect((await call(storage, `remote_push ${FIRST} ''`, keeping)).code).toBe(2);
  expect(await snapshots(storage)).toBe(1);
  expect((await call(storage, 'remote_list', keeping)).stdout).toBe('');
  rmSync(`${here}/bckups`, { recursive: true });
  writeBackup(here, FIRST, 'echo a >data/a; echo b >data/b');
  expect(await call(storage, `remote_push ${FIRST} '' && remote_verify ${FIRST}`, keeping)).toMatchObject({
    code: 0,
  });
  expect(await snapshots(storage)).toBe(2);
  expect(
    (
      await call(
        storage,
        `remote_list; mkdir "$run/back"; remote_fetch ${FIRST} "$run/back"; cat "$run/back/data/b"`,
        keeping,
      )
    ).stdout,
  ).toBe(`${FIRST}\nb\n`);
});

test('a storage that spoils what it takes: the canary finds it', { timeout: 120_000 }, async () => {
  const storage = await serve();
  storage.corrupt(true);
  const answer = await call(storage, 'remote_create && remote_canary');
  expect(answer.code).toBe(2);
  expect(answer.objection).toMatch(/^the storage does not give back what it took: /);
});

test('a storage that began to spoil later: the check after the push finds it', {
  timeout: 240_000,
}, async () => {
  const storage = await serve();
  writeBackup(here, FIRST, 'head -c 1000000 /dev/urandom >data/a');
  expect(await call(storage, 'remote_create && remote_canary')).toMatchObject({ code: 0 });
  storage.corrupt(true);
  await call(storage, `remote_push ${FIRST} ''`);
  const answer = await call(storage, `remote_verify ${FIRST}`);
  expect(answer.code).toBe(2);
  expect(answer.objection).toMatch(/^the repository is damaged: /);
});

test('a connection that is cut in the middle of a pack: restic sends it again', {
  timeout: 240_000,
}, async () => {
  const storage = await serve();
  writeBackup(here, FIRST, 'head -c 5000000 /dev/urandom >data/a');
  await call(storage, 'remote_create');
  const cut = storage.cutNext();
  expect(await call(storage, `remote_push ${FIRST} ''`)).toMatchObject({ code: 0 });
  await cut;
  expect(await call(storage, `remote_verify ${FIRST}`)).toMatchObject({ code: 0, objection: '' });
});

test('a storage that has gone: worth trying again, and what was there is there when it is back', {
  timeout: 240_000,
}, async () => {
  const storage = await serve();
  await call(storage, 'remote_create');
  await storage.stop();
  server = undefined;
  const answer = await call(storage, 'remote_check');
  expect(answer.code).toBe(1);
  expect(answer.objection).toMatch(/connection refused$/);
  expect(await call(await serve(), 'remote_check')).toMatchObject({ code: 0 });
});
