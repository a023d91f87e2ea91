/** What goes wrong once the instance was stopped: the old one is put back, or it is said what to do by hand. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sh } from '../../../src/core/sh.ts';
import { command, type Driven, failureOf } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';
import { RestoreRig } from '../../support/restore-rig.ts';

const rig = new RestoreRig(926);
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

const policy = () => rig.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}');
const health = () => rig.docker('inspect', '--format', '{{.State.Health.Status}}');

/** The old instance runs on its own tree and is healthy; both trees are named; the lock is free. */
async function isReverted(driven: Driven, why: string): Promise<void> {
  const result = await driven.ended();
  const { id } = driven.job;
  expect(failureOf(result)).toBe(
    `${why}; the old instance runs again and is healthy, on ${rig.volumes}; what was restored is kept in ${rig.directory}/.restore-${id}, with container ${rig.container}.restoring-${id}`,
  );
  expect([await rig.id(), policy(), health()]).toEqual([old, 'always', 'healthy']);
  expect(existsSync(`${rig.volumes}/data/later`)).toBe(true);
  expect(rig.containers()).toEqual({
    C: 'running',
    [`C.restoring-${id}`]: expect.stringMatching(/^(created|exited)$/),
  });
  expect(rig.trees()).toEqual([`.restore-${id}`, 'mapping-volumes']);
  expect(driven.states().slice(-3)).toEqual(['reverting', 'reverted', 'failed']);
  expect(existsSync(`${rig.directory}/.girofle/lock`)).toBe(false);
  expect(readFileSync(`${rig.directory}/address`, 'utf8')).toMatch(/^127\.0\.12\.26 /);
}

const sick = { changes: { Healthcheck: { Test: ['CMD', 'false'], Interval: 200_000_000 } } };

describe('the old instance is put back and healthy when', () => {
  test('the restored one is never ready', async () => {
    const driven = await rig.restore({ readyTimeout: 4 }, sick);
    const result = await driven.ended();
    expect(failureOf(result)).toMatch(
      /^the restored instance does not come up: it is not healthy after 4 s: running (starting|unhealthy); /,
    );
    await isReverted(driven, failureOf(result).split('; ')[0] ?? '');
  });

  test('the restored one ends by itself: at once, without waiting for the time to be over', async () => {
    const driven = await rig.restore({}, { changes: { Entrypoint: ['/bin/sh', '-c', 'sleep 1; exit 7'] } });
    await isReverted(driven, 'the restored instance does not come up: its container ended, with code 7');
  });

  test('a check finds it unsound', async () => {
    const driven = await rig.restore({
      checks: sh`echo some words >&2; echo 'secrets cannot be read' >&2; exit 1`,
    });
    await isReverted(driven, 'the restored instance is not sound: secrets cannot be read');
  });

  test('a port of its address is taken', async () => {
    const driven = await rig.restoreHeldAt('placed');
    const server = createServer();
    await new Promise<void>(resolve => server.listen(80, '127.0.12.26', resolve));
    driven.go();
    await driven.reached('reverting');
    await new Promise<void>(resolve => server.close(() => resolve()));
    const result = await driven.ended();
    const [why = ''] = failureOf(result).split('; ');
    expect(why).toMatch(
      /^container \S+ does not start: .*(address already in use|port is already allocated)/,
    );
    await isReverted(driven, why);
  });

  test('the old one does not stop', async () => {
    const env = rig.fakeDocker('case "$3" in stop) echo "context deadline exceeded" >&2; exit 1 ;; esac');
    await isReverted(
      await rig.restore({}, { env }),
      `container ${rig.container} does not stop: context deadline exceeded`,
    );
  });

  test.each([
    ['update', 2, 'container C cannot be told not to start again'],
    ['rename', 1, 'container C cannot be renamed to C.before-ID'],
    ['rename', 2, 'container C.restoring-ID cannot be renamed to C'],
    ['start', 1, 'container C does not start'],
  ])('Docker does not answer at %s, the %d. time', async (word, time, why) => {
    const env = rig.fakeDocker(`case "$3" in ${word})
  echo x >>"$0.count"
  if [ "$(wc -l <"$0.count")" = ${time} ]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; fi ;;
esac`);
    const driven = await rig.restore({}, { env });
    await isReverted(
      driven,
      `${why.replaceAll('C', rig.container).replace('ID', driven.job.id).replace(`${rig.container}annot`, 'Cannot')}: Cannot connect to the Docker daemon`,
    );
  });

  test('Docker goes away for a while after that', async () => {
    const env = rig.fakeDocker(`if [ "$3" = start ] && [ ! -e "$0.since" ]; then date +%s >"$0.since"; fi
if [ -e "$0.since" ] && [ $(($(date +%s) - $(cat "$0.since"))) -lt 3 ]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; fi`);
    await isReverted(
      await rig.restore({ patience: 20 }, { env }),
      `container ${rig.container} does not start: Cannot connect to the Docker daemon`,
    );
  });

  test('it is ended by a signal', async () => {
    const driven = await rig.restoreHeldAt('placed');
    process.kill(driven.pid, 'SIGTERM');
    driven.go();
    await isReverted(driven, 'it was ended by a signal');
  });

  test('its tree cannot step aside', async () => {
    const driven = await rig.restoreHeldAt('stopped');
    const inTheWay = `${rig.directory}/.before-${driven.job.id}`;
    mkdirSync(`${inTheWay}/something`, { recursive: true });
    driven.go();
    const [why = ''] = failureOf(await driven.ended()).split('; ');
    expect(why).toMatch(/cannot be renamed to \S+: .*Directory not empty$/);
    rmSync(inTheWay, { recursive: true });
    await isReverted(driven, why);
  });
});

