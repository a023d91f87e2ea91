import { expect, test } from 'vitest';
import { assert } from '../../tasks/assert.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';

const yes = { expression: 'a > 1', value: true };
const no = { expression: 'b is defined', value: false };

conforms(assert, {
  cases: [
    {
      does: 'is content when all holds',
      args: { that: [yes, yes] },
      says: [],
      returns: { msg: 'All assertions passed' },
    },
    {
      does: 'takes one condition',
      args: { that: yes, success_msg: 'fine' },
      says: [],
      returns: { msg: 'fine' },
    },
    {
      does: 'takes a value that is not empty for true',
      args: { that: [{ expression: 'list', value: [0] }] },
      says: [],
    },
  ],
  denials: [
    { when: 'one condition does not hold', args: { that: [yes, no] }, says: 'Assertion failed' },
    {
      when: 'one does not hold, with a message',
      args: { that: [no], msg: 'b is needed' },
      says: 'b is needed',
    },
    {
      when: 'a value is empty',
      args: { that: [{ expression: 'list', value: [] }] },
      says: 'Assertion failed',
    },
  ],
  wrong: [{ args: {}, says: ['missing argument "that" of assert'] }],
});

test('it registers which condition did not hold', async () => {
  const { result, refusal } = await runModule(assert, { that: [yes, no] });
  expect(result).toEqual({
    msg: 'Assertion failed',
    assertion: 'b is defined',
    evaluated_to: false,
    changed: false,
    failed: true,
  });
  expect(refusal?.refusal).toBe('Assertion failed: b is defined');
});

test('quiet is registered as not quiet', async () => {
  expect((await runModule(assert, { that: [yes], quiet: true })).result).toEqual({
    msg: 'All assertions passed',
    changed: false,
    failed: false,
  });
});
