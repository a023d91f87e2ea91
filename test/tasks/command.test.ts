import { expect, test } from 'vitest';
import { command } from '../../tasks/command.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';

conforms(command, {
  cases: [
    {
      does: 'runs words, and no shell reads them',
      args: { cmd: `printf '<%s>' "a b" c\\ d '$HOME' ';' '*' ''` },
      options: { env: { HOME: '/home/x' } },
      repeats: true,
      says: [`run: printf '<%s>' 'a b' 'c d' '$HOME' ';' '*' ''`],
      returns: {
        cmd: ['printf', '<%s>', 'a b', 'c d', '$HOME', ';', '*', ''],
        rc: 0,
        stdout: '<a b><c d></home/x><;><*><>',
        stdout_lines: ['<a b><c d></home/x><;><*><>'],
        stderr: '',
        stderr_lines: [],
        changed: true,
      },
    },
    {
      does: 'leaves variables alone when told to',
      args: { argv: ['printf', '%s', '$HOME ~'], expand_argument_vars: false },
      repeats: true,
      says: [`run: printf %s '$HOME ~'`],
      returns: { stdout: '$HOME ~' },
    },
    {
      does: 'goes to a directory, and looks for marks from there',
      given: 'mkdir d',
      args: { cmd: 'touch made', chdir: 'HERE/d', creates: 'm?de' },
      says: ['run: touch made'],
      leaves: { run: 'ls d', prints: 'made\n' },
    },
    {
      does: 'does not run when what it creates is there',
      given: 'touch "a b.done"',
      args: { cmd: 'false', creates: 'HERE/a b.*' },
      says: [],
      returns: {
        rc: 0,
        msg: "Did not run command since 'HERE/a b.*' exists",
        stdout: 'skipped, since HERE/a b.* exists',
        changed: false,
      },
    },
    {
      does: 'does not run when what it removes is not there',
      args: { cmd: 'false', removes: 'HERE/nothing[0-9]' },
      says: [],
      returns: { msg: "Did not run command since 'HERE/nothing[0-9]' does not exist" },
    },
    {
      does: 'is fed a text',
      args: { cmd: 'cat', stdin: `it's "$HOME"`, strip_empty_ends: false },
      repeats: true,
      says: ['run: cat'],
      returns: { stdout: `it's "$HOME"\n` },
    },
    {
      does: 'is fed a text without a newline',
      args: { cmd: 'wc -c', stdin: 'abc', stdin_add_newline: false },
      repeats: true,
      says: ['run: wc -c'],
      returns: { stdout: '3' },
    },
  ],
  denials: [
    { when: 'a command that fails', args: { cmd: 'sh -c "exit 3"' }, says: 'non-zero return code' },
    {
      when: 'a command that is not there',
      args: { cmd: 'girofle-no-such-command' },
      says: 'non-zero return code',
    },
    {
      when: 'a directory that is not there',
      args: { cmd: 'true', chdir: 'HERE/no' },
      says: 'non-zero return code',
    },
  ],
  wrong: [
    { args: {}, says: ['no command given'] },
    { args: { cmd: '  ' }, says: ['no command given'] },
    { args: { cmd: 'a', argv: ['b'] }, says: ['only command or argv can be given, not both'] },
    { args: { cmd: `echo "a` }, says: ['no closing " in: echo "a'] },
    { args: { cmd: 'cat', stdin: 'a\0b' }, says: ['stdin cannot hold a NUL character'] },
  ],
});

test('a command that fails says how', async () => {
  const { result } = await runModule(command, { argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'] });
  const { start, end, delta, ...rest } = result;
  expect(rest).toEqual({
    cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
    rc: 3,
    stdout: 'out',
    stderr: 'err',
    stdout_lines: ['out'],
    stderr_lines: ['err'],
    msg: 'non-zero return code',
    failed: true,
    changed: true,
  });
  expect([start, end]).toEqual(
    [start, end].map(() => expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)),
  );
  expect(delta).toMatch(/^0:00:0\d\.\d{6}$/);
});

test('a builtin of the shell is no command', async () => {
  const { result } = await runModule(command, { cmd: 'eval echo x' });
  expect(result.rc).toBe(127);
});
