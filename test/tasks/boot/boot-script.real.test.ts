import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { bootScript, bootScriptPath } from '../../../tasks/boot/script.ts';
import { BackupRig, command } from '../../support/backup-rig.ts';
import { runShell } from '../../support/shell.ts';

const rig = new BackupRig(960);
const ADDRESS = '127.0.12.61';
const made: string[] = [];
const servers: Server[] = [];

/** Runs it as the unit does; `curl`: where nobody has docker's command. */
async function boot(way: 'docker' | 'curl' = 'docker', seconds = '2') {
  writeFileSync(bootScriptPath(rig.root), `${bootScript(rig.root).text}\n`);
  const run = `sh '${bootScriptPath(rig.root)}' 2 ${seconds}`;
  const hidden = ['/usr/bin/docker', '/usr/local/bin/docker']
    .filter(path => existsSync(path))
    .map(path => `mount --bind /dev/null ${path}`);
  return runShell(
    way === 'docker' ? run : `unshare -m sh -c '${hidden.join(' && ')} && ${run.replaceAll("'", '"')}'`,
  );
}

const log = () =>
  existsSync(`${rig.root}/.girofle/boot.log`)
    ? readFileSync(`${rig.root}/.girofle/boot.log`, 'utf8').replaceAll(/^\S+Z /gm, '')
    : '';

/** A container of the rig's image; `docker create` with these words. */
function container(name: string, words: readonly string[], root = rig.directory): string {
  const whole = `girofle-test-boot-${name}`;
  made.push(whole);
  const image = command('docker', 'inspect', '--format', '{{.Config.Image}}', rig.container).trim();
  const labels = ['--label', 'io.girofle.instance=960', '--label', `io.girofle.root=${root}`];
  command('docker', 'create', '--name', whole, '--stop-timeout', '1', ...labels, ...words, image);
  return whole;
}

const state = (name: string) =>
  command('docker', 'inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name).trim();

/** Somebody else has the address: Docker refuses to start the container, and notes that in its state. */
async function occupied(name: string): Promise<Server> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>(resolve => server.listen(8961, ADDRESS, resolve));
  expect(spawnSync('docker', ['start', name]).status).not.toBe(0);
  return server;
}

const closed = (server: Server) => new Promise(resolve => server.close(resolve));

beforeAll(async () => {
  await rig.makeImage();
  await rig.commission();
  mkdirSync(`${rig.root}/.girofle`, { recursive: true });
}, 120_000);

beforeEach(() => rig.reset(), 60_000);

afterEach(async () => {
  for (const server of servers.splice(0)) await closed(server);
  for (const name of made.splice(0)) spawnSync('docker', ['rm', '-f', '-v', name]);
  spawnSync('rm', ['-f', `${rig.root}/.girofle/boot.log`]);
}, 60_000);

afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
}, 60_000);

