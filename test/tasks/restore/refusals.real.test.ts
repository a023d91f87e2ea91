/** What a restore refuses before anything is stopped, each by its sentence, on the Docker daemon of this machine. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BUSY } from '../../../tasks/host-run/follow.ts';
import type { RestoreJob } from '../../../tasks/restore/job.ts';
import { command, failureOf } from '../../support/backup-rig.ts';
import { RestoreRig } from '../../support/restore-rig.ts';

const rig = new RestoreRig(924);
let started = '';

beforeAll(async () => {
  await rig.clean();
  await rig.makeImage();
  await rig.prepare();
  started = startedAt();
});
/** Nothing was touched, and nothing is left over. */
afterEach(async () => {
  await rig.idle();
  expect([rig.containers(), rig.trees(), startedAt()]).toEqual([
    { C: 'running' },
    ['mapping-volumes'],
    started,
  ]);
  expect(readFileSync(`${rig.volumes}/data/later`, 'utf8')).toBe('written after the backup');
});
afterAll(async () => {
  await rig.clean();
  await rig.removeImage();
});

const startedAt = () => rig.docker('inspect', '--format', '{{.State.StartedAt}}');

async function failureFor(more: Partial<RestoreJob>): Promise<string> {
  return failureOf(await (await rig.restore(more)).ended());
}

/** A copy of the backup after `change`, shell text that is run in it. */
function copyAfter(change: string): Partial<RestoreJob> {
  const folder = `${rig.root}/copy`;
  command('rm', '-rf', folder);
  command('cp', '-a', rig.folder, folder);
  execFileSync('bash', ['-ec', change], { cwd: folder });
  return { source: { kind: 'local', folder } };
}

/** The same with another files.jsonl, for which the manifest stands. */
function listedAs(change: (list: string) => string): Partial<RestoreJob> {
  const given = copyAfter('true');
  const folder = `${rig.root}/copy`;
  const list = change(readFileSync(`${folder}/files.jsonl`, 'latin1'));
  writeFileSync(`${folder}/files.jsonl`, list, 'latin1');
  const sha256 = createHash('sha256').update(Buffer.from(list, 'latin1')).digest('hex');
  const manifest = readFileSync(`${folder}/manifest.json`, 'utf8').replace(
    /"files":\{.*\}\}/,
    `"files":{"sha256":"${sha256}","lines":${list.split('\n').length - 1}}}`,
  );
  writeFileSync(`${folder}/manifest.json`, manifest);
  return given;
}

describe('a backup that is not what its manifest says', () => {
  const notAsSaid = (why: string) => `the backup of ${rig.date} is not what its manifest says: ${why}`;

  test.each([
    [
      'a flipped byte',
      't=$(stat -c %y data/odd/sparse); printf 1 | dd of=data/odd/sparse seek=7 bs=1 conv=notrunc status=none; touch -d "$t" data/odd/sparse',
      'data/odd/sparse: has another content than the manifest says',
    ],
    ['an added file', ': >config/added; touch -r log config', 'config/added: was added'],
    ['an added folder beside the volumes', 'mkdir more', 'more: was added'],
    ['a removed file', 'rm data/odd/empty', 'data/odd/empty: is missing'],
    [
      'a file that is a link now',
      'rm data/odd/empty; ln -s /etc/passwd data/odd/empty',
      'data/odd/empty: is a symbolic link, the manifest says a file',
    ],
    [
      'another attribute, which no list could bring back',
      "setfattr -n user.note -v other data/odd/it\\'s",
      "data/odd/it's: the extended attributes is ",
    ],
    [
      'a list of files that was cut short',
      'head -n 5 files.jsonl >x; cat x >files.jsonl; rm x',
      'files.jsonl is not the list that the manifest was made for: its hash differs',
    ],
  ])('%s: named', async (_, change, why) => {
    const failure = await failureFor(copyAfter(change));
    expect(failure.slice(0, notAsSaid(why).length)).toBe(notAsSaid(why));
  });

  test('a path that leads out of it: named', async () => {
    const given = listedAs(list => list.replace('"data/odd/empty"', '"data/../../../../tmp/x"'));
    expect(await failureFor(given)).toMatch(
      /is not what its manifest says: files\.jsonl, line \d+: data\/\.\.\/\.\.\/\.\.\/\.\.\/tmp\/x leads out of the backup$/,
    );
  });

  test('an owner that is no number: refused, and never part of a command', async () => {
    const given = listedAs(list => list.replace(/"mode":"\d+","uid":\d+/, '"mode":"$(id)","uid":0'));
    expect(await failureFor(given)).toMatch(/files\.jsonl, line 1: config has no owner and mode$/);
  });
});

