/** What the apt module is asked for; `package` asks for the same with everything else at its default. */

export interface AptArgs {
  readonly name?: string | readonly string[];
  readonly state: 'present' | 'absent' | 'latest' | 'build-dep' | 'fixed';
  readonly update_cache?: boolean;
  readonly update_cache_retries: number;
  readonly update_cache_retry_max_delay: number;
  readonly cache_valid_time: number;
  readonly purge: boolean;
  readonly deb?: string;
  readonly default_release?: string;
  readonly install_recommends?: boolean;
  readonly force: boolean;
  readonly upgrade: 'dist' | 'full' | 'no' | 'safe' | 'yes';
  readonly dpkg_options: string;
  readonly autoremove: boolean;
  readonly autoclean: boolean;
  readonly clean: boolean;
  readonly fail_on_autoremove: boolean;
  readonly policy_rc_d?: number;
  readonly only_upgrade: boolean;
  readonly allow_unauthenticated: boolean;
  readonly allow_downgrade: boolean;
  readonly allow_change_held_packages: boolean;
  readonly lock_timeout: number;
}

export const APT_DEFAULTS: AptArgs = {
  state: 'present',
  update_cache_retries: 5,
  update_cache_retry_max_delay: 12,
  cache_valid_time: 0,
  purge: false,
  force: false,
  upgrade: 'no',
  dpkg_options: 'force-confdef,force-confold',
  autoremove: false,
  autoclean: false,
  clean: false,
  fail_on_autoremove: false,
  only_upgrade: false,
  allow_unauthenticated: false,
  allow_downgrade: false,
  allow_change_held_packages: false,
  lock_timeout: 60,
};

/** A name as users write it: `nginx`, `nginx=1.22*`, `nginx>=1.20`, `libc6:i386`, `python3-*`. */
export interface PackageWish {
  readonly spec: string;
  readonly name: string;
  readonly arch: string | undefined;
  readonly version?: { readonly operator: '=' | '>='; readonly text: string };
}

export function parseWish(spec: string): PackageWish {
  const [, full = spec, operator, text = ''] = /^(.*?)(>=|=)(.*)$/.exec(spec) ?? [];
  const [name = '', arch] = full.split(':');
  if (operator !== '=' && operator !== '>=') return { spec, name, arch };
  return { spec, name, arch, version: { operator, text } };
}

export function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}
