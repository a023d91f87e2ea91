import { expect, test } from 'vitest';
import { getent } from '../../tasks/getent.ts';
import { conforms } from '../support/conformance.ts';
import { withDefaults } from '../support/module-args.ts';

conforms(getent, {
  cases: [
    {
      does: 'tells one entry, by the separator of its database',
      args: { database: 'passwd', key: 'root' },
      says: [],
      returns: { ansible_facts: { getent_passwd: { root: ['x', '0', '0', 'root', '/root', '/bin/bash'] } } },
    },
    {
      does: 'tells nothing of what is not there, where that is no failure',
      args: { database: 'group', key: 'nobody-has-this', fail_key: false },
      says: [],
      returns: { ansible_facts: { getent_group: { 'nobody-has-this': null } } },
    },
  ],
  denials: [
    {
      when: 'the entry is not there',
      args: { database: 'group', key: 'nobody-has-this' },
      says: 'One or more supplied key could not be found in the database: nobody-has-this',
    },
    {
      when: 'there is no such database',
      args: { database: 'nonsense' },
      says: 'Missing arguments, or database unknown: nonsense',
    },
  ],
  wrong: [{ args: {}, says: ['missing argument "database" of getent'] }],
});

test('an entry that comes again is a list of lists', () => {
  const args = withDefaults(getent, { database: 'hosts' });
  const seen = { code: 0, stdout: '::1 a b\n::1 c\n127.0.0.1 d\n::1 e\n', stderr: '' };
  const context = { host: 'h', planning: false, verbosity: 0 };
  expect(getent.result?.(args, seen, [], context)).toEqual({
    ansible_facts: { getent_hosts: { '::1': [['a', 'b'], ['c'], ['e']], '127.0.0.1': ['d'] } },
  });
});
