import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import { bootScript } from '../../tasks/boot/script.ts';
import {
  bootFile,
  bootSurvey,
  enableText,
  readBootSurvey,
  removeText,
  unitName,
} from '../../tasks/boot/unit.ts';
import { gitlab_boot } from '../../tasks/gitlab_boot.ts';
import { type DebianHost, debianHostLacks, startDebianHost } from '../support/debian-host.ts';
import { until } from '../support/processes.ts';
import { runModule } from '../support/run-module.ts';
import { runShell, shells } from '../support/shell.ts';

const says = (plan: Plan) => (isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say));
const none = { content: { exists: false, content: null, same: false }, state: { exists: false } };
const script = {
  path: '/girofle/.girofle/boot.sh',
  content: `#!/bin/sh\n${bootScript('/girofle').text}\n`,
  mode: '0700',
};
const there = ({ content, mode }: { readonly content: string; readonly mode: string }) => ({
  content: { exists: true, content, same: false },
  state: { exists: true, type: 'file', mode },
});

function planFor(seen: object, args: object = {}): Plan {
  const all = {
    survey: { manager: 'systemd', enabled: false },
    home: { exists: false },
    script: none,
    units: { systemd: none, openrc: none, cron: none },
    ...seen,
  };
  return gitlab_boot.plan({ state: 'present', root: '/girofle', ...args }, all, {
    host: 'h',
    planning: false,
    verbosity: 0,
  });
}

describe('what is planned', () => {
  const unit = bootFile('/girofle', 'systemd');
  const whole = {
    survey: { manager: 'systemd', enabled: true },
    home: { exists: true, type: 'directory' },
    script: there(script),
    units: { systemd: there(unit), openrc: none, cron: none },
  };

  it('by systemd: the script, a unit, and the link that starts it', () => {
    expect(says(planFor({}))).toEqual([
      'create /girofle/.girofle',
      'write /girofle/.girofle/boot.sh',
      'write /etc/systemd/system/girofle-repair.service',
      'run it at each boot',
    ]);
  });

  it('nothing, when all of it is so', () => {
    expect(says(planFor(whole))).toEqual([]);
  });

  it('only the link, when somebody has disabled the unit', () => {
    expect(says(planFor({ ...whole, survey: { manager: 'systemd', enabled: false } }))).toEqual([
      'run it at each boot',
    ]);
  });

  it('another mode of the script is set right', () => {
    expect(says(planFor({ ...whole, script: there({ ...script, mode: '0755' }) }))).toEqual([
      'write /girofle/.girofle/boot.sh',
    ]);
  });

  it("by OpenRC's local.d, and by cron where neither runs the host", () => {
    expect(says(planFor({ survey: { manager: 'openrc', enabled: false } }))).toEqual([
      'create /girofle/.girofle',
      'write /girofle/.girofle/boot.sh',
      'write /etc/local.d/girofle-repair.start',
      'run what is in /etc/local.d at each boot',
    ]);
    expect(says(planFor({ survey: { manager: 'cron', enabled: true } }))).toEqual([
      'create /girofle/.girofle',
      'write /girofle/.girofle/boot.sh',
      'write /etc/cron.d/girofle-repair',
    ]);
  });

  it('a host that has systemd now loses what cron was told before: it must not run twice', () => {
    const cron = there(bootFile('/girofle', 'cron'));
    expect(says(planFor({ ...whole, units: { ...whole.units, cron } }))).toEqual([
      'remove /etc/cron.d/girofle-repair',
    ]);
  });

  it('absent: what is there goes', () => {
    expect(says(planFor(whole, { state: 'absent' }))).toEqual([
      'remove /etc/systemd/system/girofle-repair.service',
      'remove /girofle/.girofle/boot.sh',
    ]);
    expect(says(planFor({}, { state: 'absent' }))).toEqual([]);
  });

  it('refusals: nothing that starts programs at boot; a symbolic link', () => {
    expect(says(planFor({ survey: { manager: 'none', enabled: false } }))).toBe(
      'nothing starts programs at boot on this host: neither systemd nor OpenRC with /etc/local.d runs it, and there is no /etc/cron.d',
    );
    expect(says(planFor({ home: { exists: true, type: 'link' } }))).toBe(
      '/girofle/.girofle is a symbolic link',
    );
  });
});

