import { replace } from '../../tasks/replace.ts';
import { conforms } from '../support/conformance.ts';

conforms(replace, {
  cases: [
    {
      does: 'replaces every match',
      given: 'printf "port 1\\nport 2\\n" >f',
      args: { path: 'HERE/f', regexp: '^port (\\d)$', replace: 'gate \\1' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'gate 1\ngate 2\n' },
      returns: { msg: '2 replacements made', rc: 0 },
    },
    {
      does: 'keeps to the part that is named',
      given: 'printf "a\\n[x]\\na\\n[y]\\na\\n" >f',
      args: { path: 'HERE/f', regexp: '^a$', replace: 'b', after: '\\[x\\]', before: '\\[y\\]' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'a\n[x]\nb\n[y]\na\n' },
    },
    {
      does: 'has nothing to do without a match',
      given: 'echo one >f',
      args: { path: 'HERE/f', regexp: 'two', replace: 'three' },
      says: [],
      returns: { msg: '' },
    },
  ],
  denials: [
    { when: 'the file does not exist', args: { path: 'HERE/f', regexp: 'a' }, says: 'HERE/f does not exist' },
  ],
  wrong: [{ args: { path: '/x' }, says: ['missing argument "regexp" of replace'] }],
});
