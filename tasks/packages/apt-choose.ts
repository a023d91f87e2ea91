/** Which of the packages named must be installed, upgraded, marked or removed, and in which version. */
import type { AvailablePackage, InstalledPackage, PackageSeen } from '../../src/core/probes/package.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { type Refusal, refuse } from '../../src/core/task-module.ts';
import { type AptArgs, isPattern, type PackageWish, parseWish } from './apt-args.ts';
import { type AptSeen, listsAreDue } from './apt-look.ts';
import { aptGet, aptStep } from './apt-script.ts';
import { compareVersions, patternToRegExp } from './version.ts';

/** A package to hand to apt-get, and the words for it. */
interface Choice {
  readonly word: string;
  readonly verb: 'install' | 'upgrade' | 'downgrade' | 'mark';
  readonly say: string;
}

export function choosePackages(
  names: readonly string[],
  args: AptArgs,
  seen: AptSeen,
): { steps: readonly Step[] } | Refusal {
  const wishes = names.map(spec => ({ wish: parseWish(spec), state: seen.packages.get(spec) }));
  if (args.state === 'absent')
    return {
      steps: removeSteps(
        wishes.flatMap(({ wish, state }) => (state ? toRemove(wish, state, args) : [])),
        args,
      ),
    };
  const due = listsAreDue(args, seen);
  const choices: Choice[] = [];
  for (const { wish, state } of wishes) {
    if (state === undefined) continue;
    const chosen = isPattern(wish.name)
      ? choosePattern(wish, state, args, due)
      : choose(wish, state, args, due);
    if ('refusal' in chosen) return chosen;
    choices.push(...chosen);
  }
  return { steps: installSteps(choices, args) };
}

function choosePattern(
  wish: PackageWish,
  state: PackageSeen,
  args: AptArgs,
  due: boolean,
): readonly Choice[] | Refusal {
  const real = state.available.filter(({ versions }) => versions.length > 0);
  if (real.length === 0 && state.installed.length === 0) {
    return due
      ? [{ word: wish.spec, verb: 'install', say: wish.spec }]
      : refuse(`no package matches "${wish.name}"`);
  }
  const choices: Choice[] = [];
  for (const { name } of real) {
    const one = { ...wish, name, spec: wish.spec.replace(wish.name, name) };
    const chosen = choose(one, only(name, state), args, due);
    if ('refusal' in chosen) return chosen;
    choices.push(...chosen);
  }
  return choices;
}

function only(name: string, { installed, available, ...rest }: PackageSeen): PackageSeen {
  return {
    ...rest,
    installed: installed.filter(one => one.name === name),
    available: available.filter(one => one.name === name),
  };
}

/** @param due the package lists will be fetched first: what is not known now may be known then */
function choose(
  wish: PackageWish,
  state: PackageSeen,
  args: AptArgs,
  due: boolean,
): readonly Choice[] | Refusal {
  const present = installedAs(wish, state);
  const available = state.available.find(({ versions }) => versions.length > 0);
  if (present) return chooseInstalled(wish, present, available, args, due);
  if (args.only_upgrade) return [];
  if (available) {
    const version = pickVersion(wish, available);
    if (version === undefined) return due ? [unseen(wish)] : noVersion(wish, available);
    const word = due ? unseen(wish).word : `${nameOf(wish)}=${version}`;
    return [{ word, verb: 'install', say: `${nameOf(wish)} (${version}${due ? ' or newer' : ''})` }];
  }
  if (state.providers.length > 0) return [];
  if (due || state.available.length > 0 || !state.listed) return [unseen(wish)];
  return refuse(`no package "${wish.name}" is available`, {
    hint: 'is the name right for this distribution? update_cache: true fetches newer lists',
  });
}

function chooseInstalled(
  wish: PackageWish,
  present: InstalledPackage,
  available: AvailablePackage | undefined,
  args: AptArgs,
  due: boolean,
): readonly Choice[] | Refusal {
  const name = nameOf(wish);
  const fits = satisfies(wish, present.version);
  const version = available && pickVersion(wish, available);
  if (fits && args.state !== 'latest') return present.auto ? [{ word: name, verb: 'mark', say: name }] : [];
  if (version === undefined || (fits && due)) {
    if (due)
      return [
        {
          word: wish.version ? wish.spec : name,
          verb: 'upgrade',
          say: `${name} (${present.version}) if the new package lists have a newer version`,
        },
      ];
    return fits ? [] : noVersion(wish, available);
  }
  const order = compareVersions(version, present.version);
  if (order === 0 || (fits && order < 0)) return [];
  if (order < 0 && !args.allow_downgrade && !args.force) {
    return refuse(`${name} is installed in version ${present.version}, newer than ${version}`, {
      hint: 'allow_downgrade: true lets it be replaced',
    });
  }
  return [
    {
      word: `${name}=${version}`,
      verb: order < 0 ? 'downgrade' : 'upgrade',
      say: `${name} (${present.version} → ${version})`,
    },
  ];
}

