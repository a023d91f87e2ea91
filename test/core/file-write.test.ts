import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stagedPath, writeFileScript, writeReport } from '../../src/core/file-write.ts';
import { parseStat } from '../../src/core/probes/stat-line.ts';
import type { FileWrite } from '../../src/core/step.ts';
import { runShell, shells } from '../support/shell.ts';

const NOBODY = { uid: 65534, gid: 65534 };

describe.each(shells)('writing a file by %s', shell => {
  let here = '';
  let target = '';
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), 'girofle-write-'));
    chmodSync(here, 0o755);
    target = join(here, 'file');
  });
  afterEach(() => rmSync(here, { recursive: true, force: true }));

  const write = (file: Partial<FileWrite>, options = {}) =>
    runShell(writeFileScript({ path: target, content: Buffer.from('new\n'), ...file }).text, {
      shell,
      ...options,
    });
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

  test('every byte arrives, and nothing is left beside it', async () => {
    const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256));
    const { code, stdout } = await write({ content });
    expect(code).toBe(0);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(readdirSync(here)).toEqual(['file']);
    const told = parseStat(
      writeReport({ code, stdout, stderr: '', duration: 0, startedAt: new Date() }).stat ?? '',
    );
    expect(told).toMatchObject({ type: 'file', mode: '0644', owner: 'root', size: 5000 });
  });

  test.each([0, 1, 55, 57, 58, 112, 114, 115, 171])('%i bytes arrive', async size => {
    const content = Buffer.alloc(size, 'x');
    expect(await write({ content })).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  test('a new file gets what the umask leaves, an old one keeps mode and owner', async () => {
    await runShell(`umask 027; ${writeFileScript({ path: target, content: Buffer.from('') }).text}`, {
      shell,
    });
    expect(mode(target)).toBe('640');
    execFileSync('chown', ['daemon:daemon', target]);
    chmodSync(target, 0o4711);
    await write({});
    expect([mode(target), statSync(target).uid, statSync(target).gid]).toEqual(['4711', 1, 1]);
  });

  test('owner, group and mode are set, and only what is named', async () => {
    await write({ mode: '0604', owner: 'daemon', group: '2' });
    expect([mode(target), statSync(target).uid, statSync(target).gid]).toEqual(['604', 1, 2]);
    await write({ mode: 'u+x,o-r' });
    expect([mode(target), statSync(target).uid, statSync(target).gid]).toEqual(['700', 1, 2]);
  });

  test('a staged upload is moved, not copied', async () => {
    const staged = stagedPath(target);
    writeFileSync(staged, 'x'.repeat(100_000), { mode: 0o600 });
    const { ino } = statSync(staged);
    const script = writeFileScript(
      { path: target, content: { file: '/on/the/controller', size: 100_000 } },
      staged,
    );
    expect((await runShell(script.text, { shell })).code).toBe(0);
    expect([statSync(target).ino, mode(target)]).toEqual([ino, '644']);
    expect(readdirSync(here)).toEqual(['file']);
  });

  test('an upload that is not whole is refused and removed', async () => {
    const staged = stagedPath(target);
    writeFileSync(staged, 'x');
    const script = writeFileScript(
      { path: target, content: { file: '/on/the/controller', size: 2 } },
      staged,
    );
    const { code, stderr } = await runShell(script.text, { shell });
    expect([code, stderr]).toEqual([1, `cannot write the content of ${target}: is the disk full?\n`]);
    expect(readdirSync(here)).toEqual([]);
  });

  test('a link is replaced, even one to a directory', async () => {
    mkdirSync(join(here, 'd'));
    symlinkSync('d', target);
    await write({});
    expect(readFileSync(target, 'utf8')).toBe('new\n');
    expect(readdirSync(join(here, 'd'))).toEqual([]);
  });

  test('a directory is not', async () => {
    mkdirSync(target);
    const { code, stderr } = await write({});
    expect([code, stderr]).toEqual([1, `cannot write ${target}: it is a directory\n`]);
    expect(readdirSync(target)).toEqual([]);
  });

  test('a name may hold anything', async () => {
    const odd = join(here, `a 'b' "c" $d \`e\` -f\n* é`);
    expect((await write({ path: odd, backup: true, validate: 'cat %s' })).code).toBe(0);
    expect(readFileSync(odd, 'utf8')).toBe('new\n');
  });

  test('a backup has the old content, mode and time', async () => {
    writeFileSync(target, 'old\n');
    chmodSync(target, 0o600);
    const { stdout } = await write({ backup: true, mode: '0644' });
    const copy = /^backup (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(basename(copy)).toMatch(/^file\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/);
    expect([readFileSync(copy, 'utf8'), mode(copy)]).toEqual(['old\n', '600']);
  });

  test('the validator sees the new content with its mode, and its refusal keeps the old', async () => {
    writeFileSync(target, 'old\n');
    const { code, stderr } = await write({
      mode: '0755',
      validate: `sh -c 'stat -c %a "$0"; cat "$0"; exit 4' %s`,
    });
    expect([code, stderr]).toEqual([1, `the new content of ${target} was refused by sh: 755\nnew\n`]);
    expect(readFileSync(target, 'utf8')).toBe('old\n');
    expect(readdirSync(here)).toEqual(['file']);
  });

  test('an owner that does not exist keeps the old', async () => {
    writeFileSync(target, 'old\n');
    const { code, stderr } = await write({ owner: 'nobody-of-that-name' });
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot give ${target} to user nobody-of-that-name`);
    expect(readFileSync(target, 'utf8')).toBe('old\n');
    expect(readdirSync(here)).toEqual(['file']);
  });

  test('a directory that may not be written is said to be so', async () => {
    const { code, stderr } = await write({}, { as: NOBODY });
    expect([code, stderr]).toEqual([1, `cannot write into ${here}: it is not writable, read-only or full\n`]);
  });

  test('with unsafe writes a file in such a directory is written itself', async () => {
    writeFileSync(target, 'old\n');
    chmodSync(target, 0o666);
    expect((await write({ unsafe: true }, { as: NOBODY })).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe('new\n');
  });

  test('a file that is mounted can be written by unsafe writes only', async () => {
    writeFileSync(target, 'old\n');
    const source = join(here, 'source');
    writeFileSync(source, 'old\n');
    execFileSync('mount', ['--bind', source, target]);
    try {
      expect((await write({})).code).toBe(1);
      expect(readFileSync(target, 'utf8')).toBe('old\n');
      expect((await write({ unsafe: true })).code).toBe(0);
      expect(readFileSync(source, 'utf8')).toBe('new\n');
      expect(readdirSync(here).sort()).toEqual(['file', 'source']);
    } finally {
      execFileSync('umount', [target]);
    }
  });

  test('a full disk keeps the old file and leaves nothing', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755', 'girofle', here]);
    try {
      writeFileSync(target, 'old\n');
      const { code, stderr } = await write({ content: Buffer.alloc(60_000 + 8_000, 1) });
      expect(code).toBe(1);
      expect(stderr).toContain(`cannot write the content of ${target}: is the disk full?`);
      expect(readFileSync(target, 'utf8')).toBe('old\n');
      expect(readdirSync(here)).toEqual(['file']);
    } finally {
      execFileSync('umount', [here]);
    }
  });

  test('killed in the middle, the old file is whole, and the next write cleans up', async () => {
    writeFileSync(target, 'old\n');
    const fifo = join(here, 'started');
    execFileSync('mkfifo', [fifo]);
    const validate = `sh -c 'echo > ${fifo}; exec sleep 60' %s`;
    const text = writeFileScript({ path: target, content: Buffer.from('new\n'), validate }).text;
    const child = spawn(
      shell === 'sh' ? '/bin/sh' : 'busybox',
      [...(shell === 'sh' ? [] : ['sh']), '-c', text],
      { detached: true },
    );
    const ended = new Promise(resolve => child.on('exit', resolve));
    execFileSync('cat', [fifo]);
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    rmSync(fifo);
    expect(readFileSync(target, 'utf8')).toBe('old\n');
    expect(readdirSync(here)).toHaveLength(2);
    expect((await write({})).code).toBe(0);
    expect(readdirSync(here)).toEqual(['file']);
  });

  test('ended politely in the middle, it cleans up by itself', async () => {
    const validate = `sh -c 'kill -TERM $PPID' %s`;
    await write({ validate });
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(here)).toEqual([]);
  });
});

test('a staged upload has the same name each time, hidden and beside its target', () => {
  expect(stagedPath('/etc/x/file')).toMatch(/^\/etc\/x\/\.girofle-[0-9a-f]{12}-upload$/);
  expect(stagedPath('/etc/x/file')).toBe(stagedPath('/etc/x/file'));
});
