/** package: packages by whatever package manager the host has. */
import { Type } from 'typebox';
import { Choice, Words, words } from '../src/core/args.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import { APT_DEFAULTS, type AptArgs } from './packages/apt-args.ts';
import { type AptSeen, observeApt } from './packages/apt-look.ts';
import { aptResult, planApt } from './packages/apt-plan.ts';
import { RPM_DEFAULTS, type RpmArgs } from './packages/rpm-args.ts';
import { planRpm, type RpmSeen, rpmResult } from './packages/rpm-plan.ts';

interface PackageArgs {
  readonly name: string | readonly string[];
  readonly state: 'present' | 'absent' | 'latest' | 'installed' | 'removed';
}

export const packageTask = defineTask({
  name: 'package',
  summary: "Install, upgrade and remove packages by the host's own package manager",
  description:
    'Behind it are apt, dnf and yum; other package managers are refused. Names of packages are not translated.',
  args: Type.Object(
    {
      name: Words('Packages, as the package manager of the host calls them'),
      state: Choice(
        ['present', 'absent', 'latest', 'installed', 'removed'],
        'What should be true of them',
        'present',
      ),
      use: Choice(['auto', 'apt', 'dnf', 'yum'], 'Insist on one package manager', 'auto'),
    },
    { additionalProperties: false },
  ),
  examples: `
- name: What backups need
  package:
    name: [rsync, restic]
`,
  returns: {
    stdout: 'With apt: what it printed',
    results: 'With dnf and yum: what they printed, command by command',
  },
  check: ({ name }) =>
    words(name)
      .filter(one => one.startsWith('-'))
      .map(one => `"${one}" is no package name`),
  probe: args => observeApt(aptArgs(args)),
  plan: (args, seen) => {
    const { manager } = seen;
    if (manager !== 'apt' && manager !== 'dnf' && manager !== 'yum') {
      const found = manager === 'none' ? 'no package manager that is known' : manager;
      return refuse(`the host has ${found}; apt, dnf and yum are supported`);
    }
    if (args.use !== 'auto' && args.use !== manager)
      return refuse(`use asks for ${args.use}, the host has ${manager}`);
    return manager === 'apt' ? planApt(aptArgs(args), seen) : planRpm(rpmArgs(args), rpmSeen(seen));
  },
  result: (args, seen, outputs) =>
    seen.manager === 'apt' ? aptResult(aptArgs(args), seen, outputs) : rpmResult(outputs),
});

function aptArgs({ name, state }: PackageArgs): AptArgs {
  const absent = state === 'absent' || state === 'removed';
  return { ...APT_DEFAULTS, name, state: absent ? 'absent' : state === 'latest' ? 'latest' : 'present' };
}

function rpmArgs({ name, state }: PackageArgs): RpmArgs {
  return { ...RPM_DEFAULTS, name, state };
}

/** The same look serves both: packages by name, whatever the manager. */
function rpmSeen({ manager, packages }: AptSeen): RpmSeen {
  return { manager, packages, files: new Map(), affected: [] };
}
