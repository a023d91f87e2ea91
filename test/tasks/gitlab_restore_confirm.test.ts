/** What restores have left, read from real folders; the removal itself is met in gitlab_restore.real.test.ts. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commissioned } from '../../tasks/gitlab/gitlab.ts';
import { gitlab_restore_confirm } from '../../tasks/gitlab_restore_confirm.ts';
import { runModule } from '../support/run-module.ts';
import { shells } from '../support/shell.ts';

let root = '';
const UTC = '2026-11-23T10:00:00Z';
const mark = (backup: string) => `utc=${UTC}\nexpires=1795500000\nrestore=0a1b2c3d\nbackup=${backup}\n`;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'girofle-confirm-'));
  const trees = {
    'noeud-gitlab-1/.before-0a1b2c3d': mark('2026-11-22T08-48-00Z'),
    'noeud-gitlab-1/.restore-1a1b2c3d': mark('2026-11-21T08-48-00Z'),
    'noeud-gitlab-1/.restore-2a1b2c3d': undefined,
    'noeud-gitlab-12/.removing-3a1b2c3d': undefined,
    'noeud-gitlab-x/.before-4a1b2c3d': mark('2026-11-22T08-48-00Z'),
  };
  for (const [tree, text] of Object.entries(trees)) {
    mkdirSync(join(root, tree), { recursive: true });
    if (text !== undefined) writeFileSync(join(root, tree, '.girofle-before'), text);
  }
  symlinkSync('.before-0a1b2c3d', join(root, 'noeud-gitlab-1/.before-5a1b2c3d'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(shells)('gitlab_restore_confirm, by %s,', shell => {
  const says = async (instance: number) =>
    (await runModule(gitlab_restore_confirm, { root: `${root}/`, instance }, { shell, planOnly: true })).says;

  test('tells what was replaced, what failed, and what is half removed; not what a restore still works on', async () => {
    const one = [
      `remove ${root}/noeud-gitlab-1/.before-0a1b2c3d with its container (replaced at ${UTC} by the backup of 2026-11-22T08-48-00Z)`,
      `remove ${root}/noeud-gitlab-1/.restore-1a1b2c3d with its container (of the backup of 2026-11-21T08-48-00Z; its restore failed at ${UTC})`,
    ];
    const twelve = [
      `remove ${root}/noeud-gitlab-12/.removing-3a1b2c3d with its container (its removal was cut short)`,
    ];
    expect(await says(0)).toEqual([...one, ...twelve]);
    expect([await says(1), await says(12), await says(2)]).toEqual([one, twelve, []]);
  });
});

test('refuses while another run holds an instance', async () => {
  const lock = join(root, 'noeud-gitlab-1/.girofle/lock');
  mkdirSync(lock, { recursive: true });
  // Field 22 of /proc/PID/stat, counted after the name in parentheses.
  const start = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19];
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const owner = `pid=${process.pid}\nstart=${start}\nboot=${boot}\nsince=${UTC}\nwhat=a restore\n`;
  writeFileSync(join(lock, 'owner'), owner);
  const { result } = await runModule(gitlab_restore_confirm, { root });
  rmSync(lock, { recursive: true });
  expect(result).toMatchObject({
    failed: true,
    busy: true,
    msg: `another run holds instance 1: a restore since ${UTC}, pid ${process.pid}`,
  });
});

test("containers of restores and drills are nobody's instance", () => {
  const names = [
    'git.2',
    'git.2.before-0a1b2c3d',
    'git.2.restoring-0a1b2c3d',
    'girofle-drill-2-0a1b2c3d',
    'git.3.before-noon',
  ];
  const labels = (number: number) => ({ 'io.girofle.instance': String(number), 'io.girofle.root': '/g' });
  const listed = names.map((name, i) => ({ Names: [`/${name}`], Labels: labels(i + 2) }));
  expect(commissioned(listed).map(({ container }) => container)).toEqual(['git.2', 'git.3.before-noon']);
});
