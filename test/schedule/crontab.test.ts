/** Our blocks in a crontab, by bytes; and the command of a line, by a real shell. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sh } from '../../src/core/sh.ts';
import { parseCron } from '../../src/schedule/cron.ts';
import {
  BrokenBlock,
  blocks,
  commandOf,
  type Job,
  jobProblem,
  putBlock,
  takeBlock,
} from '../../src/schedule/crontab.ts';
import { offset } from '../../src/schedule/offset.ts';
import { until } from '../support/processes.ts';
import { runShell, shells } from '../support/shell.ts';

const job: Job = {
  playbook: '/srv/playbooks/backup.yml',
  name: '',
  expression: '0 */4 * * *',
  command: sh`do it`,
};
const BLOCK = `# BEGIN girofle "" /srv/playbooks/backup.yml
# Written by girofle-run schedule install; schedule remove takes it away.
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
      const crontab = Buffer.concat([bytes(putBlock(before, job)), after]);
      expect(Buffer.compare(bytes(putBlock(crontab, job)), crontab)).toBe(0);
      const without = bytes(takeBlock(crontab, job));
      expect(Buffer.compare(without, Buffer.concat([before, after]))).toBe(0);
    }),
    { seed: 3 },
  );
});

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
  ['50 1 * * *', 10, undefined],
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
