/** Schedules in real crontabs: a throwaway user's, and /etc/cron.d; and a real cron daemon that starts one. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CronUser, makeCronUser, noCrontab, startCron } from '../support/cron.ts';
import { until } from '../support/processes.ts';

const SYSTEM = '/etc/cron.d/girofle';
const FOREIGN = Buffer.from('# caf\xe9, in latin-1\nMAILTO=""\n5 4 * * sun  true  \t\n', 'latin1');

describe.skipIf(noCrontab !== undefined)(`girofle-run schedule ${noCrontab ?? ''}`, () => {
  let user: CronUser;
  beforeAll(() => {
    user = makeCronUser();
    mkdirSync(join(user.home, 'playbooks'));
    mkdirSync(join(user.home, 'inventory'));
    const play = (more: string) =>
      `- hosts: localhost\n  gather_facts: false\n${more}  tasks:\n    - shell: "{{ what }}"\n`;
    const files = {
      'playbooks/nightly.yml': play("  schedule: '0 */4 * * *'\n"),
      'playbooks/unplanned.yml': play(''),
      'playbooks/asking.yml': play('  vars_prompt: [{ name: who }]\n'),
      'playbooks/undecided.yml': play('  schedule: "@daily"\n') + play('  schedule: "@weekly"\n'),
      'playbooks/templated.yml': play('  schedule: "{{ when }}"\n'),
      'playbooks/broken.yml': '- hosts: localhost\n  tasks:\n    - shel: date\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(user.home, name), text);
  });
  afterEach(() => user.run('crontab', ['-r']));
  afterAll(() => user?.remove());

  const line = (slug: string, args: string) =>
    `cd ${user.home} && export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` +
    ` && mkdir -p ${user.home}/.local/state/girofle/locks ${user.home}/.local/state/girofle/log` +
    ` && { date; flock -n -o -E 5 ${user.home}/.local/state/girofle/locks/${slug}.lock ${process.execPath}` +
    ` ${user.program}/cli.js run ${user.home}/playbooks/nightly.yml ${args} --output plain` +
    ` || echo "ended with $? (5: another run is under way)"; }` +
    ` >>${user.home}/.local/state/girofle/log/${slug}-"$(date +\\%Y-\\%m)".log 2>&1`;
  const slugIn = (crontab: string) => /locks\/([\w-]+)\.lock/.exec(crontab)?.[1] ?? '';

  test('installs with the playbook’s own time, leaves other lines byte for byte, and takes only its own away', () => {
    user.run('crontab', ['-'], FOREIGN);
    const install = [
      'schedule',
      'install',
      'playbooks/nightly.yml',
      '-e',
      "what='date +%F'",
      '-l',
      'localhost',
    ];
    const first = user.girofle(...install);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(
      new RegExp(
        `^installed in the crontab of ${user.name}\nnext: [-\\dT:]+\\.000Z\nlog: ${user.home}/.local/state/girofle/log/nightly-\\w{6}-\\*\\.log\n$`,
      ),
    );
    const crontab = user.crontab();
    const playbook = `${user.home}/playbooks/nightly.yml`;
    const slug = slugIn(crontab.toString());
    const args = String.raw`-l localhost -e 'what='\''date +\%F'\'''`;
    expect(crontab.toString('latin1')).toBe(`# BEGIN girofle "" ${playbook}
# Written by girofle-run; girofle-run schedule remove takes it away.
0 */4 * * * ${line(slug, args)}
# END girofle "" ${playbook}
${FOREIGN.toString('latin1')}`);

    const second = user.girofle(...install);
    expect(second.stdout).toContain(`already in the crontab of ${user.name}, nothing changed\n`);
    expect(user.crontab().equals(crontab)).toBe(true);

    const moved = user.girofle(...install, '--offset-minutes', '7');
    expect(moved.stdout).toContain(`replaced in the crontab of ${user.name}\n`);
    expect(user.crontab().toString('latin1')).toBe(crontab.toString('latin1').replace('\n0 */4', '\n7 */4'));

    const removed = user.girofle('schedule', 'remove', 'playbooks/nightly.yml');
    expect(removed).toEqual({ code: 0, stdout: `removed from the crontab of ${user.name}\n`, stderr: '' });
    expect(user.crontab().equals(FOREIGN)).toBe(true);
    expect(user.girofle('schedule', 'remove', 'playbooks/nightly.yml').stdout).toBe(
      `not in the crontab of ${user.name}, nothing changed\n`,
    );
    const kept = join(user.home, '.local/state/girofle/crontabs');
    const copies = readdirSync(kept).filter(name => name.startsWith(`crontab-${user.name}-`));
    expect(copies.map(name => readFileSync(join(kept, name)).equals(FOREIGN))).toContain(true);
  });

  test('several schedules of one playbook by name, listed with their next time', () => {
    const install = (name: string, cron: string) =>
      user.girofle(
        'schedule',
        'install',
        'playbooks/nightly.yml',
        '--name',
        name,
        '--cron',
        cron,
        '-e',
        'what=true',
      );
    expect(install('one', '0 3 1 1 *').code).toBe(0);
    expect(install('two', '@reboot').stdout).toContain('next: whenever the machine starts\n');
    const { stdout } = user.girofle('schedule', 'list');
    const playbook = `${user.home}/playbooks/nightly.yml`;
    expect(stdout.split('\n').filter(row => row.includes(user.home))).toEqual([
      expect.stringMatching(
        new RegExp(`^0 3 1 1 \\*  ${playbook} \\(one\\)  the crontab of ${user.name}  next: \\d{4}-01-01T`),
      ),
      `@reboot    ${playbook} (two)  the crontab of ${user.name}  whenever the machine starts`,
    ]);
    expect(user.girofle('schedule', 'remove', 'playbooks/nightly.yml').stdout).toBe(
      `not in the crontab of ${user.name}, nothing changed\nwhat is there has a name: --name one, --name two\n`,
    );
  });

  test('what is doubtful about the time is said, with what was meant', () => {
    const { code, stderr } = user.girofle(
      'schedule',
      'install',
      'playbooks/nightly.yml',
      '--cron',
      '* */4 * * *',
      '-e',
      'what=true',
    );
    expect(code).toBe(0);
    expect(stderr).toBe(
      'warning: it runs 60 times in each of those hours, 360 times a day (once in each of those hours is 0 */4 * * *)\n',
    );
  });

  test.each([
    [
      'a playbook that does not say when',
      ['playbooks/unplanned.yml'],
      "the playbook does not say when it runs (give --cron '0 */4 * * *', or write schedule: in a play)\n",
    ],
    [
      'an expression that crontab would refuse',
      ['playbooks/nightly.yml', '--cron', '0 24 * * *'],
      '"0 24 * * *": hours: 24 is not between 0 and 23 (midnight is 0)\n',
    ],
    [
      'minutes of which some pass the hour',
      ['playbooks/nightly.yml', '--cron', '0,50 1 * * *', '--offset-minutes', '10'],
      '"0,50 1 * * *" cannot be moved by 10 minutes: some of its times would pass the hour or the day, others not (give --cron)\n',
    ],
    [
      'a playbook that asks',
      ['playbooks/asking.yml', '--cron', '@daily'],
      'the playbook asks for who, and nobody answers under cron (give -e who=...)\n',
    ],
    [
      'plays that disagree',
      ['playbooks/undecided.yml'],
      'playbooks/undecided.yml:8:13: one play says @daily, another @weekly (a playbook is run as one: give --cron)\n',
    ],
    [
      'a playbook whose time is a template',
      ['playbooks/templated.yml'],
      'playbooks/templated.yml:3:13: when it runs is a template, and is needed before a host is known (give --cron)\n',
    ],
    [
      'a playbook with a mistake',
      ['playbooks/broken.yml', '--cron', '@daily'],
      expect.stringContaining('playbooks/broken.yml:3:7: unknown module "shel"'),
    ],
    [
      'a line break',
      ['playbooks/nightly.yml', '-e', 'what="a\nb"'],
      'a crontab line cannot hold a line break (put variables into a file: -e @file.yml)\n',
    ],
    [
      'no such file',
      ['playbooks/nil.yml'],
      'no such file: playbooks/nil.yml (give the path of a playbook)\n',
    ],
  ])('refuses %s, with 4 and nothing touched', (_, args, says) => {
    user.run('crontab', ['-'], FOREIGN);
    const given = args.includes('-e') ? args : [...args, '-e', 'what=true'];
    expect(user.girofle('schedule', 'install', ...given)).toEqual({ code: 4, stdout: '', stderr: says });
    expect(user.crontab().equals(FOREIGN)).toBe(true);
  });

  test('a block that somebody broke is left alone', () => {
    user.girofle('schedule', 'install', 'playbooks/nightly.yml', '-e', 'what=true');
    const broken = Buffer.from(
      user
        .crontab()
        .toString()
        .replace(/# END.*\n/, '5 4 * * * true\n'),
    );
    user.run('crontab', ['-'], broken);
    const says = `the crontab of ${user.name}:1: the block that begins here has lost its END line (mend or delete it by hand: crontab -e)\n`;
    for (const verb of ['install', 'remove'])
      expect(user.girofle('schedule', verb, 'playbooks/nightly.yml', '-e', 'what=true')).toEqual({
        code: 1,
        stdout: '',
        stderr: says,
      });
    expect(user.crontab().equals(broken)).toBe(true);
  });

  test('an ordinary user cannot write /etc/cron.d, and is told so', () => {
    expect(
      user.girofle('schedule', 'install', 'playbooks/nightly.yml', '-e', 'what=true', '--system'),
    ).toEqual({
      code: 1,
      stdout: '',
      stderr: '/etc/cron.d/girofle cannot be written: permission denied (run as root)\n',
    });
  });

  test('--system: a file of ours in /etc/cron.d with the user in the line, gone with its last job', () => {
    const before = existsSync(SYSTEM) ? readFileSync(SYSTEM) : undefined;
    const copies = '/var/lib/girofle/crontabs';
    const kept = new Set(existsSync(copies) ? readdirSync(copies) : []);
    const asRoot = (...args: readonly string[]) => {
      const words = [join(user.program, 'cli.js'), 'schedule', ...args, '--system'];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        cwd: user.home,
        encoding: 'utf8',
      });
      return { code: status, stdout, stderr };
    };
    try {
      rmSync(SYSTEM, { force: true });
      const install = ['install', 'playbooks/nightly.yml', '-e', 'what=true'];
      expect(asRoot(...install)).toMatchObject({ code: 0, stderr: '' });
      const playbook = `${user.home}/playbooks/nightly.yml`;
      expect(readFileSync(SYSTEM, 'utf8').split('\n')).toEqual([
        `# BEGIN girofle "" ${playbook}`,
        '# Written by girofle-run; girofle-run schedule remove takes it away.',
        expect.stringMatching(
          /^0 \*\/4 \* \* \* root cd \S+ && .* flock -n -o -E 5 \/var\/lib\/girofle\/locks\/nightly-/,
        ),
        `# END girofle "" ${playbook}`,
        '',
      ]);
      const { uid, gid, mode } = statSync(SYSTEM);
      expect([uid, gid, (mode & 0o7777).toString(8)]).toEqual([0, 0, '644']);
      expect(asRoot(...install).stdout).toContain(`already in ${SYSTEM}, nothing changed\n`);
      expect(user.girofle('schedule', 'list').stdout).toMatch(
        new RegExp(`^0 \\*/4 \\* \\* \\*  ${playbook}  ${SYSTEM}  next: `, 'm'),
      );
      expect(asRoot('remove', 'playbooks/nightly.yml').stdout).toBe(`removed from ${SYSTEM}\n`);
      expect(existsSync(SYSTEM)).toBe(false);
    } finally {
      if (before) writeFileSync(SYSTEM, before);
      for (const copy of existsSync(copies) ? readdirSync(copies) : [])
        if (!kept.has(copy)) rmSync(join(copies, copy));
    }
  });

  // Cron looks once a minute: the slow test of this file.
  test('a real cron daemon starts the playbook within the next minute', { timeout: 90_000 }, async () => {
    const out = join(user.home, 'out');
    const what = `echo "$(id -un) $(date +%Y)" >>${out}`;
    const extra = JSON.stringify({ what });
    const installed = user.girofle(
      'schedule',
      'install',
      'playbooks/nightly.yml',
      '--cron',
      '* * * * *',
      '-e',
      extra,
    );
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const stop = startCron();
    const logs = join(user.home, '.local/state/girofle/log');
    const log = () =>
      existsSync(logs)
        ? readdirSync(logs)
            .map(name => readFileSync(join(logs, name), 'utf8'))
            .join('')
        : '';
    try {
      await until('cron has run the playbook', () => existsSync(out) && /changed=1/.test(log()), 75);
    } finally {
      user.run('crontab', ['-r']);
      stop();
      await until('the run has ended', () => user.processes() === 0, 20);
    }
    expect(readFileSync(out, 'utf8')).toBe(`${user.name} ${new Date().getFullYear()}\n`);
    expect(log()).not.toContain('ended with');
  });
});
