/** Remotes as users write them, in the inventory or as arguments: read by their driver's own schema, with sentences for what is wrong. */
import { type Static, type TObject, Type } from 'typebox';
import { acceptArgs } from '../../src/core/arguments.ts';
import { parseKeep } from '../../src/core/backup/retention.ts';
import { didYouMean } from '../../src/core/suggest.ts';
import { defineTask } from '../../src/core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';
import { directoryRemote, type Remote, type ResticRemote, resticRemote, rsyncRemote } from './remote.ts';

/** Argument of a module: one of `gitlab_remotes`. `readRemote` judges it. */
export const remoteArgument = Type.Unsafe<ValueMap>({
  type: 'object',
  description:
    'The remote, as gitlab_remotes of the inventory has it: name, driver (directory, rsync or restic) and what that driver takes',
});

/** Argument of a module: all of them. `readRemotes` judges it. */
export const remotesArgument = Type.Unsafe<readonly Value[]>({
  type: 'array',
  items: { type: 'object' },
  default: [],
  description: 'The remotes: gitlab_remotes of the inventory',
});

export type ReadRemotes =
  | { readonly remotes: readonly Remote[] }
  /** Sentences. */
  | { readonly problems: readonly string[] };

/** A list of remotes; nothing at all is an empty one. */
export function readRemotes(value: unknown): ReadRemotes {
  if (value === undefined || value === null) return { remotes: [] };
  if (!Array.isArray(value))
    return { problems: ['remotes must be a list of maps, each with a name and a driver'] };
  const read = value.map((one: unknown, i) => readRemote(one, `remote ${i + 1}`));
  const problems = [
    ...read.flatMap(one => ('problems' in one ? one.problems : [])),
    ...twice(value).map(name => `two remotes have the name ${name}`),
  ];
  return problems.length > 0
    ? { problems }
    : { remotes: read.flatMap(one => ('remote' in one ? [one.remote] : [])) };
}

/** @param who what to call it where it has no name */
export function readRemote(
  value: unknown,
  who = 'the remote',
): { readonly remote: Remote } | { readonly problems: readonly string[] } {
  if (!isMap(value)) return { problems: [`${who} must be a map with a name and a driver`] };
  const called = typeof value.name === 'string' && value.name !== '' ? `remote ${value.name}` : who;
  const schema = schemaOf(value.driver);
  if (schema === undefined) return { problems: [driverProblem(called, value.driver)] };
  const accepted = acceptArgs(asModule(called, schema), value);
  if ('problems' in accepted)
    return {
      problems: accepted.problems.map(({ message, hint }) => withHint(about(called, message), hint)),
    };
  const { args } = accepted;
  if (!isRemote(args)) return { problems: [`${called} cannot be read`] };
  const problems = [...keepProblems(args), ...ownProblems(args)].map(problem => `${called}: ${problem}`);
  return problems.length > 0 ? { problems } : { remote: args };
}

const DRIVERS = ['directory', 'rsync', 'restic'] as const;

function schemaOf(driver: unknown): TObject | undefined {
  switch (driver) {
    case 'directory':
      return directoryRemote;
    case 'rsync':
      return rsyncRemote;
    case 'restic':
      return resticRemote;
    default:
      return undefined;
  }
}

function driverProblem(called: string, driver: Value | undefined): string {
  if (driver === undefined || driver === null)
    return `${called} has no driver: it is one of ${DRIVERS.join(', ')}`;
  return withHint(
    `${called}: driver must be one of ${DRIVERS.join(', ')}, not ${JSON.stringify(driver)}`,
    typeof driver === 'string' ? didYouMean(driver, DRIVERS) : undefined,
  );
}

/** What checks the arguments of modules checks a remote as well. */
function asModule(name: string, args: TObject) {
  return defineTask({ name, summary: '', args, examples: '', plan: () => [] });
}

/** `unknown argument "paht" of remote nas` says whose it is; other sentences do not. */
function about(called: string, message: string): string {
  const named = message.replace(/^(unknown|missing) argument /, '$1 key ');
  return named.endsWith(` of ${called}`) ? named : `${called}: ${named}`;
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

/** Its schema has accepted it. */
function isRemote(
  args: ValueMap,
): args is ValueMap & Static<typeof directoryRemote | typeof rsyncRemote | typeof resticRemote> {
  return typeof args.name === 'string' && schemaOf(args.driver) !== undefined;
}

function keepProblems({ keep }: Remote): readonly string[] {
  const policy = keep === undefined ? undefined : parseKeep(keep);
  return policy !== undefined && 'problem' in policy ? [withHint(policy.problem, policy.hint)] : [];
}

function ownProblems(remote: Remote): readonly string[] {
  switch (remote.driver) {
    case 'directory':
      return pathProblems(remote.path);
    case 'rsync':
      return [
        ...pathProblems(remote.path),
        // A dash in front would be an option of ssh.
        ...wordProblems('host', remote.host),
        ...wordProblems('user', remote.user),
      ];
    case 'restic':
      return passwordProblems(remote);
  }
}

function pathProblems(path: string): readonly string[] {
  if (/^\/*$/.test(path)) return ['path must be a folder below /, not / itself'];
  if (/(^|\/)\.\.?(\/|$)/.test(path) || /[\n\r]/.test(path))
    return [`path must be plain, not ${JSON.stringify(path)}`];
  return [];
}

function wordProblems(key: string, value: string): readonly string[] {
  return /^[\w[:][\w.:%[\]-]*$/.test(value) ? [] : [`${key} cannot be ${JSON.stringify(value)}`];
}

const SOURCES = ['password', 'password_file', 'password_command'] as const;

function passwordProblems(remote: ResticRemote): readonly string[] {
  const given = SOURCES.filter(source => remote[source] !== undefined && remote[source] !== '');
  if (given.length === 1) return [];
  return given.length === 0
    ? [`give the repository's password by one of ${SOURCES.join(', ')}`]
    : [`it takes one of ${SOURCES.join(', ')}, not ${given.join(' and ')}`];
}

function twice(list: readonly unknown[]): readonly string[] {
  const names = list.flatMap(one => (isMap(one) && typeof one.name === 'string' ? [one.name] : []));
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}
