import { fail } from '../../tasks/fail.ts';
import { conforms } from '../support/conformance.ts';

conforms(fail, {
  cases: [],
  denials: [
    { when: 'always', args: {}, says: 'Failed as requested from task' },
    { when: 'with a reason', args: { msg: 'too little memory' }, says: 'too little memory' },
  ],
});
