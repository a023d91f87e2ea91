/** From a container that is declared and what is on the host to the steps between them. Killed at any of them, the next run goes on. */

import { all, type Probe } from '../../src/core/probe.ts';
import type { Diff, Step } from '../../src/core/step.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { type Comparisons, compareContainer, type Difference, updateBody } from './compare.ts';
import { type ContainerSettings, createBody } from './container.ts';
import { dig, digNumber } from './dig.ts';
import { connectStep, endpointSteps } from './endpoints.ts';
import { createStep, removeStep, renameStep, stopStep, updateStep } from './life.ts';
import { probeContainer, probeImage } from './probe.ts';
import { pullStep } from './pull.ts';

export interface SeenContainer {
  readonly container: ValueMap | null;
  /** The next container, half made by a run that was cut short. */
  readonly leftover: ValueMap | null;
  readonly image: ValueMap | null;
}

/** The name under which a container is made that will take another's place. */
export function makingName(name: string): string {
  return `${name}.girofle-new`;
}

export function probeDeclared(name: string, image: string): Probe<SeenContainer> {
  return all({
    container: probeContainer(name),
    leftover: probeContainer(makingName(name)),
    image: probeImage(image),
  });
}

interface Convergence {
  readonly name: string;
  readonly settings: ContainerSettings;
  readonly comparisons?: Comparisons;
  readonly pull: 'missing' | 'never';
  /** Recreate whatever the differences. */
  readonly recreate?: boolean;
  /** Anonymous volumes of a container that is replaced stay. */
  readonly keepVolumes?: boolean;
  /** Disconnect networks that are not declared. */
  readonly purgeNetworks?: boolean;
  /** Said after the container's name when it is created. */
  readonly remark?: string;
}

/** Steps until the container exists as declared, whether it runs or not. */
interface Converged {
  readonly steps: readonly Step[];
  /** A new container is made. */
  readonly made: boolean;
  readonly differences: readonly Difference[];
}

export function converge(wanted: Convergence, seen: SeenContainer): Converged {
  const body = createBody(wanted.settings);
  const before = [...leftoverSteps(wanted.name, seen)];
  if (seen.container === null) {
    return {
      steps: [...before, ...pullSteps(wanted, seen), ...creation(wanted, body)],
      made: true,
      differences: [],
    };
  }
  const differences = compareContainer(body, seen.container, seen.image, wanted.comparisons);
  if (wanted.recreate === true || differences.some(({ live }) => !live)) {
    return {
      steps: [
        ...before,
        ...pullSteps(wanted, seen),
        ...replacement(wanted, body, seen.container, differences),
      ],
      made: true,
      differences,
    };
  }
  return {
    steps: [...before, ...changes(wanted, body, seen.container, differences)],
    made: false,
    differences,
  };
}

export function leftoverSteps(name: string, { leftover }: Pick<SeenContainer, 'leftover'>): readonly Step[] {
  const making = makingName(name);
  const say = `remove container ${making}, left by a run that was cut short`;
  return leftover === null ? [] : [removeStep(making, { say, force: true })];
}

function pullSteps({ settings, pull }: Convergence, { image }: SeenContainer): readonly Step[] {
  if (image !== null || pull === 'never') return [];
  const { platform, login } = settings;
  return [
    pullStep(settings.image, {
      ...(platform === undefined ? {} : { platform }),
      ...(login === undefined ? {} : { login }),
    }),
  ];
}

function creation({ name, settings, remark }: Convergence, body: ValueMap): readonly Step[] {
  const say = `create container ${name} from ${settings.image}${remark ?? ''}`;
  return [createStep(say, name, body, settings.platform), ...furtherNetworks(name, settings)];
}

/** Create takes one network, so that API 1.41 is served as well. */
function furtherNetworks(name: string, { networks = [], network_mode }: ContainerSettings): readonly Step[] {
  const first = networks[0]?.name;
  return networks
    .filter(attachment => attachment.name !== first || (network_mode ?? first) !== first)
    .map(attachment => connectStep(name, attachment));
}

/** The new one is whole before the old one stops, and has its own name only once the old one is gone. */
function replacement(
  wanted: Convergence,
  body: ValueMap,
  old: ValueMap,
  differences: readonly Difference[],
): readonly Step[] {
  const { name, settings } = wanted;
  const making = makingName(name);
  const reasons = differences.filter(({ live }) => !live || wanted.recreate === true).map(({ say }) => say);
  const say = `recreate container ${name}: ${reasons.length === 0 ? 'recreate is set' : reasons.join(', ')}`;
  const diff = diffOf(name, differences);
  return [
    { ...createStep(say, making, body, settings.platform), ...(diff === undefined ? {} : { diff }) },
    ...furtherNetworks(making, settings),
    ...(dig(old, 'State', 'Running') === true ? [stopStep(name, undefined, ownStopTimeout(old))] : []),
    removeStep(name, {
      say: `remove the old container ${name}`,
      volumes: wanted.keepVolumes !== true,
      force: true,
    }),
    renameStep(making, name),
  ];
}

/** Seconds that Docker gives the container to stop. */
export function ownStopTimeout(container: ValueMap): number {
  return digNumber(container, 'Config', 'StopTimeout') || 10;
}

function changes(
  wanted: Convergence,
  body: ValueMap,
  container: ValueMap,
  differences: readonly Difference[],
): readonly Step[] {
  const networks = wanted.settings.networks;
  const connections =
    networks === undefined
      ? []
      : endpointSteps(wanted.name, networks, container, wanted.purgeNetworks === true);
  if (differences.length === 0) return connections;
  const say = `update container ${wanted.name}: ${differences.map(difference => difference.say).join(', ')}`;
  const diff = diffOf(wanted.name, differences);
  const update = updateStep(say, wanted.name, updateBody(body, differences));
  return [{ ...update, ...(diff === undefined ? {} : { diff }) }, ...connections];
}

const SECRET = /pass|secret|token|credential|private|auth|(^|_)key/i;

/** Before and after, a line each, without the value of what sounds like a secret. */
function diffOf(name: string, differences: readonly Difference[]): Diff | undefined {
  if (differences.length === 0) return undefined;
  const side = (of: 'before' | 'after') =>
    differences.flatMap(difference => {
      const value = difference[of];
      return value === undefined ? [] : [`${difference.setting}: ${shown(difference.setting, value)}\n`];
    });
  return { title: `container ${name}`, before: side('before').join(''), after: side('after').join('') };
}

function shown(setting: string, value: string): string {
  if (SECRET.test(setting)) return '(not shown)';
  return value
    .split('\n')
    .map(line => (SECRET.test(line) ? line.replace(/[=:].*/s, ' (not shown)') : line))
    .join('\n');
}
