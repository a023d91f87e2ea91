import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Outcome, Script } from '../../src/core/transport.ts';
import { processesWith, uniqueSeconds, until } from '../support/processes.ts';
import { SHELLS, script, shellOf } from './shells.ts';

interface Case {
  readonly title: string;
  readonly scripts: readonly Script[];
  readonly expected: readonly Outcome[];
}

const ok = (stdout: string): Outcome => ({ code: 0, stdout, stderr: '' });
const skipped: Outcome = { code: -1, stdout: '', stderr: '', skipped: true };

const CASES: readonly Case[] = [
  {
    title: 'stdout and stderr apart',
    scripts: [script('echo out; echo err >&2')],
    expected: [{ code: 0, stdout: 'out\n', stderr: 'err\n' }],
  },
  {
    title: 'output without a newline',
    scripts: [script('printf a'), script('printf b >&2')],
    expected: [ok('a'), { code: 0, stdout: '', stderr: 'b' }],
  },
  { title: 'NUL bytes in the output', scripts: [script("printf 'a\\0b'")], expected: [ok('a\0b')] },
  {
    title: 'exit codes',
    scripts: [script('exit 7'), script('false'), script('(exit 255)')],
    expected: [7, 1, 255].map(code => ({ code, stdout: '', stderr: '' })),
  },
  { title: 'an empty script', scripts: [script('')], expected: [ok('')] },
  {
    title: 'quotes, backslashes, dollars and backticks',
    scripts: [script(`printf '%s|' "it's" '\\n' '$HOME' '\`id\`'`)],
    expected: [ok("it's|\\n|$HOME|`id`|")],
  },
  {
    title: 'several lines, here documents and comments',
    scripts: [script("cat <<'END'\na 'b'\nEND\n# comment")],
    expected: [ok("a 'b'\n")],
  },
  { title: 'nothing on standard input', scripts: [script('cat; echo end')], expected: [ok('end\n')] },
  {
    title: 'variables, folders, options and traps that stay with their script',
    scripts: [
      script('x=1; cd /; set -e; trap "echo bye" EXIT; exec 2>&1; umask 0'),
      script('echo "$x"; false; echo on; pwd | grep -c "^/$"; umask'),
    ],
    expected: [ok('bye\n'), { code: 0, stdout: '\non\n0\n0022\n', stderr: '' }],
  },
  {
    title: 'an environment for one script alone, whatever stands in it',
    scripts: [
      script('env | grep ^GREETING; echo "$GREETING"', { env: { GREETING: `it's "$HOME"`, _a1: '' } }),
      script('echo "${GREETING-unset}"'),
    ],
    expected: [ok(`GREETING=it's "$HOME"\nit's "$HOME"\n`), ok('unset\n')],
  },
  {
    title: 'a chain in which the second needs the first',
    scripts: [
      script('exit 3', { success: [0, 3] }),
      script('echo a', { needsPrevious: true }),
      script('false', { needsPrevious: true }),
      script('echo no', { needsPrevious: true }),
      script('echo no', { needsPrevious: true }),
      script('echo b'),
    ],
    expected: [
      { code: 3, stdout: '', stderr: '' },
      ok('a\n'),
      { code: 1, stdout: '', stderr: '' },
      skipped,
      skipped,
      ok('b\n'),
    ],
  },
  {
    title: 'one that needs a previous and has none: skipped',
    scripts: [script('echo a', { needsPrevious: true })],
    expected: [skipped],
  },
  {
    title: 'text that looks like a marker',
    scripts: [script("printf '\\0360123456789abcdef01234567 0\\n'")],
    expected: [ok('\x1e0123456789abcdef01234567 0\n')],
  },
  {
    title: 'two hundred scripts',
    scripts: Array.from({ length: 200 }, (_, i) => script(`echo ${i}`)),
    expected: Array.from({ length: 200 }, (_, i) => ok(`${i}\n`)),
  },
  {
    title: 'a message of two megabytes',
    scripts: [script(`: '${'x'.repeat(2e6)}'; echo big`), script('echo after')],
    expected: [ok('big\n'), ok('after\n')],
  },
];

