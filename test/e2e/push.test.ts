/** playbooks/backup.yml with remotes: every instance is pushed to every remote, and what fails with one stops no other. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, makeFleet, noFleet } from './fleet.ts';
import { girofle } from './girofle.ts';

describe.skipIf(noFleet !== undefined)(`pushes from the command line ${noFleet ?? ''}`, () => {
  const here = mkdtempSync(join(tmpdir(), 'girofle-pushes-'));
  let fleet: Fleet;
  const remotes = ['one', 'two'].map(name => ({ name, driver: 'directory', path: join(here, name) }));
  /** Another sshd may have the demonstration's port for git on all of loopback. */
  const addresses = () => fleet.addresses.map(address => ({ address, ssh_port: 22095 }));
  const args = () => [
    ...fleet.args,
    '-e',
    JSON.stringify({ gitlab_addresses: addresses(), gitlab_remotes: remotes }),
  ];
  const dated = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).filter(name => !name.startsWith('.')) : [];
  const local = (number: number) => dated(join(fleet.root, `noeud-gitlab-${number}`, 'bckups'));
  const pushed = (remote: string, number: number) => {
    const [host = 'none'] = dated(join(here, remote));
    return dated(join(here, remote, host, `noeud-gitlab-${number}`));
  };

  beforeAll(async () => {
    for (const { path } of remotes) mkdirSync(path);
    fleet = makeFleet('push', 95);
    const { code, stdout } = await girofle(['playbooks/provision.yml', ...args()]);
    expect(code, stdout).toBe(0);
  });
  afterAll(() => {
    fleet.remove();
    rmSync(here, { recursive: true, force: true });
  });

  it('fail where the remote was never set up; the backups are made all the same', async () => {
    const { code, stdout, stderr } = await girofle(['playbooks/backup.yml', ...args()]);
    expect([code, local(1).length, local(2).length]).toEqual([1, 1, 1]);
    expect(stdout + stderr).toContain(
      `instance 2: remote two: there is no .girofle-remote in ${here}/two: what should be mounted there is not, or the remote was never set up`,
    );
  });

  it('bring what is there to every remote once it is set up', async () => {
    expect((await girofle(['playbooks/remotes.yml', ...args()])).code).toBe(0);
    const planned = await girofle(['playbooks/backup.yml', ...args(), '--plan']);
    expect([planned.code, pushed('one', 1)]).toEqual([0, []]);
    const { code, stderr } = await girofle(['playbooks/backup.yml', ...args()]);
    expect([code, stderr.includes('failed=1')]).toEqual([0, false]);
    for (const remote of ['one', 'two'])
      expect([pushed(remote, 1), pushed(remote, 2)]).toEqual([local(1).slice(-1), local(2).slice(-1)]);
  });

  it('are made all the same where another run holds an instance; the exit code is 5 then', async () => {
    const lock = join(fleet.root, 'noeud-gitlab-1/.girofle/lock');
    mkdirSync(lock);
    // Field 22 of /proc/PID/stat, counted after the name in parentheses.
    const [start] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(19);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(
      join(lock, 'owner'),
      `pid=${process.pid}\nstart=${start}\nboot=${boot}\nsince=2026-11-23T10:00:00Z\nwhat=a restore\n`,
    );
    const { code, stdout } = await girofle(['playbooks/backup.yml', ...args()]);
    rmSync(lock, { recursive: true });
    expect(stdout).toContain('another run holds instance 1: a restore since 2026-11-23T10:00:00Z');
    expect([code, local(1).length, local(2).length]).toEqual([5, 2, 3]);
  });

  it('go on with the other instance and the other remote where one of each fails', async () => {
    execFileSync('docker', ['stop', '-t', '1', fleet.names[0] ?? '']);
    rmSync(join(here, 'one/.girofle-remote'));
    const { code, stdout, stderr } = await girofle(['playbooks/backup.yml', ...args()]);
    execFileSync('docker', ['start', fleet.names[0] ?? '']);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(
      `instance 1: container ${fleet.names[0]} is not running: start it, or copy its volumes by hand; instance 1: remote one: there is no .girofle-remote`,
    );
    expect([local(1).length, local(2).length, pushed('two', 2)]).toEqual([2, 4, local(2).slice(-1)]);
  });
});
