import { ini_file } from '../../tasks/ini_file.ts';
import { conforms } from '../support/conformance.ts';

const INI = 'top = 1\\n[a]\\nx = 1\\n; y = 2\\n\\n[b]\\nx=5\\nx=6\\n';

conforms(ini_file, {
  cases: [
    {
      does: 'changes an option of its section, and of no other',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'a', option: 'x', value: '9' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'top = 1\n[a]\nx = 9\n; y = 2\n\n[b]\nx=5\nx=6\n' },
      returns: { msg: 'option changed' },
    },
    {
      does: 'takes the place of a commented option',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'a', option: 'y', value: '3' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'sed -n 3,4p f', prints: 'x = 1\ny = 3\n' },
    },
    {
      does: 'adds an option at the end of its section',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'a', option: 'z', value: '3', no_extra_spaces: true },
      says: ['change the content of HERE/f'],
      leaves: { run: 'sed -n 3,6p f', prints: 'x = 1\n; y = 2\nz=3\n\n' },
      returns: { msg: 'option added' },
    },
    {
      does: 'adds a section that is not there',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'c', option: 'x', value: 'yes' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'tail -n 2 f', prints: '[c]\nx = yes\n' },
    },
    {
      does: 'sets an option before the first section',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', option: 'top', value: '2' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'head -n 1 f', prints: 'top = 2\n' },
    },
    {
      does: 'leaves what is so, however it is spaced',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'b', option: 'x', values: ['5', '6'] },
      says: [],
      returns: { msg: 'OK' },
    },
    {
      does: 'makes several values of one',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'b', option: 'x', values: ['6', '7', '8'] },
      says: ['change the content of HERE/f'],
      leaves: { run: 'tail -n 3 f', prints: 'x = 7\nx=6\nx = 8\n' },
    },
    {
      does: 'adds a value beside the others',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'b', option: 'x', value: '7', exclusive: false },
      says: ['change the content of HERE/f'],
      leaves: { run: 'tail -n 3 f', prints: 'x=5\nx=6\nx = 7\n' },
    },
    {
      does: 'sets an option without a value',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'a', option: 'skip-networking', allow_no_value: true },
      says: ['change the content of HERE/f'],
      leaves: { run: 'grep -c "^skip-networking$" f', prints: '1\n' },
    },
    {
      does: 'removes an option',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'b', option: 'x', state: 'absent' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'tail -n 1 f', prints: '[b]\n' },
    },
    {
      does: 'removes a section',
      given: `printf '${INI}' >f`,
      args: { path: 'HERE/f', section: 'a', state: 'absent' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'top = 1\n[b]\nx=5\nx=6\n' },
      returns: { msg: 'section removed' },
    },
    {
      does: 'makes the file',
      args: { path: 'HERE/f', section: 'a', option: 'x', value: '1' },
      says: ['create HERE/f, mode 0644'],
      leaves: { run: 'cat f', prints: '[a]\nx = 1\n' },
    },
    {
      does: 'has nothing to remove from a file that is not there',
      args: { path: 'HERE/f', section: 'a', state: 'absent' },
      says: [],
    },
  ],
  denials: [
    {
      when: 'the file is not to be made',
      args: { path: 'HERE/f', section: 'a', option: 'x', value: '1', create: false },
      says: 'HERE/f does not exist',
    },
  ],
  wrong: [
    {
      args: { path: '/x', section: 'a', option: 'b' },
      says: ['option needs value (or allow_no_value: true)'],
    },
    { args: { path: '/x' }, says: ['section or option is needed'] },
    {
      args: { path: '/x', option: 'a', value: '1', values: ['2'] },
      says: ['value and values exclude each other'],
    },
  ],
});
