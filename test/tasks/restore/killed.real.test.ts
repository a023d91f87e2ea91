/** A restore whose driver was killed with -9: the old instance or the new one runs, whole, on the Docker daemon of this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sh } from '../../../src/core/sh.ts';
import { journalOf } from '../../../tasks/host-run/run.ts';
import { alive, type Driven, failureOf, isOk } from '../../support/backup-rig.ts';
import { processes, until } from '../../support/processes.ts';
import { RestoreRig } from '../../support/restore-rig.ts';

const rig = new RestoreRig(925);
let old = '';

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(async () => {
  await rig.prepare('echo small >data/x');
  old = await rig.id();
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

async function killedAt(state: string, driven?: Driven): Promise<Driven> {
  const held = driven ?? (await rig.restoreHeldAt(state));
  await held.reached(state);
  held.kill();
  await held.ended();
  held.go();
  return held;
}

/** Exactly one instance, on one tree; what is beside it; whether it is the old one. */
async function outcome() {
  await until(
    'it to be healthy',
    () => rig.docker('inspect', '--format', '{{.State.Health.Status}}') === 'healthy',
    20,
  );
  return {
    instance: (await rig.id()) === old ? 'old' : 'new',
    tree: existsSync(`${rig.volumes}/data/later`) ? 'old' : 'new',
    restarts: rig.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}'),
    containers: rig.containers(),
    trees: rig.trees(),
  };
}

const oldAgain = { instance: 'old', tree: 'old', containers: { C: 'running' }, trees: ['mapping-volumes'] };

describe('with somebody who watches over it', () => {
  test.each(['stopping', 'stopped', 'renamed', 'moved', 'placed'])(
    'in state %s: the old instance is put back at once, and runs within two seconds',
    async state => {
      const driven = await rig.restoreHeldAt(state, { unwatched: false });
      driven.kill();
      const killed = performance.now();
      await until('the old one to run again', () => isBack(), 20);
      expect((performance.now() - killed) / 1000).toBeLessThan(2);
      await until('the restore to be at its end', () => driven.states().includes('abandoned'), 20);
      expect(await outcome()).toMatchObject(oldAgain);
      await until('the lock to be given back', () => !existsSync(`${rig.directory}/.girofle/lock`), 5);
    },
  );

  test('in state started: what was restored stays, once it is healthy', async () => {
    const driven = await rig.restoreHeldAt('started', { unwatched: false });
    driven.kill();
    driven.go();
    await until('the restore to be at its end', () => driven.states().includes('reported'), 30);
    expect(await outcome()).toMatchObject({ instance: 'new', tree: 'new' });
  });

  test('of a restore that ends by itself nobody is left behind', async () => {
    const driven = await rig.restore({ unwatched: false });
    expect(isOk(await driven.ended())).toBe(true);
    await until(
      'whoever watched to go',
      () => !processes().some(({ words }) => words.includes(`${driven.run}/driver.sh`)),
      5,
    );
    expect(driven.states().at(-1)).toBe('reported');
  });
});

/** The old container has its name again, and runs. */
function isBack(): boolean {
  const { stdout } = spawnSync(
    'docker',
    ['inspect', '--format', '{{.Id}} {{.State.Running}}', rig.container],
    { encoding: 'utf8' },
  );
  return stdout.trim() === `${old} true`;
}

describe('before anything is stopped', () => {
  test.each(['recovered', 'fetched', 'verified', 'staged'])(
    'in state %s: the old instance runs on; what was made ready is taken away',
    async state => {
      const startedAt = rig.docker('inspect', '--format', '{{.State.StartedAt}}');
      const driven = await killedAt(state);
      expect(await rig.underLock(driven, 'repair')).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await outcome()).toMatchObject(oldAgain);
      expect(rig.docker('inspect', '--format', '{{.State.StartedAt}}')).toBe(startedAt);
      expect(driven.states().at(-1)).toBe('abandoned');
    },
  );

  test('a backup that comes next repairs by itself', async () => {
    const driven = await killedAt('staged');
    const { result } = await rig.backup();
    expect(result.msg).toBeUndefined();
    expect(await outcome()).toMatchObject(oldAgain);
    expect(driven.states().at(-1)).toBe('abandoned');
  });
});

