/** 200,000 small files: all are in the backup, and the memory of what runs on the host does not grow with them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alive, BackupRig, command, failureOf } from '../../support/backup-rig.ts';
import { memoryOf } from '../../support/memory.ts';
import { until } from '../../support/processes.ts';

const rig = new BackupRig(974);
const FOLDERS = 200;
const IN_EACH = 1000;

beforeAll(async () => {
  await rig.clean();
  // In memory: what is measured is the driver, not the disk.
  mkdirSync(rig.root, { recursive: true });
  command('mount', '-t', 'tmpfs', '-o', 'size=4G,nr_inodes=2m', 'girofle-test', rig.root);
  await rig.makeImage();
  await rig.reset();
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(`${rig.volumes}/data/many/${folder}`, { recursive: true });
    for (let file = 0; file < IN_EACH; file++) {
      writeFileSync(`${rig.volumes}/data/many/${folder}/${file}`, `${folder} ${file}`);
    }
  }
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

async function backUp() {
  const driven = await rig.drive();
  let most = 0;
  const began = performance.now();
  await until(
    'the driver to end',
    () => {
      most = Math.max(most, memoryOf(driven.pid));
      return !alive(driven.pid);
    },
    500,
  );
  return { result: await driven.ended(), most, took: (performance.now() - began) / 1000 };
}

test('are backed up twice within 200 MB', { timeout: 900_000 }, async () => {
  const first = await backUp();
  expect(failureOf(first.result)).toBe('');
  const second = await backUp();
  expect(failureOf(second.result)).toBe('');
  const [, date = ''] = rig.dates();
  expect(rig.manifest(date).totals.files).toBeGreaterThan(FOLDERS * IN_EACH);
  expect(second.result.linked).toBeGreaterThanOrEqual(FOLDERS * IN_EACH);
  const lines = spawnSync('wc', ['-l', `${rig.bckups}/${date}/files.jsonl`], { encoding: 'utf8' }).stdout;
  expect(Number.parseInt(lines, 10)).toBe(rig.manifest(date).files.lines);
  for (const { most, took, result } of [first, second]) {
    console.log(`${took.toFixed(1)} s, paused ${result.pause} s, at most ${(most / 1e6).toFixed(0)} MB`);
    expect(most).toBeLessThan(200e6);
  }
});
