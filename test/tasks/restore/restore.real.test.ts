/** A restore by the host's driver into the instance that the backup is of, on the Docker daemon of this machine. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { joinSh, sh } from '../../../src/core/sh.ts';
import { BUSY } from '../../../tasks/host-run/follow.ts';
import { basicsText } from '../../../tasks/host-run/run.ts';
import { lookForPushes } from '../../../tasks/push/pushing.ts';
import { STATES } from '../../../tasks/restore/driver.ts';
import type { RestoreJob } from '../../../tasks/restore/job.ts';
import { confirmScript } from '../../../tasks/restore/old-trees.ts';
import { command, type Driven, failureOf, isOk } from '../../support/backup-rig.ts';
import { RestoreRig, snapshot } from '../../support/restore-rig.ts';
import { runShell } from '../../support/shell.ts';

const rig = new RestoreRig(920);

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(() => rig.prepare());
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

/** Of the backup, without what a restore takes away. */
const expected = (tree: string) =>
  snapshot(tree)
    .split('\n')
    .filter(line => !/postmaster\.pid|packed-refs\.lock/.test(line))
    .join('\n');

async function succeeds(driven: Driven): Promise<string> {
  const result = await driven.ended();
  expect(driven.log()).toBe('');
  expect([failureOf(result), isOk(result)]).toEqual(['', true]);
  expect(driven.states()).toEqual(STATES);
  return `.before-${driven.job.id}`;
}

