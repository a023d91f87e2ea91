import { set_fact } from '../../tasks/set_fact.ts';
import { conforms } from '../support/conformance.ts';

conforms(set_fact, {
  cases: [
    {
      does: 'hands over its arguments, without its own',
      args: { port: 80, list: [1, { a: 'b' }], nothing: '', cacheable: true },
      says: [],
      returns: { ansible_facts: { port: 80, list: [1, { a: 'b' }], nothing: '' }, changed: false },
    },
    {
      does: 'takes yes and no for booleans, as Ansible does',
      args: { a: 'yes', b: 'False', c: 'yes please' },
      says: [],
      returns: { ansible_facts: { a: true, b: false, c: 'yes please' } },
    },
  ],
  wrong: [
    { args: {}, says: ['name at least one variable and its value'] },
    {
      args: { '9lives': 1 },
      says: ['"9lives" is no name for a variable: it takes letters, digits and _, and no digit first'],
    },
  ],
});
