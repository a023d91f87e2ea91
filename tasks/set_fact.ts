/** The `set_fact` module: variables of a host, from here on. */
import { Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { known } from '../src/core/probe.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';

const NAME = /^[A-Za-z_]\w*$/;

export const set_fact = defineTask({
  name: 'set_fact',
  looksOnly: true,
  summary: 'Set variables of the host for the rest of the run',
  description: 'Every argument but `cacheable` is a variable and its value.',
  args: Type.Object(
    { cacheable: Flag('Keep them as facts too; there is no cache between runs', false) },
    { additionalProperties: true },
  ),
  examples: `
- name: Where this instance lives
  set_fact:
    instance_root: '/girofle/noeud-gitlab-{{ number }}'
    instance_ports: [80, 443]
`,
  returns: { ansible_facts: 'The variables that were set' },
  check: given => {
    const names = Object.keys(factsOf(given));
    const wrong = names.filter(name => !NAME.test(name));
    return [
      ...(names.length === 0 ? ['name at least one variable and its value'] : []),
      ...wrong.map(
        name => `"${name}" is no name for a variable: it takes letters, digits and _, and no digit first`,
      ),
    ];
  },
  probe: () => known(undefined),
  plan: () => [],
  result: given => ({ ansible_facts: factsOf(given) }),
});

/** As Ansible has it, the words true, false, yes and no are booleans here. */
function factsOf(given: object): ValueMap {
  const facts: [string, ValueMap[string]][] = Object.entries(given).filter(([name]) => name !== 'cacheable');
  return Object.fromEntries(
    facts.map(([name, value]) => [name, typeof value === 'string' ? asBoolean(value) : value]),
  );
}

function asBoolean(text: string): string | boolean {
  if (/^(true|yes)$/i.test(text)) return true;
  return /^(false|no)$/i.test(text) ? false : text;
}
