/** From the packages of a host as they are to those asked for, by apt. */
import { words } from '../../src/core/args.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import { isRefusal, type Plan, type Refusal, refuse } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import type { AptArgs } from './apt-args.ts';
import { choosePackages } from './apt-choose.ts';
import { type AptCache, type AptSeen, listsAreDue, type Simulation, upgradeMode } from './apt-look.ts';
import { aptGet, aptStep, aptUpdate } from './apt-script.ts';
import { compareVersions } from './version.ts';

export function planApt(args: AptArgs, seen: AptSeen): Plan {
  if (seen.manager !== 'apt') return wrongManager('apt', seen.manager);
  const work = planWork(args, seen);
  if (isRefusal(work)) return work;
  const update = planUpdate(args, seen, work.length > 0);
  return [...planClean(args, seen), ...update, ...work];
}

/** @param wanted the one that the task names */
export function wrongManager(wanted: string, found: string): Refusal {
  const has =
    found === 'none'
      ? 'the host has no package manager that is known'
      : `the host's package manager is ${found}, not ${wanted}`;
  return refuse(has, {
    hint:
      found === 'none'
        ? 'apt, dnf and yum are'
        : 'use the module "package", or a condition on ansible_facts.pkg_mgr',
  });
}

function planClean({ clean }: AptArgs, { cache }: AptSeen): readonly Step[] {
  if (!clean || cache.archives === 0) return [];
  return [
    {
      say: `delete ${count(cache.archives, 'package file')} from apt's cache`,
      action: { kind: 'script', text: sh`apt-get clean` },
    },
  ];
}

function planUpdate(args: AptArgs, seen: AptSeen, hasWork: boolean): readonly Step[] {
  const asked = args.update_cache ?? args.cache_valid_time > 0;
  if (!listsAreDue(args, seen) || !(asked || hasWork)) return [];
  const missing = [...seen.packages.values()].some(({ listed }) => !listed);
  const alone = words(args.name).length === 0 && upgradeMode(args) === undefined && args.deb === undefined;
  const say = missing
    ? 'fetch the package lists (there are none yet)'
    : `update the package lists (${age(seen.cache)})`;
  return [aptStep(say, aptUpdate(args), args, alone ? {} : { changes: false })];
}

