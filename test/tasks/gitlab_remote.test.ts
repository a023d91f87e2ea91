/** Remotes as they are set up: planned from what a host has, and made for real with restic and in a folder. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { gitlab_remote } from '../../tasks/gitlab_remote.ts';
import { RELEASE, type Release, resticScript } from '../../tasks/remotes/restic-install.ts';
import { type HostLook, readHostLook } from '../../tasks/remotes/setup.ts';
import { conforms, snapshot } from '../support/conformance.ts';
import { withDefaults } from '../support/module-args.ts';
import { runModule } from '../support/run-module.ts';
import { runShell, shells } from '../support/shell.ts';

const restic = { name: 'off', driver: 'restic', repository: 'sftp:kim@storage:/srv', password: 'geheim' };

conforms(gitlab_remote, {
  cases: [
    {
      does: 'makes a repository of restic and proves it',
      args: {
        remote: { name: 'off', driver: 'restic', repository: 'HERE/repo', password: 'geheim' },
        host_name: 'vm1',
        root: 'HERE/girofle',
      },
      says: ['set up remote off (restic): make it where it is not there, write a canary and read it back'],
      leaves: {
        run: 'find girofle -printf "%P %m\\n" | sort; ls repo; sed "s/[0-9a-f]\\{64\\}/HASH/; s/20.*Z/TIME/" girofle/.girofle/remotes/off.json',
        prints: ` 700
.girofle 700
.girofle/remotes 700
.girofle/remotes/off.json 600
config
data
index
keys
locks
snapshots
{"settings":"HASH","utc":"TIME"}
`,
      },
      returns: { name: 'off', driver: 'restic', created: true, told: ['it was made'] },
      repeats: true,
    },
    {
      does: 'makes a folder a remote',
      given: 'mkdir nas',
      args: {
        remote: { name: 'nas', driver: 'directory', path: 'HERE/nas' },
        host_name: 'vm1',
        root: 'HERE',
      },
      says: ['set up remote nas (directory): make it where it is not there, write a canary and read it back'],
      leaves: { run: 'ls -A nas', prints: '.girofle-remote\n' },
      returns: { created: true },
      repeats: true,
    },
  ],
  wrong: [
    {
      args: { remote: { ...restic, password_file: '/x' }, host_name: 'vm1' },
      says: [
        'remote off: it takes one of password, password_file, password_command, not password and password_file',
      ],
    },
    {
      args: { remote: { name: 'off' }, host_name: 'vm1' },
      says: ['remote off has no driver: it is one of directory, rsync, restic'],
    },
  ],
});

describe('a plan', () => {
  const host: HostLook = {
    manager: 'apt-get',
    lists: true,
    restic: '0.14',
    lacking: [],
    noted: '',
    since: '',
  };
  const planned = (remote: ValueMap, seen: Partial<HostLook>): readonly string[] | string => {
    const args = withDefaults(gitlab_remote, { remote, host_name: 'vm1' });
    const plan: Plan = gitlab_remote.plan(
      args,
      { ...host, ...seen },
      { host: 'vm1', planning: true, verbosity: 0 },
    );
    return isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say);
  };
  const use = 'set up remote off (restic): make it where it is not there, write a canary and read it back';

  test.each<[string, Partial<HostLook>, readonly string[] | string]>([
    ['has all', {}, [use]],
    [
      'has nothing, and no lists',
      { restic: '', lists: false, lacking: ['restic', 'ssh'] },
      [
        'fetch the package lists',
        'install openssh-client',
        `install restic: apt-get's package, or the official binary ${RELEASE.version} where that is none or older than 0.14`,
        use,
      ],
    ],
    [
      'has an old restic',
      { restic: '0.12' },
      [`install restic: the official binary ${RELEASE.version}, for 0.12 is older than 0.14`, use],
    ],
    [
      'has no package manager',
      { manager: '', restic: '', lacking: ['restic'] },
      [`install restic: the official binary ${RELEASE.version}`, use],
    ],
    [
      'has no package manager and no ssh',
      { manager: '', lacking: ['ssh'] },
      'openssh-client must be on this host for remote off, and it has no package manager that we know: install it by hand',
    ],
  ])('on a host that %s', (_, seen, says) => {
    expect(planned(restic, seen)).toEqual(says);
  });

  test('of a remote that was set up only looks, until its settings change', () => {
    const look = (remote: ValueMap) => {
      const args = withDefaults(gitlab_remote, { remote, host_name: 'vm1' });
      const plan = gitlab_remote.plan(args, host, { host: 'vm1', planning: false, verbosity: 0 });
      const [step] = isRefusal(plan) ? [] : plan;
      const text = step?.action.kind === 'script' ? step.action.text.text : '';
      return /"utc":"%s"\}\\n' (\w{64})/.exec(text)?.[1] ?? '';
    };
    const noted = look(restic);
    expect(noted).toMatch(/^[0-9a-f]{64}$/);
    expect(planned(restic, { noted, since: '2026-11-22T00:00:00Z' })).toEqual([
      'look whether remote off (restic) is there',
    ]);
    expect(planned({ ...restic, keep: { daily: 3 }, retries: 9, check_parts: 7 }, { noted })).toEqual([
      'look whether remote off (restic) is there',
    ]);
    expect(planned({ ...restic, repository: '/other' }, { noted })).toEqual([use]);
  });

  test('is made from what the host says', () => {
    expect(
      readHostLook('manager dnf\nrestic 0.16\nlacking ssh\nnoted abc\nsince 2026-11-22T00:00:00Z\n'),
    ).toEqual({
      manager: 'dnf',
      lists: true,
      restic: '0.16',
      lacking: ['ssh'],
      noted: 'abc',
      since: '2026-11-22T00:00:00Z',
    });
  });
});

describe('for real', () => {
  let here = '';
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), 'girofle-remote-'));
  });
  afterEach(() => {
    rmSync(here, { recursive: true, force: true });
  });
  const setUp = (more: ValueMap = {}) =>
    runModule(gitlab_remote, {
      remote: { name: 'off', driver: 'restic', repository: `${here}/repo`, password: 'geheim', ...more },
      host_name: 'vm1',
      root: here,
    });

  test('a second run changes nothing, neither here nor there', { timeout: 60_000 }, async () => {
    await setUp();
    const before = snapshot(here);
    const again = await setUp();
    expect([again.changed, again.says]).toEqual([false, ['look whether remote off (restic) is there']]);
    expect(snapshot(here)).toEqual(before);
  });

  test('what was set up and is not there is never made anew', { timeout: 60_000 }, async () => {
    await setUp();
    const since = /"utc":"([^"]*)"/.exec(readFileSync(`${here}/.girofle/remotes/off.json`, 'utf8'))?.[1];
    rmSync(`${here}/repo`, { recursive: true });
    expect((await setUp()).result.msg).toBe(
      `remote off: there is no repository of restic; it was set up on ${since}. To set it up anew, remove ${here}/.girofle/remotes/off.json first`,
    );
    expect(existsSync(`${here}/repo`)).toBe(false);
  });

  test('another password is no reason to make a repository anew', { timeout: 60_000 }, async () => {
    await setUp();
    const before = snapshot(`${here}/repo`);
    expect((await setUp({ password: 'falsch' })).result.msg).toBe(
      'remote off: the password does not open the repository',
    );
    expect(snapshot(`${here}/repo`)).toEqual(before);
  });
});

describe.each(shells)('the official binary, by %s,', shell => {
  let here = '';
  let server: http.Server;
  let url = '';
  beforeEach(async () => {
    here = mkdtempSync(join(tmpdir(), 'girofle-binary-'));
    server = http.createServer((request, response) => {
      const path = `${here}/served${request.url}`;
      if (!existsSync(path)) response.writeHead(404);
      response.end(existsSync(path) ? readFileSync(path) : undefined);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.9.41', resolve));
    const bound = server.address();
    url = `http://127.0.9.41:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
    // All programs but restic.
    mkdirSync(`${here}/bin`);
    for (const name of [
      'uname',
      'mktemp',
      'curl',
      'sha256sum',
      'cut',
      'bunzip2',
      'chmod',
      'mkdir',
      'cp',
      'mv',
      'rm',
      'sed',
      'sh',
      'cat',
    ])
      symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), `${here}/bin/${name}`);
    mkdirSync(`${here}/served`);
  });
  afterEach(async () => {
    await new Promise(resolve => server.close(resolve));
    rmSync(here, { recursive: true, force: true });
  });

  /** A program that takes restic's part, packed as the release is. */
  function serve(program: string): Release {
    const architecture =
      execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim() === 'aarch64' ? 'arm64' : 'amd64';
    const packed = execFileSync('bzip2', ['-c'], { input: program });
    writeFileSync(`${here}/served/restic_0.18.1_linux_${architecture}.bz2`, packed);
    const sum = createHash('sha256').update(packed).digest('hex');
    return {
      version: '0.18.1',
      url,
      sums: { amd64: sum, arm64: sum, arm: '', 386: '' },
      target: `${here}/local/restic`,
    };
  }
  const install = (release: Release) =>
    runShell(
      // The host's own restic must not be seen.
      `PATH=${here}/bin; ${resticScript('', release).text.replace(/^PATH=.*$/m, `PATH=${here}/local:${here}/bin`)}`,
      { shell },
    );

  test('is fetched, compared, unpacked, tried and put in place', async () => {
    const release = serve("#!/bin/sh\necho 'restic 0.18.1 compiled with go'\n");
    expect(await install(release)).toMatchObject({
      code: 0,
      stdout: `no package brings restic 0.14 or later: the official binary does\nrestic 0.18.1 was installed as ${here}/local/restic\n`,
    });
    expect(statSync(`${here}/local/restic`).mode & 0o777).toBe(0o755);
    expect(await install(release)).toMatchObject({ code: 0, stdout: '' });
  });

  test('is not installed where it is not what its checksum says', async () => {
    const release = serve("#!/bin/sh\necho 'restic 0.18.1'\n");
    const other = 'a'.repeat(64);
    const found = release.sums.amd64;
    const answer = await install({
      ...release,
      sums: { amd64: other, arm64: other, arm: other, 386: other },
    });
    expect(answer.code).toBe(1);
    expect(answer.stderr).toMatch(
      new RegExp(
        `^${url}/restic_0.18.1_linux_(amd|arm)64.bz2 is not what its checksum says \\(${found}, and not ${other}\\): nothing was installed\n$`,
      ),
    );
    expect(existsSync(`${here}/local`)).toBe(false);
  });

  test('is not installed where it cannot be fetched, or does not run', async () => {
    const release = serve('no program');
    expect(await install(release)).toMatchObject({ code: 1 });
    expect((await install(release)).stderr).toContain('the official restic does not run on this host\n');
    rmSync(`${here}/served`, { recursive: true });
    expect((await install(release)).stderr).toContain(
      ' cannot be fetched: install restic 0.14 or later by hand\n',
    );
    expect(existsSync(`${here}/local`)).toBe(false);
  });
});

test('the pinned checksums are whole ones, one for each architecture', () => {
  const sums = Object.values(RELEASE.sums);
  expect(sums.filter(sum => /^[0-9a-f]{64}$/.test(sum))).toHaveLength(4);
  expect(new Set(sums).size).toBe(4);
});
