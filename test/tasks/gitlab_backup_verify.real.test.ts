/** What gitlab_backup writes, gitlab_backup_verify proves: the two were written apart, from the contract alone. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitlab_backup_verify } from '../../tasks/gitlab_backup_verify.ts';
import { gitlab_backups } from '../../tasks/gitlab_backups.ts';
import { BackupRig } from '../support/backup-rig.ts';
import { runModule } from '../support/run-module.ts';

const docker = existsSync('/var/run/docker.sock') && process.getuid?.() === 0;

const ALL_KINDS = `
  mkdir -p data/odd/'a b' data/postgresql/data; echo 14 >data/postgresql/data/PG_VERSION
  yes | head -c 200000 >data/odd/base; ln data/odd/base data/odd/same
  ln -s /etc/shadow data/odd/shadow; ln -s $'to\\nnew\\\\line\\xff' data/odd/link
  mkfifo data/odd/fifo; mknod data/odd/null c 1 3
  for name in $'new\\nline' $'carriage\\rreturn' $'tab\\there' $'not\\xffutf8' é '\\slash' 'quo"te' "it's" $'\\x7f\\x01' ' blank ' -n '*' $'\\xc2\\x85next'; do
    echo x >data/odd/"$name"; setfattr -n user.note -v "of $name" data/odd/"$name" 2>/dev/null || :
  done
  truncate -s 3M data/odd/sparse; chown 998:999 data/odd; chmod 2770 data/odd
  : >data/odd/empty; chmod 0 data/odd/empty; touch -d '2001-02-03 04:05:06.123456789' data/odd/base
`;

describe.skipIf(!docker)(`backups made here${docker ? '' : ' (skipped: needs root and Docker)'}`, () => {
  const rig = new BackupRig(941);
  const verify = (date: string) => runModule(gitlab_backup_verify, { root: rig.root, date });
  beforeAll(async () => {
    await rig.clean();
    await rig.makeImage();
    await rig.reset();
    execFileSync('bash', ['-ec', ALL_KINDS], { cwd: rig.volumes });
    for (const _ of [1, 2]) {
      const { failed, result } = await rig.backup();
      if (failed) throw new Error(String(result.msg));
    }
  });
  afterAll(async () => {
    await rig.clean();
    await rig.removeImage();
  });

  test('are listed, the second linked to the first', async () => {
    const { result } = await runModule(gitlab_backups, { root: rig.root });
    const [first = '', second = ''] = rig.dates();
    expect(result.backups).toMatchObject([
      { date: second, kind: 'backup', previous: first, verified: '', version: '17.5.2' },
      { date: first, kind: 'backup', previous: '' },
    ]);
  });

  test('are sound, both of them', async () => {
    for (const date of rig.dates()) {
      const { result } = await verify(date);
      expect(result.verified).toEqual([{ instance: 941, date, sound: true, differences: [], notes: [] }]);
    }
  });

  test('a byte that flips in a file they share is found in both', async () => {
    const [first = '', second = ''] = rig.dates();
    const script = `t=$(stat -c %y base); printf 0 | dd of=base seek=1000 bs=1 conv=notrunc status=none; touch -d "$t" base`;
    execFileSync('sh', ['-ec', script], { cwd: `${rig.bckups}/${first}/data/odd` });
    for (const date of [first, second]) {
      const { failed, result } = await verify(date);
      expect(failed).toBe(true);
      expect(result.msg).toBe(
        'data/odd/base: has another content than the manifest says\ndata/odd/same: has another content than the manifest says',
      );
    }
  });
});
