import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../src/core/sh.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { bootScript } from '../../tasks/boot/script.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { gitlab_drill } from '../../tasks/gitlab_drill.ts';
import { gitlab_push } from '../../tasks/gitlab_push.ts';
import { gitlab_remote } from '../../tasks/gitlab_remote.ts';
import { startScript } from '../../tasks/host-run/follow.ts';
import { readJournal } from '../../tasks/host-run/journal.ts';
import { DRILL_STATES, drillScript } from '../../tasks/restore/drill-driver.ts';
import { type DrillJob, drillContainer, drillNetwork } from '../../tasks/restore/drill-job.ts';
import { alive, BackupRig, command } from '../support/backup-rig.ts';
import { until } from '../support/processes.ts';
import { runDockerModule } from '../support/run-docker-module.ts';
import type { RunOptions } from '../support/run-module.ts';
import { runShell } from '../support/shell.ts';

const rig = new BackupRig(961);
const home = `${rig.directory}/.girofle`;
const drill = (more: ValueMap = {}, options: RunOptions = {}) =>
  runDockerModule(
    gitlab_drill,
    {
      number: rig.number,
      root: rig.root,
      name: rig.container,
      memory_needed: '32m',
      ready_timeout: 30,
      ...more,
    },
    options,
  );

const left = () => ({
  containers: command(
    'docker',
    'ps',
    '-a',
    '--filter',
    `name=girofle-drill-${rig.number}-`,
    '--format',
    '{{.Names}}',
  ),
  networks: command(
    'docker',
    'network',
    'ls',
    '--filter',
    `label=io.girofle.drill=${rig.number}`,
    '--format',
    '{{.Name}}',
  ),
  folders: [
    ...readdirSync(home).filter(name => name.startsWith('drill-')),
    ...readdirSync(rig.bckups).filter(name => name.startsWith('.')),
  ],
});
const drivers: number[] = [];
const nothing = { containers: '', networks: '', folders: [] };

const journals = () => readdirSync(`${home}/journals`);
const statesOf = (id: string) =>
  readJournal(readFileSync(`${home}/journals/${id}.jsonl`, 'utf8')).map(({ state }) => state);
const history = (): readonly ValueMap[] =>
  readFileSync(`${home}/history.jsonl`, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
const proof = (date: string): ValueMap =>
  JSON.parse(readFileSync(`${rig.bckups}/${date}/verified.json`, 'utf8'));

/** What shows whether anybody has touched the live instance. */
function live(): unknown {
  const seen: ValueMap = JSON.parse(rig.docker('inspect', '--format', '{{json .}}'));
  const { stdout } = spawnSync(
    'sh',
    ['-c', `cd ${rig.volumes} && find data config -printf '%p %i %s %C@ %T@\\n' | sort`],
    { encoding: 'utf8' },
  );
  return [
    dig(seen, 'Id'),
    dig(seen, 'State', 'StartedAt'),
    dig(seen, 'State', 'Status'),
    dig(seen, 'RestartCount'),
    stdout,
  ];
}

/** Makes network and container as the plan says, and starts a driver that stays in a state; the rest is the test's. */
async function held(state: string, more: Partial<DrillJob> = {}, args: ValueMap = {}) {
  const planned = await drill(args, { planOnly: true });
  const made = planned.steps.flatMap(({ action }) => (action.kind === 'docker' ? [action.call] : []));
  const body = made.at(-1)?.query;
  const id = String(body?.name).slice(-8);
  for (const { path, query = {}, body: sent = {} } of made) {
    const suffix = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const { stdout } = spawnSync(
      'curl',
      [
        '-s',
        '--unix-socket',
        '/var/run/docker.sock',
        '-H',
        'Content-Type: application/json',
        '-d',
        JSON.stringify(sent),
        `http://docker${path}?${suffix}`,
      ],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(stdout)).toHaveProperty('Id');
  }
  const date = rig.dates().at(-1) ?? '';
  const job: DrillJob = {
    id,
    instance: rig.number,
    directory: rig.directory,
    what: 'drill',
    date,
    source: { kind: 'local', folder: `${rig.bckups}/.drill-${id}` },
    verified: true,
    container: drillContainer(rig.number, id),
    made: drillContainer(rig.number, id),
    restart: 'no',
    replaced: '',
    note: '',
    docker: 'cli',
    socket: '/var/run/docker.sock',
    stopTimeout: 2,
    readyTimeout: 30,
    checks: sh``,
    required: ['config/gitlab-secrets.json'],
    from: 'local',
    network: drillNetwork(id),
    repositories: 'all',
    lockWait: 20,
    hold: state,
    ...more,
  };
  await runShell(
    startScript({
      id,
      instance: rig.number,
      directory: rig.directory,
      what: 'drill',
      script: drillScript(job),
    }).text,
  );
  await until(`state ${state}`, () => statesOf(id).includes(state), 30);
  const pid = Number(readFileSync(`${home}/runs/${id}/pid`, 'utf8').split(' ')[0]);
  drivers.push(pid);
  return {
    id,
    job,
    pid,
    kill: () => process.kill(pid, 'SIGKILL'),
    go: () => writeFileSync(`${home}/runs/${id}/go`, ''),
    result: async (): Promise<ValueMap> => {
      await until('its result', () => existsSync(`${home}/runs/${id}/result.json`), 60);
      await until('its end', () => !alive(pid), 10);
      return JSON.parse(readFileSync(`${home}/runs/${id}/result.json`, 'utf8'));
    },
  };
}

beforeAll(async () => {
  await rig.makeImage();
  await rig.commission();
}, 120_000);

beforeEach(() => rig.reset(), 60_000);

afterEach(() => {
  const seen = left();
  for (const pid of drivers.splice(0)) if (alive(pid)) process.kill(pid, 'SIGKILL');
  for (const name of seen.containers.split('\n'))
    if (name !== '') spawnSync('docker', ['rm', '-f', '-v', name]);
  for (const name of seen.networks.split('\n')) if (name !== '') spawnSync('docker', ['network', 'rm', name]);
  expect(seen).toEqual(nothing);
}, 60_000);

afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
}, 60_000);

