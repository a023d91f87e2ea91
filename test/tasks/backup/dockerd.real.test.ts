/** dockerd is killed while an instance stands still: a daemon of the test's own. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BackupRig, command, failureOf } from '../../support/backup-rig.ts';
import { OwnDockerd } from '../../support/own-dockerd.ts';
import { until } from '../../support/processes.ts';

const rig = new BackupRig(975);
const dockerd = new OwnDockerd(`${rig.root}.dockerd`);
const status = () => dockerd.docker('inspect', '--format', '{{.State.Status}}', rig.container);

beforeAll(async () => {
  await rig.clean();
  await dockerd.start();
  const tree = `${dockerd.folder}/tree`;
  mkdirSync(`${tree}/bin`, { recursive: true });
  command('sh', '-c', `cp "$(command -v busybox)" ${tree}/bin/sleep && tar -c -C ${tree} . >${tree}.tar`);
  dockerd.docker('import', `${tree}.tar`, 'own:1');
});
beforeEach(() => {
  for (const path of [
    'mapping-volumes/data/x',
    'mapping-volumes/config/x',
    'mapping-volumes/log',
    'bckups',
  ]) {
    mkdirSync(`${rig.directory}/${path}`, { recursive: true });
  }
  dockerd.docker(
    'run',
    '-d',
    '--name',
    rig.container,
    '--network=none',
    '--restart=always',
    'own:1',
    '/bin/sleep',
    '1000000',
  );
});
afterAll(async () => {
  dockerd.try('rm', '-f', rig.container);
  await dockerd.remove();
  await rig.clean();
});

/** Whether the kernel holds its processes. */
function isFrozen(id: string): boolean {
  const groups = command('find', '/sys/fs/cgroup', '-maxdepth', '6', '-type', 'd', '-name', `*${id}*`)
    .trim()
    .split('\n');
  const told = groups.flatMap(group =>
    ['freezer.state', 'cgroup.freeze'].map(file => `${group}/${file}`).filter(file => existsSync(file)),
  );
  expect(told).not.toEqual([]);
  return told.some(file => ['FROZEN', '1'].includes(readFileSync(file, 'utf8').trim()));
}

const job = () => ({
  containerId: dockerd.docker('inspect', '--format', '{{.Id}}', rig.container),
  socket: dockerd.socket,
});

test('the backup ends without a date, and the instance goes on as soon as Docker is back', async () => {
  const driven = await rig.heldAt('paused', job());
  expect(status()).toBe('paused');
  await dockerd.kill();
  driven.go();
  await driven.reached('frozen-copied');
  await dockerd.start();
  expect(failureOf(await driven.ended())).toBe(
    `container ${rig.container} did not stand still until the copy was whole (resumed, restarted or removed): this backup is discarded`,
  );
  await until('the instance to run', () => status() === 'running', 60);
  await until('the guard to end', () => driven.guard === undefined, 60);
  expect(rig.dates()).toEqual([]);
  dockerd.docker('rm', '-f', rig.container);
}, 120_000);

test('and the driver as well: the guard thaws the instance without Docker, and goes on trying until it is back', async () => {
  const { containerId, socket } = job();
  const driven = await rig.heldAt('paused', { containerId, socket });
  expect(isFrozen(containerId)).toBe(true);
  await dockerd.kill();
  driven.kill();
  await driven.ended();
  await until('the instance to go on', () => !isFrozen(containerId), 10);
  expect(driven.guard).not.toBeUndefined();
  await dockerd.start();
  await until('the instance to run', () => status() === 'running', 60);
  await until('the guard to end', () => driven.guard === undefined, 60);
  expect([rig.dates(), driven.states().at(-1)]).toEqual([[], 'resumed']);
  const next = await rig.drive({}, job());
  expect(await next.ended()).toMatchObject({ ok: true });
  expect([rig.dates().length, readdirSync(rig.bckups).length]).toEqual([1, 1]);
  expect(existsSync(`${rig.directory}/.girofle/lock`)).toBe(false);
  dockerd.docker('rm', '-f', rig.container);
}, 120_000);
