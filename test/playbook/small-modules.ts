/** A few small modules, so that tests of the language do not depend on what real ones take. */
import { Type } from 'typebox';
import { Choice, Expression, Flag, Mode } from '../../src/core/args.ts';
import { type AnyTaskModule, defineTask } from '../../src/core/task-module.ts';

const strict = { additionalProperties: false };
const text = (description: string) => Type.String({ description });
const rest = { summary: 'For tests', examples: '', plan: () => [] };

const command = defineTask({
  ...rest,
  name: 'command',
  freeForm: 'cmd',
  args: Type.Object(
    {
      cmd: Type.Optional(text('Command line')),
      argv: Type.Optional(Type.Array(Type.String(), { description: 'Words' })),
      chdir: Type.Optional(text('Folder')),
      creates: Type.Optional(text('File')),
    },
    strict,
  ),
  check: ({ cmd, argv }) => (cmd === undefined && argv === undefined ? ['give a command'] : []),
});

const file = defineTask({
  ...rest,
  name: 'file',
  args: Type.Object(
    {
      path: text('Path'),
      state: Choice(['file', 'directory', 'absent'], 'What it is', 'file'),
      mode: Type.Optional(Mode),
      recurse: Flag('Below too', false),
      depth: Type.Optional(Type.Integer({ description: 'How deep', minimum: 1, maximum: 9 })),
    },
    strict,
  ),
});

const debug = defineTask({
  ...rest,
  name: 'debug',
  args: Type.Object(
    {
      msg: Type.Optional(Type.Unknown({ description: 'Text' })),
      var: Type.Optional(Expression({ description: 'Expression' })),
    },
    strict,
  ),
});

const assertion = defineTask({
  ...rest,
  name: 'assert',
  args: Type.Object(
    {
      that: Type.Array(Expression({ description: 'Expression' }), { description: 'Expressions' }),
      quiet: Flag('Say nothing', false),
    },
    strict,
  ),
});

const setFact = defineTask({
  ...rest,
  name: 'set_fact',
  args: Type.Object({}, { additionalProperties: true }),
});

const dockerContainer = defineTask({
  ...rest,
  name: 'docker_container',
  args: Type.Object(
    {
      name: text('Name'),
      restart_policy: Type.Optional(Choice(['no', 'always'], 'When it starts again')),
      ports: Type.Optional(
        Type.Array(Type.Object({ host: Type.Integer({ description: 'Port' }) }, strict), {
          description: 'Ports',
        }),
      ),
      env: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Environment' })),
      memory: Type.Optional(
        Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]+[kmg]$' })], {
          description: 'Bytes, or with k, m, g',
        }),
      ),
    },
    strict,
  ),
});

export const smallModules: ReadonlyMap<string, AnyTaskModule> = new Map(
  [command, file, debug, assertion, setFact, dockerContainer].map(module => [module.name, module]),
);