describe('into the same instance', () => {
  test('what lay in the volumes comes back as it was; the old tree and container stay', async () => {
    const old = await rig.id();
    const original = expected(rig.folder);
    const driven = await rig.restoreHeldAt('placed');
    expect(expected(rig.volumes)).toBe(original);
    expect(command('find', rig.volumes, '-name', '*.lock', '-o', '-name', 'postmaster.pid')).toBe('');
    expect(command('stat', '-c', '%h', `${rig.volumes}/data/odd/same`)).toBe('2\n');
    driven.go();
    const kept = await succeeds(driven);
    expect(rig.containers()).toEqual({ C: 'running', [`C${kept}`]: 'exited' });
    expect(rig.trees()).toEqual([kept, 'mapping-volumes']);
    expect(existsSync(`${rig.directory}/${kept}/data/later`)).toBe(true);
    expect(existsSync(`${rig.volumes}/data/later`)).toBe(false);
    expect(readFileSync(`${rig.directory}/address`, 'utf8')).toBe('127.0.12.99 80,443,22\n');
    expect(rig.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}')).toBe('always');
    expect(command('docker', 'inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', old)).toBe('no\n');
    expect(snapshot(rig.folder)).toContain('postmaster.pid');
  });

  test('says what it did', async () => {
    const checks = sh`echo looking >&4; echo '"checks":{"gitlab:check":"passed"}'`;
    const driven = await rig.restore({ checks });
    const result = await driven.ended();
    expect(result).toEqual({
      ok: true,
      date: rig.date,
      before: `${rig.directory}/.before-${driven.job.id}`,
      files: expect.any(Number),
      bytes: expect.any(Number),
      downtime: expect.any(Number),
      duration: expect.any(Number),
      checks: { 'gitlab:check': 'passed' },
    });
    expect(Number(result.downtime)).toBeGreaterThan(0);
    expect(Number(result.duration)).toBeGreaterThan(Number(result.downtime));
  });

  test('owners, modes and times that went astray are set right by the manifest', async () => {
    const original = expected(rig.folder);
    command(
      'bash',
      '-ec',
      `cd ${rig.folder}
chown -h 7:7 data/odd/shadow data/odd/setuid data/odd/fifo data/odd/$'new\\nline' data/odd/$'not\\xffutf8'; chown 1:1 data config/gitlab.rb
chmod 0777 data/odd data/odd/setuid data/odd/'\\slash'; chmod 2755 data/odd/'a b'; chmod 0 log
touch -h -d '2020-01-01' data/odd/shadow data/odd/'a b' data/odd/base data/odd/$'\\x7f\\x01' data/odd/'%s' config
touch -d @-5.25 data/odd/-n`,
    );
    const driven = await rig.restoreHeldAt('placed');
    expect(expected(rig.volumes)).toBe(original);
    driven.go();
    await succeeds(driven);
  });

  test('by curl, where there is no docker command', async () => {
    const kept = await succeeds(await rig.restore({ docker: 'curl', restart: 'on-failure:3' }));
    expect(rig.containers()).toEqual({ C: 'running', [`C${kept}`]: 'exited' });
    expect(
      rig.docker(
        'inspect',
        '--format',
        '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}',
      ),
    ).toBe('on-failure:3');
  });

  test('a backup of the original scripts, which has no manifest', async () => {
    const folder = `${rig.bckups}/22-11-2026-time-08-48-00`;
    command('cp', '-a', rig.folder, folder);
    for (const name of ['manifest.json', 'files.jsonl']) rmSync(`${folder}/${name}`);
    const source = { kind: 'local' as const, folder };
    const driven = await rig.restore({
      source,
      verified: false,
      date: '22-11-2026-time-08-48-00',
      hold: 'placed',
    });
    await driven.reached('placed');
    expect(existsSync(`${rig.volumes}/data/postgresql/data/postmaster.pid`)).toBe(false);
    expect(existsSync(`${rig.volumes}/data/odd/setuid`)).toBe(true);
    driven.go();
    await succeeds(driven);
  });

  test('an instance that did not run is restored as well', async () => {
    rig.docker('stop');
    const kept = await succeeds(await rig.restore());
    expect(rig.containers()).toEqual({ C: 'running', [`C${kept}`]: 'exited' });
  });

  test('whose container is lost: its volumes step aside all the same', async () => {
    const job = await rig.restoreJob();
    command('docker', 'rm', '-f', job.replaced);
    const kept = await succeeds(await rig.restore({ ...job, replaced: '' }));
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, [kept, 'mapping-volumes']]);
  });

  test('of which nothing is there but the backup', async () => {
    const job = await rig.restoreJob();
    command('docker', 'rm', '-f', job.replaced);
    const folder = `${rig.root}/elsewhere`;
    command('mv', rig.folder, folder);
    command('rm', '-rf', rig.directory);
    const driven = await rig.restore({ ...job, replaced: '', source: { kind: 'local', folder } });
    await succeeds(driven);
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
    expect(existsSync(rig.bckups)).toBe(true);
    expect(command('stat', '-c', '%a', rig.volumes)).toBe('755\n');
    rmSync(folder, { recursive: true });
  });
});

test('the backup of another instance is left alone by its pruning meanwhile', async () => {
  const other = `${rig.root}/noeud-gitlab-7`;
  command('mkdir', '-p', `${other}/bckups`, `${other}/.girofle`);
  command('cp', '-a', rig.folder, `${other}/bckups/`);
  const source = { kind: 'local' as const, folder: `${other}/bckups/${rig.date}` };
  const look = () =>
    runShell(
      joinSh([basicsText, lookForPushes, sh`home=${`${other}/.girofle`}; being_pushed ${rig.date}`]).text,
    );
  const driven = await rig.restore({ source, hold: 'verified' });
  await driven.reached('verified');
  expect((await look()).code).toBe(0);
  driven.go();
  await succeeds(driven);
  expect((await look()).code).toBe(1);
  expect(command('ls', '-A', `${other}/.girofle`)).toBe('');
  rmSync(other, { recursive: true });
});