describe.each(SHELLS)('an exchange with %s', (_name, words) => {
  let connection: Connection;
  beforeEach(() => {
    connection = shellOf(words);
  });
  afterEach(() => connection.close());

  it.each(CASES)('carries $title', async ({ scripts, expected }) => {
    expect(await connection.exchange(scripts)).toEqual(expected);
    expect(connection.exchanges).toBe(1);
  });

  it('contains a syntax error in its script', async () => {
    const [broken, after] = await connection.exchange([script('echo "'), script('echo after')]);
    expect(broken?.code).toBe(2);
    expect(broken?.stderr).toMatch(/unterminated quoted string/i);
    expect(after).toEqual(ok('after\n'));
  });

  it('carries 20 MB, and no more than asked for', async () => {
    const zeros = 'head -c 20000000 /dev/zero';
    const [whole, part] = await connection.exchange([script(zeros, { outputLimit: 30e6 }), script(zeros)]);
    expect([whole?.stdout.length, whole?.truncated]).toEqual([20_000_000, undefined]);
    expect([part?.stdout.length, part?.truncated]).toEqual([16 * 1024 * 1024, true]);
  });

  it('does not wait for what a script left in the background, and ends it with the connection', async () => {
    const seconds = uniqueSeconds();
    expect(
      await connection.exchange([script(`sleep ${seconds} & echo started`), script('echo next')]),
    ).toEqual([ok('started\n'), ok('next\n')]);
    await until('it sleeps', () => processesWith(seconds).length === 1);
    await connection.close();
    expect(processesWith(seconds)).toEqual([]);
  });

  it('leaves alone what was meant to stay: nohup and setsid', async () => {
    const seconds = uniqueSeconds();
    await connection.exchange([
      script(`nohup sleep ${seconds} >/dev/null 2>&1 & setsid sleep ${seconds} >/dev/null 2>&1 &`),
    ]);
    await until('both sleep', () => processesWith(seconds).length === 2);
    await connection.close();
    const left = processesWith(seconds);
    for (const { pid } of left) process.kill(pid);
    expect(left.length).toBe(2);
  });

  it('tells lines of both streams while they come', async () => {
    const lines: string[] = [];
    const seconds = uniqueSeconds();
    const abort = new AbortController();
    const running = connection.exchange(
      [script('echo first; echo second >&2; printf part'), script(`echo third; sleep ${seconds}`)],
      { signal: abort.signal, onLine: (index, line, stream) => lines.push(`${index} ${stream} ${line}`) },
    );
    await until('four lines', () => lines.length === 4);
    expect(lines.toSorted()).toEqual([
      '0 stderr second',
      '0 stdout first',
      '0 stdout part',
      '1 stdout third',
    ]);
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('ends a script that takes longer than its limit, with its children, and goes on', async () => {
    const seconds = uniqueSeconds();
    const [slow, next] = await connection.exchange([
      script(`echo begun; (sleep ${seconds} & sleep ${seconds}) & sleep ${seconds}`, { limit: 0.4 }),
      script('echo next'),
    ]);
    expect({ ...slow, stderr: '' }).toEqual({ code: 124, stdout: 'begun\n', stderr: '', timedOut: true });
    expect(next).toEqual(ok('next\n'));
    expect(processesWith(seconds)).toEqual([]);
  });

  it('ends one that does not want to end', async () => {
    const [slow] = await connection.exchange([
      script("trap '' TERM; while :; do sleep 1; done", { limit: 0.2 }),
    ]);
    expect(slow).toMatchObject({ code: 124, timedOut: true });
  });

  it('leaves no timer behind when a script keeps its limit', async () => {
    const limit = 5000 + Math.floor(Math.random() * 1000);
    expect(await connection.exchange([script('echo quick', { limit })])).toEqual([ok('quick\n')]);
    await until('no timer', () => processesWith(String(limit)).length === 0);
  });

  it('answers for what was done before a script killed the shell, and has a new one for the next', async () => {
    const [before, killer, after] = await connection.exchange([
      script('echo before'),
      script('echo half; kill -9 $$; sleep 5'),
      script('echo after'),
    ]);
    expect(before).toEqual(ok('before\n'));
    expect(killer?.code).toBe(255);
    expect(killer?.stdout).toBe('half\n');
    expect(killer?.stderr).toContain('the shell that ran this was killed or crashed on here');
    expect(after).toEqual(skipped);
    expect(await connection.exchange([script('echo again')])).toEqual([ok('again\n')]);
  });

  it('is ended by an abort within two seconds, with everything that runs', async () => {
    const seconds = uniqueSeconds();
    const abort = new AbortController();
    const running = connection.exchange([script(`trap '' TERM; sleep ${seconds} & sleep ${seconds}`)], {
      signal: abort.signal,
    });
    await until('it runs', () => processesWith(seconds).length === 2);
    const began = performance.now();
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError', message: 'the operation was aborted' });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(processesWith(seconds)).toEqual([]);
    expect(await connection.exchange([script('echo again')])).toEqual([ok('again\n')]);
  });

  it('does nothing when it was aborted before', async () => {
    await expect(
      connection.exchange([script('echo a')], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('shows nothing of a script in a command line', async () => {
    const secret = `hush${uniqueSeconds()}`;
    const look = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "[h]ush"';
    const [seen] = await connection.exchange([script(`: ${secret}; ${look}`, { env: { S: secret } })]);
    expect(seen?.stdout).toBe('0\n');
  });
});

describe('exchanges', () => {
  it('wait for one another', async () => {
    const connection = shellOf(['/bin/sh']);
    const answers = await Promise.all([1, 2, 3].map(n => connection.exchange([script(`echo ${n}`)])));
    expect(answers.flat().map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n']);
    await connection.close();
  });

  it('say which shell could not be started', async () => {
    const connection = shellOf(['/no/such/shell']);
    await expect(connection.exchange([script('true')])).rejects.toMatchObject({
      message: expect.stringMatching(/^here: no shell could be started for \w+: .*not found/),
      hint: 'check the login shell and ansible_shell_executable',
    });
  });
});
