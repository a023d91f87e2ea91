/** Backups from the command line: made, listed, verified, found damaged, refused while another run holds the instance. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, makeFleet, noFleet } from './fleet.ts';
import { girofle } from './girofle.ts';

describe.skipIf(noFleet !== undefined)(`backups from the command line ${noFleet ?? ''}`, () => {
  let fleet: Fleet;
  const instance = () => join(fleet.root, 'noeud-gitlab-1');
  const dates = () => readdirSync(join(instance(), 'bckups')).filter(name => !name.startsWith('.'));

  beforeAll(async () => {
    fleet = makeFleet('bak', 67);
    const { code, stderr } = await girofle(['playbooks/provision.yml', ...fleet.args]);
    expect([code, stderr.includes('failed')]).toEqual([0, false]);
  });
  afterAll(() => fleet.remove());

  it('are made of every instance, and listed with what they hold', async () => {
    const { code } = await girofle(['playbooks/backup.yml', ...fleet.args]);
    expect([code, dates().length]).toEqual([0, 1]);
    const listed = await girofle(['backups', ...fleet.args]);
    expect([listed.code, listed.stdout.split(dates()[0] ?? '').length]).toEqual([0, 2]);
  });

  it('are verified whole, and found damaged when a byte is added', async () => {
    const [date = ''] = dates();
    const verify = () => girofle(['backup', 'verify', date, ...fleet.args, '-e', 'instance=1']);
    expect((await verify()).code).toBe(0);
    const [file = ''] = readFileSync(join(instance(), 'bckups', date, 'files.jsonl'), 'utf8')
      .split('\n')
      .filter(line => line.includes('"file"'))
      .map(line => JSON.parse(line).path);
    appendFileSync(join(instance(), 'bckups', date, file), 'x');
    const damaged = await verify();
    expect(damaged.code).toBe(1);
    expect(damaged.stdout + damaged.stderr).toContain(file);
  });

  it('exit with 5 while another run holds the instance, and touch nothing', async () => {
    const before = dates();
    const lock = join(instance(), '.girofle', 'lock');
    mkdirSync(lock, { recursive: true });
    // Field 22 of /proc/PID/stat, counted after the name in parentheses.
    const start = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(
      join(lock, 'owner'),
      `pid=${process.pid}\nstart=${start}\nboot=${boot}\nsince=2026-11-23T10:00:00Z\nwhat=a restore\n`,
    );
    const { code, stdout, stderr } = await girofle([
      'playbooks/backup.yml',
      ...fleet.args,
      '-e',
      'instance=1',
    ]);
    rmSync(lock, { recursive: true });
    expect(stdout + stderr).toContain('another run holds instance 1: a restore since 2026-11-23T10:00:00Z');
    expect([code, dates()]).toEqual([5, before]);
  });
});
