import { expect, test } from 'vitest';
import { debug } from '../../tasks/debug.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';

conforms(debug, {
  cases: [
    { does: 'says hello', args: {}, says: [], returns: { msg: 'Hello world!' } },
    { does: 'says any value', args: { msg: { a: [1, 'x'] } }, says: [], returns: { msg: { a: [1, 'x'] } } },
    {
      does: 'shows a value under its expression',
      args: { var: { expression: 'a.b', value: 3 } },
      says: [],
      returns: { 'a.b': 3 },
    },
    {
      does: 'is silent below its verbosity',
      args: { msg: 'x', verbosity: 2 },
      says: [],
      returns: { skipped: true, skipped_reason: 'Verbosity threshold not met.' },
    },
  ],
  wrong: [{ args: { msg: 'a', var: 'b' }, says: ['msg and var exclude each other'] }],
});

test('it speaks when the run is verbose enough', async () => {
  const { result } = await runModule(debug, { msg: 'x', verbosity: 2 }, { verbosity: 2 });
  expect(result).toEqual({ msg: 'x', changed: false, failed: false });
});

test('what is not defined is said to be so', async () => {
  const args = { var: { expression: 'nope', value: undefined } } as never;
  expect((await runModule(debug, args)).result.nope).toBe('VARIABLE IS NOT DEFINED!');
});
