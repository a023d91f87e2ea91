/** Two instances of one host: one of them stands still at a time. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readJournal } from '../../../tasks/host-run/journal.ts';
import { journalOf } from '../../../tasks/host-run/run.ts';
import { alive, BackupRig, type Driven, nextSucceeds } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';

const one = new BackupRig(971);
const other = new BackupRig(972, one.root);
const rigs = [one, other];
const turn = `${one.root}/.girofle/pausing`;

beforeAll(async () => {
  await one.clean();
  for (const rig of rigs) await rig.makeImage();
});
beforeEach(async () => {
  for (const rig of rigs) await rig.reset();
});
afterAll(async () => {
  for (const rig of rigs) await rig.clean();
  for (const rig of rigs) await rig.removeImage();
});

/** Seconds since the boot. */
function stillness({ job }: Driven): readonly [number, number] {
  const lines = readJournal(readFileSync(journalOf(job.directory, job.id), 'utf8'));
  const at = (state: string) => lines.find(line => line.state === state)?.uptime ?? Number.NaN;
  return [at('paused'), at('resumed')];
}

test('two backups at once do not stand still together; both are whole', async () => {
  const first = await one.heldAt('paused');
  const second = await other.drive();
  await second.reached('hot-copied');
  await until('the second to say what it waits for', () =>
    second
      .progress()
      .startsWith('waiting\none instance at a time stands still: the pause of instance 971 since '),
  );
  expect([one.status(), other.status(), second.states().includes('guard-armed')]).toEqual([
    'paused',
    'running',
    false,
  ]);
  first.go();
  expect(await first.ended()).toMatchObject({ ok: true });
  expect(await second.ended()).toMatchObject({ ok: true });
  expect(stillness(second)[0]).toBeGreaterThanOrEqual(stillness(first)[1]);
  expect(existsSync(turn)).toBe(false);
});

test('both by the clock, at the same moment: their pauses do not overlap', async () => {
  const driven = await Promise.all(rigs.map(rig => rig.drive()));
  for (const each of driven) expect(await each.ended()).toMatchObject({ ok: true });
  const [[, end] = [0, 0], [begin] = [0, 0]] = driven.map(stillness).sort(([a], [b]) => a - b);
  expect(begin).toBeGreaterThanOrEqual(end);
});

test('a dead one keeps nobody waiting, neither its process nor one of before the last boot', async () => {
  const first = await one.heldAt('paused');
  first.kill();
  await until('the driver to be dead', () => !alive(first.pid));
  await nextSucceeds(other);
  mkdirSync(turn, { recursive: true });
  writeFileSync(`${turn}/owner`, `pid=${process.pid}\nstart=1\nboot=0\nsince=x\nwhat=y\n`);
  await nextSucceeds(one);
  expect(existsSync(turn)).toBe(false);
});

test('TERM to one that waits gives back its own lock, not the turn', async () => {
  const first = await one.heldAt('paused');
  const second = await other.drive();
  await until('it to wait', () => second.progress().startsWith('waiting'));
  process.kill(second.pid, 'SIGTERM');
  expect(await second.ended()).toMatchObject({ ok: false, failure: 'it was ended by a signal' });
  expect([existsSync(turn), existsSync(`${other.directory}/.girofle/lock`)]).toEqual([true, false]);
  first.go();
  expect(await first.ended()).toMatchObject({ ok: true });
});
