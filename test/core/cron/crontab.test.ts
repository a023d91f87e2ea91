/** Our blocks in a crontab, by bytes; and the command of a line, by a real shell. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrokenBlock, blocks, editOf, putBlock, takeBlock } from '../../../src/core/cron/crontab.ts';
import { parseCron } from '../../../src/core/cron/expression.ts';
import { commandOf, type Job, jobProblem } from '../../../src/core/cron/job.ts';
import { offset } from '../../../src/core/cron/offset.ts';
import { sh } from '../../../src/core/sh.ts';
import { until } from '../../support/processes.ts';
import { runShell, shells } from '../../support/shell.ts';

const job: Job = {
  playbook: '/srv/playbooks/backup.yml',
  name: '',
  expression: '0 */4 * * *',
  command: sh`do it`,
};
const BLOCK = `# BEGIN girofle "" /srv/playbooks/backup.yml
# Written by girofle-run; girofle-run schedule remove takes it away.
0 */4 * * * do it
# END girofle "" /srv/playbooks/backup.yml
`;

function put(crontab: string | Uint8Array, one: Job = job): string {
  const changed = putBlock(Buffer.from(crontab), one);
  return changed instanceof BrokenBlock ? `broken at ${changed.line}` : Buffer.from(changed).toString();
}

function take(crontab: string, one: Job = job): string {
  const changed = takeBlock(Buffer.from(crontab), one);
  return changed instanceof BrokenBlock ? `broken at ${changed.line}` : Buffer.from(changed).toString();
}

function bytes(changed: Uint8Array | BrokenBlock): Buffer {
  if (changed instanceof BrokenBlock) throw new Error(`broken at ${changed.line}`);
  return Buffer.from(changed);
}

test.each([
  ['in an empty crontab', '', BLOCK],
  ['after the lines of others', '# mine\n1 2 3 4 5 x\n', `# mine\n1 2 3 4 5 x\n${BLOCK}`],
  ['after a line without an end', '1 2 3 4 5 x', `1 2 3 4 5 x\n${BLOCK}`],
  ['where it was', `a\n${BLOCK.replace('do it', 'do other')}b\n`, `a\n${BLOCK}b\n`],
  ['as it is', `a\n${BLOCK}b\n`, `a\n${BLOCK}b\n`],
  [
    'before a variable, which would hold for it too',
    'a\nSHELL=/bin/false\nb\n',
    `a\n${BLOCK}SHELL=/bin/false\nb\n`,
  ],
  [
    'before the comment on a variable',
    'a\n\n# whom to tell\n# of it\n"MAIL TO" = me\n',
    `a\n\n${BLOCK}# whom to tell\n# of it\n"MAIL TO" = me\n`,
  ],
  [
    'above a variable that was set above it since',
    `CRON_TZ=Asia/Tokyo\na\n${BLOCK}b\n`,
    `${BLOCK}CRON_TZ=Asia/Tokyo\na\nb\n`,
  ],
  [
    'after jobs whose commands set variables',
    '0 1 * * * A=b run\n@daily C=d run\n',
    `0 1 * * * A=b run\n@daily C=d run\n${BLOCK}`,
  ],
])('a block is put %s', (_, before, after) => {
  expect(put(before)).toBe(after);
});

test('in /etc/cron.d the line names the user', () => {
  expect(put('', { ...job, user: 'root' })).toContain('\n0 */4 * * * root do it\n');
});

test('a percent sign is escaped, in quotes too', () => {
  expect(put('', { ...job, command: sh`date +${'%F it'}` })).toContain("\n0 */4 * * * date +'\\%F it'\n");
});

test('jobs of one playbook are told apart by name, playbooks by path', () => {
  const second = { ...job, name: 'two', command: sh`two` };
  const third = { ...job, playbook: '/srv/playbooks/backup.yml2', command: sh`three` };
  const all = put(put(BLOCK, second), third);
  expect(blocks(Buffer.from(all))).toEqual([
    { playbook: job.playbook, name: '', expression: '0 */4 * * *' },
    { playbook: job.playbook, name: 'two', expression: '0 */4 * * *' },
    { playbook: third.playbook, name: '', expression: '0 */4 * * *' },
  ]);
  expect(take(take(all, second), third)).toBe(BLOCK);
});