function nameOf({ name, arch }: PackageWish): string {
  return arch === undefined ? name : `${name}:${arch}`;
}

function unseen(wish: PackageWish): Choice {
  const word = wish.version?.operator === '=' ? wish.spec : nameOf(wish);
  return { word, verb: 'install', say: wish.version ? wish.spec : nameOf(wish) };
}

function noVersion({ spec, name }: PackageWish, available: AvailablePackage | undefined): Refusal {
  const others = available?.versions.join(', ');
  return refuse(`no version of ${name} fits "${spec}"`, {
    hint: others ? `available: ${others}` : 'none is available',
  });
}

function installedAs({ name, arch }: PackageWish, { installed }: PackageSeen): InstalledPackage | undefined {
  return installed.find(
    one =>
      one.name === name &&
      one.state === 'installed' &&
      (arch === undefined || one.arch === arch || one.arch === 'all'),
  );
}

function satisfies({ version }: PackageWish, text: string): boolean {
  if (version === undefined) return true;
  return version.operator === '='
    ? patternToRegExp(version.text).test(text)
    : compareVersions(text, version.text) >= 0;
}

/** The candidate if it fits; with `=`, else the newest that does. */
function pickVersion(wish: PackageWish, { candidate, versions }: AvailablePackage): string | undefined {
  if (candidate !== undefined && satisfies(wish, candidate)) return candidate;
  return wish.version?.operator === '=' ? versions.find(version => satisfies(wish, version)) : undefined;
}

const VERBS = ['install', 'upgrade', 'downgrade'] as const;

function installSteps(choices: readonly Choice[], args: AptArgs): readonly Step[] {
  const install = choices.filter(({ verb }) => verb !== 'mark');
  const said = VERBS.flatMap(verb => {
    const of = install.filter(choice => choice.verb === verb);
    return of.length === 0 ? [] : [`${verb} ${of.map(({ say }) => say).join(', ')}`];
  });
  const options = [
    ...(args.autoremove ? ['--auto-remove'] : []),
    ...(args.state === 'fixed' ? ['--fix-broken'] : []),
  ];
  const step = aptStep(
    said.join('; '),
    aptGet(['install', ...options, ...install.map(({ word }) => word)], args),
    args,
  );
  return [...(install.length > 0 ? [step] : []), ...markSteps(choices.filter(({ verb }) => verb === 'mark'))];
}

/** Named by a task, a package is no longer a mere dependency that autoremove may take away. */
function markSteps(marked: readonly Choice[]): readonly Step[] {
  if (marked.length === 0) return [];
  const names = marked.map(({ word }) => word);
  return [
    {
      say: `mark ${names.join(', ')} as installed by hand`,
      action: { kind: 'script', text: sh`apt-mark -qq manual ${names}` },
    },
  ];
}

function toRemove(
  wish: PackageWish,
  { installed }: PackageSeen,
  { purge }: AptArgs,
): readonly InstalledPackage[] {
  const named = installed.filter(one => isPattern(wish.name) || one.name === wish.name);
  return named.filter(
    one =>
      (one.state === 'config' ? purge : satisfies(wish, one.version)) &&
      (wish.arch === undefined || one.arch === wish.arch),
  );
}

function removeSteps(gone: readonly InstalledPackage[], args: AptArgs): readonly Step[] {
  if (gone.length === 0) return [];
  const names = [...new Set(gone.map(({ name }) => name))];
  const command = [
    'remove',
    ...(args.purge ? ['--purge'] : []),
    ...(args.autoremove ? ['--auto-remove'] : []),
    ...names,
  ];
  const say = `${args.purge ? 'purge' : 'remove'} ${gone.map(({ name, version }) => `${name} (${version})`).join(', ')}${args.autoremove ? ' and what nothing needs then' : ''}`;
  return [aptStep(say, aptGet(command, args), args)];
}
