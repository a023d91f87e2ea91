/** Verification of real folders: what is sound is proven, and whatever was done to a backup is named. */
import { execFileSync, spawn } from 'node:child_process';
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
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyScript } from '../../tasks/backups/verify-script.ts';
import { gitlab_backup_verify } from '../../tasks/gitlab_backup_verify.ts';
import { gitlab_backups } from '../../tasks/gitlab_backups.ts';
import { withDefaults } from '../support/module-args.ts';
import { until } from '../support/processes.ts';
import { runModule } from '../support/run-module.ts';
import { runShell } from '../support/shell.ts';
import { describeBackup, writeBackup } from '../support/write-backup.ts';

const DATE = '2026-11-22T08-48-00Z';

/** Everything that GitLab's volumes, or somebody's malice, may hold. */
const ALL_KINDS = `
  mkdir -p data/git-data/repositories/'a b' data/postgresql data/empty
  echo 14 >data/postgresql/PG_VERSION
  head -c 200000 /dev/urandom >data/postgresql/base
  ln data/postgresql/base data/postgresql/same; ln data/postgresql/base log/same-too
  ln -s /etc/shadow data/shadow; ln -s 'no where' data/dangling; ln -s $'to\\nnew\\\\line\\xff' data/odd-link
  mkfifo data/fifo; mknod data/null c 1 3
  echo x >$'data/new\\nline'; echo x >$'data/tab\\there'; echo x >$'data/not\\xffutf8'; echo x >data/é; echo x >'data/back\\slash'
  echo x >'data/quo"te'; echo x >"data/it's"; echo x >$'data/\\x7f\\x01'; echo x >'data/ lead and trail '; echo x >data/-n; echo x >'data/*'
  truncate -s 3M data/sparse
  echo secret >config/gitlab-secrets.json; chmod 600 config/gitlab-secrets.json
  chown 998:999 data/git-data; chmod 2770 data/git-data; chmod 4755 data/postgresql; : >log/empty; chmod 0 log/empty
  touch -d '2001-02-03 04:05:06.123456789' config/gitlab-secrets.json; touch -h -d '2002-03-04 05:06:07.5' data/shadow
  touch -d '2003-01-01 00:00:00' data/empty
`;
const XATTRS = `setfattr -n user.note -v hello data/é; setfattr -n user.note -v hello $'data/new\\nline'; setfattr -n user.b -v "\\"x\\\\" data/git-data`;

