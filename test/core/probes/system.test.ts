import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Probe } from '../../../src/core/probe.ts';
import { groupAccount, userAccount } from '../../../src/core/probes/account.ts';
import { packageState } from '../../../src/core/probes/package.ts';
import { serviceState } from '../../../src/core/probes/service.ts';
import { runShell, type ShellName, shells } from '../../support/shell.ts';

/** Asks all in one script, as the engine does. */
async function askTogether<T>(
  probes: readonly Probe<T>[],
  shell: ShellName,
  env: Record<string, string> = {},
): Promise<readonly T[]> {
  const requests = probes
    .flatMap(probe => probe.requests)
    .flatMap(request => (request.via === 'shell' ? [request] : []));
  const [first] = requests;
  if (!first) throw new Error('nothing is asked');
  const { stdout, stderr, code } = await runShell(
    first.kind.script(requests.map(({ query }) => query)).text,
    { shell, env },
  );
  expect([code, stderr]).toEqual([0, '']);
  const answers = stdout
    .split('\x1e')
    .slice(0, -1)
    .map((value): Answer => ({ via: 'shell', value }));
  expect(answers.length).toBe(requests.length);
  return probes.map((probe, i) => probe.read(answers.slice(i, i + 1)));
}

/** A folder with programs that print what was recorded; beside them only busybox, as on a host without apt. */
let fake: string;

beforeEach(() => {
  fake = mkdtempSync(join(tmpdir(), 'girofle-fake-'));
});
afterEach(() => rmSync(fake, { recursive: true }));

function program(name: string, script: string): void {
  writeFileSync(join(fake, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(fake, name), 0o755);
}

function onlyBusybox(): Record<string, string> {
  execFileSync('busybox', ['--install', '-s', fake]);
  for (const name of ['rpm', 'dpkg', 'dpkg-deb']) rmSync(join(fake, name), { force: true });
  symlinkSync('/bin/sh', join(fake, 'dash'));
  return { PATH: fake };
}

describe.each(shells)('by %s', shell => {
  test('many accounts are seen at once', async () => {
    const [root, nobody] = await askTogether(
      [userAccount('root', { folder: '/usr' }), userAccount('no-such-user')],
      shell,
    );
    expect(root).toMatchObject({
      entry: { name: 'root', uid: 0, gid: 0, home: '/root' },
      folders: ['/root', '/usr'],
      tools: 'shadow',
    });
    expect(root?.shadow).toHaveProperty('hash');
    expect(nobody).toEqual({ groups: [], folders: [], tools: 'shadow' });
  });

  test('groups are found by name and by number', async () => {
    const seen = await askTogether(
      [groupAccount('daemon'), groupAccount('1'), groupAccount('no-such-group')],
      shell,
    );
    expect(seen.map(({ entry }) => entry?.gid)).toEqual([1, 1, undefined]);
  });

  test('many packages are seen at once, in the order asked for', async () => {
    const seen = await askTogether(
      [
        packageState('dpkg', 'installed'),
        packageState('no-such-package', 'installed'),
        packageState('apt', 'installed'),
      ],
      shell,
    );
    expect(seen.map(({ installed }) => installed.map(({ name, state }) => `${name} ${state}`))).toEqual([
      ['dpkg installed'],
      [],
      ['apt installed'],
    ]);
  });

  test('units of systemd answer in one call', async () => {
    program(
      'systemctl',
      `[ "$1" = is-system-running ] && { echo offline; exit 1; }
[ "$*" = 'show -p Id,LoadState,ActiveState,UnitFileState -- ssh.service x.timer nix.service' ] || { echo "$*" >&2; exit 1; }
printf 'Id=ssh.service\\nLoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n\\n'
printf 'Id=x.timer\\nLoadState=loaded\\nActiveState=inactive\\nUnitFileState=disabled\\n\\n'
printf 'Id=nix.service\\nLoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n'`,
    );
    const asked = ['ssh', 'x.timer', 'nix', 'ssh.service'].map(name =>
      serviceState(name, { use: 'systemd' }),
    );
    const seen = await askTogether(asked, shell, { PATH: `${fake}:${process.env.PATH}` });
    expect(seen.map(({ exists, active, enabled }) => `${exists} ${active} ${enabled}`)).toEqual([
      'true running yes',
      'true stopped no',
      'false stopped no',
      'true running yes',
    ]);
  });

  test('services of OpenRC are asked one by one', async () => {
    program(
      'rc-service',
      `case "$*" in '--exists sshd' | '--exists dead') ;; 'sshd status') echo ' * status: started';; 'dead status') echo ' * status: crashed'; exit 32;; *) exit 1;; esac`,
    );
    program('rc-update', `[ "$*" = 'show default' ] && printf '                 sshd | default\\n'`);
    const asked = ['sshd', 'dead', 'nix'].map(name => serviceState(name, { use: 'openrc' }));
    const seen = await askTogether(asked, shell, { PATH: `${fake}:${process.env.PATH}` });
    expect(seen.map(({ exists, active, enabled }) => `${exists} ${active} ${enabled}`)).toEqual([
      'true running yes',
      'true failed no',
      'false unknown no',
    ]);
  });

  test('a host without any package manager is seen as one', async () => {
    const [seen] = await askTogether([packageState('bash', 'latest')], shell, onlyBusybox());
    expect(seen).toEqual({ manager: 'none', listed: true, installed: [], available: [], providers: [] });
  });
});

// Debian's busybox prefers its own rpm to that of the PATH: only dash can be shown a recorded one.
test('packages of rpm are seen by name, by version and by what they provide', async () => {
  const env = onlyBusybox();
  program(
    'dnf',
    `[ "$*" = '-q -C check-update bash' ] && { printf '\\nbash.x86_64     5.2-9.el9     baseos\\n'; exit 100; }; echo "dnf $*" >&2; exit 1`,
  );
  program(
    'rpm',
    `line() { printf '0\\t5.1-2.el9\\tx86_64\\tbash\\tbash.x86_64\\tbash-5.1\\tbash-5.1-2.el9\\tbash-5.1-2.el9.x86_64\\t%s\\n' "$1"; }
case "$*" in
  '-q --qf '*'bash-5.1') line; line; echo 'package /bin/sh is not installed'; echo 'package nix is not installed'; exit 2;;
  '-q --qf '*) line; echo 'package nix is not installed';;
  *'--whatprovides'*' /bin/sh') line "/bin/sh	";;
  *) echo 'no package provides it'; exit 1;;
esac`,
  );
  const asked = [
    packageState('bash', 'latest'),
    packageState('/bin/sh', 'installed'),
    packageState('nix', 'installed'),
    packageState('bash-5.1', 'installed'),
  ];
  const seen = await askTogether(asked, 'sh', env);
  expect(
    seen.map(
      ({ manager, installed }) =>
        `${manager} ${[...new Set(installed.map(({ name, version }) => `${name} ${version}`))]}`,
    ),
  ).toEqual(['dnf bash 5.1-2.el9', 'dnf bash 5.1-2.el9', 'dnf ', 'dnf bash 5.1-2.el9']);
  expect(seen[0]?.available).toEqual([{ name: 'bash', candidate: '5.2-9.el9', versions: ['5.2-9.el9'] }]);
});
