/** Backups of an instance on the Docker daemon of this machine, with the stand-in image and real rsync: what they hold. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DATE, timeOf } from '../../src/core/backup/manifest.ts';
import { STATES } from '../../tasks/backup/driver.ts';
import { digList } from '../../tasks/docker/dig.ts';
import { BackupRig, command, isOk } from '../support/backup-rig.ts';
import { until } from '../support/processes.ts';

const rig = new BackupRig(921);

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
});
beforeEach(() => rig.reset());
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

const sha = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const copied = (date: string, path: string) => readFileSync(`${rig.bckups}/${date}/${path}`, 'utf8');
/** A proof of a manifest that is no more when it has changed since. */
const prove = (date: string, manifest: string, proven = manifest) => {
  writeFileSync(`${rig.bckups}/${date}/manifest.json`, manifest);
  const proof = { format: 1, utc: '2020-01-05T00:00:00Z', by: 'verify', manifest: sha(proven) };
  writeFileSync(`${rig.bckups}/${date}/verified.json`, JSON.stringify(proof));
};
const only = (dates: readonly string[]) => {
  expect(dates).toHaveLength(1);
  return dates[0] ?? '';
};

test('a backup is the volumes, a list of files and a manifest, in a folder with a date', async () => {
  rig.write('data/postgresql/data/PG_VERSION', '16\n');
  rig.write('data/git-data/repositories/a.git/refs/heads/main.lock', 'x');
  const planned = await rig.backup({}, { planOnly: true });
  expect(planned.says).toEqual([
    `back up instance 921 to ${rig.bckups} (paused for 60 s at most, the first)`,
    'follow the backup of instance 921 to its end',
    'read what it says of itself',
  ]);
  expect(rig.dates()).toEqual([]);

  const { result, failed } = await rig.backup();
  expect([failed, result.msg]).toEqual([false, undefined]);
  const date = only(rig.dates());
  expect(date).toMatch(DATE);
  expect(result).toMatchObject({
    number: 921,
    container: rig.container,
    busy: false,
    date,
    directory: `${rig.bckups}/${date}`,
    previous: '',
    linked: 0,
    changed: true,
    summary: expect.stringMatching(
      /^instance 921: \S+Z, \d+ B in \d+ files \(0 unchanged\), paused for [\d.]+ s$/,
    ),
  });
  expect(rig.partials()).toEqual([]);
  expect(rig.status()).toBe('running');
  expect(readdirSync(`${rig.bckups}/${date}`).sort()).toEqual([
    'config',
    'data',
    'files.jsonl',
    'log',
    'manifest.json',
  ]);
  command('diff', '-r', `${rig.volumes}/config`, `${rig.bckups}/${date}/config`);

  const manifest = rig.manifest(date);
  const list = readFileSync(`${rig.bckups}/${date}/files.jsonl`);
  const { State, Id, Image } = await rig.inspect();
  expect([State, Id]).not.toContain(undefined);
  expect(manifest).toMatchObject({
    format: 1,
    date,
    instance: 921,
    container: rig.container,
    host: command('uname', '-n').trim(),
    image: { reference: 'girofle-test/backup-921:17.5.2-ce.0', id: Image, digests: [] },
    gitlab: { disk: '17.5.2', release: '17.5.2', edition: 'ce' },
    postgresql: '16',
    architecture: command('uname', '-m').trim(),
    consistency: 'pause',
    locks: ['data/git-data/repositories/a.git/refs/heads/main.lock'],
    excluded: [],
    previous: '',
    rsync: { hot: 0, frozen: 0 },
    files: { sha256: sha(list), lines: list.toString().trimEnd().split('\n').length },
  });
  expect(manifest.pause).toBeGreaterThan(0);
  expect(Math.abs(timeOf(date) - Date.parse(manifest.started.utc))).toBeLessThan(10_000);
  const entries = [...rig.entries(date).values()];
  expect(manifest.totals).toEqual({
    files: entries.filter(({ type }) => type === 'file').length,
    directories: entries.filter(({ type }) => type === 'directory').length,
    links: 0,
    bytes: entries.reduce((sum, { size = 0 }) => sum + size, 0),
  });
  for (const { path, type, sha256 } of entries) {
    if (type === 'file')
      expect([path, sha256]).toEqual([path, sha(readFileSync(`${rig.bckups}/${date}/${path}`))]);
  }
});

