/** dnf: packages of Fedora, RHEL and their relatives. */
import { Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import { checkRpmArgs, RPM_ALIASES, RPM_PROPERTIES } from './packages/rpm-args.ts';
import { observeRpm, planRpm, rpmResult } from './packages/rpm-plan.ts';

export const dnf = defineTask({
  name: 'dnf',
  summary: 'Install, upgrade and remove packages by dnf',
  description:
    'Whether there are newer versions is told by what dnf knows already; with update_cache the repositories are asked first. ' +
    'Groups of packages, other roots and packages at URLs are refused.',
  args: Type.Object(
    {
      ...RPM_PROPERTIES,
      allowerasing: Flag('Allow installed packages to be removed if others need that', false),
      nobest: Flag('Content with less than the best candidate', false),
    },
    { additionalProperties: false },
  ),
  aliases: RPM_ALIASES,
  examples: `
- name: Web server
  dnf:
    name: nginx
    state: latest
`,
  returns: { rc: 'Exit code', results: 'What dnf printed, command by command' },
  check: checkRpmArgs,
  probe: observeRpm,
  plan: planRpm,
  result: (_args, _seen, outputs) => rpmResult(outputs),
});
