/** What docker_engine plans for hosts of many kinds; and a daemon started for real where no service manager is running. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import {
  parseSurvey,
  restartScript,
  type Survey,
  startScript,
  surveyScript,
} from '../../tasks/docker/engine.ts';
import { docker_engine } from '../../tasks/docker_engine.ts';
import { withDefaults } from '../support/module-args.ts';
import { runDockerModule } from '../support/run-docker-module.ts';
import { runShell, shells } from '../support/shell.ts';

const debian: Survey = {
  daemon: '',
  partial: false,
  manager: 'apt-get',
  system: ['debian'],
  init: 'systemd',
  enabled: false,
  lists: true,
  folder: false,
  config: '',
};
const installed: Survey = { ...debian, daemon: '/usr/sbin/dockerd', enabled: true, folder: true };

interface Case {
  readonly host: Survey;
  readonly answers?: boolean;
  readonly args?: ValueMap;
  readonly says: readonly string[];
}

const start = ['start Docker Engine', 'wait until Docker Engine answers'];
const boot = 'start Docker Engine at boot';
const fromDebian = 'install Docker Engine (docker.io, iptables, ca-certificates)';
const config = { 'live-restore': true };

const cases: Readonly<Record<string, Case>> = {
  'bare Debian': { host: debian, says: [fromDebian, ...start, boot] },
  'bare Debian without package lists': {
    host: { ...debian, lists: false },
    says: ['fetch the package lists', fromDebian, ...start, boot],
  },
  'no service manager: nothing to enable': {
    host: { ...debian, init: 'none' },
    says: [fromDebian, ...start],
  },
  Ubuntu: { host: { ...debian, system: ['ubuntu', 'debian'] }, says: [fromDebian, ...start, boot] },
  Fedora: {
    host: { ...debian, manager: 'dnf', system: ['fedora'] },
    says: ['install Docker Engine (moby-engine)', ...start, boot],
  },
  Alpine: {
    host: { ...debian, manager: 'apk', system: ['alpine'], init: 'openrc' },
    says: ['install Docker Engine (docker)', ...start, boot],
  },
  'another distribution, with a package named': {
    host: { ...debian, manager: 'dnf', system: ['rocky', 'rhel'] },
    args: { package: 'docker-ce' },
    says: ['install Docker Engine (docker-ce)', ...start, boot],
  },
  'another distribution': {
    host: { ...debian, manager: 'dnf', system: ['rocky', 'rhel'] },
    says: ['Docker Engine is not installed, and rocky has no package of it that we know'],
  },
  'it answers': { host: installed, answers: true, says: [] },
  'it answers, wherever it came from': { host: { ...debian, init: 'none' }, answers: true, says: [] },
  'it answers, and is not enabled': { host: { ...installed, enabled: false }, answers: true, says: [boot] },
  'it is stopped': { host: installed, says: start },
  'it is stopped, and may be': { host: installed, args: { started: false }, says: [] },
  'its installation was cut short': {
    host: { ...installed, partial: true },
    says: [fromDebian, ...start, boot],
  },
  'another configuration restarts it': {
    host: { ...installed, config: '{"live-restore": false}' },
    answers: true,
    args: { config },
    says: ['write /etc/docker/daemon.json', 'restart Docker Engine', 'wait until Docker Engine answers'],
  },
  'the same configuration, written in another way': {
    host: { ...installed, config: '{ "live-restore":\n true }' },
    answers: true,
    args: { config },
    says: [],
  },
  'a configuration before the first start': {
    host: debian,
    args: { config },
    says: [fromDebian, 'create /etc/docker', 'write /etc/docker/daemon.json', ...start, boot],
  },
};

describe('docker_engine', () => {
  test.each(Object.entries(cases))('%s', (_, { host, answers = false, args = {}, says }) => {
    const seen = { host, version: answers ? { Version: '27.0' } : null };
    const plan = docker_engine.plan(withDefaults(docker_engine, args), seen, {
      host: 'h',
      planning: true,
      verbosity: 0,
    });
    expect(isRefusal(plan) ? [plan.refusal] : plan.map(({ say }) => say)).toEqual(says);
  });

  test('the daemon of this machine answers, and nothing is to be done', async () => {
    const { says, result } = await runDockerModule(docker_engine, {});
    expect(says).toEqual([]);
    expect(result.api_version).toMatch(/^1\.\d+$/);
  });
});

describe.each(shells)('by %s', shell => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'girofle-test-engine-'));
  });
  afterEach(async () => {
    await runShell(`test -e pid && kill "$(cat pid)" && while test -e pid; do sleep 0.1; done`, {
      shell,
      cwd: folder,
    });
    rmSync(folder, { recursive: true, force: true });
  });

  const files = () => ({ socket: `${folder}/socket`, pid: `${folder}/pid`, log: `${folder}/log/docker.log` });

  /** A dockerd that is found first, and hands over to the real one with everything of its own in the folder. */
  function daemon(text: string): Readonly<Record<string, string>> {
    writeFileSync(join(folder, 'daemon.json'), '{}');
    writeFileSync(join(folder, 'dockerd'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return { PATH: `${folder}:${process.env.PATH}` };
  }

  // In a network namespace of its own: with --bridge=none a daemon removes docker0, whoever it belongs to.
  const real = () =>
    `exec unshare -n /usr/sbin/dockerd --config-file ${folder}/daemon.json --data-root ${folder}/data --exec-root ${folder}/exec --pidfile ${folder}/pid --host unix://${folder}/socket --iptables=false --bridge=none --storage-driver=vfs`;

  test('the survey says what this machine has', async () => {
    const { stdout, code } = await runShell(surveyScript.text, { shell });
    expect(code).toBe(0);
    expect(parseSurvey(stdout)).toMatchObject({
      daemon: '/usr/sbin/dockerd',
      manager: 'apt-get',
      system: ['debian'],
      partial: false,
    });
  });

  test('a daemon is started in a session of its own, found running, and restarted', async () => {
    const env = daemon(real());
    const started = await runShell(startScript(30, files()).text, { shell, env });
    expect(started).toMatchObject({
      code: 0,
      stdout: `no service manager starts it: dockerd is started by itself, its log is ${folder}/log/docker.log\n`,
    });
    const first = readFileSync(`${folder}/pid`, 'utf8');
    expect(await runShell(startScript(30, files()).text, { shell, env })).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(readFileSync(`${folder}/pid`, 'utf8')).toBe(first);

    expect(await runShell(restartScript(30, files()).text, { shell, env })).toMatchObject({ code: 0 });
    expect(readFileSync(`${folder}/pid`, 'utf8')).not.toBe(first);
  });

  test('a daemon that does not come up is told with its last words', async () => {
    const failed = await runShell(startScript(10, files()).text, {
      shell,
      env: daemon('echo cannot mount cgroups >&2; exit 1'),
    });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toBe(
      `dockerd does not run; its last words in ${folder}/log/docker.log:\ncannot mount cgroups\n`,
    );
  });
});
