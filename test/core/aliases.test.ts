import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { Flag } from '../../src/core/args.ts';
import { known } from '../../src/core/probe.ts';
import { defineTask } from '../../src/core/task-module.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const context = { host: 'h', planning: false, verbosity: 0 };

const greet = defineTask({
  name: 'greet',
  summary: 'Greet',
  args: Type.Object(
    { name: Type.String({ description: 'Whom' }), loudly: Flag('How', true) },
    { additionalProperties: false },
  ),
  aliases: { who: 'name', loud: 'loudly' },
  examples: '',
  check: ({ name }) => (name === 'nobody' ? ['nobody is nobody'] : []),
  probe: ({ name }) => known(name),
  plan: ({ name, loudly }, seen) => [
    { say: `${name} ${seen} ${loudly}`, action: { kind: 'sleep', seconds: 0 } },
  ],
  result: ({ name }) => ({ name }),
});

test('a module sees the proper names whichever name was written', () => {
  const args = withDefaults(greet, { who: 'you', loud: false });
  const seen = greet.probe?.(args).read([]);
  expect(seen).toBe('you');
  expect(greet.plan(args, seen, context)).toMatchObject([{ say: 'you you false' }]);
  expect(greet.result?.(args, seen, [], context)).toEqual({ name: 'you' });
});

test('what an argument must be holds for its other names too', () => {
  expect(() => withDefaults(greet, { who: 'nobody' })).toThrow(new ArgumentError(['nobody is nobody']));
  expect(() => withDefaults(greet, { name: 'you', loud: 'perhaps' })).toThrow(ArgumentError);
  expect(() => withDefaults(greet, {})).toThrow(ArgumentError);
});