describe('from a remote', () => {
  const remote = (fetch: string): Partial<RestoreJob> => ({
    source: {
      kind: 'remote',
      name: 'nas',
      text: joinSh([
        sh`lines() { echo 'a helper of the remote'; }
remote_manifest() { cat ${rig.folder}/manifest.json; }`,
        sh`there=${rig.folder}
remote_fetch() { count=$(cat "$run/count" 2>/dev/null); echo x$count >"$run/count"; eval ${fetch}; }`,
      ]),
    },
  });

  test('it is fetched into the staging folder itself, and is not copied again', async () => {
    const original = expected(rig.folder);
    const driven = await rig.restore({ ...remote('cp -a "$there"/. "$2"/'), hold: 'placed' });
    await driven.reached('placed');
    expect(expected(rig.volumes)).toBe(original);
    expect(command('ls', '-A', rig.volumes)).toBe('config\ndata\nlog\n');
    driven.go();
    await succeeds(driven);
  });

  test('what may pass is tried again', async () => {
    const driven = await rig.restore(
      remote(
        'case $count in "") : >"$2/half"; objection="no connection"; return 1 ;; esac; cp -a "$there"/. "$2"/',
      ),
    );
    await succeeds(driven);
  });

  test('what will not pass is told, and nothing was touched', async () => {
    const driven = await rig.restore(remote('objection="wrong password"; return 2'));
    expect(failureOf(await driven.ended())).toBe(
      `${rig.date} cannot be fetched from remote nas: wrong password`,
    );
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
  });

  test('what was damaged there is found before anything is stopped', async () => {
    const driven = await rig.restore(remote('cp -a "$there"/. "$2"/; echo x >>"$2/data/odd/base"'));
    expect(failureOf(await driven.ended())).toBe(
      `the backup of ${rig.date} is not what its manifest says: data/odd/base: has 200002 bytes, the manifest says 200000 (and 1 more)`,
    );
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
  });
});

describe('what was replaced', () => {
  const confirm = (which: string) => runShell(confirmScript(rig.directory, which).text);

  test('goes when the restore is confirmed, by its id', async () => {
    const driven = await rig.restore();
    const kept = await succeeds(driven);
    expect(await confirm('0badcafe')).toMatchObject({
      code: 1,
      stderr: `restore 0badcafe has left nothing in ${rig.directory}\n`,
    });
    expect(await confirm(driven.job.id)).toEqual({
      code: 0,
      stdout: `removed ${rig.directory}/${kept} and container ${rig.container}${kept}\n`,
      stderr: '',
    });
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
    expect(await confirm('all')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('stays until its time is over; then the next backup removes it, under its lock', async () => {
    const driven = await rig.restore();
    const kept = await succeeds(driven);
    const mark = `${rig.directory}/${kept}/.girofle-before`;
    const expires = Number(/^expires=(\d+)$/m.exec(readFileSync(mark, 'utf8'))?.[1]);
    expect(expires - Date.now() / 1000).toBeGreaterThan(7 * 86_400 - 60);
    await rig.backup();
    expect(rig.trees()).toEqual([kept, 'mapping-volumes']);
    const ahead = readFileSync(mark, 'utf8').replace(/^expires=.*/m, 'expires=1');
    writeFileSync(mark, ahead);
    await rig.backup();
    expect(rig.trees(), 'a clock far ahead is not believed').toEqual([kept, 'mapping-volumes']);
    writeFileSync(mark, ahead.replace(/^boot=.*/m, 'boot=another'));
    await rig.backup();
    expect([rig.containers(), rig.trees()]).toEqual([{ C: 'running' }, ['mapping-volumes']]);
  });

  test('is never removed while the restore has not come to an end', async () => {
    const driven = await rig.restoreHeldAt('checked');
    expect(await confirm('all')).toMatchObject({
      code: BUSY,
      stderr: expect.stringMatching(/^a restore since \S+Z, pid \d+, holds the instance\n$/),
    });
    driven.kill();
    await driven.ended();
    expect(await confirm('all')).toMatchObject({
      code: 1,
      stderr: `restore ${driven.job.id} of instance 920 has not come to an end: nothing is removed\n`,
    });
    expect(rig.trees()).toEqual([`.before-${driven.job.id}`, 'mapping-volumes']);
    driven.go();
    expect(await rig.underLock(driven, 'repair')).toMatchObject({ code: 0 });
    expect((await confirm('all')).code).toBe(0);
  });
});
