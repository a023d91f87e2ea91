/** A repository of restic as a remote: made, filled, verified, read back and thinned by a real restic. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sftpOptions } from '../../../tasks/remotes/restic-call.ts';
import { command } from '../../support/backup-rig.ts';
import { callRemote, remoteOf } from '../../support/remote-calls.ts';
import { type ShellName, shells } from '../../support/shell.ts';
import { startSshd } from '../../support/sshd.ts';
import { describeBackup, writeBackup } from '../../support/write-backup.ts';

const [FIRST, SECOND, THIRD] = [
  '2026-11-20T00-00-00Z',
  '2026-11-21T00-00-00Z',
  '2026-11-22T00-00-00Z',
] as const;
const origin = { host: 'vm1', instance: 1 };

let here = '';
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'girofle-restic-'));
});
afterEach(() => {
  rmSync(here, { recursive: true, force: true });
});

const remote = (more: Record<string, string | number | boolean | object> = {}) =>
  remoteOf({
    name: 'off',
    driver: 'restic',
    repository: `${here}/repo`,
    password: 'geheim',
    check_parts: 2,
    ...more,
  });
const call = (calls: string, shell: ShellName = 'sh', more = {}) =>
  callRemote(remote(more), origin, here, calls, { shell });

/** Of all that lies in the repository. */
const bytesThere = () => Number(command('du', '-sb', `${here}/repo`).split('\t')[0]);

describe.each(shells)('restic, by %s,', shell => {
  test('makes the repository, proves it, takes backups, gives them back and removes them', {
    timeout: 120_000,
  }, async () => {
    writeBackup(
      here,
      FIRST,
      'echo one >data/a; ln data/a data/b; ln -s a data/link; mkfifo data/pipe; echo c >config/c',
    );
    writeBackup(here, SECOND, 'echo two >data/a; mkdir -m 2750 log/empty');

    expect(await call('remote_create && remote_check && remote_canary', shell)).toMatchObject({
      code: 0,
      objection: '',
    });
    expect(await call('remote_list', shell)).toMatchObject({ code: 0, stdout: '' });
    expect(await call(`remote_push ${FIRST} '' && remote_verify ${FIRST}`, shell)).toMatchObject({
      code: 0,
      objection: '',
    });
    expect(await call(`remote_push ${SECOND} ${FIRST} && remote_verify ${SECOND}`, shell)).toMatchObject({
      code: 0,
    });
    expect((await call('remote_list', shell)).stdout).toBe(`${FIRST}\n${SECOND}\n`);

    const manifest = (date: string) => readFileSync(`${here}/bckups/${date}/manifest.json`, 'utf8');
    expect((await call(`remote_manifest ${SECOND}`, shell)).stdout).toBe(manifest(SECOND));
    // As another host sees it, which has pushed nothing itself.
    rmSync(`${here}/.run`, { recursive: true });
    expect((await call('remote_manifests', shell)).stdout).toBe(
      `${FIRST}\x1f${manifest(FIRST)}\x1e${SECOND}\x1f${manifest(SECOND)}\x1e`,
    );

    expect(await call(`mkdir "$run/back" && remote_fetch ${FIRST} "$run/back"`, shell)).toMatchObject({
      code: 0,
    });
    const listed = readFileSync(`${here}/bckups/${FIRST}/files.jsonl`, 'utf8');
    expect(readFileSync(`${here}/.run/back/files.jsonl`, 'utf8')).toBe(listed);
    describeBackup(`${here}/.run/back`, FIRST);
    expect(readFileSync(`${here}/.run/back/files.jsonl`, 'utf8')).toBe(listed);

    expect(await call(`remote_remove ${FIRST}`, shell)).toMatchObject({ code: 0, objection: '' });
    expect((await call('remote_list', shell)).stdout).toBe(`${SECOND}\n`);
    expect(await call(`remote_remove ${FIRST}`, shell)).toMatchObject({ code: 0 });
    expect(await call(`remote_manifest ${FIRST}`, shell)).toMatchObject({
      code: 2,
      objection: `the repository has no backup of ${FIRST}`,
    });
  });
});

test('another host and another instance have backups of their own in it', { timeout: 60_000 }, async () => {
  writeBackup(here, FIRST, 'echo one >data/a');
  await call(`remote_create && remote_push ${FIRST} ''`);
  const list = async (host: string, instance: number) =>
    (await callRemote(remote(), { host, instance }, here, 'remote_list')).stdout;
  expect(await list('vm1', 1)).toBe(`${FIRST}\n`);
  expect(await list('vm2', 1)).toBe('');
  expect(await list('vm1', 11)).toBe('');
});

test('what has not changed is not sent again', { timeout: 60_000 }, async () => {
  writeBackup(here, FIRST, 'head -c 8000000 /dev/urandom >data/a');
  writeBackup(here, SECOND, `cp -a ../${FIRST}/data/a data/a; echo new >data/b`);
  await call(`remote_create && remote_push ${FIRST} ''`);
  const before = bytesThere();
  expect(await call(`remote_push ${SECOND} ${FIRST}`)).toMatchObject({ code: 0 });
  expect(bytesThere() - before).toBeLessThan(20_000);
});