describe('a folder that is no backup', () => {
  test.each([
    [
      'truncated manifest',
      'head -c 300 manifest.json >x; mv x manifest.json',
      'COPY/manifest.json is truncated, or no manifest of a backup',
    ],
    ['missing manifest', 'rm manifest.json', 'COPY has no manifest.json'],
    ['manifest that is a link', 'mv manifest.json x; ln -s x manifest.json', 'COPY has no manifest.json'],
    [
      'manifest of another backup',
      `sed -i 's/^"date":"[^"]*"/"date":"2020-01-01T00-00-00Z"/' manifest.json`,
      'COPY/manifest.json is not that of DATE',
    ],
    [
      'symlinked volume',
      'mv config elsewhere; ln -s elsewhere config',
      'COPY/config is a symbolic link: a backup has folders of its own',
    ],
    ['missing volume', 'rm -r log', 'COPY/log is no folder: a backup has data, config and log'],
    [
      'missing secrets',
      'rm config/gitlab-secrets.json',
      'the backup of DATE has no config/gitlab-secrets.json',
    ],
  ])('%s', async (_, change, says) => {
    const given = { ...copyAfter(change), required: ['config/gitlab-secrets.json'] };
    expect(await failureFor(given)).toBe(says.replace('COPY', `${rig.root}/copy`).replace('DATE', rig.date));
  });

  test('not there at all', async () => {
    const given: Partial<RestoreJob> = { source: { kind: 'local', folder: `${rig.bckups}/none` } };
    expect(await failureFor(given)).toBe(`there is no folder ${rig.bckups}/none`);
  });

  test('without a manifest, a volume that is a link is refused as well', async () => {
    const given = copyAfter('rm manifest.json files.jsonl; mv log x; ln -s /var/log log');
    expect(await failureFor({ ...given, verified: false })).toBe(
      `${rig.root}/copy/log is a symbolic link: a backup has folders of its own`,
    );
  });
});

test('a backup of the identity of a running instance of this host is refused', async () => {
  const sha256 = command('sha256sum', `${rig.folder}/config/gitlab-secrets.json`).slice(0, 64);
  const twins = [
    { name: 'c1', sha256: '0'.repeat(64) },
    { name: 'c7', sha256 },
  ];
  expect(await failureFor({ twins })).toBe(
    `the backup of ${rig.date} has the identity of c7, which runs on this host: two of one identity would both run its jobs and fetch its mail`,
  );
});

describe('an instance that is not as the plan saw it', () => {
  test('another container has its name', async () => {
    expect(await failureFor({ replaced: 'f'.repeat(64) })).toBe(
      `container ${rig.container} is not the one that was looked at: it was removed, made anew or renamed`,
    );
  });

  test('there was no container, and now there is one', async () => {
    expect(await failureFor({ replaced: '' })).toBe(
      `there is a container ${rig.container} now, which was not there before`,
    );
  });

  test('the container that was made for the restore is gone', async () => {
    expect(await failureFor({ made: 'no-such-container' })).toBe(
      'container no-such-container, which was made for the restore, is gone',
    );
  });

  test('a mount within its volumes', async () => {
    const place = `${rig.volumes}/data/mounted`;
    mkdirSync(place, { recursive: true });
    command('mount', '-t', 'tmpfs', 'girofle-test', place);
    try {
      expect(await failureFor({})).toBe(
        `${place} is a mount of its own: a restore cannot exchange the folders around it`,
      );
    } finally {
      command('umount', place);
    }
  });

  test('paused by somebody else: refused, and still paused', async () => {
    rig.docker('pause');
    try {
      expect(await failureFor({})).toBe(
        `container ${rig.container} is paused, and not by us: let it go on first (docker unpause ${rig.container})`,
      );
      expect(rig.status()).toBe('paused');
    } finally {
      rig.docker('unpause');
    }
  });
});

describe('the lock', () => {
  const busy = (what: string, pid: number) =>
    new RegExp(`^another run holds instance 924: ${what} since \\S+Z, pid ${pid}$`);

  test('of a backup: the restore is busy', async () => {
    const backup = await rig.heldAt('hot-copied');
    const driven = await rig.restore();
    expect([driven.code, driven.stderr.trim()]).toEqual([
      BUSY,
      expect.stringMatching(busy('a backup', backup.pid)),
    ]);
    backup.kill();
    await backup.ended();
    await rig.underLock(backup, 'repair');
  });

  test('of another restore: the second is busy, and takes away what was made for it', async () => {
    const first = await rig.restoreHeldAt('verified');
    const second = await rig.restore();
    expect([second.code, second.stderr.trim()]).toEqual([
      BUSY,
      expect.stringMatching(busy('a restore', first.pid)),
    ]);
    expect(rig.containers()).toEqual({ C: 'running', [`C.restoring-${first.job.id}`]: 'created' });
    process.kill(first.pid, 'SIGTERM');
    first.go();
    expect(failureOf(await first.ended())).toBe('it was ended by a signal');
  });

  test('of a restore: a backup is busy', async () => {
    const restore = await rig.restoreHeldAt('recovered');
    const { failed, result } = await rig.backup();
    expect([failed, result.msg]).toEqual([true, expect.stringMatching(busy('a restore', restore.pid))]);
    process.kill(restore.pid, 'SIGTERM');
    restore.go();
    await restore.ended();
  });
});

test('Docker does not answer: refused', async () => {
  const job = await rig.restoreJob();
  const env = rig.fakeDocker('echo "Cannot connect to the Docker daemon" >&2; exit 1');
  const driven = await rig.restore(job, { env });
  expect(failureOf(await driven.ended())).toBe(
    `Docker does not answer; container ${rig.container}.restoring-${job.id} is left over`,
  );
  command('docker', 'rm', job.made);
});
