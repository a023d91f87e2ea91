/** girofle_schedule in crontabs of its own: one kept by a stand-in for `crontab`, and a throwaway user's real one. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/core/value.ts';
import { girofle_schedule } from '../../tasks/girofle_schedule.ts';
import { type CronUser, makeCronUser, noCrontab } from '../support/cron.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { type RunOptions, runModule } from '../support/run-module.ts';

const ARGS: ValueMap = {
  playbook: '/srv/playbooks/backup.yml',
  name: 'vm1-2',
  cron: '0 */4 * * *',
  offset_minutes: 5,
  inventory: ['/srv/inventory/hosts.yml', 'vm8,vm9'],
  limit: 'vm1',
  extra_vars: { instance: 2, what: "100% l'un" },
  program: { node: '/usr/bin/node', cli: '/opt/girofle/cli.js', folder: '/srv' },
};

/** Not UTF-8, a percent sign, other users of our words, a shell that would be no use to us, no line feed at the end. */
const FOREIGN = Buffer.from(
  '# caf\xe9\n5 4 * * sun  date +\\%F \t\n# BEGIN girofles\n# for the next one\nSHELL=/bin/false\nHOME=/nowhere\n1 2 3 4 5 \xff\xfe',
  'latin1',
);
const CUT = FOREIGN.indexOf('# BEGIN girofles');
const [ABOVE, BELOW] = [FOREIGN.subarray(0, CUT), FOREIGN.subarray(CUT)];

const block = (
  state: string,
  locked: string,
  expression = '5 */4 * * *',
) => `# BEGIN girofle "vm1-2" /srv/playbooks/backup.yml
# Written by girofle-run; girofle-run schedule remove takes it away.
${expression} cd /srv && export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin && mkdir -p ${state}/locks ${state}/log && { date; ${locked} || echo "ended with $? (5: another run is under way)"; } >>${state}/log/backup-vm1-2-fd6202-"$(date +\\%Y-\\%m)".log 2>&1
# END girofle "vm1-2" /srv/playbooks/backup.yml
`;
const RUN = String.raw`/usr/bin/node /opt/girofle/cli.js run /srv/playbooks/backup.yml -i /srv/inventory/hosts.yml -i vm8,vm9 -l vm1 -e '{"instance":2,"what":"100\% l'\''un"}' --output plain`;

/** Keeps a crontab in $HOME/table, as `crontab` does: refuses a last line without an end, and whoever is in $HOME/denied. */
const STAND_IN = `#!/bin/sh
if [ -e "$HOME/denied" ]; then echo 'You (jo) are not allowed to use this program (crontab)' >&2; exit 1; fi
case $1 in
  -l) if [ -e "$HOME/table" ]; then cat "$HOME/table"; else echo 'no crontab for jo' >&2; exit 1; fi ;;
  -r) rm -f "$HOME/table" ;;
  -) cat >"$HOME/new"
    if grep -q 'refuse me' "$HOME/new"; then rm "$HOME/new"; echo '"-":3: bad minute' >&2; exit 1; fi
    mv "$HOME/new" "$HOME/table" ;;
esac
`;

