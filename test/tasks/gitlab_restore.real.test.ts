/** Restores on the Docker daemon of this machine: in place, under another number, refused, confirmed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/core/value.ts';
import { dig, digList, digText } from '../../tasks/docker/dig.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { gitlab_instances } from '../../tasks/gitlab_instances.ts';
import { gitlab_restore } from '../../tasks/gitlab_restore.ts';
import { gitlab_restore_confirm } from '../../tasks/gitlab_restore_confirm.ts';
import { BackupRig, command } from '../support/backup-rig.ts';
import { plainImage } from '../support/docker-images.ts';
import { callDocker, runDockerModule } from '../support/run-docker-module.ts';
import type { RunOptions } from '../support/run-module.ts';

const noDocker =
  process.getuid?.() !== 0
    ? '(needs root)'
    : existsSync('/var/run/docker.sock')
      ? undefined
      : '(needs Docker)';

const rig = new BackupRig(930);
const OTHER = 931;
const otherDirectory = `${rig.root}/noeud-gitlab-${OTHER}`;
const otherName = `girofle-test-backup-${OTHER}`;

function restore(more: ValueMap = {}, options: RunOptions = {}) {
  return runDockerModule(
    gitlab_restore,
    {
      instance: rig.number,
      root: rig.root,
      name: 'girofle-test-backup-{number}',
      host_name: 'vm1',
      ready_timeout: 30,
      ...more,
    },
    options,
  );
}

function containers(): readonly string[] {
  return command(
    'docker',
    'ps',
    '-a',
    '--filter',
    `name=girofle-test-backup-93[01]`,
    '--format',
    '{{.Names}}',
  )
    .split('\n')
    .filter(Boolean)
    .sort();
}

function removeContainers(): void {
  for (const name of containers()) if (name !== rig.container) command('docker', 'rm', '-f', name);
}

const left = (directory: string) =>
  readdirSync(directory).filter(name => /^\.(before|restore|removing)-/.test(name));

describe.skipIf(noDocker !== undefined)(`restores ${noDocker ?? ''}`, () => {
  beforeAll(async () => {
    await rig.clean();
    await rig.makeImage();
    await rig.commission();
  }, 120_000);
  afterAll(async () => {
    removeContainers();
    await rig.clean();
    await rig.removeImage();
  }, 60_000);
  beforeEach(async () => {
    removeContainers();
    for (const name of left(rig.directory)) rmSync(join(rig.directory, name), { recursive: true });
    rmSync(otherDirectory, { recursive: true, force: true });
    await rig.reset();
  }, 60_000);

  test('puts an instance back to its newest backup, with its passwords, and keeps what it was', async () => {
    rig.write('data/story', 'then');
    const { result: backup } = await rig.backup();
    rig.write('data/story', 'now');
    rig.write('data/later', 'x');
    const before = digText(await rig.inspect(), 'Id');
    const { result, failed } = await restore();
    expect([failed, result.msg]).toEqual([false, undefined]);
    expect(result).toMatchObject({
      number: 930,
      container: rig.container,
      directory: rig.directory,
      date: backup.date,
      from: 'local',
      busy: false,
      address: '127.0.12.30',
      url: 'http://127.0.12.30',
      muted: [],
    });
    expect(readFileSync(`${rig.volumes}/data/story`, 'utf8')).toBe('then');
    expect(existsSync(`${rig.volumes}/data/later`)).toBe(false);
    expect(readFileSync(`${result.before}/data/later`, 'utf8')).toBe('x');
    const now = await rig.inspect();
    expect(digText(now, 'Id')).not.toBe(before);
    expect(rig.status()).toBe('running');
    expect(dig(now, 'HostConfig', 'RestartPolicy', 'Name')).toBe('always');
    expect(digList(now, 'Config', 'Env').join('\n')).toContain("gitlab_rails['smtp_password'] = 'geheim'");
    expect(containers()).toEqual([rig.container, expect.stringMatching(/\.before-[0-9a-f]{8}$/)]);
    const { result: fleet } = await runDockerModule(gitlab_instances, { root: rig.root, sizes: false });
    expect(digList(fleet.instances).map(one => digText(one, 'name'))).toEqual([rig.container]);

    const again = await rig.commission().then(() => rig.inspect());
    expect(digText(again, 'Id'), 'a provision after it changes nothing').toBe(digText(now, 'Id'));

    const planned = await runDockerModule(gitlab_restore_confirm, { root: rig.root }, { planOnly: true });
    expect(planned.says).toEqual([
      expect.stringMatching(
        new RegExp(
          `^remove ${result.before} with its container \\(replaced at .*Z by the backup of ${backup.date}\\)$`,
        ),
      ),
    ]);
    const confirmed = await runDockerModule(gitlab_restore_confirm, { root: rig.root });
    expect([confirmed.failed, confirmed.result.msg]).toEqual([false, undefined]);
    expect([left(rig.directory), containers()]).toEqual([[], [rig.container]]);
    expect((await runDockerModule(gitlab_restore_confirm, { root: rig.root })).says).toEqual([]);
  }, 120_000);

  test('refuses a second one of it, and with twin=allow keeps that one from jobs and mail until it is provisioned', async () => {
    await rig.backup();
    const elsewhere = { number: OTHER, address: '127.0.12.31' };
    const refused = await restore(elsewhere);
    expect(refused.result.msg).toBe(
      `instance 930 runs here (container ${rig.container}) with the identity of this backup: two of it would take each other's CI jobs and mail. Stop or decommission it first, or say twin=allow`,
    );
    expect([containers(), existsSync(otherDirectory)]).toEqual([[rig.container], false]);

    const { result, failed } = await restore({ ...elsewhere, twin: 'allow' });
    expect([failed, result.msg]).toEqual([false, undefined]);
    expect(result).toMatchObject({
      number: OTHER,
      container: otherName,
      directory: otherDirectory,
      address: '127.0.12.31',
      url: 'http://127.0.12.31',
      muted: [
        'POST /api/v4/jobs/request answers 403',
        'incoming_email_enabled = false',
        'service_desk_email_enabled = false',
      ],
    });
    const { body: made } = await callDocker({ method: 'GET', path: `/containers/${otherName}/json` });
    expect(dig(made, 'Config', 'Hostname')).toBe(`gitlab-${OTHER}`);
    const config = digList(made, 'Config', 'Env').find(one =>
      String(one).startsWith('GITLAB_OMNIBUS_CONFIG='),
    );
    expect(config).toBe(`GITLAB_OMNIBUS_CONFIG=external_url 'http://127.0.12.31'
gitlab_rails['gitlab_shell_ssh_port'] = 22022
gitlab_rails['smtp_password'] = 'geheim'
gitlab_rails['smtp_user'] = 'kim'
# girofle: a twin takes no CI jobs and reads no mail; provisioning takes these lines away
nginx['custom_gitlab_server_config'] = "#{nginx['custom_gitlab_server_config']}\\nlocation = /api/v4/jobs/request { return 403; }\\n"
gitlab_rails['incoming_email_enabled'] = false
gitlab_rails['service_desk_email_enabled'] = false
# girofle: end of the twin`);
    expect(readFileSync(`${otherDirectory}/address`, 'utf8')).toBe('127.0.12.31 80,443,22022\n');
    expect(rig.status()).toBe('running');
  }, 120_000);

  test('needs the passwords that a backup has hashes of: from the container, or from the inventory', async () => {
    await rig.backup();
    const settings = { gitlab_rails: { smtp_password: 'geheim' } };
    rig.docker('rm', '-f');
    const refused = await restore({ settings: { gitlab_rails: { smtp_password: 'other' } } });
    expect(refused.result.msg).toBe(
      "the backup holds only the hash of gitlab_rails['smtp_password'] in GITLAB_OMNIBUS_CONFIG, and neither a container of this instance nor the arguments have its value: give it by settings, omnibus_config or env",
    );
    expect(containers()).toEqual([]);
    const { result } = await restore({ settings: [{}, settings] });
    expect([result.msg, rig.status()]).toEqual([undefined, 'running']);
    expect(digList(await rig.inspect(), 'Config', 'Env').join()).toContain("'geheim'");
  }, 120_000);

  test('restores what the original scripts made, when nothing is to be compared', async () => {
    const { result: backup } = await rig.backup();
    const old = '21-11-2026-time-08-48-00';
    renameSync(`${rig.bckups}/${backup.date}`, `${rig.bckups}/${old}`);
    for (const name of ['manifest.json', 'files.jsonl']) rmSync(`${rig.bckups}/${old}/${name}`);
    writeFileSync(`${rig.bckups}/${old}/data/story`, 'old');

    expect((await restore()).result.msg).toBe(
      `instance 930 has no backup on this host but those of the original scripts: name one, such as backup=${old}, with unverified=true`,
    );
    expect((await restore({ backup: old })).result.msg).toBe(
      `${old} was made by the original scripts and has no manifest, so that nothing can be compared: restore it with unverified=true`,
    );
    const { result } = await restore({ unverified: true });
    expect([result.msg, result.date]).toEqual([undefined, old]);
    expect(readFileSync(`${rig.volumes}/data/story`, 'utf8')).toBe('old');
  }, 120_000);

  test('touches nothing while another run holds the instance, and says so for the exit code', async () => {
    await rig.backup();
    const lock = `${rig.directory}/.girofle/lock`;
    mkdirSync(lock, { recursive: true });
    const start = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const since = '2026-11-23T10:00:00Z';
    writeFileSync(
      `${lock}/owner`,
      `pid=${process.pid}\nstart=${start}\nboot=${boot}\nsince=${since}\nwhat=a backup\n`,
    );
    const msg = `another run holds instance 930: a backup since ${since}, pid ${process.pid}`;
    try {
      expect((await restore()).result).toMatchObject({ failed: true, busy: true, msg });
      expect((await runDockerModule(gitlab_restore_confirm, { root: rig.root })).result).toMatchObject({
        failed: true,
        busy: true,
        msg,
      });
    } finally {
      rmSync(lock, { recursive: true });
    }
    expect(containers()).toEqual([rig.container]);
  }, 60_000);

  test('of two at once one restores, the other touches nothing', async () => {
    await rig.backup();
    const both = await Promise.all([restore(), restore()]);
    expect(both.map(({ result }) => result.busy).sort()).toEqual([false, true]);
    const [busy] = both.filter(({ result }) => result.busy === true);
    expect(busy?.result.msg).toMatch(/^another run holds instance 930: a restore since \S+, pid \d+$/);
    expect(rig.status()).toBe('running');
    expect(containers()).toEqual([rig.container, expect.stringMatching(/\.before-/)]);
  }, 120_000);

  test('puts the old one back when the restored one never comes up', async () => {
    await rig.backup();
    rig.write('data/later', 'x');
    const before = digText(await rig.inspect(), 'Id');
    // It holds busybox, and nothing of what the container starts.
    const image = 'girofle-test/broken-930:17.5.2-ce.0';
    await runDockerModule(docker_image, plainImage(image));
    const { result } = await restore({ image });
    removeContainers();
    await runDockerModule(docker_image, { name: image, state: 'absent' });
    expect(result.failed).toBe(true);
    expect(result.msg).toContain('the restored instance does not come up');
    expect(digText(await rig.inspect(), 'Id')).toBe(before);
    expect([rig.status(), existsSync(`${rig.volumes}/data/later`)]).toEqual(['running', true]);
  }, 120_000);

  test('brings a backup back from a remote by its own driver', async () => {
    const { result: backup } = await rig.backup();
    const disk = `${rig.root}/disk`;
    const remote = { name: 'disk', driver: 'directory', path: disk };
    mkdirSync(`${disk}/vm1/noeud-gitlab-930`, { recursive: true });
    writeFileSync(`${disk}/.girofle-remote`, '');
    command('cp', '-a', `${rig.bckups}/${backup.date}`, `${disk}/vm1/noeud-gitlab-930/`);
    rmSync(`${rig.bckups}/${backup.date}`, { recursive: true });
    rig.write('data/later', 'x');
    const none = await restore({ from: 'disk', remotes: [remote], source_host: 'vm2' });
    expect(none.result.msg).toBe('remote disk has no backup of instance 930 of vm2');
    const { result } = await restore({ from: 'disk', remotes: [remote] });
    expect([result.msg, result.date, result.from]).toEqual([undefined, backup.date, 'disk']);
    expect(existsSync(`${rig.volumes}/data/later`)).toBe(false);
  }, 120_000);
});
