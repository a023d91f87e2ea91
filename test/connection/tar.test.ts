import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packFolder } from '../../src/connection/tar.ts';

it('packs a folder so that tar unpacks the same', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-tar-'));
  const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
  const long = `${'long/'.repeat(30)}name`;
  mkdirSync(path.join(from, path.dirname(long)), { recursive: true });
  mkdirSync(to);
  writeFileSync(path.join(from, long), 'deep');
  writeFileSync(path.join(from, 'empty'), '');
  writeFileSync(path.join(from, 'script é'), '#!/bin/sh\n', { mode: 0o750 });
  writeFileSync(path.join(from, 'big'), Buffer.alloc(300_001, 7));
  utimesSync(path.join(from, 'big'), 1e9, 1e9);
  symlinkSync(`../${'x'.repeat(150)}`, path.join(from, 'link'));
  execFileSync('mkfifo', [path.join(from, 'fifo')]);
  const chunks: Buffer[] = [];
  for await (const chunk of packFolder(from)) chunks.push(chunk);
  execFileSync('tar', ['-xpf', '-', '-C', to], { input: Buffer.concat(chunks) });
  execFileSync('rm', [path.join(from, 'fifo')]);
  const list = (root: string) =>
    execFileSync('find', ['.', '-printf', '%p %y %m %l %T@\\n'], { cwd: root }).toString();
  const rounded = (text: string) =>
    text
      .replace(/\.\d+$/gm, '')
      .split('\n')
      .filter(line => !line.startsWith('. '))
      .sort();
  expect(rounded(list(to))).toEqual(rounded(list(from)));
  execFileSync('diff', ['-r', '--no-dereference', from, to]);
  rmSync(folder, { recursive: true });
});
