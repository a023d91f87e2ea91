/** What may befall a repository of restic and a push to it, each with its outcome. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alive } from '../../support/backup-rig.ts';
import { snapshot } from '../../support/conformance.ts';
import { until } from '../../support/processes.ts';
import { callRemote, remoteOf } from '../../support/remote-calls.ts';
import { writeBackup } from '../../support/write-backup.ts';

const [FIRST, SECOND] = ['2026-11-20T00-00-00Z', '2026-11-21T00-00-00Z'] as const;
const origin = { host: 'vm1', instance: 1 };

let here = '';
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'girofle-restic-'));
});
afterEach(() => {
  rmSync(here, { recursive: true, force: true });
});

type Settings = Record<string, string | number | boolean | object>;
const call = (calls: string, more: Settings = {}) =>
  callRemote(
    remoteOf({
      name: 'off',
      driver: 'restic',
      repository: `${here}/repo`,
      password: 'geheim',
      check_parts: 1,
      ...more,
    }),
    origin,
    here,
    calls,
  );
const dates = async () => (await call('remote_list')).stdout.split('\n').filter(line => line !== '');
/** restic by hand. */
const environment = () => ({
  ...process.env,
  RESTIC_REPOSITORY: `${here}/repo`,
  RESTIC_PASSWORD: 'geheim',
  RESTIC_CACHE_DIR: `${here}/cache`,
});
const restic = (...words: readonly string[]) =>
  spawnSync('restic', words, { env: environment(), encoding: 'utf8' });
const below = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
/** Whole ones: restic writes beside, and renames. */
const locks = () => readdirSync(`${here}/repo/locks`).filter(name => /^[0-9a-f]{64}$/.test(name));
/** The pack that holds the data: the largest. */
function largestPack(): string {
  const packs = below(`${here}/repo/data`).toSorted((a, b) => statSync(b).size - statSync(a).size);
  return packs[0] ?? '';
}
function flip(path: string): void {
  const content = readFileSync(path);
  const middle = content.length >> 1;
  content[middle] = (content[middle] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, content);
}

describe('opening', () => {
  test('no repository: it is said, and nothing is made', async () => {
    expect(await call('remote_check')).toMatchObject({
      code: 2,
      objection: 'there is no repository of restic',
    });
    expect(existsSync(`${here}/repo`)).toBe(false);
  });

  test('a wrong password: never made anew', async () => {
    await call('remote_create');
    const before = snapshot(`${here}/repo`);
    for (const word of ['remote_check', 'remote_create', 'remote_canary', 'remote_list'])
      expect([word, await call(word, { password: 'falsch' })]).toMatchObject([
        word,
        { code: 2, objection: 'the password does not open the repository' },
      ]);
    expect(snapshot(`${here}/repo`)).toEqual(before);
  });

  test('a password that cannot be had', async () => {
    await call('remote_create');
    const { remotes } = { remotes: { name: 'off', driver: 'restic', repository: `${here}/repo` } };
    const check = (more: Settings) =>
      callRemote(remoteOf({ ...remotes, ...more }), origin, here, 'remote_check');
    rmSync(`${here}/.run/restic-off.password`);
    expect(await check({ password_file: `${here}/none` })).toMatchObject({
      code: 2,
      objection: `the password of the repository cannot be had: ${here}/none does not exist`,
    });
    writeFileSync(`${here}/password`, 'geheim\n');
    expect(await check({ password_file: `${here}/password` })).toMatchObject({ code: 0 });
    expect(await check({ password_command: `cat ${here}/password` })).toMatchObject({ code: 0 });
    expect((await check({ password_command: 'false' })).code).toBe(2);
  });

  test('a repository whose config was lost: not made anew over the data', async () => {
    await call('remote_create');
    rmSync(`${here}/repo/config`);
    const before = snapshot(`${here}/repo`);
    expect(await call('remote_create')).toMatchObject({
      code: 2,
      objection: `${here}/repo holds something, but no repository that restic knows: choose an empty folder, or bring back its file config`,
    });
    expect(snapshot(`${here}/repo`)).toEqual(before);
  });

  test('nobody answers: worth trying again, and nothing is made', async () => {
    const answer = await call('remote_create', { repository: 'rest:http://kim:geheim@127.0.0.1:1/' });
    expect(answer.code).toBe(1);
    expect(answer.objection).toMatch(/^restic failed with code 1: .*connection refused$/);
    expect(answer.objection).not.toContain('geheim');
  });
});

