/** A health check that the freeze catches half begun: Docker then answers nothing about the container. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digText } from '../../../tasks/docker/dig.ts';
import { BackupRig, command, nextSucceeds } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';

const rig = new BackupRig(987);

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
  await rig.reset();
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

test('does not keep the instance from going on when the driver is killed', async () => {
  const id = digText(await rig.inspect(), 'Id');
  const group = command('find', '/sys/fs/cgroup', '-maxdepth', '6', '-type', 'd', '-name', `*${id}*`).split(
    '\n',
  );
  const folder = group.find(one => existsSync(`${one}/freezer.state`) || existsSync(`${one}/cgroup.freeze`));
  const freeze = (yes: boolean) =>
    existsSync(`${folder}/freezer.state`)
      ? writeFileSync(`${folder}/freezer.state`, yes ? 'FROZEN' : 'THAWED')
      : writeFileSync(`${folder}/cgroup.freeze`, yes ? '1' : '0');
  const answers = () => {
    try {
      command('timeout', '1', 'docker', 'inspect', '--format', 'x', rig.container);
      return true;
    } catch {
      return false;
    }
  };
  const driven = await rig.heldAt('guard-armed');
  // The guard is armed once the state is left.
  driven.go();
  await until('the guard', () => driven.guard !== undefined, 20);
  freeze(true);
  const check = spawn('docker', ['exec', rig.container, 'true'], { stdio: 'ignore' });
  const done = new Promise(resolve => check.on('close', resolve));
  try {
    await until('Docker to be silent', () => !answers(), 20);
    driven.kill();
    await until('the instance to go on', () => answers() && rig.status() === 'running', 30);
  } finally {
    freeze(false);
  }
  await done;
  await until('the guard to end its duty', () => driven.states().includes('resumed'), 30);
  expect(rig.status()).toBe('running');
  await nextSucceeds(rig);
});
