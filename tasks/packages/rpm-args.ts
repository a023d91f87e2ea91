/** What the dnf and yum modules are asked for: their arguments are the same but for a few. */
import { type Static, Type } from 'typebox';
import { Choice, Flag, Words, words } from '../../src/core/args.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));

/** The schema's properties that dnf and yum share. */
export const RPM_PROPERTIES = {
  name: Type.Optional(
    Words(
      'Packages, also with a version (nginx-1.24, "nginx >= 1.24") or a path of a package file; `*` with `state: latest`: all',
    ),
  ),
  state: Type.Optional(
    Choice(
      ['absent', 'present', 'installed', 'removed', 'latest'],
      'What should be true of the packages; default: present, with autoremove absent',
    ),
  ),
  update_cache: Flag('Have the repositories asked whether there is something newer', false),
  update_only: Flag('With `state: latest`: upgrade what is installed, install nothing new', false),
  autoremove: Flag('Remove dependencies that nothing needs any more; alone or with `state: absent`', false),
  allow_downgrade: Flag('Allow an older version to replace a newer one', false),
  bugfix: Flag('With `state: latest`: only updates that mend bugs', false),
  security: Flag('With `state: latest`: only updates that mend security', false),
  skip_broken: Flag('Skip packages that cannot be installed', false),
  cacheonly: Flag('Work with what was downloaded before', false),
  conf_file: text("The package manager's configuration file"),
  disable_excludes: text('Whose exclude lists do not count: all, main, or a repository'),
  disable_gpg_check: Flag('Allow packages whose signature cannot be checked', false),
  disable_plugin: Type.Optional(Words('Plugins to do without')),
  enable_plugin: Type.Optional(Words('Plugins to use')),
  disablerepo: Type.Optional(Words('Repositories to do without')),
  enablerepo: Type.Optional(Words('Repositories to use')),
  exclude: Type.Optional(Words('Packages to leave alone')),
  download_only: Flag('Download, install nothing', false),
  download_dir: text('With `download_only`: where to'),
  install_repoquery: Flag('Accepted for compatibility: repoquery is not needed', true),
  install_weak_deps: Flag('Whether weak dependencies are installed', true),
  installroot: Type.String({
    description: 'Refused unless it is /: other roots are not looked into',
    default: '/',
  }),
  list: text('Refused: listing is no state; use a command task'),
  lock_timeout: Type.Integer({ description: 'Seconds to wait for another package manager', default: 30 }),
  releasever: text('Release to take packages from'),
  sslverify: Flag('Whether certificates of repositories are checked', true),
  validate_certs: Flag('Accepted for compatibility: it is about packages at URLs, which are refused', true),
};

export const RPM_ALIASES = { pkg: 'name', 'expire-cache': 'update_cache' };

const shared = Type.Object(RPM_PROPERTIES);

export interface RpmArgs extends Static<typeof shared> {
  readonly allowerasing?: boolean;
  readonly nobest?: boolean;
}

export const RPM_DEFAULTS: RpmArgs = {
  update_cache: false,
  update_only: false,
  autoremove: false,
  allow_downgrade: false,
  bugfix: false,
  security: false,
  skip_broken: false,
  cacheonly: false,
  disable_gpg_check: false,
  download_only: false,
  install_repoquery: true,
  install_weak_deps: true,
  installroot: '/',
  lock_timeout: 30,
  sslverify: true,
  validate_certs: true,
};

/** What no schema can say of the arguments. */
export function checkRpmArgs(args: RpmArgs): readonly string[] {
  const names = words(args.name);
  return [
    ...(names.length === 0 && !args.autoremove && args.list === undefined && !args.update_cache
      ? ['one of name, autoremove and update_cache is needed']
      : []),
    ...(args.list === undefined ? [] : ['list is not supported: listing is no state; use a command task']),
    ...(args.installroot === '/' ? [] : ['installroot is not supported: other roots are not looked into']),
    ...names.filter(name => name.startsWith('-')).map(name => `"${name}" is no package name`),
    ...names
      .filter(name => name.startsWith('@'))
      .map(name => `${name} is a group of packages: name the packages`),
    ...names
      .filter(name => name.includes('://'))
      .map(name => `${name} is a URL: fetch the file with get_url first, then give its path`),
    ...(args.autoremove && names.length > 0 && rpmState(args) !== 'absent'
      ? ['autoremove goes with state: absent, or stands alone']
      : []),
  ];
}

export function rpmState({ state, autoremove }: RpmArgs): 'present' | 'absent' | 'latest' {
  if (state === undefined) return autoremove ? 'absent' : 'present';
  if (state === 'latest') return 'latest';
  return state === 'absent' || state === 'removed' ? 'absent' : 'present';
}

/** Options for the command line, as dnf and yum both know them. */
export function rpmOptions(args: RpmArgs): readonly string[] {
  const list = (option: string, given: string | readonly string[] | undefined) =>
    words(given).map(word => `--${option}=${word}`);
  const flag = (option: string, is: boolean | undefined) => (is ? [`--${option}`] : []);
  return [
    ...flag('cacheonly', args.cacheonly),
    ...(args.conf_file === undefined ? [] : [`--config=${args.conf_file}`]),
    ...(args.disable_excludes === undefined ? [] : [`--disableexcludes=${args.disable_excludes}`]),
    ...flag('nogpgcheck', args.disable_gpg_check),
    ...list('disableplugin', args.disable_plugin),
    ...list('enableplugin', args.enable_plugin),
    ...list('disablerepo', args.disablerepo),
    ...list('enablerepo', args.enablerepo),
    ...list('exclude', args.exclude),
    ...(args.releasever === undefined ? [] : [`--releasever=${args.releasever}`]),
    ...(args.sslverify ? [] : ['--setopt=sslverify=0']),
    ...(args.install_weak_deps ? [] : ['--setopt=install_weak_deps=0']),
    ...flag('downloadonly', args.download_only),
    ...(args.download_dir === undefined ? [] : [`--downloaddir=${args.download_dir}`]),
    ...flag('skip-broken', args.skip_broken),
    ...flag('security', args.security && rpmState(args) === 'latest'),
    ...flag('bugfix', args.bugfix && rpmState(args) === 'latest'),
    ...flag('allowerasing', args.allowerasing),
    ...flag('nobest', args.nobest),
  ];
}