test("no secret of the configuration is in the manifest or in the host's script; what is none is kept", async () => {
  await rig.backup();
  const date = only(rig.dates());
  const manifest = readFileSync(`${rig.bckups}/${date}/manifest.json`, 'utf8');
  expect(manifest).not.toContain('geheim');
  expect(manifest).toContain(`gitlab_rails['smtp_password'] = 'sha256:${sha('geheim')}'`);
  expect(manifest).toContain("gitlab_rails['smtp_user'] = 'kim'");
  expect(statSync(`${rig.bckups}/${date}/manifest.json`).mode & 0o777).toBe(0o600);
  expect(() => command('grep', '-r', 'geheim', `${rig.directory}/.girofle`)).toThrow();
});

describe('an unchanged instance', () => {
  test('costs no data a second time: files are linked, hashes taken over', async () => {
    rig.write('data/big', Buffer.alloc(8 << 20, 7));
    rig.write('data/"odd\\\n\x01name é', 'odd');
    await rig.backup();
    const first = only(rig.dates());
    const { result } = await rig.backup();
    const second = rig.dates()[1] ?? '';
    expect(result).toMatchObject({ date: second, previous: first });
    expect(rig.manifest(second).previous).toBe(first);
    expect(lstatSync(`${rig.bckups}/${first}/data/big`).ino).toBe(
      lstatSync(`${rig.bckups}/${second}/data/big`).ino,
    );
    expect(rig.entries(second)).toEqual(
      new Map(
        [...rig.entries(second)].map(([path, entry]) => [
          path,
          { ...entry, sha256: rig.entries(first).get(path)?.sha256 },
        ]),
      ),
    );
    const [both = '0', one = '0'] = [rig.bckups, `${rig.bckups}/${first}`].map(
      path => command('du', '-sk', path).split('\t')[0],
    );
    expect(Number(both) - Number(one)).toBeLessThan(200);
    expect(Number(result.linked)).toBeGreaterThanOrEqual(rig.manifest(second).totals.files - 2);
  });

  test('is never changed in an older backup through the links: owner, mode and time stay as they were', async () => {
    const path = 'data/linked';
    const look = (date: string) =>
      command('stat', '-c', '%a %u %y %i', `${rig.bckups}/${date}/${path}`).trim();
    const change = (mode: number) => {
      chmodSync(`${rig.volumes}/${path}`, mode);
      utimesSync(`${rig.volumes}/${path}`, mode, mode);
    };
    rig.write(path, 'content');
    await rig.backup();
    const first = only(rig.dates());
    const before = look(first);

    const killed = await rig.drive({ hold: 'hot-copied' });
    await killed.reached('hot-copied');
    killed.kill();
    await killed.ended();
    change(0o600);
    const driven = await rig.drive({ hold: 'hot-copied' });
    await driven.reached('hot-copied');
    expect(look(first)).toBe(before);
    driven.go();
    await driven.ended();
    const second = rig.dates()[1] ?? '';
    const held = await rig.drive({ hold: 'hot-copied' });
    await held.reached('hot-copied');
    const still = look(second);
    change(0o640);
    held.go();
    expect(await held.ended()).toMatchObject({ ok: true });
    expect([look(first), look(second)]).toEqual([before, still]);
    expect(look(rig.dates()[2] ?? '')).toMatch(/^640 0 1970-01-01 00:06:56/);
  });

  test('a backup whose list was tampered with is linked to no more', async () => {
    await rig.backup();
    const first = only(rig.dates());
    writeFileSync(`${rig.bckups}/${first}/files.jsonl`, 'x', { flag: 'a' });
    expect((await rig.backup()).result).toMatchObject({ previous: '', linked: 0 });
  });
});

