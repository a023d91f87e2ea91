/** The `debug` module: says something, and changes nothing. */
import { Type } from 'typebox';
import type { Evaluated } from '../src/core/args.ts';
import { Expression } from '../src/core/args.ts';
import { known } from '../src/core/probe.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';

const UNDEFINED = 'VARIABLE IS NOT DEFINED!';

export const debug = defineTask({
  name: 'debug',
  looksOnly: true,
  summary: 'Show a message or the value of a variable',
  args: Type.Object(
    {
      msg: Type.Optional(
        Type.Unsafe<Value>({
          type: ['string', 'number', 'boolean', 'object', 'array', 'null'],
          description: 'What to say; any value. Without `msg` and `var`: Hello world!',
        }),
      ),
      var: Type.Optional(
        Type.Unsafe<Evaluated>(
          Expression({ description: 'A variable or expression to show, without {{ }}' }),
        ),
      ),
      verbosity: Type.Integer({
        description: 'Be silent unless the run is this verbose (-v is 1)',
        default: 0,
        minimum: 0,
      }),
    },
    { additionalProperties: false },
  ),
  examples: `
- debug:
    msg: 'This is {{ inventory_hostname }}'

- debug:
    var: ansible_facts.distribution
    verbosity: 1
`,
  returns: { msg: 'What was said', NAME: 'With `var`: the value, under the expression itself' },
  check: ({ msg, var: shown }) =>
    msg !== undefined && shown !== undefined ? ['msg and var exclude each other'] : [],
  probe: () => known(undefined),
  plan: () => [],
  result: ({ msg, var: shown, verbosity }, _seen, _outputs, context): ValueMap => {
    if (verbosity > context.verbosity)
      return { skipped: true, skipped_reason: 'Verbosity threshold not met.' };
    if (shown !== undefined) return { [shown.expression]: shownValue(shown) };
    return { msg: msg ?? 'Hello world!' };
  },
});

function shownValue({ value }: Evaluated): Value {
  return value === undefined ? UNDEFINED : (value as Value);
}
