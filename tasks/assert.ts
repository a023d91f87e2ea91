/** The `assert` module: fails unless every condition holds. */
import { Type } from 'typebox';
import type { Evaluated } from '../src/core/args.ts';
import { Expression, Flag } from '../src/core/args.ts';
import { known } from '../src/core/probe.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import type { Value } from '../src/core/value.ts';

const message = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description }));
const condition = Type.Unsafe<Evaluated>(Expression({ description: 'A condition, without {{ }}' }));

export const assert = defineTask({
  name: 'assert',
  looksOnly: true,
  summary: 'Fail unless conditions hold',
  args: Type.Object(
    {
      that: Type.Array(condition, { description: 'One condition or several: all must hold', minItems: 1 }),
      fail_msg: message('Said when one does not hold'),
      success_msg: message('Said when all hold'),
      quiet: Flag('Accepted, without effect: what holds is never told at length', false),
    },
    { additionalProperties: false },
  ),
  aliases: { msg: 'fail_msg' },
  examples: `
- assert:
    that:
      - instance_number is defined
      - instance_number | int > 0
    fail_msg: Instances are numbered from 1
`,
  returns: {
    msg: 'What was said',
    assertion: 'The condition that does not hold',
    evaluated_to: 'Its value',
  },
  probe: () => known(undefined),
  plan: ({ that, fail_msg }) => {
    const failing = that.find(({ value }) => !holds(value));
    if (failing === undefined) return [];
    const { expression, value } = failing;
    const result = { assertion: expression, evaluated_to: (value ?? null) as Value };
    if (fail_msg === undefined)
      return refuse(`Assertion failed: ${expression}`, { result: { ...result, msg: 'Assertion failed' } });
    return refuse(spoken(fail_msg), {
      hint: `the condition is: ${expression}`,
      result: { ...result, msg: fail_msg },
    });
  },
  result: ({ success_msg }) => ({ msg: success_msg ?? 'All assertions passed' }),
});

function spoken(text: string | readonly string[]): string {
  return typeof text === 'string' ? text : text.join('\n');
}

/** As Jinja has it: empty text, lists and maps do not hold, nor does what is undefined. */
function holds(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
