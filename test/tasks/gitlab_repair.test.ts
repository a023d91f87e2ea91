/** Runs that died, brought to an end by a task: on the Docker daemon of this machine, and what is left alone as a table. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitlab_repair } from '../../tasks/gitlab_repair.ts';
import { withDefaults } from '../support/module-args.ts';
import { RestoreRig } from '../support/restore-rig.ts';
import { runDockerModule } from '../support/run-docker-module.ts';
import { runModule } from '../support/run-module.ts';

const PLANNED = '{"state":"planned","utc":"2026-01-01T00:00:00Z","uptime":1.00,"what":"backup","boot":"b"}\n';

describe('gitlab_repair', () => {
  let root = '';
  const home = () => `${root}/noeud-gitlab-3/.girofle`;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'girofle-repair-'));
    mkdirSync(`${home()}/journals`, { recursive: true });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  function leave(driver: string, pid = '1 1'): void {
    mkdirSync(`${home()}/runs/0badcafe`, { recursive: true });
    writeFileSync(`${home()}/journals/0badcafe.jsonl`, PLANNED);
    writeFileSync(`${home()}/runs/0badcafe/driver.sh`, driver);
    writeFileSync(`${home()}/runs/0badcafe/pid`, `${pid}\n`);
  }

  function startOf(pid: number): string {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  }

  test('has nothing to do where every run has come to an end, or there is no instance', async () => {
    writeFileSync(
      `${home()}/journals/0badcafe.jsonl`,
      `${PLANNED}{"state":"reported","utc":"","uptime":2}\n`,
    );
    expect((await runModule(gitlab_repair, { root })).says).toEqual([]);
    expect((await runModule(gitlab_repair, { root: `${root}/none` })).says).toEqual([]);
  });

  test('leaves a run alone whose process lives', async () => {
    leave('exit 1', `${process.pid} ${startOf(process.pid)}`);
    expect((await runModule(gitlab_repair, { root })).says).toEqual([]);
  });

  test('leaves to the living owner of the lock what that one repairs', async () => {
    leave('exit 1');
    mkdirSync(`${home()}/lock`);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const owner = `pid=${process.pid}\nstart=${startOf(process.pid)}\nboot=${boot}\nsince=now\nwhat=a backup\n`;
    writeFileSync(`${home()}/lock/owner`, owner);
    expect((await runModule(gitlab_repair, { root })).says).toEqual([]);
    rmSync(`${home()}/lock`, { recursive: true });
  });

  test('asks the driver of a dead run, under the lock, and only of the instance that is named', async () => {
    leave(
      'cp "${0%/runs/*}/lock/owner" "${0%/*}/owner"; echo \'{"state":"abandoned","utc":"","uptime":3}\' >>"${0%/runs/*}/journals/0badcafe.jsonl"',
    );
    expect((await runModule(gitlab_repair, { root, instance: 4 })).says).toEqual([]);
    const done = await runModule(gitlab_repair, { root, instance: 3 });
    expect(done.says).toEqual([
      'bring to an end what is left on instance 3: backup 0badcafe, which died after planned',
    ]);
    expect(done.result).toEqual({
      changed: true,
      failed: false,
      busy: false,
      repaired: [{ instance: 3, id: '0badcafe', what: 'backup', state: 'planned' }],
    });
    expect(readFileSync(`${home()}/runs/0badcafe/owner`, 'utf8')).toContain('what=a repair\n');
    expect(existsSync(`${home()}/lock`)).toBe(false);
    expect((await runModule(gitlab_repair, { root })).says).toEqual([]);
  });

  test('fails with what the driver says when it cannot', async () => {
    leave('echo "mapping-volumes is gone" >&2; exit 1');
    const done = await runModule(gitlab_repair, { root });
    expect(done.result.msg).toBe('what run 0badcafe left behind cannot be repaired: mapping-volumes is gone');
    expect(existsSync(`${home()}/lock`)).toBe(false);
  });

  test('refuses a relative root', () => {
    expect(() => withDefaults(gitlab_repair, { root: 'girofle' })).toThrow('"root"');
  });
});

describe('a restore that was killed when the old instance was down already', () => {
  const rig = new RestoreRig(928);
  beforeAll(async () => {
    await rig.clean();
    await rig.makeImage();
    await rig.prepare('echo small >data/x');
  });
  afterAll(async () => {
    await rig.clean();
    await rig.removeImage();
  });

  test('is undone, and then there is nothing to do: a backup can follow', async () => {
    const old = await rig.id();
    const held = await rig.restoreHeldAt('moved');
    held.kill();
    await held.ended();
    const repaired = await runDockerModule(gitlab_repair, { root: rig.root });
    expect(repaired.says).toEqual([
      `bring to an end what is left on instance 928: restore ${held.job.id}, which died after moved`,
    ]);
    expect([repaired.failed, repaired.result.msg]).toEqual([false, undefined]);
    expect([await rig.id(), rig.status(), existsSync(`${rig.volumes}/data/later`)]).toEqual([
      old,
      'running',
      true,
    ]);
    expect((await runDockerModule(gitlab_repair, { root: rig.root })).says).toEqual([]);
    expect((await rig.backup()).failed).toBe(false);
  });
});