describe('damage', () => {
  beforeEach(async () => {
    writeBackup(here, FIRST, 'head -c 3000000 /dev/urandom >data/a; echo b >config/b');
    expect(await call(`remote_create && remote_push ${FIRST} ''`)).toMatchObject({ code: 0 });
  });

  test('a truncated pack is found', async () => {
    truncateSync(largestPack(), statSync(largestPack()).size - 100);
    const answer = await call(`remote_verify ${FIRST}`);
    expect(answer).toMatchObject({ code: 2 });
    expect(answer.objection).toMatch(/^the repository is damaged: .*pack [0-9a-f]{8}/);
  });

  test('a missing pack is found', { timeout: 180_000 }, async () => {
    rmSync(largestPack());
    const answer = await call(`remote_verify ${FIRST}`);
    expect(answer.code).toBe(2);
    expect(answer.objection).toMatch(/^the repository is damaged: .*pack [0-9a-f]{8,}.* does not exist/);
  });

  test('a flipped byte is found, where the part that is read holds it, and in rotation at last', async () => {
    flip(largestPack());
    const codes: number[] = [];
    for (const _ of [1, 2, 3]) codes.push((await call(`remote_verify ${FIRST}`, { check_parts: 3 })).code);
    expect(codes).toContain(2);
    // It stays at the part that is damaged.
    expect(codes.at(-1)).toBe(2);
    const answer = await call(`remote_verify ${FIRST}`);
    expect(answer.objection).toMatch(
      /^the repository is damaged: Pack ID does not match, want [0-9a-f]{64}, got [0-9a-f]{64}$/,
    );
    expect(await dates()).toEqual([FIRST]);
  });

  test('a flipped byte is found when the backup is fetched', async () => {
    flip(largestPack());
    const answer = await call(`mkdir "$run/back" && remote_fetch ${FIRST} "$run/back"`);
    expect(answer.code).toBe(2);
    expect(answer.objection).toMatch(/^the repository is damaged: .*ciphertext verification failed/);
  });

  test('manifests of what was sent from here are known without it; what cannot be read is told with its backup', {
    timeout: 180_000,
  }, async () => {
    const manifest = readFileSync(`${here}/bckups/${FIRST}/manifest.json`, 'utf8');
    rmSync(`${here}/.run/restic-cache`, { recursive: true });
    for (const pack of below(`${here}/repo/data`)) flip(pack);
    expect(await call('remote_manifests')).toMatchObject({ code: 0, stdout: `${FIRST}\x1f${manifest}\x1e` });
    rmSync(`${here}/.run/remotes`, { recursive: true });
    expect(await call('remote_manifests')).toMatchObject({ code: 0, stdout: `${FIRST}\x1f\x1e` });
  });

  test('a list of files that is another one is found', async () => {
    writeFileSync(`${here}/bckups/${FIRST}/files.jsonl`, 'other\n');
    expect(await call(`remote_verify ${FIRST}`)).toMatchObject({
      code: 2,
      objection: `files.jsonl of ${FIRST} is another one in the repository`,
    });
  });
});

