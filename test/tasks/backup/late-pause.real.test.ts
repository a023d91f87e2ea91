/** A pause that comes when nobody waits for it any more. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BackupRig, command, nextSucceeds } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';

const rig = new BackupRig(986);
const folder = mkdtempSync(join(tmpdir(), 'girofle-late-pause-'));
const [called, paused] = [join(folder, 'called'), join(folder, 'paused')];

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
  await rig.reset();
  const real = command('sh', '-c', 'command -v docker').trim();
  const slow = `#!/bin/sh
case " $* " in
  *" pause "*) touch ${called}; sleep 0.8; ${real} "$@"; code=$?; touch ${paused}; exit $code ;;
esac
exec ${real} "$@"
`;
  writeFileSync(join(folder, 'docker'), slow);
  chmodSync(join(folder, 'docker'), 0o755);
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
  rmSync(folder, { recursive: true, force: true });
});

test('the instance goes on though the pause that a killed driver had asked for came after the kill', async () => {
  const driven = await rig.drive({}, {}, { PATH: `${folder}:${process.env.PATH}` });
  await until('the pause to be asked for', () => existsSync(called), 20);
  driven.kill();
  await until('the pause to come', () => existsSync(paused), 10);
  await until('the instance to go on', () => rig.status() === 'running', 2);
  await until('the guard to end its duty', () => driven.states().includes('resumed'), 15);
  expect([rig.status(), driven.states().at(-1)]).toEqual(['running', 'resumed']);
  await nextSucceeds(rig);
});