describe('girofle_schedule', () => {
  let home = '';
  let options: RunOptions = {};
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'girofle-schedule-'));
    chmodSync(home, 0o777);
    mkdirSync(join(home, 'bin'));
    writeFileSync(join(home, 'bin/crontab'), STAND_IN, { mode: 0o755 });
    const path = `${home}/bin:${process.env.PATH}`;
    options = { env: { HOME: home, PATH: path, XDG_STATE_HOME: '' }, as: { uid: 65534, gid: 65534 } };
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const put = (content: Uint8Array) => writeFileSync(join(home, 'table'), content, { mode: 0o666 });
  const table = () => readFileSync(join(home, 'table'));
  const run = (more: ValueMap = {}, how: RunOptions = {}) =>
    runModule(girofle_schedule, { ...ARGS, ...more }, { ...options, ...how });
  const state = () => `${home}/.local/state/girofle`;
  const ours = (expression?: string) =>
    block(state(), `flock -n -o -E 5 ${state()}/locks/backup-vm1-2-fd6202.lock ${RUN}`, expression);

  test('puts its block before what others set, plans it first, and has nothing to do the second time', async () => {
    put(FOREIGN);
    const says = ['put backup.yml (vm1-2) at 5 */4 * * * into the crontab of nobody'];
    const planned = await run({}, { planOnly: true });
    expect(planned.says).toEqual(says);
    expect(table().equals(FOREIGN)).toBe(true);
    expect(planned.steps[0]?.diff).toEqual({
      title: 'the crontab of nobody',
      before: null,
      after: ours(),
    });

    const done = await run();
    expect(done.result).toEqual({
      changed: true,
      failed: false,
      changed_meanwhile: false,
      expression: '5 */4 * * *',
      crontab: 'the crontab of nobody',
    });
    expect(table().toString('latin1')).toBe(
      `${ABOVE.toString('latin1')}${ours()}${BELOW.toString('latin1')}\n`,
    );
    expect((await run()).says).toEqual([]);

    const moved = await run({ offset_minutes: 65 });
    expect(moved.says).toEqual([
      'renew backup.yml (vm1-2) at 5 1,5,9,13,17,21 * * * in the crontab of nobody',
    ]);
    expect(table().toString('latin1')).toContain(ours('5 1,5,9,13,17,21 * * *'));

    const gone = await run({ state: 'absent' });
    expect(gone.says).toEqual(['take backup.yml (vm1-2) out of the crontab of nobody']);
    expect(table().toString('latin1')).toBe(`${FOREIGN.toString('latin1')}\n`);
    expect((await run({ state: 'absent' })).says).toEqual([]);
    const copies = readdirSync(`${state()}/crontabs`).filter(name => name.startsWith('crontab-nobody-'));
    expect(copies.map(name => readFileSync(`${state()}/crontabs/${name}`).equals(FOREIGN))).toContain(true);
  });

  test('a crontab that held nothing else is taken away, and one that was none is made', async () => {
    await run();
    expect(table().toString()).toBe(ours());
    expect((await run({ crontab: 'none' })).says).toEqual([
      'take backup.yml (vm1-2) out of the crontab of nobody',
    ]);
    expect(readdirSync(home)).not.toContain('table');
  });

  test('sixty instances and their drills fit into one crontab', { timeout: 60_000 }, async () => {
    put(FOREIGN);
    for (let number = 1; number <= 60; number++)
      await run({ name: `vm1-${number}`, offset_minutes: number - 1 });
    expect(table().length).toBeGreaterThan(40_000);
    for (let number = 1; number <= 60; number++) await run({ name: `vm1-${number}`, state: 'absent' });
    expect(table().toString('latin1')).toBe(`${FOREIGN.toString('latin1')}\n`);
  });

  test('a crontab that may not be read is refused, and holds none of our jobs', async () => {
    writeFileSync(join(home, 'denied'), '');
    expect((await run()).result.msg).toBe(
      'the crontab of nobody cannot be read: You (jo) are not allowed to use this program (crontab)',
    );
    expect((await run({ state: 'absent' })).says).toEqual([]);
    expect((await run({ crontab: 'none' })).says).toEqual([]);
  });

  test('what crontab refuses changes nothing', async () => {
    put(Buffer.from('refuse me\n'));
    const { result } = await run();
    expect(result.msg).toBe('crontab does not take it: "-":3: bad minute');
    expect(table().toString()).toBe('refuse me\n');
  });

  test('a crontab that changes between the look and the write is left alone, and the task says so', async () => {
    put(FOREIGN);
    const { result } = await run({}, { onAction: () => put(Buffer.from('1 1 1 1 1 other\n')) });
    expect(result).toMatchObject({
      changed: false,
      failed: true,
      changed_meanwhile: true,
      msg: 'the crontab of nobody was changed by somebody else at this moment; nothing was touched',
    });
    expect(table().toString()).toBe('1 1 1 1 1 other\n');
    expect((await run()).failed).toBe(false);
  });

  test('a block that lost its end is refused, whatever is asked', async () => {
    put(Buffer.from('a\n# BEGIN girofle "vm1-2" /srv/playbooks/backup.yml\n1 2 3 4 5 x\n'));
    const msg = 'the crontab of nobody:2: the block that begins here has lost its END line';
    for (const more of [{}, { state: 'absent' }, { crontab: 'none' }])
      expect((await run(more)).result.msg).toBe(msg);
  });

  test('an ordinary user cannot write /etc/cron.d, and is told so', async () => {
    const { refusal } = await run({ crontab: 'system' });
    expect(refusal).toEqual({
      refusal: '/etc/cron.d/girofle cannot be written: permission denied',
      hint: 'run as root',
    });
  });

  test('more than cron takes in a line is refused', async () => {
    const { result } = await run({ extra_vars: { long: 'x'.repeat(700) } });
    expect(result.msg).toMatch(
      /^backup\.yml \(vm1-2\) cannot be run by cron: the command has \d+ bytes, and cron takes no more than 998$/,
    );
  });
});