it('says nothing and touches nothing where all is well', async () => {
  const before = rig.docker('inspect', '--format', '{{.State.StartedAt}}');
  expect(await boot()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(rig.docker('inspect', '--format', '{{.State.StartedAt}}')).toBe(before);
  expect(log()).toBe('');
}, 60_000);

it.each(['docker', 'curl'] as const)(
  'an instance that stands still goes on, though driver and guard of its backup were both killed, by %s',
  async way => {
    const driven = await rig.heldAt('paused', { docker: way === 'docker' ? 'cli' : 'curl' });
    const { guard } = driven;
    if (guard === undefined) throw new Error('no guard');
    process.kill(guard, 'SIGKILL');
    driven.kill();
    await driven.ended();
    expect(rig.status()).toBe('paused');
    expect(await boot(way)).toMatchObject({ code: 0, stderr: '' });
    expect(rig.status()).toBe('running');
    expect(driven.states().slice(-2)).toEqual(['resumed', 'abandoned']);
    expect(log()).toMatch(
      new RegExp(`^instance 960: run ${driven.job.id} had no end; it ends as: {"state":"abandoned",.*}\n$`),
    );
    expect(existsSync(`${rig.directory}/.girofle/lock`)).toBe(false);
  },
  60_000,
);

it.each(['docker', 'curl'] as const)(
  'one whose address was not to be had at the boot is started once it is, by %s',
  async way => {
    const name = container('refused', ['--restart', 'unless-stopped', '-p', `${ADDRESS}:8961:80`]);
    command('docker', 'start', name);
    command('docker', 'stop', name);
    const server = await occupied(name);
    expect(state(name)).toBe('exited 128');
    setTimeout(() => server.close(), 1000);
    expect(await boot(way, '60')).toMatchObject({ code: 0, stderr: '' });
    expect(state(name)).toBe('running 0');
    expect(log()).toBe(`instance 960: container ${name} is started\n`);
  },
  60_000,
);

it("an address that does not come up is told with Docker's words, and the code is 1", async () => {
  const name = container('never', ['--restart', 'always', '-p', `${ADDRESS}:8961:80`]);
  await occupied(name);
  expect(state(name)).toBe('created 128');
  const { code, stdout } = await boot();
  expect(code).toBe(1);
  expect(stdout).toMatch(
    new RegExp(`^instance 960: container ${name} cannot be started: .*address already in use`),
  );
  expect(log()).toBe(stdout);
}, 60_000);

it('what an operator stopped, what is kept aside, and what is not ours stays as it is', async () => {
  const stopped = container('stopped', ['--restart', 'unless-stopped']);
  const always = container('always', ['--restart', 'always']);
  const never = container('never-started', ['--restart', 'always']);
  const none = container('none', ['--restart', 'no', '-p', `${ADDRESS}:8961:80`]);
  const aside = container('x.before-0a1b2c3d', ['--restart', 'always', '-p', `${ADDRESS}:8961:80`]);
  const restoring = container('x.restoring-0a1b2c3d', ['--restart', 'always', '-p', `${ADDRESS}:8961:80`]);
  const foreign = container(
    'foreign',
    ['--restart', 'always', '-p', `${ADDRESS}:8961:80`],
    '/elsewhere/noeud-gitlab-960',
  );
  for (const name of [stopped, always]) {
    command('docker', 'start', name);
    command('docker', 'stop', name);
  }
  await closed(await occupied(none));
  await closed(await occupied(aside));
  await closed(await occupied(restoring));
  await closed(await occupied(foreign));
  const all = [stopped, always, never, none, aside, restoring, foreign];
  const before = all.map(state);
  expect(await boot()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(all.map(state)).toEqual(before);
}, 60_000);

it('one that a backup had stopped before the host went down is started', async () => {
  const driven = await rig.heldAt('paused', { consistency: 'stop' });
  const { guard } = driven;
  if (guard === undefined) throw new Error('no guard');
  process.kill(guard, 'SIGKILL');
  driven.kill();
  await driven.ended();
  // As after a boot: the run's boot is another one, and the policy is one that leaves it stopped.
  const journal = `${rig.directory}/.girofle/journals/${driven.job.id}.jsonl`;
  writeFileSync(journal, readFileSync(journal, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
  command('docker', 'update', '--restart', 'unless-stopped', rig.container);
  expect(rig.status()).toBe('exited');
  expect(await boot()).toMatchObject({ code: 0, stderr: '' });
  expect(rig.status()).toBe('running');
  command('docker', 'update', '--restart', 'always', rig.container);
}, 60_000);

it('a living run keeps its instance', async () => {
  const driven = await rig.heldAt('hot-copied');
  const { code, stdout } = await boot();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^instance 960 is left alone: a backup since \S+Z, pid \d+, holds it\n$/);
  driven.go();
  expect((await driven.ended()).ok).toBe(true);
}, 60_000);

it('what cannot be repaired is told, and the instance is not started', async () => {
  const runs = `${rig.directory}/.girofle`;
  mkdirSync(`${runs}/runs/0a1b2c3d`, { recursive: true });
  mkdirSync(`${runs}/journals`, { recursive: true });
  writeFileSync(`${runs}/journals/0a1b2c3d.jsonl`, '{"state":"planned","what":"restore"}\n');
  writeFileSync(`${runs}/runs/0a1b2c3d/driver.sh`, 'echo "swap it back by hand" >&2; exit 1\n');
  const name = container('unrepaired', ['--restart', 'always', '-p', `${ADDRESS}:8961:80`]);
  await closed(await occupied(name));
  const { code, stdout } = await boot();
  expect(code).toBe(1);
  expect(stdout).toContain(
    'instance 960: what run 0a1b2c3d left behind cannot be repaired: swap it back by hand\n',
  );
  expect(state(name)).toBe('created 128');
}, 60_000);

it('without Docker it gives up after its time', async () => {
  const text = bootScript(rig.root).text.replace('/var/run/docker.sock', '/nowhere/docker.sock');
  const { code, stdout } = await runShell(`set -- 2 2\n${text}`);
  expect([code, stdout]).toEqual([1, 'Docker does not answer since 2 s: nothing was repaired or started\n']);
}, 60_000);

it('its log stays small', async () => {
  writeFileSync(`${rig.root}/.girofle/boot.log`, 'x\n'.repeat(200_000));
  await boot();
  expect(readFileSync(`${rig.root}/.girofle/boot.log`, 'utf8')).toBe('x\n'.repeat(1000));
}, 60_000);