describe('in the exchange', () => {
  test.each(['stopping', 'stopped', 'renamed', 'moved', 'placed'])(
    'in state %s: the old instance is put back and runs',
    async state => {
      const driven = await killedAt(state);
      expect(await rig.underLock(driven, 'repair')).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await outcome()).toMatchObject({ ...oldAgain, restarts: 'always' });
      expect(driven.states().slice(-3)).toEqual(['reverting', 'reverted', 'abandoned']);
    },
  );

  test('between the two renames there is no mapping-volumes; then there is', async () => {
    const driven = await killedAt('moved');
    expect(rig.trees()).toEqual([`.before-${driven.job.id}`, `.restore-${driven.job.id}`]);
    await rig.underLock(driven, 'repair');
    expect(await outcome()).toMatchObject(oldAgain);
  });

  test('while Docker stops the old one: the stop that goes on without us does not win', async () => {
    // The fake's process is a child of the driver; the order itself reaches Docker only after the driver is dead.
    const env = rig.fakeDocker('case "$3" in stop) (sleep 2; exec /usr/bin/docker "$@"); exit ;; esac');
    const driven = await rig.restore({}, { env });
    await driven.reached('stopping');
    await until('the stop', () =>
      processes().some(({ words }) => words.includes('stop') && words.includes(old)),
    );
    driven.kill();
    await until('the driver to end', () => !alive(driven.pid));
    await rig.underLock(driven, 'repair');
    expect(processes().filter(({ words }) => words.includes('stop') && words.includes(old))).toEqual([]);
    expect(await outcome()).toMatchObject({ ...oldAgain, restarts: 'always' });
  });

  test('a restore that comes next puts the old one back first, and then restores', async () => {
    const driven = await killedAt('moved');
    const made = await rig.make('00c0ffee');
    const next = await rig.restore({ id: '00c0ffee', made, replaced: old });
    const result = await next.ended();
    expect([failureOf(result), isOk(result)]).toEqual(['', true]);
    expect(await outcome()).toMatchObject({
      instance: 'new',
      tree: 'new',
      containers: { C: 'running', 'C.before-00c0ffee': 'exited' },
      trees: ['.before-00c0ffee', 'mapping-volumes'],
    });
    expect(driven.states().at(-1)).toBe('abandoned');
  });

  test('and the host was started again since: the old instance is put back', async () => {
    const driven = await killedAt('stopped');
    forgetBoot(driven);
    await rig.underLock(driven, 'repair');
    expect(await outcome()).toMatchObject({ ...oldAgain, restarts: 'always' });
  });
});

/** As if the host had been started again: another boot id in the journal. */
function forgetBoot({ job }: Driven): void {
  const journal = journalOf(job.directory, job.id);
  const text = readFileSync(journal, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"of-yesterday"');
  writeFileSync(journal, text);
}

const completed = ({ job }: Driven) => ({
  instance: 'new',
  tree: 'new',
  restarts: 'always',
  containers: { C: 'running', [`C.before-${job.id}`]: 'exited' },
  trees: [`.before-${job.id}`, 'mapping-volumes'],
});

describe('after the restored instance was started', () => {
  test.each(['started', 'ready', 'checked'])('in state %s: it is completed', async state => {
    const driven = await killedAt(state);
    expect(await rig.underLock(driven, 'repair')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await outcome()).toEqual(completed(driven));
    expect(driven.states().at(-1)).toBe('reported');
    expect(isOk(JSON.parse(readFileSync(`${driven.run}/result.json`, 'utf8')))).toBe(true);
  });

  test('and the host was started again since: the restored instance is started and completed', async () => {
    const driven = await killedAt('started');
    forgetBoot(driven);
    rig.docker('stop', '-t', '0');
    await rig.underLock(driven, 'repair');
    expect(await outcome()).toEqual(completed(driven));
  });

  test('and it does not become healthy: the old one is put back, and what was restored is kept', async () => {
    const held = await rig.restore(
      { hold: 'started', readyTimeout: 2 },
      { changes: { Healthcheck: { Test: ['CMD', 'false'], Interval: 200_000_000 } } },
    );
    const driven = await killedAt('started', held);
    await rig.underLock(driven, 'repair');
    expect(await outcome()).toEqual({
      instance: 'old',
      tree: 'old',
      restarts: 'always',
      containers: { C: 'running', [`C.restoring-${driven.job.id}`]: 'exited' },
      trees: [`.restore-${driven.job.id}`, 'mapping-volumes'],
    });
    const journal = readFileSync(journalOf(rig.directory, driven.job.id), 'utf8');
    expect(JSON.parse(journal.trim().split('\n').at(-1) ?? '')).toMatchObject({
      state: 'abandoned',
      failure: expect.stringMatching(
        /^the restore's own process was killed, and what it had restored is of no use: the restored instance does not come up: it is not healthy after 2 s: running \w+; the old instance runs again and is healthy, on /,
      ),
    });
  });
});

describe('on the way back', () => {
  test.each(['reverting', 'reverted'])('in state %s: the way back is gone to its end', async state => {
    const held = await rig.restore({ hold: state, checks: sh`echo 'nothing is right' >&2; exit 1` });
    const driven = await killedAt(state, held);
    await rig.underLock(driven, 'repair');
    expect(await outcome()).toMatchObject({
      instance: 'old',
      tree: 'old',
      restarts: 'always',
      trees: [`.restore-${driven.job.id}`, 'mapping-volumes'],
    });
    expect(driven.states().at(-1)).toBe('abandoned');
  });
});

test('a repair that is killed itself is made good by the next', async () => {
  const driven = await killedAt('moved');
  const journal = journalOf(rig.directory, driven.job.id);
  const held = readFileSync(`${driven.run}/driver.sh`, 'utf8');
  // It stands still in the middle of its own way back.
  writeFileSync(
    `${driven.run}/driver.sh`,
    held.replace(
      'names_back() {',
      'names_back() {\n  if [ ! -e "$run/again" ]; then : >"$run/again"; kill -9 $$$$; fi',
    ),
  );
  await rig.underLock(driven, 'repair');
  expect([rig.trees(), readFileSync(journal, 'utf8').includes('"reverting"')]).toEqual([
    [`.restore-${driven.job.id}`, 'mapping-volumes'],
    true,
  ]);
  await rig.underLock(driven, 'repair');
  expect(await outcome()).toMatchObject({ ...oldAgain, restarts: 'always' });
});