describe.skipIf(noCrontab !== undefined)(
  `girofle_schedule with cron's own crontab ${noCrontab ?? ''}`,
  () => {
    let user: CronUser;
    let options: RunOptions = {};
    beforeAll(() => {
      user = makeCronUser();
      const id = (flag: string) => Number(execFileSync('id', [flag, user.name], { encoding: 'utf8' }));
      options = {
        env: { HOME: user.home, USER: user.name, LOGNAME: user.name, XDG_STATE_HOME: '' },
        as: { uid: id('-u'), gid: id('-g') },
        cwd: user.home,
      };
    });
    afterAll(() => user?.remove());

    test('installs, finds it again, is listed and removed by girofle-run schedule, byte for byte', async () => {
      const crontab = `/var/spool/cron/crontabs/${user.name}`;
      user.run('crontab', ['-'], Buffer.from('1 2 3 4 5 true\n'));
      // Without a line feed at the end, as only an editor of the file itself can leave it.
      const before = Buffer.from(
        '# caf\xe9\n5 4 * * sun  date +\\%F \t\nSHELL=/bin/false\n1 2 3 4 5 true',
        'latin1',
      );
      writeFileSync(crontab, before);
      const done = await runModule(girofle_schedule, ARGS, options);
      expect(done.result.msg).toBeUndefined();
      const after = user.crontab();
      expect((await runModule(girofle_schedule, ARGS, options)).says).toEqual([]);
      expect(user.crontab().equals(after)).toBe(true);
      expect(user.girofle('schedule', 'list').stdout).toMatch(
        new RegExp(
          `^5 \\*/4 \\* \\* \\*  /srv/playbooks/backup.yml \\(vm1-2\\)  the crontab of ${user.name}  next: `,
          'm',
        ),
      );
      expect(user.girofle('schedule', 'remove', '/srv/playbooks/backup.yml', '--name', 'vm1-2').stdout).toBe(
        `removed from the crontab of ${user.name}\n`,
      );
      expect(user.crontab().toString('latin1')).toBe(`${before.toString('latin1')}\n`);
    });
  },
);

test.each([
  [{ cron: '0 24 * * *' }, ['cron "0 24 * * *": hours: 24 is not between 0 and 23 (midnight is 0)']],
  [
    { cron: '0,50 1 * * *', offset_minutes: 10 },
    [
      'cron "0,50 1 * * *" cannot be moved by 10 minutes: some of its times would pass the hour or the day, others not',
    ],
  ],
  [{ playbook: '/srv/../x.yml' }, ['playbook /srv/../x.yml: write /x.yml']],
  [
    { program: { node: 'node', cli: '', folder: '' } },
    ['program needs node, cli and folder, absolute paths: "{{ girofle_program }}"'],
  ],
  [{ state: 'absent', cron: 'never' }, []],
])('girofle_schedule with %j', (more: ValueMap, says) => {
  expect(problemsWith({ ...ARGS, ...more })).toEqual(says);
});

test('girofle_schedule needs to be told when', () => {
  const { cron: _, ...rest } = ARGS;
  expect(problemsWith(rest)).toEqual(['cron is needed: when the playbook runs']);
});

function problemsWith(args: ValueMap): readonly string[] {
  try {
    withDefaults(girofle_schedule, args);
    return [];
  } catch (error) {
    if (error instanceof ArgumentError) return error.problems;
    throw error;
  }
}