let root = '';
let directory = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'girofle-verify-'));
  directory = join(root, 'noeud-gitlab-1');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const xattrs = (() => {
  const probe = mkdtempSync(join(tmpdir(), 'girofle-xattr-'));
  try {
    execFileSync('sh', ['-c', 'touch f && setfattr -n user.a -v b f'], { cwd: probe, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
})();

const verify = (more = {}, options = {}) =>
  runModule(gitlab_backup_verify, { root, date: DATE, ...more }, options);

/** Without what the verification itself writes. */
function contentOf(folder: string): string {
  const script = `find . -mindepth 1 ! -name verified.json -printf '%p %y %m %U %G %s %T@ %C@ %l\\0' | sort -z | tr '\\0' '\\n'
find . -type f ! -name verified.json -exec sha256sum {} + | sort`;
  return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'latin1' });
}

test(`a sound backup of every kind of file is proven, and left as it is${xattrs ? '' : ' (without extended attributes: this filesystem has none)'}`, async () => {
  const folder = writeBackup(directory, DATE, xattrs ? `${ALL_KINDS}${XATTRS}` : ALL_KINDS);
  const before = contentOf(folder);
  const done = await verify();
  expect(done.result.msg).toBeUndefined();
  expect(done.says).toEqual([
    expect.stringMatching(/^verify 2026-11-22T08-48-00Z of instance 1: \d+ files, 3\.\d MiB$/),
  ]);
  expect(done.changed).toBe(false);
  expect(done.result.verified).toEqual([
    { instance: 1, date: DATE, sound: true, differences: [], notes: [] },
  ]);
  expect(contentOf(folder)).toEqual(before);
  expect(readdirSync(join(directory, '.girofle'))).toEqual([]);
  const proof = JSON.parse(readFileSync(join(folder, 'verified.json'), 'utf8'));
  const hash = execFileSync('sha256sum', [join(folder, 'manifest.json')], { encoding: 'utf8' }).slice(0, 64);
  expect(proof).toEqual({
    format: 1,
    utc: expect.stringMatching(/^\d{4}-.*Z$/),
    by: 'verify',
    manifest: hash,
  });
  const listed = await runModule(gitlab_backups, { root });
  expect(listed.result.backups).toMatchObject([{ date: DATE, verified: proof.utc, verified_by: 'verify' }]);
});

test('how far it is, is told while files are read', async () => {
  writeBackup(directory, DATE, 'for i in 1 2 3 4; do head -c 1000000 /dev/urandom >data/$i; done');
  const { outputs } = await verify();
  expect(outputs[0]?.stdout.split('\n')).toEqual(
    expect.arrayContaining(['read 4 of 4 files, 4.0 of 4.0 MB (100 %)', 'verified 7 entries']),
  );
});

const MADE = `echo one >data/one; echo two >data/two; ln data/two data/twin; ln -s one data/link; mkdir data/dir; echo log >log/log;
  touch -d @1000000000.5 data/one data/dir data`;
const KEEP_TIME = 'touch -d @1000000000.5 data';

describe('what was done to a backup is named', () => {
  test.each<readonly [string, string, readonly string[]]>([
    [
      'a flipped byte',
      `printf 0 | dd of=data/one conv=notrunc status=none; touch -d @1000000000.5 data/one`,
      ['data/one: has another content than the manifest says'],
    ],
    [
      'a file cut short',
      ': >data/one; touch -d @1000000000.5 data/one',
      ['data/one: has 0 bytes, the manifest says 4'],
    ],
    ['a file removed', 'rm data/one', ['data/one: is missing']],
    ['a file added', "echo x >data/'new one'", ['data/new one: was added']],
    ['an empty folder added', 'mkdir data/new', ['data/new: was added']],
    ['a file beside the three', 'echo x >extra; mkdir .hidden', ['.hidden: was added', 'extra: was added']],
    [
      'a socket',
      `{ node -e "require('net').createServer().listen('data/socket', () => process.kill(process.pid, 9))"; } 2>/dev/null || :`,
      ['data/socket: was added'],
    ],
    ['another mode', 'chmod 600 data/one', ['data/one: the mode is 0600, the manifest says 0644']],
    ['another owner', 'chown 5:6 data/one', ['data/one: the owner is 5:6, the manifest says 0:0']],
    [
      'another time, by a nanosecond',
      'touch -d @1000000000.500000001 data/one',
      ['data/one: the time is 1000000000.500000001, the manifest says 1000000000.500000000'],
    ],
    [
      'another time of a folder',
      'touch -d @5 data/dir',
      ['data/dir: the time is 5.000000000, the manifest says 1000000000.500000000'],
    ],
    [
      'another target',
      'd=$(stat -c %y data/link); ln -snf two data/link; touch -h -d "$d" data/link',
      ['data/link: points to two, the manifest says one'],
    ],
    [
      'a folder for a file',
      'rm data/one; mkdir data/one',
      ['data/one: is a directory, the manifest says a file'],
    ],
    [
      'a link for a folder',
      'rmdir data/dir; ln -s /etc data/dir',
      ['data/dir: is a symbolic link, the manifest says a directory'],
    ],
    [
      'a hard link that was cut',
      'cp -p data/two data/x; mv data/x data/two',
      ['data/two: is not the same file as data/twin, the manifest says it is'],
    ],
    [
      'a hard link that was made',
      'ln -f data/two log/log; touch -d @1000000000.5 log',
      [
        'log/log: is the same file as data/twin, the manifest says it is not',
        'log/log: has another content than the manifest says',
      ],
    ],
  ])('%s', async (_, harm, says) => {
    const folder = writeBackup(directory, DATE, MADE);
    execFileSync('bash', ['-ec', `times=$(stat -c %y log); ${harm}; ${KEEP_TIME}; touch -d "$times" log`], {
      cwd: folder,
    });
    const { failed, result } = await verify();
    expect(failed).toBe(true);
    expect(result.verified).toEqual([
      { instance: 1, date: DATE, sound: false, differences: says, notes: [] },
    ]);
    expect(existsSync(join(folder, 'verified.json'))).toBe(false);
    expect(readdirSync(join(directory, '.girofle'))).toEqual(['distrust']);
  });

  test.skipIf(!xattrs)('another extended attribute', async () => {
    const folder = writeBackup(directory, DATE, `${MADE}; setfattr -n user.a -v 1 data/one`);
    execFileSync('setfattr', ['-n', 'user.a', '-v', '2', join(folder, 'data/one')]);
    expect((await verify()).result.msg).toMatch(
      /^data\/one: the extended attributes is|^data\/one: the extended attributes are/,
    );
  });

  test('a volume that is gone', async () => {
    const folder = writeBackup(directory, DATE, MADE);
    rmSync(join(folder, 'log'), { recursive: true });
    expect((await verify()).result.msg).toBe(`the folder ${DATE} of instance 1 is no backup: has no log`);
  });

  test('the first twenty, and how many more', async () => {
    const folder = writeBackup(directory, DATE, 'for i in $(seq 10 60); do echo $i >data/$i; done');
    execFileSync('sh', ['-c', 'rm data/*'], { cwd: folder });
    execFileSync('touch', ['-r', join(folder, 'log'), join(folder, 'data')]);
    const lines = String((await verify()).result.msg).split('\n');
    expect(lines.length).toBe(21);
    expect(lines.slice(1, 3)).toEqual(['data/10: is missing', 'data/11: is missing']);
    expect(lines.at(-1)).toBe('and 32 more');
  });
});

describe('the list itself', () => {
  test('another list than the manifest names', async () => {
    const folder = writeBackup(directory, DATE, MADE);
    execFileSync('sed', ['-i', '1d', join(folder, 'files.jsonl')]);
    expect((await verify()).result.msg).toBe(
      'files.jsonl is not the list that the manifest was made for: its hash differs',
    );
  });

  test.each([
    ['s#"data/one"#"data/../../one"#', 'data/../../one leads out of the backup'],
    ['s#"data/one"#"/etc/passwd"#', '/etc/passwd leads out of the backup'],
    ['s#"data/one"#"elsewhere/one"#', 'elsewhere/one leads out of the backup'],
    ['s#"type":"fi.*#"type":"door"}#', 'there is no type door'],
    ['s#.*data/one.*#rubbish#', 'it is no entry'],
  ])('an entry that cannot be: %s', async (edit, says) => {
    const folder = writeBackup(directory, DATE, MADE);
    execFileSync('sed', ['-i', `/data.one/${edit}`, join(folder, 'files.jsonl')]);
    const text = readFileSync(join(folder, 'files.jsonl'));
    const hash = execFileSync('sha256sum', { input: text, encoding: 'utf8' }).slice(0, 64);
    const manifest = readFileSync(join(folder, 'manifest.json'), 'utf8');
    execFileSync('tee', [join(folder, 'manifest.json')], {
      input: manifest.replace(/"sha256": "\w+"/, `"sha256": "${hash}"`),
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    expect((await verify()).result.msg).toMatch(new RegExp(`^files\\.jsonl, line \\d+: ${says}$`));
  });

  test('an entry that stands twice', async () => {
    const folder = writeBackup(directory, DATE, MADE);
    const text = readFileSync(join(folder, 'files.jsonl'), 'utf8');
    const [first = ''] = text.split('\n');
    const twice = `${first}\n${text}`;
    const hash = execFileSync('sha256sum', { input: twice, encoding: 'utf8' }).slice(0, 64);
    execFileSync('tee', [join(folder, 'files.jsonl')], {
      input: twice,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const changed = { ...manifest, files: { sha256: hash, lines: twice.split('\n').length - 1 } };
    execFileSync('tee', [join(folder, 'manifest.json')], {
      input: JSON.stringify(changed),
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    expect((await verify()).result.msg).toBe('config: is listed twice');
  });
});

test('what changed through a link of another backup is a note: its content is sound', async () => {
  const folder = writeBackup(directory, DATE, MADE);
  execFileSync('sh', ['-c', 'ln data/one ../outside; chmod 600 ../outside'], { cwd: folder });
  const { failed, result } = await verify();
  expect(failed).toBe(false);
  expect(result.verified).toMatchObject([
    { sound: true, notes: ['data/one: the mode is 0600, the manifest says 0644'] },
  ]);
});

test('cut short, it leaves neither a proof nor a trace', async () => {
  const folder = writeBackup(directory, DATE, MADE);
  const { steps } = await runModule(gitlab_backup_verify, { root, date: DATE }, { planOnly: true });
  const action = steps[0]?.action;
  if (action?.kind !== 'script') throw new Error('no script');
  // A FIFO for sha256sum holds it up until it is killed.
  const tools = join(root, 'tools');
  mkdirSync(tools);
  execFileSync('mkfifo', [join(tools, 'hold')]);
  writeFileSync(join(tools, 'xargs'), `#!/bin/sh\ntouch ${tools}/reached\nexec cat ${tools}/hold\n`, {
    mode: 0o755,
  });
  const child = spawn('sh', ['-c', action.text.text], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
  });
  const ended = new Promise(done => child.on('close', done));
  await until('the files are being read', () => existsSync(join(tools, 'reached')));
  expect(readdirSync(join(directory, '.girofle')).length).toBe(1);
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await ended;
  expect(readdirSync(join(directory, '.girofle'))).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['config', 'data', 'files.jsonl', 'log', 'manifest.json']);
});

test('a proof is void once the manifest is another', async () => {
  const folder = writeBackup(directory, DATE, MADE);
  await verify();
  describeBackup(folder, DATE, { pause: 9 });
  const { result } = await runModule(gitlab_backups, { root });
  expect(result.backups).toMatchObject([{ date: DATE, verified: '' }]);
});

describe('which backup', () => {
  const OTHER = '2026-11-22T12-00-00Z';
  beforeEach(() => {
    writeBackup(directory, DATE, 'echo a >data/a');
    writeBackup(directory, OTHER, 'echo a >data/a');
    writeBackup(join(root, 'noeud-gitlab-2'), DATE, 'echo a >data/a');
    execFileSync('mkdir', [
      '-p',
      join(directory, 'bckups/22-11-2026-time-08-48-00/data'),
      join(directory, 'bckups/2026-11-23T00-00-00Z'),
    ]);
  });

  test.each([
    [{ date: DATE }, [`1 ${DATE}`, `2 ${DATE}`]],
    [{ date: DATE, instance: 2 }, [`2 ${DATE}`]],
    [{ date: 'latest' }, [`1 ${OTHER}`, `2 ${DATE}`]],
  ])('%j', async (given, expected) => {
    const { steps, says } = await runModule(gitlab_backup_verify, { root, ...given }, { planOnly: true });
    expect(says).toEqual(
      expected.map(one => one.replace(/(\d) (.*)/, 'verify $2 of instance $1: 1 files, 2 B')),
    );
    expect(steps.map(({ changes }) => changes)).toEqual(expected.map(() => false));
  });

  test.each([
    [
      { date: OTHER, instance: 2 },
      `instance 2 has no backup ${OTHER}`,
      `the newest is ${DATE} of instance 2; girofle-run backups lists all`,
    ],
    [
      { date: '2020-01-01T00-00-00Z' },
      'no instance of this host has a backup 2020-01-01T00-00-00Z',
      `the newest is ${OTHER} of instance 1; girofle-run backups lists all`,
    ],
    [{ instance: 7 }, 'there is no instance 7 on this host', undefined],
    [
      { date: '2026-11-23T00-00-00Z' },
      'the folder 2026-11-23T00-00-00Z of instance 1 is no backup: has no manifest',
      undefined,
    ],
  ])('none for %j', async (given, refusal, hint) => {
    const done = await runModule(gitlab_backup_verify, { root, ...given });
    expect(done.refusal).toEqual({ refusal, ...(hint === undefined ? {} : { hint }) });
  });

  test.each([
    [
      '22-11-2026-time-08-48-00',
      '22-11-2026-time-08-48-00 was made by the original scripts and has no manifest: there is nothing to verify it against',
    ],
    ['../..', '../.. is no date of a backup: write 2026-11-22T08-48-00Z, or latest'],
  ])('%s is refused before anything is looked at', (date, says) => {
    expect(() => withDefaults(gitlab_backup_verify, { date })).toThrow(says);
  });

  test('a host with busybox alone cannot verify, and says what is lacking', async () => {
    const done = await runModule(gitlab_backup_verify, { root, date: DATE }, { shell: 'busybox sh' });
    expect(done.refusal).toEqual({
      refusal:
        'this host cannot verify backups: it lacks GNU find, GNU sed, GNU sha256sum, GNU sort, GNU xargs',
      hint: 'install findutils, sed and coreutils',
    });
  });
});

test('busybox sh, where it has GNU tools, verifies as well', async () => {
  const folder = writeBackup(directory, DATE, ALL_KINDS);
  const text = readFileSync(join(folder, 'files.jsonl'));
  const job = {
    directory,
    date: DATE,
    sha256: execFileSync('sha256sum', { input: text, encoding: 'utf8' }).slice(0, 64),
    lines: text.toString('latin1').split('\n').length - 1,
  };
  // Debian's busybox sh takes its own applets before what PATH has, but not before functions.
  const tools = ['find', 'sed', 'sha256sum', 'sort', 'xargs'].map(
    name => `${name}() { /usr/bin/${name} "$@"; }`,
  );
  const outcome = await runShell(`${tools.join('\n')}\n${verifyScript(job).text}`, {
    shell: 'busybox sh',
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toMatch(/\nverified \d+ entries\n$/);
  expect(existsSync(join(folder, 'verified.json'))).toBe(true);
});
