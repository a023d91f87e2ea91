import { lineinfile } from '../../tasks/lineinfile.ts';
import { conforms } from '../support/conformance.ts';

conforms(lineinfile, {
  cases: [
    {
      does: 'adds a line at the end',
      given: 'printf "one\\ntwo" >f',
      args: { path: 'HERE/f', line: 'three' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'one\ntwo\nthree\n' },
      returns: { msg: 'line added' },
    },
    {
      does: 'replaces the last line that matches, and changes the mode with it',
      given: 'printf "a=1\\na=2\\n" >f; chmod 644 f',
      args: { path: 'HERE/f', regexp: '^a=', line: 'a=3', mode: '0600' },
      says: ['change the content of HERE/f, mode 0644 → 0600'],
      leaves: { run: 'cat f; stat -c %a f', prints: 'a=1\na=3\n600\n' },
    },
    {
      does: 'leaves a line that is there',
      given: 'printf "one\\n" >f',
      args: { path: 'HERE/f', line: 'one' },
      says: [],
    },
    {
      does: 'writes what a link points to, and keeps a copy',
      given: 'printf "one\\n" >f; ln -s f link',
      args: { path: 'HERE/link', line: 'two', backup: true },
      says: ['change the content of HERE/f, keeping a backup'],
      leaves: { run: 'readlink link; cat f; cat f.*~', prints: 'f\none\ntwo\none\n' },
    },
    {
      does: 'makes the file and the folders above it',
      args: { path: 'HERE/a/b/f', line: 'one', create: true, mode: '0640' },
      says: ['create directories HERE/a, HERE/a/b, mode 0755', 'create HERE/a/b/f, mode 0640'],
      leaves: { run: 'cat a/b/f', prints: 'one\n' },
    },
    {
      does: 'keeps bytes that are no UTF-8',
      given: "printf 'caf\\351\\n' >f",
      args: { path: 'HERE/f', line: 'thé' },
      says: ['change the content of HERE/f'],
      leaves: { run: "od -An -c f | tr -d ' \\n'", prints: 'caf351\\nth351\\n' },
    },
    {
      does: 'removes every line that matches',
      given: 'printf "a\\nb\\na\\n" >f',
      args: { path: 'HERE/f', regexp: '^a', state: 'absent' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'b\n' },
      returns: { msg: '2 line(s) removed', found: 2 },
    },
    {
      does: 'has nothing to remove from a file that is not there',
      args: { path: 'HERE/f', line: 'a', state: 'absent' },
      says: [],
    },
  ],
  denials: [
    {
      when: 'the file does not exist',
      args: { path: 'HERE/f', line: 'a' },
      says: 'HERE/f does not exist',
    },
    {
      when: 'it is a directory',
      given: 'mkdir d',
      args: { path: 'HERE/d', line: 'a' },
      says: 'HERE/d is a directory',
    },
    {
      when: 'the validator does not accept it',
      given: 'echo one >f',
      args: { path: 'HERE/f', line: 'two', validate: 'grep -c five %s' },
      says: 'the new content of HERE/f was refused by grep: 0',
    },
    {
      when: 'the expression cannot be',
      given: 'echo one >f',
      args: { path: 'HERE/f', regexp: 'a(', line: 'two' },
      says: 'invalid regular expression "a(": a "(" is never closed',
    },
    {
      when: 'the user may not read it',
      given: 'echo one >f; chmod 600 f',
      args: { path: 'HERE/f', line: 'two' },
      unprivileged: true,
      says: 'HERE/f may not be read by this user',
    },
  ],
  wrong: [
    { args: { path: '/x' }, says: ['line is needed with state: present'] },
    {
      args: { path: '/x', line: 'a', regexp: 'b', search_string: 'c', insertafter: 'x', insertbefore: 'y' },
      says: [
        'regexp and search_string exclude each other',
        'insertafter and insertbefore exclude each other',
      ],
    },
    { args: { path: '/x', line: 'a', backrefs: true }, says: ['backrefs needs regexp'] },
    { args: { path: '/x', state: 'absent' }, says: ['state: absent needs line, regexp or search_string'] },
    { args: { line: 'a' }, says: ['missing argument "path" of lineinfile'] },
  ],
});
