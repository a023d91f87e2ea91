/** One GitLab instance: its directories, its container on one address of the host, and the wait until it serves. */

import { all, mapProbe, type Probe } from '../src/core/probe.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import {
  converge,
  leftoverSteps,
  makingName,
  ownStopTimeout,
  probeDeclared,
  type SeenContainer,
} from './docker/converge.ts';
import { dig, digNumber } from './docker/dig.ts';
import { healthOf, healthyStep, removeStep, startStep, stopStep } from './docker/life.ts';
import { probeContainersWith, probeInfo } from './docker/probe.ts';
import { isPinned } from './docker/reference.ts';
import { bytes, showBytes } from './docker/units.ts';
import { settingsProblems } from './gitlab/config.ts';
import { settingsOf } from './gitlab/container.ts';
import { fleetProblems } from './gitlab/fleet.ts';
import {
  type Commissioned,
  commissioned,
  type HostAddress,
  isBelow,
  LABEL,
  LABELS,
  makeDirectories,
  probeAddresses,
  probeDirectory,
  removeDirectories,
  type SeenDirectory,
} from './gitlab/gitlab.ts';
import {
  type InstanceArgs as Args,
  directoryOf,
  instanceArgs,
  nameOf,
  noteOf,
  type PresentArgs as Present,
  portsOf,
  urlOf,
} from './gitlab/instance-args.ts';

interface Seen extends SeenContainer {
  readonly directory: SeenDirectory;
  readonly addresses: readonly HostAddress[];
  readonly instances: readonly Commissioned[];
  /** Of other fleets on this host. */
  readonly foreign: readonly Commissioned[];
  readonly info: ValueMap;
}

function check(given: Args): readonly string[] {
  if (given.state === 'absent')
    return given.delete_backups && !given.delete_data ? ['delete_backups needs delete_data'] : [];
  const { address, image, settings = {} } = given;
  return [
    ...(address === undefined ? ['address is needed unless state is absent'] : []),
    ...(image === undefined ? ['image is needed unless state is absent'] : []),
    ...(image === undefined || isPinned(image)
      ? []
      : [`image ${image} is not pinned: name a version tag or a digest`]),
    ...(given.delete_data ? ['delete_data is for state: absent'] : []),
    ...settingsProblems(settings),
  ];
}

function probe(given: Args): Probe<Seen> {
  const parts = {
    declared: probeDeclared(nameOf(given), given.image ?? 'scratch'),
    directory: probeDirectory(directoryOf(given)),
    addresses: probeAddresses(),
    containers: probeContainersWith(LABEL),
    info: probeInfo(),
  };
  return mapProbe(all(parts), ({ declared, containers, ...seen }) => ({
    ...declared,
    ...seen,
    instances: commissioned(containers).filter(isBelow(given.root)),
    foreign: commissioned(containers).filter(one => !isBelow(given.root)(one)),
  }));
}

function plan(given: Args, seen: Seen): Plan {
  if (seen.container !== null && !isOurs(given, seen.container)) {
    return refuse(
      `container ${nameOf(given)} is there, and is not instance ${given.number}: it has no label ${LABEL}=${given.number}`,
      {
        hint: 'remove or rename it, or give another name',
      },
    );
  }
  if (given.state === 'absent') return removal(given, seen);
  const { address, image } = given;
  if (address === undefined || image === undefined) return refuse('address and image are needed');
  return commission({ ...given, address, image }, seen);
}

function isOurs({ number }: Args, container: ValueMap): boolean {
  return dig(container, 'Config', 'Labels', LABELS.number) === String(number);
}

function commission(given: Present, seen: Seen): Plan {
  const problems = problemsOf(given, seen);
  if (problems.length > 0) return refuse(problems.join('; '));
  const name = nameOf(given);
  const converged = converge(
    { name, settings: settingsOf(given, seen.info), pull: given.pull, remark: remarkOf(given, seen) },
    seen,
  );
  const running = !converged.made && dig(seen.container ?? null, 'State', 'Running') === true;
  return [
    ...directorySteps(given, seen),
    ...converged.steps,
    ...(running ? [] : [startStep(name)]),
    ...waiting(given, seen, running),
  ];
}

function problemsOf(given: Present, { addresses, instances, foreign }: Seen): readonly string[] {
  const declared = { address: given.address, number: given.number, ports: portsOf(given) };
  const name = nameOf(given);
  const namesake = instances.find(
    ({ number, container }) => number === given.number && ![name, makingName(name)].includes(container),
  );
  return [
    ...fleetProblems([declared], [given.number], {
      containers: instances,
      foreign,
      directories: new Map(),
      addresses,
    }),
    ...(namesake === undefined
      ? []
      : [`instance ${given.number} has a container already, named ${namesake.container}`]),
  ];
}

