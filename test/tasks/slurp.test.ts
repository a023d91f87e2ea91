import { slurp } from '../../tasks/slurp.ts';
import { conforms } from '../support/conformance.ts';

conforms(slurp, {
  cases: [
    {
      does: 'gives the content in base64',
      given: "printf 'a\\000\\351' >f",
      args: { src: 'HERE/f' },
      says: [],
      returns: { content: 'YQDp', encoding: 'base64', source: 'HERE/f' },
    },
    {
      does: 'follows a link, and reads an empty file',
      given: ': >f; ln -s f l',
      args: { path: 'HERE/l' },
      says: [],
      returns: { content: '', source: 'HERE/l' },
    },
  ],
  denials: [
    { when: 'there is no such file', args: { src: 'HERE/f' }, says: 'file not found: HERE/f' },
    {
      when: 'it is a directory',
      args: { src: 'HERE' },
      says: 'source is a directory and must be a file: HERE',
    },
    {
      when: 'the user may not read it',
      given: 'echo x >f; chmod 600 f',
      args: { src: 'HERE/f' },
      unprivileged: true,
      says: 'file is not readable: HERE/f',
    },
    {
      when: 'it is large',
      given: 'truncate -s 9M f',
      args: { src: 'HERE/f' },
      says: 'HERE/f is larger than 8 MiB: use fetch',
    },
  ],
  wrong: [{ args: {}, says: ['missing argument "src" of slurp'] }],
});