test('a block that lost its end is left alone, and nothing after it is taken for it', () => {
  const lost = BLOCK.replace(/# END.*\n/, '');
  expect(put(`x\n${lost}1 2 3 4 5 y\n`)).toBe('broken at 2');
  expect(take(`x\n${lost}1 2 3 4 5 y\n`)).toBe('broken at 2');
  expect(take(`${lost}1 2 3 4 5 y\n${BLOCK}`)).toBe('broken at 1');
});

test('what others wrote stays byte for byte, whatever the bytes', () => {
  const foreign = fc
    .array(fc.uint8Array({ maxLength: 30 }), { maxLength: 6 })
    .map(lines => Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')])));
  fc.assert(
    fc.property(foreign, foreign, (before, after) => {
      const crontab = Buffer.concat([before, after]);
      const once = bytes(putBlock(crontab, job));
      expect(Buffer.compare(bytes(putBlock(once, job)), once)).toBe(0);
      expect(Buffer.compare(bytes(takeBlock(once, job)), crontab)).toBe(0);
      expect(Buffer.compare(applied(crontab, editOf(crontab, once)), once)).toBe(0);
      expect(Buffer.compare(applied(once, editOf(once, crontab)), crontab)).toBe(0);
    }),
    { seed: 3 },
  );
});

/** As the shell does it: head, what is put, tail. */
function applied(before: Uint8Array, { keep, drop, put: added }: ReturnType<typeof editOf>): Buffer {
  const lines =
    Buffer.from(before)
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const bytesOf = (some: readonly string[]) => Buffer.from(some.join(''), 'latin1');
  return Buffer.concat([bytesOf(lines.slice(0, keep)), added, bytesOf(lines.slice(keep + drop))]);
}

test.each([
  ['a line break', sh`echo ${'a\nb'}`, 'a crontab line cannot hold a line break'],
  [
    'a backslash that some crons would eat',
    sh`echo ${'a\\%b'}`,
    'a crontab line cannot hold a backslash before a backslash or a percent sign',
  ],
  ['too much', sh`echo ${'%'.repeat(500)}`, 'the command has 1005 bytes, and cron takes no more than 998'],
  ['an apostrophe', sh`echo ${"it's"}`, undefined],
])('crontab cannot carry %s', (_, command, problem) => {
  expect(jobProblem({ ...job, command })).toBe(problem);
});

test.each([
  ['0 */4 * * *', 7, '7 */4 * * *'],
  ['*/15 * * * 1-5', 5, '5,20,35,50 * * * 1-5'],
  ['@daily', 20, '20 0 * * *'],
  ['0 */4 * * *', 0, '0 */4 * * *'],
  ['50 1 * * *', 10, '0 2 * * *'],
  ['30 3 * * 0', 35, '5 4 * * 0'],
  ['30 3 * * 0', 60 * 21, '30 0 * * 1'],
  ['30 23 * * sat', 60, '30 0 * * 0'],
  ['30 23 * * *', 60, '30 0 * * *'],
  ['0 */4 * * *', 245, '5 0,4,8,12,16,20 * * *'],
  ['*/20 * * * *', 30, '10,30,50 * * * *'],
  ['* * * * *', 7, '* * * * *'],
  ['0,50 1 * * *', 10, undefined],
  ['30 23 1 * *', 60, undefined],
  ['* 3 * * *', 10, undefined],
  ['@reboot', 10, undefined],
])('%s moved by %d minutes is %s', (expression, minutes, expected) => {
  const parsed = parseCron(expression);
  if ('problem' in parsed) throw new Error(parsed.problem);
  expect(offset(parsed.cron, minutes)).toBe(expected);
});

describe.each(shells)('the command, by %s', shell => {
  let here = '';
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), 'girofle-cron-'));
    mkdirSync(join(here, "it's a folder"));
  });
  afterEach(() => rmSync(here, { recursive: true, force: true }));

  const work = (flock: boolean, script: string) => {
    writeFileSync(join(here, 'cli'), script);
    return commandOf({
      folder: join(here, "it's a folder"),
      node: '/bin/sh',
      cli: join(here, 'cli'),
      args: ['a b', '$HOME'],
      state: join(here, 'state'),
      logs: join(here, 'log'),
      slug: 'job',
      flock,
    }).text;
  };
  const log = () =>
    readdirSync(join(here, 'log'))
      .map(name => {
        expect(name).toMatch(/^job-\d{4}-\d{2}\.log$/);
        return readFileSync(join(here, 'log', name), 'utf8');
      })
      .join('')
      .split('\n')
      .slice(1)
      .join('\n');

  // busybox has a flock of its own, which `schedule install` does not take for one.
  const locks = shell === 'sh' ? [true, false] : [false];
  test.each(locks)('runs in its folder, with its arguments, and logs (flock: %s)', async flock => {
    const outcome = await runShell(work(flock, 'pwd; echo "$@"; echo bad >&2; exit 3'), { shell });
    expect(outcome).toMatchObject({ stdout: '', stderr: '' });
    expect(log()).toBe(`${here}/it's a folder\na b $HOME\nbad\nended with 3 (5: another run is under way)\n`);
  });

  test.each(locks)('a second run does not begin while the first is under way (flock: %s)', async flock => {
    const command = work(flock, `echo run >>${here}/runs; until [ -e ${here}/go ]; do sleep 0.05; done`);
    const runs = () => readFileSync(join(here, 'runs'), 'utf8');
    const first = runShell(command, { shell });
    await until('the first run began', () => readdirSync(here).includes('runs'));
    await runShell(command, { shell });
    expect(runs()).toBe('run\n');
    expect(log()).toMatch(/ended with 5 \(5: another run is under way\)\n$/);
    writeFileSync(join(here, 'go'), '');
    await first;
    await runShell(command, { shell });
    expect(runs()).toBe('run\nrun\n');
  });

  test('the directory of an owner that died is taken over', async () => {
    const lock = join(here, 'state', 'job.lock.d');
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, 'pid'), `${process.pid}\n`);
    writeFileSync(join(lock, 'at'), 'another start\n');
    await runShell(work(false, 'echo ran'), { shell });
    expect(log()).toBe('ran\n');
  });
});
