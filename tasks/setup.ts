/** setup: gathers facts about a host. */
import { Type } from 'typebox';
import { Words, words } from '../src/core/args.ts';
import { probe } from '../src/core/probe.ts';
import { defineTask } from '../src/core/task-module.ts';
import { readGathered } from './facts/output.ts';
import { factsScript } from './facts/script.ts';
import { chosenSubsets, filterFacts, gatherFacts, unknownSubsets } from './facts/subsets.ts';

export const setup = defineTask({
  name: 'setup',
  looksOnly: true,
  summary: 'Gather facts about a host',
  description:
    'One script that needs only sh. Names and shapes are those of Ansible; reached as `ansible_facts.distribution`, ' +
    '`facts.distribution` and `ansible_distribution`. Plays do this by themselves unless gather_facts is false.',
  args: Type.Object(
    {
      gather_subset: Words(
        'Groups of facts: all, min, hardware, network, virtual, ... or names of facts; `!` before one leaves it out',
        ['all'],
      ),
      filter: Words('Patterns of names; only facts that match one are returned', []),
      fact_path: Type.String({
        description: 'Folder on the host with *.fact files: JSON or INI, or programs that print them',
        default: '/etc/ansible/facts.d',
      }),
      gather_timeout: Type.Integer({ description: 'Seconds that gathering may take', default: 10 }),
    },
    { additionalProperties: false },
  ),
  examples: `
- name: Only what the network is like
  setup:
    gather_subset: ['!all', network]
    filter: 'ansible_default_*'
`,
  returns: { ansible_facts: 'The facts by name, without ansible_ in front' },
  check: ({ gather_subset }) =>
    unknownSubsets(words(gather_subset)).map(word => `"${word}" is no subset of facts`),
  probe: args => {
    const chosen = chosenSubsets(words(args.gather_subset));
    const script = factsScript({
      hardware: chosen.has('hardware'),
      network: chosen.has('network'),
      ...(chosen.has('local') ? { factPath: args.fact_path } : {}),
    });
    return probe(script, stdout =>
      filterFacts(
        {
          ...gatherFacts(readGathered(stdout), chosen),
          gather_subset: [...words(args.gather_subset)],
          module_setup: true,
        },
        words(args.filter),
      ),
    );
  },
  plan: () => [],
  result: (_args, facts) => ({ ansible_facts: facts }),
});
