/** yum: packages of RHEL, CentOS and their relatives, by yum or by dnf where that has taken its place. */
import { Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import { checkRpmArgs, RPM_ALIASES, RPM_PROPERTIES } from './packages/rpm-args.ts';
import { observeRpm, planRpm, rpmResult } from './packages/rpm-plan.ts';

export const yum = defineTask({
  name: 'yum',
  summary: 'Install, upgrade and remove packages by yum, or by dnf where the host has that',
  args: Type.Object(
    {
      ...RPM_PROPERTIES,
      use_backend: Choice(
        ['auto', 'yum', 'yum4', 'dnf'],
        'Insist on one of them; by default what the host has',
        'auto',
      ),
    },
    { additionalProperties: false },
  ),
  aliases: RPM_ALIASES,
  examples: `
- name: Web server
  yum:
    name: nginx
`,
  returns: { rc: 'Exit code', results: 'What yum printed, command by command' },
  check: checkRpmArgs,
  probe: observeRpm,
  plan: (args, seen) => {
    const backend = args.use_backend === 'yum4' ? 'dnf' : args.use_backend;
    if (backend !== 'auto' && backend !== seen.manager)
      return refuse(`use_backend asks for ${backend}, the host has ${seen.manager}`);
    return planRpm(args, seen);
  },
  result: (_args, _seen, outputs) => rpmResult(outputs),
});