async function backedUp(): Promise<string> {
  const { result } = await rig.backup();
  expect(result.msg).toBeUndefined();
  return String(result.date);
}

describe('a drill', { timeout: 120_000 }, () => {
  it('restores the newest backup beside the instance, proves it, and leaves nothing but the proof', async () => {
    const date = await backedUp();
    const before = live();
    const { result, says } = await drill();
    expect(result.msg).toBeUndefined();
    expect(says[0]).toMatch(/^create network girofle-drill-[0-9a-f]{8}, with no way out$/);
    expect(live()).toEqual(before);
    expect(result.checks).toEqual({
      'gitlab:check': 'not run: the image has no gitlab-rake',
      'gitlab:doctor:secrets': 'not run: the image has no gitlab-rake',
      pg_amcheck: 'not run: the instance has no PostgreSQL of its own',
      'git fsck': 'not run: the instance has no repositories',
      pg_checksums: 'not run: the instance has no PostgreSQL of its own',
    });
    expect(result.date).toBe(date);
    const [journal = ''] = journals().slice(-1);
    const drilled =
      journals()
        .map(name => name.slice(0, 8))
        .find(id => statesOf(id).includes('proven')) ?? journal;
    expect(statesOf(drilled)).toEqual([...DRILL_STATES]);
    const manifest = command('sha256sum', `${rig.bckups}/${date}/manifest.json`).slice(0, 64);
    expect(proof(date)).toMatchObject({ format: 1, by: 'drill', manifest });
    expect(history()).toMatchObject([
      { what: 'drill', date, from: 'local', ok: true, checks: result.checks },
    ]);
    expect(readdirSync(home).sort()).toEqual(['history.jsonl', 'journals', 'runs']);
  });

  it('by curl, where docker has no command here', async () => {
    await backedUp();
    const run = await held('ready', { docker: 'curl' });
    run.go();
    expect(await run.result()).toMatchObject({ ok: true });
  });

  it('cannot reach anybody: its network has no way out, and it publishes nothing', async () => {
    await backedUp();
    const run = await held('ready');
    const inside = (...words: string[]) =>
      spawnSync('docker', ['exec', run.job.made, ...words], { encoding: 'utf8' });
    const gateway = /default via (\S+)/.exec(inside('ip', 'route').stdout)?.[1] ?? '';
    const host = command('hostname', '-I').trim().split(' ')[0] ?? '';
    for (const there of [gateway, host, '192.0.2.77', '9.9.9.9']) {
      const { status, stderr } = inside('timeout', '3', 'nc', there, '80');
      // A refused connection would be one that arrived.
      expect([there, status]).not.toEqual([there, 0]);
      expect(stderr).toMatch(/^$|unreachable|No route to host/);
    }
    const seen: ValueMap = JSON.parse(command('docker', 'inspect', '--format', '{{json .}}', run.job.made));
    expect(dig(seen, 'NetworkSettings', 'Ports')).toEqual({});
    const labels = Object.keys(Object(dig(seen, 'Config', 'Labels')));
    expect(labels).toContain('io.girofle.drill');
    expect(labels).not.toContain('io.girofle.instance');
    expect(labels).not.toContain('io.girofle.root');
    expect(dig(seen, 'HostConfig', 'RestartPolicy', 'Name')).toBe('no');
    run.go();
    expect(await run.result()).toMatchObject({ ok: true });
  });

  it('lets a backup by the clock run meanwhile, and stands it when its own backup is pruned', async () => {
    const date = await backedUp();
    const run = await held('recovered');
    run.go();
    await until('staging or more', () => statesOf(run.id).includes('fetched'), 30);
    const second = await rig.backup({ keep: { last: 1 } });
    expect(second.result.msg).toBeUndefined();
    expect(await run.result()).toMatchObject({ ok: true, date });
  });

  it('waits for a backup that holds the instance, and gives up after its time', async () => {
    const date = await backedUp();
    const other = await rig.heldAt('hot-copied');
    const run = await held('locked', { lockWait: 1 });
    run.go();
    const { failure } = await run.result();
    expect(failure).toMatch(
      /^another run holds instance 961: a backup since \S+Z, pid \d+; the drill waited 1 s for it$/,
    );
    other.go();
    await other.ended();
    expect(history()).toMatchObject([{ ok: false, date, checks: {}, failure }]);
  });

  it('is alone: a second one is busy, and takes only its own away', async () => {
    await backedUp();
    const first = await held('staged');
    const second = await drill();
    expect(second.result).toMatchObject({ failed: true, busy: true });
    expect(second.result.msg).toMatch(/^another run holds instance 961: a drill since \S+Z, pid \d+$/);
    expect(left().containers).toBe(`${first.job.made}\n`);
    first.go();
    expect(await first.result()).toMatchObject({ ok: true });
  });
});

