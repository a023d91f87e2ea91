/** `girofle-run backups` and `girofle-run backup verify`, as typed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBackup } from '../support/write-backup.ts';

const CLI = resolve(process.env.GIROFLE_TEST_CLI ?? 'dist/cli.js');
const DATE = '2026-11-22T08-48-00Z';
let root = '';
let folder = '';
beforeAll(() => {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`);
  root = mkdtempSync(join(tmpdir(), 'girofle-backups-'));
  folder = writeBackup(join(root, 'noeud-gitlab-1'), DATE, 'echo a >data/a');
  writeBackup(join(root, 'noeud-gitlab-2'), '2026-11-20T00-00-00Z', 'echo a >data/a');
  const inventory = `all: { hosts: { localhost: { ansible_connection: local } }, vars: { girofle_root: ${root} } }\n`;
  writeFileSync(join(root, 'hosts.yml'), inventory);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function girofle(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}
const hosts = () => ['-i', join(root, 'hosts.yml')];

test('backups shows the table of all instances, or of one', () => {
  const all = girofle('backups', ...hosts());
  expect(all.code, all.said).toBe(0);
  expect(all.said).toMatch(/1 +local +2026-11-22T08-48-00Z +2 B +1 +17\.5\.2 +- +no/);
  expect(all.said).toMatch(/2 +local +2026-11-20T00-00-00Z/);
  const one = girofle('backups', '2', ...hosts());
  expect(one.said).toMatch(/2 +local +2026-11-20T00-00-00Z/);
  expect(one.said).not.toMatch(/2026-11-22T08-48-00Z/);
});

test('backup verify ends with 0 for a sound one, and marks it', () => {
  const { code, said } = girofle('backup', 'verify', DATE, ...hosts());
  expect(code, said).toBe(0);
  expect(existsSync(join(folder, 'verified.json'))).toBe(true);
  expect(girofle('backups', '1', ...hosts()).said).toMatch(/\(verify\)/);
});

test('backup verify ends with 1 for a damaged one, and names the damage', () => {
  const other = writeBackup(join(root, 'noeud-gitlab-3'), DATE, 'echo a >data/a; touch -d @1 data/a');
  writeFileSync(join(other, 'data/a'), 'b\n');
  const { code, said } = girofle('backup', 'verify', DATE, '-e', 'instance=3', ...hosts());
  expect(code).toBe(1);
  expect(said).toContain('data/a: has another content than the manifest says');
});

test.each([
  [['backups', 'two'], '"two" is no number of an instance: girofle-run backups 2\n'],
  [
    ['backup', 'verify', 'yesterday'],
    '"yesterday" is no date of a backup: write 2026-11-22T08-48-00Z, or latest (girofle-run backups lists them)\n',
  ],
  [
    ['backup', 'verify', '22-11-2026-time-08-48-00'],
    '22-11-2026-time-08-48-00 was made by the original scripts and has no manifest: there is nothing to verify it against\n',
  ],
])('%j is refused with 4', (args, says) => {
  expect(girofle(...args, ...hosts())).toEqual({ code: 4, said: says });
});