function remarkOf(given: Present, { info }: Seen): string {
  const [needed, there] = [bytes(given.memory_needed), digNumber(info, 'MemTotal')];
  const where = ` for ${given.address}`;
  return there === 0 || there >= needed
    ? where
    : `${where} (warning: it wants ${showBytes(needed)} of memory, the host has ${showBytes(there)})`;
}

function directorySteps(given: Present, { directory: seen }: Seen): readonly Step[] {
  const directory = directoryOf(given);
  if (seen.whole && seen.note === noteOf(given)) return [];
  const say = seen.whole
    ? `note in ${directory} that it belongs to ${noteOf(given)}`
    : `create ${directory}, with mapping-volumes/{data,config,log} and bckups`;
  return [{ say, action: { kind: 'script', text: makeDirectories(directory, noteOf(given)), limit: 60 } }];
}

/** @param running before these steps */
function waiting(given: Present, { container }: Seen, running: boolean): readonly Step[] {
  if (!given.wait) return [];
  const status = container === null ? '' : healthOf(container);
  if (running && (status === 'healthy' || status === '')) return [];
  return [healthyStep(nameOf(given), given.ready_timeout, { patient: true })];
}

function removal(given: Args, seen: Seen): readonly Step[] {
  const name = nameOf(given);
  const { container } = seen;
  const stop =
    container !== null && dig(container, 'State', 'Running') === true
      ? [stopStep(name, undefined, ownStopTimeout(container))]
      : [];
  const remove = container === null ? [] : [removeStep(name, { force: true })];
  return [...leftoverSteps(name, seen), ...stop, ...remove, ...deletion(given, seen)];
}

function deletion(given: Args, { directory: seen }: Seen): readonly Step[] {
  const directory = directoryOf(given);
  const left = seen.volumes || seen.note !== '' || (given.delete_backups && seen.backups);
  if (!given.delete_data || !left) return [];
  const say = given.delete_backups
    ? `delete ${directory}, with its data and backups`
    : `delete the data in ${directory}`;
  return [
    {
      say,
      action: { kind: 'script', text: removeDirectories(directory, given.delete_backups), limit: 3600 },
    },
  ];
}

function result(given: Args): ValueMap {
  const directory = directoryOf(given);
  const common = { number: given.number, container: nameOf(given), directory };
  const { address, image } = given;
  if (given.state === 'absent' || address === undefined || image === undefined) return common;
  return {
    ...common,
    address,
    url: urlOf({ ...given, address, image }),
    image,
    ports: { ...portsOf(given) },
    initial_root_password_file: `${directory}/mapping-volumes/config/initial_root_password`,
  };
}

export const gitlab_instance = defineTask({
  name: 'gitlab_instance',
  summary: 'Commission or decommission one GitLab instance in a container bound to one address',
  description: `Instance N lives in ROOT/noeud-gitlab-N: mapping-volumes/{data,config,log} hold what it is, bckups its backups. Its
container publishes 80, 443 and 22 on its address and nowhere else. GITLAB_OMNIBUS_CONFIG is made of the settings; the SSH port and the
port of the URL are put there too. The task waits until the health check passes and shows meanwhile what the container says. When a
setting differs that cannot be changed live, the container is replaced by a new one over the same volumes. GitLab deletes the file with
the first root password at its first restart after 24 hours.`,
  args: instanceArgs,
  examples: `
- name: An instance
  gitlab_instance:
    number: 1
    address: 192.0.2.10
    hostname: git.example.org
    image: gitlab/gitlab-ce:17.5.2-ce.0
    settings:
      gitlab_rails: { time_zone: Europe/Paris }
      puma: { worker_processes: 2 }
      prometheus_monitoring: { enable: false }

- name: It is no more, its data is kept
  gitlab_instance:
    number: 1
    state: absent
`,
  returns: {
    number: 'Its number',
    container: "Its container's name",
    directory: 'Its directory',
    address: 'Its address',
    url: 'URL that its users type',
    image: 'Its image',
    ports: 'Published ports: http, https, ssh',
    initial_root_password_file:
      "File on the host with the first password of user root, for GitLab's first 24 hours",
  },
  check,
  probe,
  plan,
  result,
});