describe('the files', () => {
  it('of several roots have several names', () => {
    expect(['/girofle', '/girofle/', '/srv/git lab'].map(unitName)).toEqual([
      'girofle-repair',
      'girofle-repair',
      'girofle-repair-srv-git-lab',
    ]);
  });

  it('quote a root that is no plain word, each in its own way', () => {
    const root = "/srv/it's 5%";
    expect(bootFile(root, 'systemd').content).toContain(
      `ExecStart=/bin/sh "/srv/it's 5%%/.girofle/boot.sh"\n`,
    );
    expect(bootFile(root, 'cron').content).toMatch(
      /^@reboot root sh '\/srv\/it'\\''s 5\\%\/\.girofle\/boot\.sh' >\/dev\/null 2>&1$/m,
    );
    expect(bootFile(root, 'openrc').content).toContain(`sh '/srv/it'\\''s 5%/.girofle/boot.sh'`);
  });

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)(
    'systemd takes the unit without a word (needs systemd-analyze)',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'girofle-unit-'));
      const { content } = bootFile('/girofle', 'systemd');
      writeFileSync(`${folder}/girofle-repair.service`, content);
      const { status, stderr } = spawnSync(
        'systemd-analyze',
        ['verify', '--man=no', `${folder}/girofle-repair.service`],
        { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } },
      );
      rmSync(folder, { recursive: true, force: true });
      expect(stderr.split('\n').filter(line => line.includes('girofle-repair'))).toEqual([]);
      expect(status).toBe(0);
    },
  );

  it.each(shells)('the script is understood by %s', async shell => {
    const { code, stderr } = await runShell(`sh -n <<'EOF'\n${bootScript('/girofle').text}\nEOF`, { shell });
    expect([code, stderr]).toEqual([0, '']);
  });

  it("systemd's and OpenRC's commands are what they are", () => {
    expect(enableText('/girofle', 'systemd').text).toBe(
      'systemctl daemon-reload && systemctl enable --quiet girofle-repair.service',
    );
    expect(removeText('/girofle', 'systemd').text).toBe(
      'systemctl disable --quiet girofle-repair.service 2>/dev/null\nrm -f /etc/systemd/system/girofle-repair.service && systemctl daemon-reload',
    );
    expect(enableText('/girofle', 'openrc').text).toBe(
      'PATH=$PATH:/usr/sbin:/sbin rc-update add local default',
    );
  });

  it('what runs a host is told by what is there', () => {
    expect(readBootSurvey('manager systemd\nenabled\n')).toEqual({ manager: 'systemd', enabled: true });
    expect(readBootSurvey('manager none\n')).toEqual({ manager: 'none', enabled: false });
    expect(bootSurvey('/srv/x').text).toContain('systemctl is-enabled girofle-repair-srv-x.service');
  });
});

describe.skipIf(debianHostLacks() !== undefined)(
  'on a host with cron (needs root, docker, debootstrap)',
  () => {
    let host: DebianHost;
    beforeAll(async () => {
      host = await startDebianHost();
    }, 240_000);
    afterAll(() => host.remove());
    const run = (args = {}) => runModule(gitlab_boot, args, { container: host.name });

    it('it is installed once, runs when cron starts after a boot, and is removed again', async () => {
      const first = await run();
      expect(first.result).toMatchObject({
        changed: true,
        failed: false,
        manager: 'cron',
        unit: '/etc/cron.d/girofle-repair',
        script: '/girofle/.girofle/boot.sh',
      });
      expect((await run()).says).toEqual([]);
      expect(
        await host.sh(
          'stat -c "%a %U" /girofle/.girofle /girofle/.girofle/boot.sh /etc/cron.d/girofle-repair',
        ),
      ).toBe('700 root\n700 root\n644 root\n');
      await host.sh('rm -f /run/crond.reboot && cron');
      await until(
        'the script to run',
        async () => (await host.try('grep -alF .girofle/boot.sh /proc/[0-9]*/cmdline')).stdout !== '',
        30,
      );
      const gone = await run({ state: 'absent' });
      expect(gone.says).toEqual(['remove /etc/cron.d/girofle-repair', 'remove /girofle/.girofle/boot.sh']);
      expect(await host.sh('ls -A /girofle/.girofle; ls /etc/cron.d')).not.toContain('girofle-repair');
    }, 120_000);
  },
);
