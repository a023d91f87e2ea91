/** What the apt module looks at: the packages named, the age of the package lists, and what apt says it would do. */
import { words } from '../../src/core/args.ts';
import { all, known, mapProbe, type Probe, probe, probeOutcome } from '../../src/core/probe.ts';
import {
  type PackageLook,
  type PackageManager,
  type PackageSeen,
  packageManager,
  packageState,
} from '../../src/core/probes/package.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Outcome } from '../../src/core/transport.ts';
import { type AptArgs, parseWish } from './apt-args.ts';

export interface AptCache {
  /** When the lists were last updated, in seconds since 1970; 0 for never. */
  readonly updated: number;
  readonly now: number;
  /** Package files kept in /var/cache/apt/archives. */
  readonly archives: number;
}

/** What apt-get would do, as `apt-get --simulate` says. */
export interface Simulation {
  readonly installs: readonly { readonly name: string; readonly from?: string; readonly to: string }[];
  readonly removes: readonly string[];
  /** Package files that autoclean would delete. */
  readonly deletes: readonly string[];
  /** Why apt-get could not tell. */
  readonly problem?: string;
}

/** A .deb file on the host. */
export interface DebFile {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly installed?: string;
}

export interface AptSeen {
  readonly manager: PackageManager;
  /** By the name asked for, as written. */
  readonly packages: ReadonlyMap<string, PackageSeen>;
  readonly cache: AptCache;
  readonly simulation?: Simulation;
  /** `missing`: no such file, or no package. */
  readonly deb?: DebFile | 'missing';
}

export function observeApt(args: AptArgs): Probe<AptSeen> {
  const names = words(args.name).filter(name => name !== '*');
  const simulated = simulatedCommand(args);
  const looks = names.map(
    name => [name, packageState(lookedUp(name), levelOf(args), args.default_release)] as const,
  );
  return mapProbe(
    all({
      manager: packageManager(),
      packages: all(Object.fromEntries(looks)),
      cache: aptCache(),
      ...(simulated ? { simulation: simulate(simulated) } : {}),
      ...(args.deb === undefined ? {} : { deb: debFile(args.deb) }),
    }),
    seen => ({ ...seen, packages: new Map(Object.entries(seen.packages)) }),
  );
}

function lookedUp(spec: string): string {
  const { name, arch } = parseWish(spec);
  return arch === undefined ? name : `${name}:${arch}`;
}

function levelOf({ state, name }: AptArgs): PackageLook {
  if (state === 'absent' || state === 'build-dep') return 'installed';
  return state === 'latest' || words(name).some(spec => parseWish(spec).version) ? 'latest' : 'candidate';
}

/** The age of the lists and the number of files kept; one script, so that one answer serves all tasks. */
export function aptCache(): Probe<AptCache> {
  return probe(
    sh`
updated=0
for file in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists; do
  if [ -e "$file" ]; then updated=$(stat -c %Y "$file"); break; fi
done
set -- /var/cache/apt/archives/*.deb
[ -e "$1" ] || shift
echo "$updated $(date +%s) $#"`,
    text => {
      const [updated = 0, now = 0, archives = 0] = text.trim().split(' ').map(Number);
      return { updated, now, archives };
    },
  );
}

/** True for `name: '*'` with `state: latest`, which is an upgrade of everything. */
export function upgradeMode(args: AptArgs): 'upgrade' | 'dist-upgrade' | undefined {
  if (args.upgrade === 'dist' || args.upgrade === 'full') return 'dist-upgrade';
  const everything = args.state === 'latest' && words(args.name).includes('*');
  return args.upgrade === 'yes' || args.upgrade === 'safe' || everything ? 'upgrade' : undefined;
}

/** Fresh enough lists are left alone; lists that are not there yet are fetched as soon as something must be installed. */
export function listsAreDue(args: AptArgs, { cache, packages }: AptSeen): boolean {
  const asked = args.update_cache ?? args.cache_valid_time > 0;
  const missing = [...packages.values()].some(({ listed }) => !listed);
  if (missing && args.update_cache !== false && args.state !== 'absent') return true;
  return asked && cache.now - cache.updated > args.cache_valid_time;
}

/** What cannot be told from a package's state alone, apt-get is asked to simulate. */
function simulatedCommand(args: AptArgs): readonly string[] | undefined {
  const names = words(args.name);
  const mode = upgradeMode(args);
  if (mode === 'upgrade')
    return ['upgrade', '--with-new-pkgs', ...(args.autoremove ? ['--auto-remove'] : [])];
  if (mode === 'dist-upgrade') return ['dist-upgrade', ...(args.autoremove ? ['--auto-remove'] : [])];
  if (args.state === 'build-dep' && names.length > 0) return ['build-dep', ...names];
  if (args.state === 'fixed') return ['--fix-broken', 'install'];
  if (names.length > 0 || args.deb !== undefined) return undefined;
  if (args.autoremove) return ['autoremove', ...(args.purge ? ['--purge'] : [])];
  return args.autoclean ? ['autoclean'] : undefined;
}

function simulate(command: readonly string[]): Probe<Simulation> {
  const quiet: Sh = sh`-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1`;
  return probeOutcome(joinSh([sh`LC_ALL=C apt-get -s -q -y`, quiet, sh`${command}`], ' '), parseSimulation);
}

/** `Inst name [old] (new ...)`, `Remv name [old]`, `Del file version`. */
export function parseSimulation({
  code,
  stdout,
  stderr,
}: Pick<Outcome, 'code' | 'stdout' | 'stderr'>): Simulation {
  const lines = stdout.split('\n');
  const installs = lines.flatMap(line => {
    const [, name, from, to] = /^Inst (\S+) (?:\[(\S+)\] )?\((\S+)/.exec(line) ?? [];
    return name === undefined || to === undefined
      ? []
      : [{ name, to, ...(from === undefined ? {} : { from }) }];
  });
  return {
    installs,
    removes: lines.flatMap(line => /^(?:Remv|Purg) (\S+)/.exec(line)?.[1] ?? []),
    deletes: lines.flatMap(line => /^Del (\S+)/.exec(line)?.[1] ?? []),
    ...(code === 0 ? {} : { problem: stderr.trim() || `exit code ${code}` }),
  };
}

function debFile(path: string): Probe<DebFile | 'missing'> {
  if (path.includes('://')) return known('missing');
  return probeOutcome(
    sh`
f() { dpkg-deb -f ${path} "$1"; }
name=$(f Package) && printf '%s\n' "$name" "$(f Version)" "$(f Architecture)" &&
dpkg-query -W -f '\${db:Status-Abbrev}\${Version}\n' "$name:$(f Architecture)" "$name" 2>/dev/null | head -n 1`,
    ({ stdout }) => {
      const [name = '', version = '', arch = '', status = ''] = stdout.split('\n');
      if (name === '') return 'missing';
      return { name, version, arch, ...(/^.i/.test(status) ? { installed: status.slice(3).trim() } : {}) };
    },
  );
}
