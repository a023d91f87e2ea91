/** Whether there is a place for the restored instance: its number, its address and ports, no second of its kind beside it. */
import type { Value } from '../../src/core/value.ts';
import { digText } from '../docker/dig.ts';
import { fleetProblems } from '../gitlab/fleet.ts';
import {
  type Commissioned,
  commissioned,
  type HostAddress,
  isBelow,
  LABEL,
  type SeenDirectory,
} from '../gitlab/gitlab.ts';
import { isElsewhere, nameOf, numberOf, type RestoreArgs, sourceHostOf } from './restore-args.ts';
import type { HostLook } from './survey.ts';
import type { Identity } from './target.ts';
import { type Living, twinsOf } from './twin.ts';

export interface SeenPlace {
  /** As Docker lists them, stopped ones too. */
  readonly containers: readonly Value[];
  readonly directories: ReadonlyMap<number, SeenDirectory>;
  readonly addresses: readonly HostAddress[];
  readonly host: HostLook;
}

/** Instances of this host but the one that is replaced. */
export function others(given: RestoreArgs, { containers }: SeenPlace): readonly Commissioned[] {
  const ours = isBelow(given.root);
  return commissioned(containers).filter(one => !(ours(one) && one.number === numberOf(given)));
}

/** Those that run: they would share what an identity gives. */
export function living(given: RestoreArgs, seen: SeenPlace): readonly Living[] {
  const running = seen.containers
    .filter(container => ['running', 'paused', 'restarting'].includes(digText(container, 'State')))
    .map(container => digText(container, 'Names', 0).replace(/^\//, ''));
  return others(given, seen)
    .filter(({ container }) => running.includes(container))
    .map(instance => ({ instance, sha256: seen.host.identities.get(instance.directory) ?? '' }));
}

/**
 * The number is free, or it is the same instance's.
 * @param directory of the restored instance
 * @param identity of the backup; undefined where it is not known
 */
export function numberProblems(
  given: RestoreArgs,
  seen: SeenPlace,
  directory: string,
  identity: string | undefined,
): readonly string[] {
  const number = numberOf(given);
  const holder = commissioned(seen.containers)
    .filter(isBelow(given.root))
    .find(one => one.number === number);
  const folder = seen.directories.get(number);
  const named =
    holder === undefined || holder.container === nameOf(given)
      ? []
      : [
          `instance ${number} has a container already, named ${holder.container}: give name=${holder.container}`,
        ];
  const taken = holder !== undefined || folder?.used === true;
  const here = seen.host.identities.get(directory);
  const same =
    (!isElsewhere(given) && number === given.instance) ||
    (identity !== undefined && identity !== '' && identity === here);
  if (!taken || same || given.replace) return named;
  const what = holder === undefined ? `${directory} holds data` : `container ${holder.container}`;
  return [
    ...named,
    `number ${number} is taken on this host (${what}), by an instance that is not known to be the same: give another number (free: ${free(seen).join(', ')}), or replace=true to put the backup in its place`,
  ];
}

/** The lowest three that nobody has. */
function free({ containers, directories }: SeenPlace): readonly number[] {
  const taken = new Set([
    ...commissioned(containers).map(({ number }) => number),
    ...[...directories].filter(([, { used, note }]) => used || note !== '').map(([number]) => number),
  ]);
  const numbers = Array.from({ length: taken.size + 3 }, (_, i) => i + 1);
  return numbers.filter(number => !taken.has(number)).slice(0, 3);
}

/** A container of that name that is nobody's instance would lose its name. */
export function containerProblems(given: RestoreArgs, container: Value): readonly string[] {
  const number = numberOf(given);
  if (container === null || digText(container, 'Config', 'Labels', LABEL) === String(number)) return [];
  return [
    `container ${nameOf(given)} is there, and is not instance ${number}: it has no label ${LABEL}=${number}`,
  ];
}

export function addressProblems(given: RestoreArgs, seen: SeenPlace, target: Identity): readonly string[] {
  if (target.address === '') return ['nothing says which address the instance had: give one with address'];
  return fleetProblems([target], [target.number], {
    containers: others(given, seen).filter(isBelow(given.root)),
    foreign: others(given, seen).filter(one => !isBelow(given.root)(one)),
    directories: seen.directories,
    addresses: seen.addresses,
  });
}

export function twinProblems(
  given: RestoreArgs,
  identity: string | undefined,
  alive: readonly Living[],
): readonly string[] {
  if (given.twin === 'allow') return [];
  const away =
    given.source_runs && isElsewhere(given)
      ? [`instance ${given.instance} runs on ${sourceHostOf(given)}`]
      : [];
  const here = twinsOf(identity ?? '', alive).map(
    ({ instance }) => `instance ${instance.number} runs here (container ${instance.container})`,
  );
  return [...away, ...here].map(
    who =>
      `${who} with the identity of this backup: two of it would take each other's CI jobs and mail. Stop or decommission it first, or say twin=allow`,
  );
}

/** Whether the restored instance is to be kept from jobs and mail: it is allowed to be, or may be, one of two. */
export function isTwin(given: RestoreArgs, identity: string | undefined, alive: readonly Living[]): boolean {
  if (given.twin === 'refuse') return false;
  const here = identity === undefined ? alive : twinsOf(identity, alive);
  return here.length > 0 || (given.source_runs && isElsewhere(given));
}
