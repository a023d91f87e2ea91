import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { showDoc } from '../../src/commands/doc.ts';
import { Choice, Expression, Flag } from '../../src/core/args.ts';
import { defineTask } from '../../src/core/task-module.ts';
import { modules } from '../../tasks/index.ts';

const mount = Type.Object({
  target: Type.String({ description: 'Path in the container' }),
  size: Type.Optional(Type.Integer()),
});

const box = defineTask({
  name: 'box',
  summary: 'Keep a box',
  description:
    'A box is a place for things. This sentence is here to be longer than what fits on one line.\n\nAnd this is another paragraph.',
  args: Type.Object({
    state: Choice(['absent', 'present'], 'Whether it is there', 'present'),
    force: Flag('Replace it', false),
    name: Type.String({ description: 'Its name' }),
    size: Type.Integer({ description: 'How large' }),
    tags: Type.Optional(Type.Array(Type.String(), { description: 'Words on it' })),
    mounts: Type.Optional(Type.Array(mount, { description: 'What is mounted' })),
    env: Type.Optional(Type.Record(Type.String(), Type.String())),
    prefix: Type.String({ description: 'Before its name', default: '' }),
    port: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
    that: Type.Optional(Expression({ description: 'What must hold' })),
  }),
  aliases: { pkg: 'name', title: 'name' },
  freeForm: 'name',
  examples: '\n- name: A box\n  box:\n    name: a\n\n- box: b\n',
  returns: { path: 'Where it stands' },
  plan: () => [],
});
const registry = new Map([
  ['box', box],
  ['docker_box', { ...box, name: 'docker_box', summary: 'Keep a box in Docker' }],
]);

function shown(name?: string) {
  let out = '';
  let err = '';
  const code = showDoc(
    name,
    text => {
      out += text;
    },
    {
      registry,
      complain: text => {
        err += text;
      },
    },
  );
  return { code, out, err };
}

describe('doc', () => {
  it('shows the reference of a module', () => {
    expect(shown('box')).toEqual({
      code: 0,
      err: '',
      out: `box: Keep a box

A box is a place for things. This sentence is here to be longer than what fits
on one line.

And this is another paragraph.

ARGUMENTS

  name  (string, required)
      Its name
      Also: pkg, title
  size  (whole number, required)
      How large
  state  (absent | present, default present)
      Whether it is there
  force  (boolean, default false)
      Replace it
  tags  (list of strings)
      Words on it
  mounts  (list of maps)
      What is mounted
      target  (string, required)
          Path in the container
      size  (whole number)
  env  (map)
  prefix  (string, default '')
      Before its name
  port  (whole number or string)
  that  (expression)
      What must hold

  A bare string sets \`name\`.

RETURNS

  path
      Where it stands

EXAMPLES

  - name: A box
    box:
      name: a

  - box: b
`,
    });
  });

  it('takes the name of a collection before the module', () => {
    expect(shown('ansible.builtin.box').out).toBe(shown('box').out);
  });

  it('lists the modules without a name', () => {
    expect(shown()).toEqual({
      code: 0,
      err: '',
      out: 'box         Keep a box\ndocker_box  Keep a box in Docker\n',
    });
  });

  it.each([
    ['docker_bax', 'no module is named "docker_bax" (did you mean "docker_box"?)\n'],
    ['completely_else', 'no module is named "completely_else" ("girofle-run doc" lists them)\n'],
  ])('does not know %s', (name, err) => {
    expect(shown(name)).toEqual({ code: 4, out: '', err });
  });

  it.each([...modules.keys()].map(name => [name]))('has something to say of every argument of %s', name => {
    let out = '';
    expect(
      showDoc(name, text => {
        out += text;
      }),
    ).toBe(0);
    expect(out).toContain('EXAMPLES');
    expect(out).not.toMatch(/undefined|\[object/);
  });
});