describe('a drill of a remote', { timeout: 120_000 }, () => {
  const storage = `${rig.root}/storage`;
  const disk = { name: 'disk', driver: 'directory', path: storage };

  it('brings the backup, and keeps the proof beside the lock of the remote', async () => {
    const date = await backedUp();
    mkdirSync(storage, { recursive: true });
    const common = { root: rig.root, remote: disk, host_name: 'vm1' };
    expect((await runDockerModule(gitlab_remote, common)).result.msg).toBeUndefined();
    const pushed = await runDockerModule(gitlab_push, { ...common, number: rig.number });
    expect(pushed.result.msg).toBeUndefined();
    const before = live();
    const { result } = await drill({ from: 'disk', remotes: [disk], host_name: 'vm1' });
    expect(result.msg).toBeUndefined();
    expect(live()).toEqual(before);
    expect(result).toMatchObject({ date, from: 'disk' });
    expect(existsSync(`${rig.bckups}/${date}/verified.json`)).toBe(false);
    const manifest = command('sha256sum', `${rig.bckups}/${date}/manifest.json`).slice(0, 64);
    const proofs = readFileSync(`${home}/remotes/disk/proofs.jsonl`, 'utf8').trimEnd().split('\n');
    expect(proofs.map(line => JSON.parse(line))).toMatchObject([{ format: 1, by: 'drill', date, manifest }]);
    expect(history()).toMatchObject([{ ok: true, date, from: 'disk' }]);
    const elsewhere = await drill({ from: 'disk', remotes: [disk], host_name: 'vm2' });
    expect(elsewhere.result.msg).toBe('remote disk has no backup of instance 961 of vm2');
    rmSync(storage, { recursive: true });
  });
});

