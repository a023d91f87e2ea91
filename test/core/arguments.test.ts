import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { Choice, Expression, Flag, Mode } from '../../src/core/args.ts';
import { acceptArgs, acceptWrittenArgs } from '../../src/core/arguments.ts';
import { defineTask } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';

const strict = { additionalProperties: false };

function moduleWith(properties: Parameters<typeof Type.Object>[0]) {
  return defineTask({
    name: 'thing',
    summary: 'For tests',
    args: Type.Object(properties, strict),
    examples: '',
    plan: () => [],
  });
}

const optional = moduleWith({
  text: Type.Optional(Type.String({ minLength: 1 })),
  flag: Type.Optional(Flag('Flag')),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  ratio: Type.Optional(Type.Number()),
  list: Type.Optional(Type.Array(Type.String())),
  ports: Type.Optional(Type.Array(Type.Integer(), { maxItems: 2 })),
  restart: Type.Optional(Choice(['no', 'always'], 'Restart')),
  mode: Type.Optional(Mode),
  env: Type.Optional(Type.Record(Type.String(), Type.String())),
  that: Type.Optional(Type.Array(Expression({ description: 'Expressions' }))),
  any: Type.Optional(Type.Unknown()),
  either: Type.Optional(Type.Union([Type.Boolean(), Type.Array(Type.String())])),
  kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
  nested: Type.Optional(Type.Object({ must: Type.Integer(), may: Type.Boolean({ default: true }) }, strict)),
});

describe('values are taken for what is wanted', () => {
  const cases: [raw: ValueMap, args: ValueMap][] = [
    [{ text: 80 }, { text: '80' }],
    [{ text: true }, { text: 'True' }],
    [{ flag: 'yes' }, { flag: true }],
    [{ flag: 'False' }, { flag: false }],
    [{ flag: 1 }, { flag: true }],
    [{ port: '80' }, { port: 80 }],
    [{ ratio: '0.5' }, { ratio: 0.5 }],
    [{ ratio: 1 }, { ratio: 1 }],
    [{ list: 'a, b' }, { list: ['a', 'b'] }],
    [{ list: 5 }, { list: ['5'] }],
    [{ list: '' }, { list: [] }],
    [{ ports: ['80', 443] }, { ports: [80, 443] }],
    [{ ports: '80,443' }, { ports: [80, 443] }],
    [{ restart: false }, { restart: 'no' }],
    [{ mode: '0644' }, { mode: '0644' }],
    [{ env: { A: 1 } }, { env: { A: '1' } }],
    [{ that: 'f(a, b)' }, { that: ['f(a, b)'] }],
    [{ that: true }, { that: [true] }],
    [{ any: null }, { any: null }],
    [{ text: null, list: null }, {}],
    [{ either: ['x'] }, { either: ['x'] }],
    [{ either: 'no' }, { either: false }],
    [{ kind: 'b' }, { kind: 'b' }],
    [{ nested: { must: '1' } }, { nested: { must: 1, may: true } }],
  ];
  it.each(cases)('%j', (raw, args) => expect(acceptArgs(optional, raw)).toEqual({ args }));
});

describe('what does not fit is said', () => {
  const cases: [raw: ValueMap, messages: string[]][] = [
    [{ text: '' }, ['"text" must not be empty']],
    [{ text: ['a'] }, ['"text" must be a string, not ["a"]']],
    [{ flag: 'maybe' }, ['"flag" must be true or false, not "maybe"']],
    [{ port: 'x' }, ['"port" must be a whole number, not "x"']],
    [{ port: 0 }, ['"port" must be at least 1, not 0']],
    [{ port: 1.5 }, ['"port" must be a whole number, not 1.5']],
    [{ ports: [1, 2, 3] }, ['"ports" must have at most 2 elements']],
    [{ ports: [1, 'x'] }, ['"ports[1]" must be a whole number, not "x"']],
    [{ list: { a: 1 } }, ['"list" must be a list, not {"a":1}']],
    [{ restart: 'alway' }, ['"restart" must be one of no, always, not "alway"']],
    [{ mode: 644 }, ['"mode" must be octal digits in quotes, not the number 644']],
    [{ env: { A: ['x'] } }, ['"env.A" must be a string, not ["x"]']],
    [{ kind: 'c' }, ['"kind" must be one of a, b, not "c"']],
    [{ nested: {} }, ['missing argument "nested.must" of thing']],
    [{ nested: { must: 1, mat: 2 } }, ['unknown argument "nested.mat" of thing']],
    [{ txt: 'x' }, ['unknown argument "txt" of thing']],
  ];
  it.each(cases)('%j', (raw, messages) => {
    const accepted = acceptArgs(optional, raw);
    expect('problems' in accepted && accepted.problems.map(({ message }) => message)).toEqual(messages);
  });

  it('with the path, a hint, and whether it is the key', () => {
    expect(acceptArgs(optional, { nested: { must: 1, mat: 2 } })).toEqual({
      problems: [
        {
          path: ['nested', 'mat'],
          atKey: true,
          message: 'unknown argument "nested.mat" of thing',
          hint: 'did you mean "may"?',
        },
      ],
    });
  });
});

describe('what is not given', () => {
  const module = moduleWith({
    name: Type.String(),
    state: Choice(['present', 'absent'], 'State', 'present'),
    tries: Type.Integer({ default: 3 }),
  });

  it('gets its default', () => {
    expect(acceptArgs(module, { name: 'x' })).toEqual({ args: { name: 'x', state: 'present', tries: 3 } });
  });

  it('and has none is missing', () => {
    expect(acceptArgs(module, { state: 'absent' })).toEqual({
      problems: [{ path: [], message: 'missing argument "name" of thing' }],
    });
  });

  it('is not missing when it is misspelt', () => {
    expect(acceptArgs(module, { nam: 'x' })).toEqual({
      problems: [
        {
          path: ['nam'],
          atKey: true,
          message: 'unknown argument "nam" of thing',
          hint: 'did you mean "name"?',
        },
      ],
    });
  });
});

describe('as written, templates are good anywhere', () => {
  it('in place of any value', () => {
    const raw = {
      port: '{{ p }}',
      flag: '{% if x %}1{% endif %}',
      list: '{{ l }}',
      nested: { must: '{{ n }}' },
      mode: '{{ m }}',
    };
    expect(acceptWrittenArgs(optional, raw)).toEqual({
      args: { ...raw, nested: { must: '{{ n }}', may: true } },
    });
  });

  it('but not once they should be rendered', () => {
    expect(acceptArgs(optional, { port: '{{ p }}' })).toEqual({
      problems: [{ path: ['port'], message: '"port" must be a whole number, not "{{ p }}"' }],
    });
  });
});