test('names, kinds and attributes that are out of the ordinary survive, and are listed', async () => {
  const inside = `${rig.volumes}/data/odd`;
  mkdirSync(inside, { recursive: true });
  const raw = (name: string) => Buffer.concat([Buffer.from(`${inside}/`), Buffer.from(name, 'latin1')]);
  writeFileSync(raw('new\nline'), '1');
  writeFileSync(raw('\xff\xfelatin \xe9'), '2');
  writeFileSync(raw('\xc3\xa9'), '3');
  writeFileSync(raw('tab\tquote"back\\slash'), '4');
  writeFileSync(raw('-rf *'), '5');
  writeFileSync(`${inside}/one`, 'linked');
  linkSync(`${inside}/one`, `${inside}/two`);
  symlinkSync('/etc/shadow', `${inside}/shadow`);
  command('mkfifo', `${inside}/fifo`);
  command('mknod', `${inside}/null`, 'c', '1', '3');
  command('truncate', '-s', '64M', `${inside}/sparse`);
  command('setfattr', '-n', 'user.note', '-v', 'hello', `${inside}/one`);
  command('setfacl', '-m', 'u:1234:r', `${inside}/-rf *`);
  mkdirSync(`${inside}/setgid`);
  chmodSync(`${inside}/setgid`, 0o2750);
  command('chown', '998:997', `${inside}/setgid`);
  const server = createServer().listen(`${inside}/socket`);
  utimesSync(inside, 1_500_000_000, 1_500_000_000);

  const { failed, result } = await rig.backup();
  server.close();
  expect([failed, result.msg]).toEqual([false, undefined]);
  const date = only(rig.dates());
  const entries = rig.entries(date);
  const names = [...entries.keys()].filter(path => path.startsWith('data/odd/')).map(path => path.slice(9));
  expect(names).toEqual([
    '-rf *',
    '\\xFF\\xFElatin \\xE9',
    'fifo',
    'new\\x0Aline',
    'null',
    'one',
    'setgid',
    'shadow',
    'sparse',
    'tab\\x09quote"back\\\\slash',
    'two',
    'é',
  ]);
  const of = (name: string) => entries.get(`data/odd/${name}`);
  expect(of('new\\x0Aline')).toMatchObject({ type: 'file', size: 1, sha256: sha('1') });
  expect(of('\\xFF\\xFElatin \\xE9')?.sha256).toBe(sha('2'));
  expect(of('tab\\x09quote"back\\\\slash')?.sha256).toBe(sha('4'));
  expect(of('shadow')).toMatchObject({ type: 'link', target: '/etc/shadow' });
  expect([of('fifo')?.type, of('null')?.type]).toEqual(['fifo', 'char']);
  expect(of('setgid')).toMatchObject({ type: 'directory', mode: '2750', uid: 998, gid: 997 });
  expect(of('one')?.group).toBe(of('two')?.group);
  expect(of('one')?.group).toEqual(expect.any(Number));
  expect([...entries.values()].filter(({ group }) => group !== undefined)).toHaveLength(2);
  const attributes = command(
    'getfattr',
    '-d',
    '-m',
    '-',
    '--absolute-names',
    `${rig.bckups}/${date}/data/odd/one`,
  );
  expect(of('one')?.xattrs).toBe(sha(attributes.slice(attributes.indexOf('\n') + 1)));
  expect(of('-rf *')?.xattrs).toMatch(/^[0-9a-f]{64}$/);
  expect(of('é')?.xattrs).toBeUndefined();
  expect(command('getfacl', '-c', '-n', `${rig.bckups}/${date}/data/odd/-rf *`)).toContain('user:1234:r--');
  expect(lstatSync(`${rig.bckups}/${date}/data/odd/sparse`).blocks).toBeLessThan(100);
  expect(rig.manifest(date).excluded).toEqual(['data/odd/socket']);
  expect(entries.get('data/odd')?.mtime).toBe('1500000000.000000000');
});

describe('a write whose time says nothing', () => {
  const same = (path: string, time: string) => command('touch', '-d', time, `${rig.volumes}/${path}`);

  test('is caught: in the second of the hot pass, by a writer that maps files, through another name', async () => {
    const paths = [
      'data/plain',
      'data/postgresql/data/base/1',
      'data/redis/dump',
      'data/prometheus/wal',
      'data/named',
    ];
    for (const path of paths) {
      rig.write(path, 'before');
      if (path !== 'data/plain') same(path, '2020-01-01T00:00:00.5Z');
    }
    linkSync(`${rig.volumes}/data/named`, `${rig.volumes}/data/other-name`);
    const driven = await rig.drive({ hold: 'hot-copied' });
    await driven.reached('hot-copied');
    for (const path of paths) {
      const time = command('stat', '-c', '%y', `${rig.volumes}/${path}`).trim();
      rig.write(path, 'after!');
      same(path, time);
    }
    driven.go();
    expect(isOk(await driven.ended())).toBe(true);
    const date = only(rig.dates());
    expect(paths.map(path => copied(date, path))).toEqual(paths.map(() => 'after!'));
    expect(rig.entries(date).get('data/plain')?.sha256).toBe(sha('after!'));
    expect(copied(date, 'data/other-name')).toBe('after!');
  });
});