describe('a push', () => {
  test('of a backup that lacks a file of its manifest: nothing appears', async () => {
    writeBackup(here, FIRST, 'echo a >data/a; echo b >data/b');
    rmSync(`${here}/bckups/${FIRST}/data/b`);
    await call('remote_create');
    const answer = await call(`remote_push ${FIRST} ''`);
    expect(answer.code).toBe(2);
    expect(answer.objection).toMatch(
      /^what restic read is not what the manifest says: 4 files and \d+ bytes expected, 3 and \d+ read$/,
    );
    expect(await dates()).toEqual([]);
    expect(JSON.parse(restic('snapshots', '--json').stdout)).toEqual([]);
  });

  test('of what is no whole backup: refused', async () => {
    mkdirSync(`${here}/bckups/${FIRST}/data`, { recursive: true });
    await call('remote_create');
    expect(await call(`remote_push ${FIRST} ''`)).toMatchObject({
      code: 2,
      objection: `${here}/bckups/${FIRST} is no whole backup: it has no config`,
    });
  });

  test('that is cut in the middle: nothing appears, it is worth trying again, and then it is whole', {
    timeout: 120_000,
  }, async () => {
    writeBackup(here, FIRST, 'head -c 150000000 /dev/urandom >data/a');
    await call('remote_create');
    const pushing = call(`remote_push ${FIRST} ''`);
    const note = `${here}/.run/remotes/off/restic.pid`;
    await until('packs to arrive', () => existsSync(note) && below(`${here}/repo/data`).length > 0, 60);
    process.kill(Number(readFileSync(note, 'utf8').split(' ')[0]), 'SIGKILL');
    expect((await pushing).code).toBe(1);
    expect((await pushing).objection).toMatch(/^restic failed with code 137/);
    expect(await dates()).toEqual([]);
    expect(await call(`remote_push ${FIRST} '' && remote_verify ${FIRST}`)).toMatchObject({ code: 0 });
    expect(await dates()).toEqual([FIRST]);
  });

  test('whose shell was killed: its restic is ended by the next one', { timeout: 120_000 }, async () => {
    writeBackup(here, FIRST, 'echo a >data/a');
    await call('remote_create');
    mkdirSync(`${here}/.run/remotes/off`, { recursive: true });
    const orphan = spawn('restic', ['backup', '--stdin'], {
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const pid = orphan.pid ?? 0;
    await until('its lock', () => locks().length > 0, 30);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(`${here}/.run/remotes/off/restic.pid`, `${pid} ${started}\n`);
    expect(await call(`remote_push ${FIRST} ''`)).toMatchObject({ code: 0 });
    expect(alive(pid)).toBe(false);
    expect(await dates()).toEqual([FIRST]);
  });

  test('that was killed before its snapshot was judged: it is no backup until it is sent again', async () => {
    writeBackup(here, FIRST, 'echo a >data/a');
    await call(`remote_create && remote_push ${FIRST} ''`);
    writeFileSync(`${here}/.run/remotes/off/sending`, `${FIRST} vm1/girofle,noeud-gitlab-1\n`);
    expect(await dates()).toEqual([]);
    expect(await call(`remote_push ${FIRST} ''`)).toMatchObject({ code: 0 });
    expect(await dates()).toEqual([FIRST]);
    expect(JSON.parse(restic('snapshots', '--json').stdout)).toHaveLength(1);
  });

  test('of another date after that: the one that was not judged is removed', async () => {
    writeBackup(here, FIRST, 'echo a >data/a');
    writeBackup(here, SECOND, 'echo a >data/a');
    await call(`remote_create && remote_push ${FIRST} ''`);
    writeFileSync(`${here}/.run/remotes/off/sending`, `${FIRST} vm1/girofle,noeud-gitlab-1\n`);
    expect(await call(`remote_push ${SECOND} ''`)).toMatchObject({ code: 0 });
    expect(await dates()).toEqual([SECOND]);
    expect(JSON.parse(restic('snapshots', '--json').stdout)).toHaveLength(1);
  });

  test('to a storage that is full', { timeout: 60_000 }, async () => {
    mkdirSync(`${here}/repo`);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'girofle-test', `${here}/repo`]).status).toBe(
      0,
    );
    try {
      writeBackup(here, FIRST, 'head -c 8000000 /dev/urandom >data/a');
      await call('remote_create');
      const answer = await call(`remote_push ${FIRST} ''`);
      expect(answer.code).toBe(2);
      expect(answer.objection).toMatch(/^the storage is full: .*no space left on device/);
    } finally {
      spawnSync('umount', [`${here}/repo`]);
    }
  });
});