test('what failed and was kept goes by a confirmation as well', async () => {
  const driven = await rig.restore({ checks: sh`exit 1` });
  await driven.ended();
  expect(await rig.underLock(driven, 'confirm')).toMatchObject({ code: 0, stderr: '' });
  expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
});

test('an instance that did not run is as it was, and does not run', async () => {
  rig.docker('stop');
  const driven = await rig.restore({ checks: sh`exit 1` });
  const { id } = driven.job;
  expect(failureOf(await driven.ended())).toBe(
    `the restored instance is not sound: ; the old instance is as it was, and does not run, on ${rig.volumes}; what was restored is kept in ${rig.directory}/.restore-${id}, with container ${rig.container}.restoring-${id}`,
  );
  expect(rig.containers()).toEqual({ C: 'exited', [`C.restoring-${id}`]: 'exited' });
});

describe('when the way back is barred, it is said what to do by hand, and every later run says it too, until it is done:', () => {
  const byHand = (failure: string) =>
    /; to do by hand: (.*); then run it again$/.exec(failure)?.[1]?.split('; ') ?? [];

  test('a mount on the restored tree', async () => {
    const driven = await rig.restore({ hold: 'ready', checks: sh`exit 1` });
    await driven.reached('ready');
    const { id } = driven.job;
    const made = await rig.id();
    command('mount', '--bind', rig.volumes, rig.volumes);
    driven.go();
    const failure = failureOf(await driven.ended());
    const before = `${rig.directory}/.before-${id}`;
    const staging = `${rig.directory}/.restore-${id}`;
    expect(failure).toContain(
      `the restored instance is not sound: ; the old instance could not be put back: ${rig.volumes} cannot be renamed to ${staging}: `,
    );
    expect(failure).toContain(
      `; its tree is ${before}, what was restored is ${rig.volumes}; to do by hand: `,
    );
    expect(byHand(failure)).toEqual([
      `mv -T ${rig.volumes} ${staging}`,
      `mv -T ${before} ${rig.volumes}`,
      `docker rename ${rig.container} ${rig.container}.restoring-${id}`,
      `docker rename ${rig.container}.before-${id} ${rig.container}`,
      `docker update --restart always ${rig.container}`,
      `docker start ${rig.container}`,
    ]);
    expect(command('docker', 'inspect', '--format', '{{.State.Running}}', made)).toBe('false\n');
    const again = await rig.underLock(driven, 'repair');
    expect([again.code, byHand(again.stderr.trim())]).toEqual([1, byHand(failure)]);
    command('umount', rig.volumes);
    for (const line of byHand(failure)) command('sh', '-c', line);
    await until('it to be healthy', () => health() === 'healthy', 20);
    expect(await rig.underLock(driven, 'repair')).toMatchObject({ code: 0 });
    expect([await rig.id(), policy()]).toEqual([old, 'always']);
    expect(existsSync(`${rig.volumes}/data/later`)).toBe(true);
    expect(driven.states().at(-1)).toBe('abandoned');
  });

  test('something has made a folder in the place of the old tree, as Docker does for a container that it starts', async () => {
    const driven = await rig.restoreHeldAt('moved');
    mkdirSync(`${rig.volumes}/data`, { recursive: true });
    process.kill(driven.pid, 'SIGTERM');
    driven.go();
    const failure = failureOf(await driven.ended());
    expect(failure).toContain(
      `could not be put back: something has made ${rig.volumes} anew; its tree is ${rig.directory}/.before-`,
    );
    for (const line of byHand(failure)) command('sh', '-c', line);
    expect(await rig.underLock(driven, 'repair')).toMatchObject({ code: 0 });
    expect([await rig.id(), policy(), existsSync(`${rig.volumes}/data/later`)]).toEqual([
      old,
      'always',
      true,
    ]);
    rmSync(`${rig.volumes}.in-the-way`, { recursive: true });
  });

  test('the old container was removed meanwhile', async () => {
    const driven = await rig.restore({ hold: 'ready', checks: sh`exit 1` });
    await driven.reached('ready');
    command('docker', 'rm', old);
    driven.go();
    const failure = failureOf(await driven.ended());
    expect(failure).toContain(
      `the old instance could not be put back: the old container, ${rig.container}.before-${driven.job.id}, was removed; its tree is ${rig.volumes}, `,
    );
    expect(byHand(failure)).toEqual([
      `make container ${rig.container} anew from the inventory (girofle-run playbooks/provision.yml)`,
    ]);
    expect(existsSync(`${rig.volumes}/data/later`)).toBe(true);
  });

  test('Docker does not answer any more; when it does, the next run puts the old one back', async () => {
    const env = rig.fakeDocker(`case "$3" in start) : >"$0.gone" ;; esac
if [ -e "$0.gone" ]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; fi`);
    const driven = await rig.restore({ patience: 1 }, { env });
    expect(failureOf(await driven.ended())).toContain(
      `the old instance could not be put back: Docker does not answer; its tree is ${rig.directory}/.before-${driven.job.id}, `,
    );
    expect(await rig.underLock(driven, 'repair')).toMatchObject({ code: 0, stderr: '' });
    expect([await rig.id(), policy(), rig.trees()]).toEqual([old, 'always', ['mapping-volumes']]);
  });
});