test('what came, went and changed its kind between the passes is as it was when the instance stood still', async () => {
  rig.write('data/goes', '1');
  rig.write('data/folder/file', '2');
  rig.write('data/file', '3');
  const driven = await rig.drive({ hold: 'hot-copied' });
  await driven.reached('hot-copied');
  command('rm', '-r', `${rig.volumes}/data/goes`, `${rig.volumes}/data/folder`, `${rig.volumes}/data/file`);
  rig.write('data/folder', 'now a file');
  rig.write('data/file/now', 'a folder');
  rig.write('data/comes', '4');
  driven.go();
  expect(await driven.ended()).toMatchObject({ ok: true });
  const date = only(rig.dates());
  command('diff', '-r', `${rig.volumes}/data`, `${rig.bckups}/${date}/data`);
});

test.each(['dash', 'bash'])(
  "where sh is %s, every state is passed in its order, and a killed driver's guard works",
  async shell => {
    const folder = `${rig.root}/${shell}`;
    mkdirSync(folder, { recursive: true });
    symlinkSync(command('sh', '-c', `command -v ${shell}`).trim(), `${folder}/sh`);
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const driven = await rig.drive({ hold: 'paused' }, {}, env);
    await driven.reached('paused');
    driven.kill();
    await until('the instance to go on', () => rig.status() === 'running', 2);
    await driven.ended();
    const next = await rig.drive({}, {}, env);
    expect(await next.ended()).toMatchObject({ ok: true });
    expect(next.log()).toBe('');
    expect(next.states()).toEqual(STATES);
    expect(rig.entries(only(rig.dates())).size).toBe(rig.manifest(only(rig.dates())).files.lines);
  },
);

test('stopped instead of paused; and by curl where there is no docker command', async () => {
  const stopped = await rig.backup({ consistency: 'stop' });
  expect([stopped.failed, stopped.result.msg]).toEqual([false, undefined]);
  expect(rig.manifest(only(rig.dates())).consistency).toBe('stop');
  expect(rig.status()).toBe('running');
  const driven = await rig.drive({}, { docker: 'curl' });
  expect(await driven.ended()).toMatchObject({ ok: true });
  expect(rig.status()).toBe('running');
  const again = await rig.drive({}, { docker: 'curl', consistency: 'stop' });
  expect(await again.ended()).toMatchObject({ ok: true });
  expect(rig.status()).toBe('running');
});

test('old backups are removed once the new one is there, but never the last that is verified', async () => {
  for (const date of ['2020-01-01T00-00-00Z', '2020-01-02T00-00-00Z', '2020-01-03T00-00-00Z']) {
    mkdirSync(`${rig.bckups}/${date}`);
    writeFileSync(`${rig.bckups}/${date}/manifest.json`, '{}');
  }
  prove('2020-01-02T00-00-00Z', 'the manifest');
  prove('2020-01-03T00-00-00Z', 'tampered with', 'before');
  mkdirSync(`${rig.bckups}/22-11-2019-time-08-48-00`);
  // No backup: it counts for no rule, and is not removed.
  mkdirSync(`${rig.bckups}/2020-01-04T00-00-00Z`);
  const { result, says } = await rig.backup({ keep: { last: 1 } });
  expect(result.msg).toBeUndefined();
  expect(says.slice(3)).toEqual([
    'remove the backup of 2020-01-03T00-00-00Z: no rule keeps it',
    'remove the backup of 2020-01-01T00-00-00Z: no rule keeps it',
  ]);
  expect(readdirSync(rig.bckups).sort()).toEqual([
    '2020-01-02T00-00-00Z',
    '2020-01-04T00-00-00Z',
    result.date,
    '22-11-2019-time-08-48-00',
  ]);
  expect(digList(result, 'retention')).toHaveLength(4);
});
