/** From the packages of a host as they are to those asked for, by dnf or yum. */
import { words } from '../../src/core/args.ts';
import { all, mapProbe, type Probe, probeOutcome } from '../../src/core/probe.ts';
import {
  type PackageManager,
  type PackageSeen,
  packageManager,
  packageState,
} from '../../src/core/probes/package.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import { type Plan, refuse } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { type RpmArgs, rpmOptions, rpmState } from './rpm-args.ts';

/** A package file on the host, or `missing`. */
type RpmFile = { readonly full: string; readonly installed: boolean } | 'missing';

export interface RpmSeen {
  readonly manager: PackageManager;
  readonly packages: ReadonlyMap<string, PackageSeen>;
  readonly files: ReadonlyMap<string, RpmFile>;
  /** With `name: '*'`, `state: latest`: what could be upgraded. With autoremove alone: what nothing needs. */
  readonly affected: readonly string[];
}

export function observeRpm(args: RpmArgs): Probe<RpmSeen> {
  const names = words(args.name).filter(name => name !== '*');
  const level = rpmState(args) === 'latest' ? 'latest' : 'installed';
  const by = <T>(wanted: readonly string[], look: (name: string) => Probe<T>) =>
    mapProbe(
      all(Object.fromEntries(wanted.map(name => [name, look(name)]))),
      found => new Map(Object.entries(found)),
    );
  return all({
    manager: packageManager(),
    packages: by(
      names.filter(name => !isFile(name)),
      name => packageState(name, level),
    ),
    files: by(names.filter(isFile), rpmFile),
    affected: affectedPackages(args),
  });
}

function isFile(name: string): boolean {
  return name.startsWith('/') && name.endsWith('.rpm');
}

function rpmFile(path: string): Probe<RpmFile> {
  const form = '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n';
  return probeOutcome(
    sh`full=$(rpm -qp --nosignature --qf ${form} ${path} 2>/dev/null) && echo "$full" && rpm -q "$full"`,
    ({ code, stdout }) => {
      const [full = ''] = stdout.split('\n');
      return full === '' ? 'missing' : { full, installed: code === 0 };
    },
  );
}

function affectedPackages(args: RpmArgs): Probe<readonly string[]> {
  const first = (stdout: string) => stdout.split('\n').flatMap(line => /^(\S+)/.exec(line)?.[1] ?? []);
  if (words(args.name).includes('*') && rpmState(args) === 'latest') {
    return probeOutcome(
      sh`{ command -v dnf >/dev/null && dnf -q -C check-update || yum -q -C check-update; } 2>/dev/null`,
      ({ stdout }) => first(stdout),
    );
  }
  if (args.autoremove && words(args.name).length === 0) {
    return probeOutcome(sh`dnf -q -C repoquery --unneeded 2>/dev/null`, ({ stdout }) => first(stdout));
  }
  return { requests: [], read: () => [] };
}

export function planRpm(args: RpmArgs, seen: RpmSeen): Plan {
  const { manager } = seen;
  if (manager !== 'dnf' && manager !== 'yum') {
    const found = manager === 'none' ? 'no package manager that is known' : manager;
    return refuse(`the host has neither dnf nor yum, but ${found}`, {
      hint: 'use the module "package", or a condition on ansible_facts.pkg_mgr',
    });
  }
  const missing = [...seen.files].find(([, file]) => file === 'missing');
  if (missing) return refuse(`${missing[0]} is no package file on the host`);
  const names = words(args.name);
  if (names.length === 0) return planAlone(args, seen, manager);
  if (names.includes('*')) return planAll(args, seen, manager);
  return rpmState(args) === 'absent' ? planRemoval(args, seen, manager) : planInstall(args, seen, manager);
}

function planAlone(args: RpmArgs, { affected }: RpmSeen, manager: string): Plan {
  if (!args.autoremove)
    return [{ ...step('update the package lists', ['makecache'], args, manager), changes: false }];
  if (affected.length === 0) return [];
  return [
    step(
      `remove packages that nothing needs any more: ${affected.join(', ')}`,
      ['autoremove'],
      args,
      manager,
    ),
  ];
}