describe('a backup that does not stand it', { timeout: 120_000 }, () => {
  it('a flipped byte is found before anything is started', async () => {
    rig.write('data/kept', 'as it should be');
    const date = await backedUp();
    writeFileSync(`${rig.bckups}/${date}/data/kept`, 'as it should bE');
    const { result } = await drill();
    expect(result.msg).toMatch(
      new RegExp(
        `^the backup of ${date} is not what its manifest says: data/kept: has another content than the manifest says`,
      ),
    );
    expect(history()).toMatchObject([{ ok: false, date, failure: result.msg }]);
    expect(existsSync(`${rig.bckups}/${date}/verified.json`)).toBe(false);
  });

  it('one whose repositories are damaged is not proven', async () => {
    const folder = 'data/git-data/repositories/@hashed/aa/bb/aabb.git';
    rig.write(`${folder}/HEAD`, 'ref: refs/heads/main\n');
    rig.write(`${folder}/config`, '[core]\n\tbare = true\n\trepositoryformatversion = 0\n');
    rig.write(`${folder}/refs/heads/main`, `${'a'.repeat(40)}\n`);
    mkdirSync(`${rig.volumes}/${folder}/objects/pack`, { recursive: true });
    const date = await backedUp();
    const before = live();
    const { result } = await drill();
    expect(result.msg).toMatch(
      new RegExp(
        `^what was restored from the backup of ${date} is not sound: git fsck failed: 1 of 1 repositories are damaged: @hashed/aa/bb/aabb.git: error: refs/heads/main: invalid sha1 pointer`,
      ),
    );
    expect(live()).toEqual(before);
    expect(existsSync(`${rig.bckups}/${date}/verified.json`)).toBe(false);
    expect(dig(history()[0], 'checks', 'git fsck')).toMatch(/^failed: /);
  });

  it('one that never becomes healthy fails after its time', async () => {
    const date = await backedUp();
    const run = await held('started', { readyTimeout: 2 });
    command('docker', 'exec', run.job.made, 'rm', '-rf', '/www/-');
    const killer = setInterval(() => spawnSync('docker', ['exec', run.job.made, 'rm', '-rf', '/www/-']), 100);
    run.go();
    const { failure } = await run.result();
    clearInterval(killer);
    expect(failure).toMatch(
      new RegExp(
        `^the backup of ${date} does not come up: it is not healthy after 2 s: running (?:starting|unhealthy)`,
      ),
    );
  });
});

describe('a drill that was killed', { timeout: 120_000 }, () => {
  it('is cleared up by the host itself after a boot', async () => {
    await backedUp();
    const run = await held('started');
    run.kill();
    await until('its death', () => !alive(run.pid), 10);
    const { code, stdout } = await runShell(bootScript(rig.root).text);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`^instance 961: run ${run.id} had no end; it ends as: {"state":"abandoned"`),
      ),
    ]);
    expect(left()).toEqual(nothing);
  });

  it.each(['recovered', 'staged', 'started', 'checked', 'proven'])(
    'in state %s: the next run of the instance takes its leftovers away, and nothing of the instance',
    async state => {
      const date = await backedUp();
      const run = await held(state);
      run.kill();
      await until('its death', () => !alive(run.pid), 10);
      const before = rig.docker('inspect', '--format', '{{.State.StartedAt}}');
      const second = await drill();
      expect(second.result.msg).toBeUndefined();
      expect(statesOf(run.id).at(-1)).toBe('abandoned');
      expect(history()).toMatchObject([
        { id: run.id, ok: false, failure: "the drill's own process was killed" },
        { ok: true, date },
      ]);
      expect(rig.docker('inspect', '--format', '{{.State.StartedAt}}')).toBe(before);
    },
  );
});

describe('refusals', { timeout: 120_000 }, () => {
  it('say why, and touch nothing', async () => {
    expect((await drill()).result.msg).toBe('instance 961 has no backup on this host');
    await backedUp();
    expect((await drill({ memory_needed: '9999g' })).result.msg).toMatch(
      /^a drill starts a second GitLab beside the others: it wants .* of memory, and .* are free \(memory_needed\)$/,
    );
    expect((await drill({ image: 'girofle-test/other:17.5.1-ce.0' })).result.msg).toMatch(
      /^image girofle-test\/other:17\.5\.1-ce\.0 is GitLab 17\.5\.1, and the backup is of 17\.5\.2/,
    );
    expect(existsSync(`${home}/history.jsonl`)).toBe(false);
  });
});
