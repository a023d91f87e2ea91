import { tempfile } from '../../tasks/tempfile.ts';
import { conforms } from '../support/conformance.ts';

conforms(tempfile, {
  cases: [
    {
      does: 'makes a file that only its owner may read',
      args: { path: 'HERE', prefix: 'a b.', suffix: '.txt' },
      says: ['make a temporary file in HERE'],
      leaves: { run: 'stat -c %a-%s "a b."????????????.txt', prints: '600-0\n' },
      returns: { state: 'file', mode: '0600' },
      repeats: true,
    },
    {
      does: 'makes a directory',
      args: { path: 'HERE', state: 'directory' },
      says: ['make a temporary directory in HERE'],
      leaves: { run: 'stat -c %a ansible.*', prints: '700\n' },
      returns: { state: 'directory', mode: '0700' },
      repeats: true,
    },
  ],
  denials: [
    {
      when: 'the folder is not there',
      args: { path: 'HERE/none' },
      says: 'cannot make a file in HERE/none: there is no such folder, or this user may not write there',
    },
    {
      when: 'the user may not write there',
      args: { path: 'HERE' },
      unprivileged: true,
      says: 'cannot make a file in HERE: there is no such folder, or this user may not write there',
    },
  ],
  wrong: [{ args: { prefix: 'a/b' }, says: ['prefix and suffix cannot hold a slash'] }],
});