test('a file that was rewritten with the size and time it had is sent', { timeout: 60_000 }, async () => {
  writeBackup(here, FIRST, 'echo before >data/mapped; touch -d @1700000000 data/mapped; echo x >data/x');
  writeBackup(here, SECOND, 'echo after_ >data/mapped; touch -d @1700000000 data/mapped; echo x >data/x');
  await call(
    `remote_create && remote_push ${FIRST} '' && remote_push ${SECOND} ${FIRST} && remote_verify ${SECOND}`,
  );
  await call(`mkdir "$run/back" && remote_fetch ${SECOND} "$run/back"`);
  expect(readFileSync(`${here}/.run/back/data/mapped`, 'utf8')).toBe('after_\n');
});

test('whatever a volume may hold comes back as it was', { timeout: 60_000 }, async () => {
  writeBackup(
    here,
    FIRST,
    `cd data
printf x >"$(printf 'new\\nline')"; printf x >"$(printf 'latin\\351')"; printf x >'back\\slash'; printf x >'"quoted"'
ln -s /etc/shadow shadow; ln -s '' none 2>/dev/null || true
mknod null c 1 3; mkfifo pipe; mkdir -m 3775 setgid; chown 998:997 setgid
truncate -s 5M sparse; printf end >>sparse
printf x >labelled; setfattr -n user.girofle -v value labelled; setfacl -m u:12345:r labelled; chmod 6755 labelled
printf x >linked; ln linked other; chown 998:998 linked; touch -d '2001-02-03 04:05:06.789012345' linked; touch -h -d @1 shadow`,
  );
  expect(
    await call(
      `remote_create && remote_push ${FIRST} '' && mkdir "$run/back" && remote_fetch ${FIRST} "$run/back"`,
    ),
  ).toMatchObject({ code: 0 });
  describeBackup(`${here}/.run/back`, FIRST);
  expect(readFileSync(`${here}/.run/back/files.jsonl`, 'utf8')).toBe(
    readFileSync(`${here}/bckups/${FIRST}/files.jsonl`, 'utf8'),
  );
});

test('it works behind SSH, with nothing there but a file transfer', { timeout: 120_000 }, async () => {
  const sshd = await startSshd({ config: ['Subsystem sftp internal-sftp', 'ForceCommand internal-sftp'] });
  try {
    writeBackup(here, THIRD, 'head -c 3000000 /dev/urandom >data/a');
    const ssh = `ssh -i ${sshd.keyFile} -o UserKnownHostsFile=${sshd.knownHosts} -o IdentitiesOnly=yes -o BatchMode=yes -F none -p ${sshd.port} root@${sshd.address} -s sftp`;
    const more = { repository: `sftp:root@${sshd.address}:${here}/far`, options: [`sftp.command=${ssh}`] };
    expect(await call('remote_check', 'sh', more)).toMatchObject({
      code: 2,
      objection: 'there is no repository of restic',
    });
    expect(
      await call(
        `remote_create && remote_canary && remote_push ${THIRD} '' && remote_verify ${THIRD}`,
        'sh',
        more,
      ),
    ).toMatchObject({ code: 0, objection: '' });
    expect(await call(`mkdir "$run/back" && remote_fetch ${THIRD} "$run/back"`, 'sh', more)).toMatchObject({
      code: 0,
    });
    command('cmp', `${here}/bckups/${THIRD}/data/a`, `${here}/.run/back/data/a`);
  } finally {
    await sshd.stop();
  }
});

test.each([
  ['sftp:backup@storage.example.org:/srv/girofle', '-l backup storage.example.org'],
  ['sftp:storage:girofle', 'storage'],
  ['sftp://backup@storage:2222//srv/girofle', '-p 2222 -l backup storage'],
  ['sftp://[fd00::1]:22//srv', '-p 22 fd00::1'],
])('ssh asks nothing and notices silence: %s', (repository, words) => {
  expect(sftpOptions(repository)).toEqual([
    `sftp.command=ssh -o BatchMode=yes -o ServerAliveInterval=30 -o ServerAliveCountMax=4 ${words} -s sftp`,
  ]);
});

test.each([
  '/srv/girofle',
  's3:https://host/bucket',
  'rest:https://a:b@host/',
  'sftp:-oProxyCommand=x:/srv',
  'sftp:$(x):/srv',
])('what is not plainly a host behind SSH is left to restic: %s', repository => {
  expect(sftpOptions(repository)).toEqual([]);
});

test('no secret stands in a command line, and its files are only for root', async () => {
  // A restic that tells how it was called.
  mkdirSync(`${here}/bin`);
  writeFileSync(
    `${here}/bin/restic`,
    `#!/bin/sh
if [ "$1" = version ]; then echo 'restic 0.14.0'; exit; fi
echo "$*" >'${here}/words'
echo "$RESTIC_REPOSITORY $AWS_SECRET_ACCESS_KEY $(cat "$RESTIC_PASSWORD_FILE") $(stat -c %a "$RESTIC_PASSWORD_FILE")" >'${here}/seen'
`,
    { mode: 0o755 },
  );
  const secretly = remote({ env: { AWS_SECRET_ACCESS_KEY: 'verborgen' } });
  await callRemote(secretly, origin, here, 'remote_check', {
    env: { PATH: `${here}/bin:${process.env.PATH}` },
  });
  expect(readFileSync(`${here}/words`, 'utf8')).toBe(
    `cat config --no-lock --cache-dir ${here}/.run/restic-cache\n`,
  );
  expect(readFileSync(`${here}/seen`, 'utf8')).toBe(`${here}/repo verborgen geheim 600\n`);
});
