/** apt: packages of Debian and its relatives. */
import { Type } from 'typebox';
import { Choice, Flag, Words, words } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import { APT_DEFAULTS } from './packages/apt-args.ts';
import { observeApt } from './packages/apt-look.ts';
import { aptResult, planApt } from './packages/apt-plan.ts';

export const apt = defineTask({
  name: 'apt',
  summary: 'Install, upgrade and remove packages by apt',
  description:
    'Waits for other package managers, never asks, and says in the plan which packages it will install in which version. ' +
    'On a machine without package lists they are fetched first. A name may hold a version (`nginx=1.22*`, `nginx>=1.20`), an ' +
    'architecture (`libc6:i386`) or a pattern (`python3-*`).',
  args: Type.Object(
    {
      name: Type.Optional(
        Words('Packages; `*` with `state: latest` stands for everything that is installed'),
      ),
      state: Choice(
        ['present', 'absent', 'latest', 'build-dep', 'fixed'],
        'What should be true of the packages',
        'present',
      ),
      update_cache: Type.Optional(
        Flag('Update the package lists first; by default only when there are none yet'),
      ),
      update_cache_retries: Type.Integer({ description: 'Attempts at updating the lists', default: 5 }),
      update_cache_retry_max_delay: Type.Integer({
        description: 'Longest pause between them, in seconds',
        default: 12,
      }),
      cache_valid_time: Type.Integer({
        description: 'Update the lists if they are older, in seconds; implies update_cache',
        default: 0,
      }),
      deb: Type.Optional(Type.String({ description: 'Package file on the host to install' })),
      upgrade: Choice(
        ['no', 'yes', 'safe', 'full', 'dist'],
        'Upgrade everything; `full` and `dist` may remove packages',
        'no',
      ),
      purge: Flag('With `state: absent`: remove configuration files as well', false),
      autoremove: Flag('Remove dependencies that nothing needs any more', false),
      autoclean: Flag('Delete package files that can no longer be downloaded', false),
      clean: Flag('Delete all package files that were kept', false),
      default_release: Type.Optional(Type.String({ description: 'Release to take packages from (-t)' })),
      install_recommends: Type.Optional(
        Flag('Whether recommended packages are installed; by default as the host is set up'),
      ),
      only_upgrade: Flag('Upgrade packages that are installed, install no new ones', false),
      allow_downgrade: Flag('Allow an older version to replace a newer one', false),
      allow_unauthenticated: Flag('Allow packages whose signature cannot be checked', false),
      allow_change_held_packages: Flag('Allow packages on hold to change', false),
      fail_on_autoremove: Flag('Fail rather than remove any package', false),
      force: Flag(
        'Allow what could destroy the system: unsigned packages, downgrades, removal of essential packages',
        false,
      ),
      force_apt_get: Flag('Accepted for compatibility: apt-get is what is used, always', false),
      dpkg_options: Type.String({
        description: 'Options for dpkg, with commas between',
        default: APT_DEFAULTS.dpkg_options,
      }),
      policy_rc_d: Type.Optional(
        Type.Integer({ description: 'Exit code of policy-rc.d meanwhile; 101: start no services' }),
      ),
      lock_timeout: Type.Integer({ description: 'Seconds to wait for other package managers', default: 60 }),
    },
    { additionalProperties: false },
  ),
  aliases: {
    package: 'name',
    pkg: 'name',
    'update-cache': 'update_cache',
    'default-release': 'default_release',
    'install-recommends': 'install_recommends',
    'allow-unauthenticated': 'allow_unauthenticated',
    'allow-downgrade': 'allow_downgrade',
    allow_downgrades: 'allow_downgrade',
    'allow-downgrades': 'allow_downgrade',
  },
  examples: `
- name: Web server, with lists no older than an hour
  apt:
    name: [nginx, curl]
    cache_valid_time: 3600

- name: A certain version
  apt:
    name: nginx=1.22*

- name: Upgrade everything
  apt:
    upgrade: dist
    update_cache: true
`,
  returns: {
    cache_updated: 'Whether the package lists were updated',
    cache_update_time: 'When they were, before this task, in seconds since 1970',
    stdout: 'What apt-get printed',
    stderr: 'Its errors and warnings',
  },
  check: args => {
    const given = [words(args.name).length > 0, args.deb !== undefined, args.upgrade !== 'no'].filter(
      is => is,
    ).length;
    const alone =
      args.update_cache || args.cache_valid_time > 0 || args.autoremove || args.autoclean || args.clean;
    return [
      ...(given > 1 ? ['name, deb and upgrade exclude one another'] : []),
      ...(given === 0 && !alone
        ? ['one of name, deb, upgrade, update_cache, autoremove, autoclean and clean is needed']
        : []),
      ...(args.deb !== undefined && args.state !== 'present' ? ['deb needs state: present'] : []),
      ...(args.deb?.includes('://')
        ? ['deb cannot be a URL: fetch the file with get_url first, then give its path']
        : []),
      ...words(args.name)
        .filter(
          name =>
            !/^(\*|[A-Za-z0-9*?[][A-Za-z0-9*?[\]!^.+-]*(:[a-z0-9-]+)?((>=|=)[A-Za-z0-9.+~:*?[\]^!-]+)?)$/.test(
              name,
            ),
        )
        .map(name => `"${name}" is no package name`),
    ];
  },
  probe: observeApt,
  plan: planApt,
  result: aptResult,
});