describe('the disk', () => {
  test('is too small: refused before anything is copied; filled while staging: given up before anything is stopped', async () => {
    const small = new RestoreRig(927);
    try {
      await small.clean();
      mkdirSync(small.root, { recursive: true });
      command('mount', '-t', 'tmpfs', '-o', 'size=250M', 'girofle-test', small.root);
      await small.makeImage();
      await small.prepare('head -c 40M /dev/urandom >data/big');
      const untouched = [{ C: 'running' }, ['mapping-volumes']];
      const driven = await small.restoreHeldAt('fetched');
      const free = Number(command('df', '-Pk', small.root).trim().split('\n')[1]?.split(/\s+/)[3]);
      command('fallocate', '-l', `${free - 20_000}K`, `${small.root}/filling`);
      driven.go();
      expect(failureOf(await driven.ended())).toBe(
        `the disk of ${small.directory}/.restore-${driven.job.id} is full: the restore was given up before the instance was touched`,
      );
      expect([small.containers(), small.trees()]).toEqual(untouched);
      const second = await small.restore();
      expect(failureOf(await second.ended())).toMatch(
        /^not enough room in \S+\/noeud-gitlab-927: about 10\d MiB are needed, \d+ MiB are free$/,
      );
      expect([small.containers(), small.trees()]).toEqual(untouched);
      rmSync(`${small.root}/filling`);
    } finally {
      await small.clean();
      await small.removeImage();
    }
  });
});
