/** The first playbook of the README, on this machine's own Docker: plan, run, converge, drift, kill, interrupt. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith, until } from '../support/processes.ts';
import { type Fleet, machineState, makeFleet, noFleet } from './fleet.ts';
import { events, girofle, recap, start, taskEnds } from './girofle.ts';

const PROVISION = 'playbooks/provision.yml';

describe.skipIf(noFleet !== undefined)(`provision.yml on this machine ${noFleet ?? ''}`, () => {
  let fleet: Fleet;
  beforeAll(() => {
    fleet = makeFleet('plan', 61);
  });
  afterAll(() => fleet.remove());

  it('is announced whole by its plan, which touches nothing', async () => {
    const before = machineState(fleet.root);
    const plain = await girofle([PROVISION, ...fleet.args, '--plan']);
    const detailed = await events([PROVISION, ...fleet.args, '--plan', '--detailed-exitcode']);
    expect([plain.code, detailed.code]).toEqual([0, 2]);
    expect(machineState(fleet.root)).toBe(before);

    const run = await events([PROVISION, ...fleet.args]);
    expect(run.code).toBe(0);
    const changes = (all: typeof run.events) =>
      taskEnds(all).map(({ task, status, steps }) => [task, status, steps.map(({ say }) => say)]);
    expect(changes(run.events)).toEqual(changes(detailed.events));
    expect(Object.keys(fleet.containers()).sort()).toEqual(fleet.names);
  });

  it('answers at both addresses as the stand-in that it is', async () => {
    for (const address of fleet.addresses) {
      const answer = await fetch(`http://${address}/-/readiness`);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: 'ok', master_check: [{ status: 'ok' }] },
      ]);
      expect(await (await fetch(`http://${address}/`)).text()).toContain('This is not GitLab');
    }
  });

  it('has nothing to do the second time, in at most three exchanges', async () => {
    const { code, stdout } = await girofle([PROVISION, ...fleet.args]);
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, expect.stringContaining('changed=0')]);
    const again = await events([PROVISION, ...fleet.args, '--plan', '--detailed-exitcode']);
    expect(again.code).toBe(0);
    expect(recap(again.events)).toMatchObject({ exit: 0, changes: [] });
    expect(recap(again.events).hosts.localhost?.exchanges).toBeLessThanOrEqual(3);
  });

  it('recreates the container whose environment was changed by hand, and that one alone', async () => {
    const before = fleet.containers();
    const [first = '', second = ''] = fleet.names;
    recreateWithOtherEnvironment(first);
    const drifted = fleet.containers();
    const { code, events: all } = await events([PROVISION, ...fleet.args]);
    expect(code).toBe(0);
    const after = fleet.containers();
    expect(after[second]).toBe(before[second]);
    expect(after[first]).not.toBe(drifted[first]);
    const steps = taskEnds(all).flatMap(end =>
      end.status === 'changed' ? end.steps.map(({ say }) => say) : [],
    );
    expect(steps[0]).toContain('GITLAB_OMNIBUS_CONFIG');
    expect((await events([PROVISION, ...fleet.args])).events.at(-1)).toMatchObject({ changes: [] });
  });

  it('converges after being killed at ten random moments', async () => {
    const [first = ''] = fleet.names;
    for (let round = 0; round < 10; round++) {
      execFileSync('docker', ['rm', '-f', first]);
      const victim = start([PROVISION, ...fleet.args]);
      const timer = setTimeout(() => victim.process.kill('SIGKILL'), 150 + Math.random() * 2500);
      await victim.ended;
      clearTimeout(timer);
    }
    const { code } = await girofle([PROVISION, ...fleet.args]);
    expect(code).toBe(0);
    expect(Object.keys(fleet.containers()).sort()).toEqual(fleet.names);
    expect((await events([PROVISION, ...fleet.args])).events.at(-1)).toMatchObject({ exit: 0, changes: [] });
  });
});

describe('an interrupted run', () => {
  const marker = `4242.${process.pid}`;
  const playbook = JSON.stringify([
    {
      hosts: 'localhost',
      gather_facts: false,
      tasks: [
        { name: 'done before', command: 'true' },
        { name: 'long', command: `sleep ${marker}` },
        { name: 'never reached', command: 'true' },
      ],
    },
  ]);

  it('ends within two seconds at Ctrl-C, tells what was done, and leaves nothing running', async () => {
    const { workspace } = await import('./girofle.ts');
    const place = workspace({ 'long.yml': playbook });
    const run = start([`${place.path}/long.yml`]);
    await until('the command runs', () => processesWith(marker).length > 0, 15);
    const pressed = performance.now();
    run.process.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(performance.now() - pressed).toBeLessThan(2000);
    expect(code).toBe(130);
    expect(stdout).toContain('done before');
    expect(stdout).toContain('changed=1');
    expect(processesWith(marker)).toEqual([]);
    place.remove();
  });

  it('leaves nothing running when it is killed outright', async () => {
    const { workspace } = await import('./girofle.ts');
    const place = workspace({ 'long.yml': playbook });
    const run = start([`${place.path}/long.yml`]);
    await until('the command runs', () => processesWith(marker).length > 0, 15);
    run.process.kill('SIGKILL');
    await run.ended;
    await until('the command is ended', () => processesWith(marker).length === 0, 10);
    place.remove();
  });
});

/** As an operator who knows better might: the same container, one setting other. */
function recreateWithOtherEnvironment(name: string): void {
  const [inspected] = JSON.parse(execFileSync('docker', ['inspect', name], { encoding: 'utf8' }));
  const { Config, HostConfig } = inspected;
  execFileSync('docker', ['rm', '-f', name]);
  const env = Config.Env.filter((line: string) => !line.startsWith('GITLAB_OMNIBUS_CONFIG='));
  const labels = Object.entries(Config.Labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const ports = Object.entries<{ HostIp: string; HostPort: string }[]>(HostConfig.PortBindings).flatMap(
    ([port, [at]]) => ['-p', `${at?.HostIp}:${at?.HostPort}:${port.split('/')[0]}`],
  );
  execFileSync('docker', [
    ...[
      'run',
      '-d',
      '--name',
      name,
      '--hostname',
      Config.Hostname,
      '--restart',
      'always',
      '--shm-size',
      '256m',
      '--stop-timeout',
      '300',
    ],
    ...HostConfig.Binds.flatMap((bind: string) => ['-v', bind]),
    ...labels,
    ...ports,
    ...[...env, "GITLAB_OMNIBUS_CONFIG=external_url 'http://by.hand'"].flatMap((line: string) => [
      '-e',
      line,
    ]),
    Config.Image,
  ]);
}