function age({ now, updated }: AptCache): string {
  if (updated === 0) return 'never updated before';
  const minutes = Math.floor((now - updated) / 60);
  if (minutes < 60) return `${count(minutes, 'minute')} old`;
  return `${minutes < 2880 ? count(Math.floor(minutes / 60), 'hour') : count(Math.floor(minutes / 1440), 'day')} old`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function planWork(args: AptArgs, seen: AptSeen): Plan {
  const mode = upgradeMode(args);
  if (mode !== undefined) return planUpgrade(mode, args, seen);
  if (args.deb !== undefined) return planDeb(args.deb, args, seen);
  const names = words(args.name);
  if (args.state === 'build-dep') return planBuildDep(names, args, seen);
  const choice = choosePackages(names, args, seen);
  if ('refusal' in choice) return choice;
  const tidy = names.length === 0 ? planTidy(args, seen) : [];
  return [...planFix(args, seen), ...choice.steps, ...tidy];
}

function planUpgrade(mode: 'upgrade' | 'dist-upgrade', args: AptArgs, seen: AptSeen): Plan {
  const command = mode === 'upgrade' ? ['upgrade', '--with-new-pkgs'] : ['dist-upgrade'];
  const text = aptGet([...command, ...(args.autoremove ? ['--auto-remove'] : [])], args);
  if (listsAreDue(args, seen))
    return [aptStep('upgrade what the new package lists have newer versions of', text, args)];
  return simulated(seen.simulation, summary => [aptStep(`upgrade ${summary}`, text, args)]);
}

function planBuildDep(names: readonly string[], args: AptArgs, seen: AptSeen): Plan {
  const text = aptGet(['build-dep', ...names], args);
  const what = `what ${names.join(', ')} ${names.length === 1 ? 'needs' : 'need'} to be built`;
  if (listsAreDue(args, seen)) return [aptStep(`install ${what}`, text, args)];
  return simulated(seen.simulation, summary => [aptStep(`install ${what}: ${summary}`, text, args)]);
}

function planFix(args: AptArgs, { simulation }: AptSeen): readonly Step[] {
  if (args.state !== 'fixed' || simulation === undefined || isIdle(simulation)) return [];
  return [
    aptStep(
      `repair broken dependencies: ${summarize(simulation)}`,
      aptGet(['--fix-broken', 'install'], args),
      args,
    ),
  ];
}

function planTidy(args: AptArgs, { simulation }: AptSeen): readonly Step[] {
  if (simulation === undefined || isIdle(simulation)) return [];
  if (args.autoremove) {
    const command = ['autoremove', ...(args.purge ? ['--purge'] : [])];
    return [
      aptStep(
        `remove packages that nothing needs any more: ${simulation.removes.join(', ')}`,
        aptGet(command, args),
        args,
      ),
    ];
  }
  if (!args.autoclean) return [];
  return [
    aptStep(
      `delete ${count(simulation.deletes.length, 'outdated package file')}`,
      aptGet(['autoclean'], args),
      args,
    ),
  ];
}

function simulated(simulation: Simulation | undefined, then: (summary: string) => readonly Step[]): Plan {
  if (simulation === undefined) return [];
  if (simulation.problem !== undefined) return refuse(simulation.problem);
  return isIdle(simulation) ? [] : then(summarize(simulation));
}

function isIdle({ installs, removes, deletes, problem }: Simulation): boolean {
  return problem === undefined && installs.length + removes.length + deletes.length === 0;
}

/** `git (2.39 → 2.40), libx (1.0); remove y`; long lists are cut. */
function summarize({ installs, removes }: Simulation): string {
  const shown = installs
    .slice(0, 20)
    .map(({ name, from, to }) => `${name} (${from === undefined ? to : `${from} → ${to}`})`);
  const more = installs.length > 20 ? ` and ${installs.length - 20} more` : '';
  return [
    ...(shown.length > 0 ? [`${shown.join(', ')}${more}`] : []),
    ...(removes.length > 0 ? [`remove ${removes.join(', ')}`] : []),
  ].join('; ');
}

function planDeb(path: string, args: AptArgs, { deb }: AptSeen): Plan {
  if (deb === undefined || deb === 'missing') return refuse(`${path} is no package file on the host`);
  const { name, version, installed } = deb;
  const order = installed === undefined ? 1 : compareVersions(version, installed);
  if (order === 0) return [];
  if (order < 0 && !args.allow_downgrade && !args.force) {
    return refuse(`${name} is installed in version ${installed}, newer than ${version} of ${path}`, {
      hint: 'allow_downgrade: true lets it be replaced',
    });
  }
  const say =
    installed === undefined
      ? `install ${name} (${version}) from ${path}`
      : `${order < 0 ? 'downgrade' : 'upgrade'} ${name} (${installed} → ${version}) from ${path}`;
  // apt-get takes a word for a file only if it holds a slash.
  return [aptStep(say, aptGet(['install', path.includes('/') ? path : `./${path}`], args), args)];
}

const NOTHING_DONE = /^0 upgraded, 0 newly installed, 0 to remove\b/m;

/** Where the plan could not know whether newer lists bring anything, apt-get's own count tells. */
export function aptResult(args: AptArgs, seen: AptSeen, outputs: readonly StepOutput[]): ValueMap {
  const updates = outputs.length > 0 && listsAreDue(args, seen);
  const last = outputs.at(-1);
  const work = words(args.name).length > 0 || upgradeMode(args) !== undefined;
  const idle =
    work &&
    updates &&
    outputs.length > 1 &&
    outputs.slice(1).every(({ stdout }) => NOTHING_DONE.test(stdout));
  return {
    cache_updated: updates,
    ...(seen.cache.updated > 0 && !updates ? { cache_update_time: seen.cache.updated } : {}),
    ...(last ? { stdout: last.stdout, stderr: last.stderr } : {}),
    ...(idle ? { changed: false } : {}),
  };
}
