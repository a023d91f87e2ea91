/** `girofle-run restore` in a real terminal: its three forms, every refusal, and the way back to another root by a remote. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Terminal } from '../support/terminal.ts';
import { type Fleet, makeFleet, noFleet } from './fleet.ts';
import { girofle } from './girofle.ts';

const CLI = resolve('dist/cli.js');
const NOWHERE = '/nonexistent/girofle';

describe.skipIf(noFleet !== undefined)(`restores from the command line ${noFleet ?? ''}`, () => {
  let fleet: Fleet;
  let args: readonly string[];
  let terminal: Terminal | undefined;
  const directory = (number = 1) => join(fleet.root, `noeud-gitlab-${number}`);
  const story = () => join(directory(), 'mapping-volumes/data/story');
  const dates = () =>
    readdirSync(join(directory(), 'bckups'))
      .filter(name => /^\d{4}-/.test(name))
      .sort();
  const kept = () => readdirSync(directory()).filter(name => name.startsWith('.before-'));
  const name = () => fleet.names[0] ?? '';
  const others = () => Object.keys(fleet.containers()).filter(one => one.includes('.before-'));

  function open(...words: readonly string[]): Terminal {
    terminal = new Terminal([process.execPath, CLI, ...words, ...args], { LANG: 'C.UTF-8' });
    return terminal;
  }

  beforeAll(async () => {
    fleet = makeFleet('rest', 71);
    const addresses = fleet.addresses.map(address => ({ address, ssh_port: 22071 }));
    args = [...fleet.args, '-e', JSON.stringify({ gitlab_addresses: addresses })];
    const { code, stdout } = await girofle(['playbooks/provision.yml', ...args]);
    expect(code, stdout).toBe(0);
    for (const text of ['first', 'second']) {
      writeFileSync(story(), text);
      const made = await girofle(['playbooks/backup.yml', ...args, '-e', 'instance=1']);
      expect(made.code, made.stdout).toBe(0);
    }
  }, 120_000);
  afterAll(() => fleet.remove());
  beforeEach(() => writeFileSync(story(), 'now'));
  afterEach(() => {
    terminal?.close();
    terminal = undefined;
  });

  it('without arguments asks for container, directory, backup and address, and says what will happen', async () => {
    const [first = '', second = ''] = dates();
    const it = open('restore');
    await it.shows('Which container is to be restored?');
    expect(it.screen()).toContain(`${fleet.names[0]}  on localhost`);
    expect(it.screen()).toContain(`${fleet.names[1]}  on localhost`);
    it.press('Enter');
    await it.shows('Its directory, with mapping-volumes and bckups');
    await it.shows(directory());
    it.press('x', 'Enter');
    await it.shows(`container ${name()} belongs to ${directory()}`);
    it.press('BSpace', 'Enter');
    await it.shows('Which backup? The newest is the first');
    const [newest = '', older = ''] = it
      .screen()
      .split('\n')
      .filter(line => line.includes('GitLab 17.5.2'));
    expect(newest).toMatch(new RegExp(`${second}  [\\d.]+ \\w+  GitLab 17\\.5\\.2  not verified  local$`));
    expect(older).toContain(first);
    it.press('Down', 'Enter');
    await it.shows('The address that it gets');
    await it.shows('127.0.71.1');
    it.press('Enter');
    await it.shows('Go on?');
    expect(it.screen().replace(/\s*\n[│\s]*/g, ' ')).toContain(
      `Instance 1 (${name()} on localhost) is stopped, and restored from the backup of ${first}. What it is now is kept in ${directory()} for a week, or until girofle-run restore confirm. Go on?`,
    );
    it.press('y');
    expect(await it.ended()).toBe(0);
    expect(it.screen()).toContain(`instance 1: back from ${first} at http://127.0.71.1, down for `);
    expect(readFileSync(story(), 'utf8')).toBe('first');
    expect(readFileSync(join(directory(), kept()[0] ?? '', 'data/story'), 'utf8')).toBe('now');
  }, 90_000);

  it('confirm shows what would be removed, asks, and removes it', async () => {
    const before = kept();
    expect([before.length, others().length]).toEqual([1, 1]);
    const no = open('restore', 'confirm', '1');
    await no.shows('There is no way back to these. Remove them?');
    expect(no.screen()).toContain(
      `localhost: remove ${directory()}/${before[0]} with its container (replaced at `,
    );
    no.press('n');
    expect(await no.ended()).toBe(130);
    expect([no.screen().includes('nothing was touched'), kept()]).toEqual([true, before]);
    no.close();
    const yes = open('restore', 'confirm');
    await yes.shows('Remove them?');
    yes.press('y');
    expect(await yes.ended()).toBe(0);
    expect([kept(), others()]).toEqual([[], []]);
    yes.close();
    const nothing = open('restore', 'confirm');
    expect(await nothing.ended()).toBe(0);
    expect(nothing.screen()).toContain('no restore has left anything to be removed');
  }, 60_000);

  it('broken off at a question touches nothing', async () => {
    const it = open('restore');
    await it.shows('Which container is to be restored?');
    it.press('C-c');
    expect(await it.ended()).toBe(130);
    expect(it.screen()).toContain('nothing was touched');
    expect(readFileSync(story(), 'utf8')).toBe('now');
  }, 30_000);

  it('with one argument says what is missing and shows the help', async () => {
    const it = open('restore', name());
    expect(await it.ended()).toBe(4);
    expect(it.screen()).toContain(
      `restore takes a container and its directory: the directory of ${name()} is missing`,
    );
    expect(it.screen()).toContain('Usage: girofle-run restore [options] [command] [container] [directory]');
  }, 30_000);

  it('with two says every violation at once, and touches nothing', async () => {
    const it = open('restore', 'girofle-test-rest.3', NOWHERE);
    expect(await it.ended()).toBe(4);
    expect(it.screen()).toBe(
      `there is no container girofle-test-rest.3 (docker ps -a): did you mean "girofle-test-rest.1"?\nthere is no directory ${NOWHERE}`,
    );
    it.close();
    const half = join(directory(2), '..', 'half');
    mkdirSync(join(half, 'mapping-volumes/data'), { recursive: true });
    mkdirSync(join(half, 'bckups/22-11-2026-time-08-48-00/data'), { recursive: true });
    const pair = await girofle(['restore', name(), half, ...args]);
    rmSync(half, { recursive: true });
    expect([pair.code, pair.stdout, pair.stderr]).toEqual([
      4,
      '',
      `${half}/mapping-volumes has no directory config, no log
${half}/bckups has no backup, that is no directory with data, config and log
container ${name()} belongs to ${directory()}, not to ${half}
`,
    ]);
    expect(readFileSync(story(), 'utf8')).toBe('now');
  }, 60_000);

  it('with two asks whether it is meant at a terminal, and restores the newest', async () => {
    const no = open('restore', name(), directory());
    await no.shows('is stopped, and restored from its newest backup');
    no.press('Enter');
    expect(await no.ended()).toBe(130);
    expect(readFileSync(story(), 'utf8')).toBe('now');
    const { code, stdout } = await girofle(['restore', name(), directory(), ...args]);
    expect(code, stdout).toBe(0);
    expect(readFileSync(story(), 'utf8')).toBe('second');
    expect((await girofle(['restore', 'confirm', '-y', ...args])).code).toBe(0);
    expect([kept(), others()]).toEqual([[], []]);
  }, 90_000);

  it('takes another backup, and says no with the code of the playbook', async () => {
    const [first = ''] = dates();
    const { code } = await girofle(['restore', name(), directory(), '-y', '--backup', first, ...args]);
    expect([code, readFileSync(story(), 'utf8')]).toEqual([0, 'first']);
    expect((await girofle(['restore', 'confirm', '-y', ...args])).code).toBe(0);
    const refused = await girofle(['restore', name(), directory(), '-y', '--address', '127.0.71.2', ...args]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(
      `127.0.71.2, port 80, 443, 22071: taken by instance 2 (${fleet.names[1]})`,
    );
  }, 90_000);

  it('plans without touching anything, and refuses a play of several hosts', async () => {
    const planned = await girofle(['playbooks/restore.yml', ...args, '-e', 'instance=1', '--plan']);
    expect(planned.code, planned.stdout).toBe(0);
    expect(planned.stdout).toContain(`restore instance 1 from the backup of ${dates().at(-1)}`);
    expect([kept(), others()]).toEqual([[], []]);
    const inventory = join(fleet.root, 'two.yml');
    const local = '{ ansible_connection: local }';
    writeFileSync(inventory, `all: { hosts: { vm1: ${local}, vm2: ${local} } }\n`);
    const two = ['-i', inventory, ...args.slice(2)];
    const several = await girofle(['playbooks/restore.yml', ...two, '-e', 'instance=1']);
    expect(several.code).toBe(1);
    expect(several.stdout).toContain('say which host: -e target_host=vm1 (the play has vm1, vm2)');
    const found = await girofle(['restore', name(), directory(), ...two]);
    expect([found.code, found.stderr]).toEqual([
      4,
      `container ${name()} is on vm1 and vm2: say which with -l\n`,
    ]);
  }, 60_000);

  it('moves an instance to another host by a remote, once the old one is stopped', async () => {
    const [, date = ''] = dates();
    const disk = join(fleet.root, '../disk');
    const box = join(disk, 'vm2/noeud-gitlab-1');
    mkdirSync(box, { recursive: true });
    writeFileSync(join(disk, '.girofle-remote'), '');
    execFileSync('cp', ['-a', join(directory(), 'bckups', date), box]);
    const far = join(fleet.root, '../far');
    const inventory = join(fleet.root, 'move.yml');
    const host = (root: string) => `{ ansible_connection: local, girofle_root: ${root} }`;
    writeFileSync(inventory, `all: { hosts: { vm2: ${host(fleet.root)}, vm7: ${host(far)} } }\n`);
    const variables = {
      gitlab_remotes: [{ name: 'disk', driver: 'directory', path: disk }],
      gitlab_container_name: 'girofle-test-rest-far.{number}',
      girofle_stand_in: true,
      girofle_boot: false,
      gitlab_schedules: 'none',
      gitlab_image: 'girofle/test-rest:17.5.2-ce.0',
      target_host: 'vm7',
      source_host: 'vm2',
      instance: 1,
      from: 'disk',
      address: '127.0.72.1',
      gitlab_ready_timeout: 60,
    };
    const move = () => girofle(['playbooks/restore.yml', '-i', inventory, '-e', JSON.stringify(variables)]);
    const refused = await move();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(
      "instance 1 runs on vm2 with the identity of this backup: two of it would take each other's CI jobs and mail. Stop or decommission it first, or say twin=allow",
    );
    expect(existsSync(join(far, 'noeud-gitlab-1'))).toBe(false);

    execFileSync('docker', ['stop', '-t', '2', name()]);
    const done = await move();
    expect(done.code, done.stdout).toBe(0);
    expect(done.stdout).toContain(`instance 1: back from ${date} at http://127.0.72.1, down for `);
    expect(readFileSync(join(far, 'noeud-gitlab-1/mapping-volumes/data/story'), 'utf8')).toBe('second');
    const state = execFileSync('docker', [
      'inspect',
      '--format',
      '{{.State.Status}}',
      'girofle-test-rest-far.1',
    ]);
    expect(state.toString()).toBe('running\n');
    execFileSync('docker', ['rm', '-f', 'girofle-test-rest-far.1']);
  }, 90_000);
});