describe('locks', () => {
  /** A restic that holds the repository until it is ended. */
  async function holder() {
    const child = spawn('restic', ['backup', '--stdin'], {
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await until('its lock', () => locks().length > 0, 30);
    return child;
  }
  beforeEach(async () => {
    writeBackup(here, FIRST, 'echo a >data/a');
    await call(`remote_create && remote_push ${FIRST} ''`);
  });

  test('of a restic that was killed: removed, once, and the work is done', async () => {
    const child = await holder();
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(locks()).toHaveLength(1);
    expect(await call(`remote_verify ${FIRST}`)).toMatchObject({ code: 0 });
    expect(locks()).toEqual([]);
  });

  test('of a restic that lives: respected, and worth trying again', async () => {
    const child = await holder();
    const held = locks();
    try {
      for (const word of [`remote_verify ${FIRST}`, `remote_remove ${FIRST}`]) {
        const answer = await call(word);
        expect(answer.code).toBe(1);
        expect(answer.objection).toMatch(
          new RegExp(`^another restic works in the repository: it is already locked by PID ${child.pid} on `),
        );
      }
      expect(locks()).toEqual(held);
      expect(await dates()).toEqual([FIRST]);
      // A canary cannot be removed now: it goes with what is removed next.
      expect(await call('remote_canary')).toMatchObject({
        code: 0,
        stdout: 'another restic works in the repository: the canary goes when something is removed next\n',
      });
    } finally {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
    }
    expect(JSON.parse(restic('snapshots', '--json').stdout)).toHaveLength(2);
    expect(await call(`remote_remove ${FIRST}`)).toMatchObject({ code: 0 });
    expect(JSON.parse(restic('snapshots', '--json').stdout)).toEqual([]);
  });
});

describe('what is fetched', () => {
  test('holds nothing but a backup', async () => {
    writeBackup(here, FIRST, 'echo a >data/a');
    await call('remote_create');
    const sneak = (...words: readonly string[]) =>
      spawnSync(
        'restic',
        [
          'backup',
          ...words,
          '--host',
          'vm1',
          '--tag',
          'girofle,noeud-gitlab-1',
          '--time',
          '2026-11-20 00:00:00',
        ],
        { env: { ...environment(), TZ: 'UTC' }, cwd: `${here}/bckups/${FIRST}` },
      );
    const fetched = () => call(`rm -rf "$run/back"; mkdir "$run/back"; remote_fetch ${FIRST} "$run/back"`);
    writeFileSync(`${here}/bckups/${FIRST}/extra`, '');
    expect(sneak('data', 'config', 'log', 'manifest.json', 'files.jsonl', 'extra').status).toBe(0);
    expect(await fetched()).toMatchObject({
      code: 2,
      objection: `the backup of ${FIRST} in the repository holds extra, which is no part of a backup`,
    });
    restic('forget', 'latest');
    renameSync(`${here}/bckups/${FIRST}/log`, `${here}/bckups/${FIRST}/log.old`);
    spawnSync('ln', ['-s', '/etc', `${here}/bckups/${FIRST}/log`]);
    sneak('data', 'config', 'log', 'manifest.json', 'files.jsonl');
    expect(await fetched()).toMatchObject({
      code: 2,
      objection: `the backup of ${FIRST} in the repository has no folder log`,
    });
  });

  test('does not go into a folder that holds something', async () => {
    expect(await call(`remote_fetch ${FIRST} "$run"`)).toMatchObject({
      code: 2,
      objection: `${here}/.run is no empty folder`,
    });
  });
});