function planAll(args: RpmArgs, { affected }: RpmSeen, manager: string): Plan {
  if (rpmState(args) !== 'latest') return refuse('the name * needs state: latest');
  if (affected.length === 0 && !args.update_cache) return [];
  const what = affected.length === 0 ? 'what the repositories have newer versions of' : affected.join(', ');
  return [step(`upgrade ${what}`, ['upgrade'], args, manager)];
}

function planRemoval(args: RpmArgs, { packages }: RpmSeen, manager: string): Plan {
  const gone = [...packages.values()].flatMap(({ installed }) => installed);
  if (gone.length === 0) return [];
  const say = `remove ${gone.map(({ name, version }) => `${name} (${version})`).join(', ')}`;
  return [
    step(
      say,
      [args.autoremove ? 'autoremove' : 'remove', ...gone.map(({ name, arch }) => `${name}.${arch}`)],
      args,
      manager,
    ),
  ];
}

function planInstall(args: RpmArgs, { packages, files }: RpmSeen, manager: string): Plan {
  const onlyUpgrade = args.update_only && rpmState(args) === 'latest';
  const absent = onlyUpgrade
    ? []
    : [...packages].filter(([, { installed }]) => installed.length === 0).map(([name]) => name);
  const absentFiles = [...files].flatMap(([path, file]) =>
    file !== 'missing' && !file.installed ? [{ path, full: file.full }] : [],
  );
  const wanted = [...absent, ...absentFiles.map(({ path }) => path)];
  const said = [...absent, ...absentFiles.map(({ path, full }) => `${full} from ${path}`)];
  return [
    ...(wanted.length === 0
      ? []
      : [step(`install ${said.join(', ')}`, ['install', ...wanted], args, manager)]),
    ...(rpmState(args) === 'latest' ? upgradeSteps(args, packages, manager) : []),
  ];
}

function upgradeSteps(args: RpmArgs, packages: RpmSeen['packages'], manager: string): readonly Step[] {
  const present = [...packages].filter(([, { installed }]) => installed.length > 0);
  const outdated = present.filter(([, { available }]) => available.length > 0);
  const upgrade = args.update_cache ? present : outdated;
  if (upgrade.length === 0) return [];
  const said = upgrade.map(([name, { installed, available }]) => {
    const candidate = available[0]?.candidate;
    return candidate === undefined
      ? `${name} if there is a newer version`
      : `${name} (${installed[0]?.version} → ${candidate})`;
  });
  return [step(`upgrade ${said.join(', ')}`, ['upgrade', ...upgrade.map(([name]) => name)], args, manager)];
}

/** Waits for the lock of another process, then runs the command. */
function step(say: string, command: readonly string[], args: RpmArgs, manager: string): Step {
  const refresh = args.update_cache && manager === 'dnf' ? ['--refresh'] : [];
  const before = args.update_cache && manager === 'yum' ? sh`yum -q makecache fast && ` : sh``;
  const text = sh`
end=$(($(date +%s) + ${args.lock_timeout}))
for lock in /var/run/dnf.pid /var/run/yum.pid; do
  while [ -e "$lock" ] && kill -0 "$(cat "$lock")" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || { echo "another package manager holds $lock" >&2; exit 1; }
    sleep 1
  done
done
${before}${[manager, '-y', ...refresh, ...rpmOptions(args), ...command]}`;
  return { say, streams: true, action: { kind: 'script', text, env: { LC_ALL: 'C' } } };
}

/** Both say this when there was nothing to do after all. */
const NOTHING_DONE = /^Nothing to do\.?$|^No packages marked for update/m;

export function rpmResult(outputs: readonly StepOutput[]): ValueMap {
  const idle =
    outputs.length > 0 && outputs.every(({ stdout, code }) => code === 0 && NOTHING_DONE.test(stdout));
  const last = outputs.at(-1);
  return {
    ...(last
      ? { rc: last.code, results: outputs.map(({ stdout }) => stdout.trim()) }
      : { rc: 0, results: [] }),
    ...(idle ? { changed: false } : {}),
  };
}
