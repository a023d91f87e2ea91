/** The instances that a host is to have, each with its number: worked out, refused when it cannot be, nothing changed. */
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { all, mapProbe } from '../src/core/probe.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import { digList, digNumber, digText } from './docker/dig.ts';
import { probeContainersWith, probeInfo, probeNetworks } from './docker/probe.ts';
import { isPinned } from './docker/reference.ts';
import { bytes, Size, showBytes } from './docker/units.ts';
import { mergeSettings, settingsProblems } from './gitlab/config.ts';
import {
  assignNumbers,
  type Declared,
  type FleetSeen,
  fleetProblems,
  usableAddresses,
} from './gitlab/fleet.ts';
import {
  type Commissioned,
  commissioned,
  containerName,
  DEFAULT_NAME,
  defaultUrl,
  instanceDirectory,
  isBelow,
  LABEL,
  probeAddresses,
  probeDirectories,
} from './gitlab/gitlab.ts';

const port = (description: string, byDefault: number) =>
  Type.Integer({ description, minimum: 1, maximum: 65535, default: byDefault });
const ownPort = (description: string) =>
  Type.Optional(Type.Integer({ description, minimum: 1, maximum: 65535 }));

const own = Type.Object(
  {
    address: Type.String({ description: 'IPv4 address of the host' }),
    number: Type.Optional(
      Type.Integer({ description: 'Number, instead of the one it has or the lowest free', minimum: 1 }),
    ),
    name: Type.Optional(Type.String({ description: 'Name of its container' })),
    hostname: Type.Optional(Type.String({ description: 'Host name' })),
    external_url: Type.Optional(Type.String({ description: 'URL that its users type' })),
    http_port: ownPort('Port for HTTP'),
    https_port: ownPort('Port for HTTPS'),
    ssh_port: ownPort('Port for git over SSH'),
    image: Type.Optional(Type.String({ description: 'Image, with a pinned tag or a digest' })),
    settings: Type.Optional(
      Type.Unsafe<ValueMap>({ type: 'object', description: 'Settings beside those for all' }),
    ),
    omnibus_config: Type.Optional(Type.String({ description: 'Ruby for gitlab.rb, after that for all' })),
  },
  { additionalProperties: false },
);
type Own = Static<typeof own>;

const args = Type.Object(
  {
    addresses: Type.Optional(
      Type.Array(Type.Unsafe<string | Own>({ anyOf: [{ type: 'string' }, own] }), {
        description:
          'Addresses, or maps of an address and what is its own; by default every usable address of the host',
      }),
    ),
    interfaces: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Without addresses: interfaces to take them from, by name or pattern (eth*)',
      }),
    ),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    image: Type.String({ description: 'Image, with a pinned tag or a digest' }),
    name: Type.String({
      description: 'Names of the containers; {number} is the number',
      default: DEFAULT_NAME,
    }),
    settings: Type.Optional(
      Type.Unsafe<ValueMap>({ type: 'object', description: 'Settings of every instance' }),
    ),
    omnibus_config: Type.String({ description: 'Ruby for gitlab.rb of every instance', default: '' }),
    http_port: port('Port for HTTP', 80),
    https_port: port('Port for HTTPS', 443),
    ssh_port: port('Port for git over SSH', 2222),
    memory_needed: Size('Memory that an instance wants; less on the host gives a warning', '4g'),
    allow_empty: Flag('No address at all is fine', false),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

interface Seen extends FleetSeen {
  /** Subnets of Docker's own bridges. */
  readonly bridges: readonly string[];
  /** Bytes; 0 when Docker does not answer. */
  readonly memory: number;
}

function ownOf(given: Args, seen: Seen): readonly Own[] {
  const addresses = given.addresses ?? usableAddresses(seen.addresses, seen.bridges, given.interfaces);
  return addresses.map(one => (typeof one === 'string' ? { address: one } : one));
}

function declare(given: Args, one: Own): Declared {
  const {
    http_port: http = given.http_port,
    https_port: https = given.https_port,
    ssh_port: ssh = given.ssh_port,
  } = one;
  return {
    address: one.address,
    ports: { http, https, ssh },
    ...(one.number === undefined ? {} : { number: one.number }),
  };
}

interface Fleet {
  readonly instances: readonly ValueMap[];
  readonly problems: readonly string[];
}

function workOut(given: Args, seen: Seen): Fleet {
  const owns = ownOf(given, seen);
  const declared = owns.map(one => declare(given, one));
  const numbers = assignNumbers(declared, seen);
  const instances = owns.map((one, i) =>
    instanceOf(given, one, declared[i] ?? declare(given, one), numbers[i] ?? 0),
  );
  const problems = [
    ...(owns.length === 0 && !given.allow_empty ? ['no address to serve on: list them in "addresses"'] : []),
    ...fleetProblems(declared, numbers, seen),
    ...instances.flatMap(imageProblems),
    ...owns.flatMap(({ settings = {} }) => settingsProblems(settings)),
  ];
  return { instances, problems: [...new Set(problems)] };
}

function imageProblems({ image, address }: ValueMap): readonly string[] {
  const pinned = typeof image === 'string' && isPinned(image);
  return pinned ? [] : [`image ${image} for ${address} is not pinned: name a version tag or a digest`];
}

function instanceOf(given: Args, one: Own, { address, ports }: Declared, number: number): ValueMap {
  return {
    number,
    address,
    hostname: one.hostname ?? `gitlab-${number}`,
    external_url: one.external_url ?? defaultUrl(one.hostname ?? address, ports.http),
    http_port: ports.http,
    https_port: ports.https,
    ssh_port: ports.ssh,
    name: one.name ?? containerName(given.name, number),
    directory: instanceDirectory(given.root, number),
    image: one.image ?? given.image,
    settings: mergeSettings(given.settings, one.settings),
    omnibus_config: [given.omnibus_config, one.omnibus_config ?? '']
      .filter(text => text.trim() !== '')
      .join('\n'),
  };
}

function plan(given: Args, seen: Seen): Plan {
  const { problems } = workOut(given, seen);
  const [first, ...rest] = problems;
  if (first === undefined) return [];
  return refuse(
    rest.length === 0
      ? first
      : `the fleet cannot be as declared:\n${problems.map(line => `- ${line}`).join('\n')}`,
  );
}

function result(given: Args, seen: Seen): ValueMap {
  const instances = [...workOut(given, seen).instances];
  const numbers = instances.map(({ number }) => number);
  const others = seen.containers.filter(({ number }) => !numbers.includes(number));
  const needed = bytes(given.memory_needed) * (instances.length + others.length);
  const short = seen.memory > 0 && seen.memory < needed;
  const warning = `${instances.length + others.length} instances want ${showBytes(needed)} of memory, the host has ${showBytes(seen.memory)}`;
  return {
    instances,
    others: others.map(showOther),
    memory_needed: needed,
    memory: seen.memory,
    warnings: short ? [warning] : [],
  };
}

function showOther({ number, container, address, directory }: Commissioned): ValueMap {
  return { number, name: container, address, directory };
}

/** Subnets that Docker keeps behind bridges of its own; those of other drivers may be the host's network itself. */
function bridgeSubnets(networks: readonly Value[]): readonly string[] {
  return networks
    .filter(network => digText(network, 'Driver') === 'bridge')
    .flatMap(network => digList(network, 'IPAM', 'Config').map(pool => digText(pool, 'Subnet')));
}

export const gitlab_fleet = defineTask({
  name: 'gitlab_fleet',
  looksOnly: true,
  summary: 'Work out the GitLab instances that a host is to have, and their numbers',
  description: `Changes nothing. An instance that has a container, or a directory that it left, keeps its number; a new one gets the
lowest free. Two instances on one address and port, a number in use by another address, an address that the host does not have: all are
refused at once, before anything is touched.`,
  args,
  examples: `
- name: One instance for each address of the host
  gitlab_fleet:
    image: gitlab/gitlab-ce:17.5.2-ce.0
  register: fleet

- name: Two instances, one of them at a port of its own
  gitlab_fleet:
    image: gitlab/gitlab-ce:17.5.2-ce.0
    addresses:
      - 192.0.2.10
      - { address: 192.0.2.11, number: 7, hostname: git.example.org, http_port: 8080 }
`,
  returns: {
    instances:
      'A list of maps: number, address, hostname, external_url, http_port, https_port, ssh_port, name, directory, image, settings, omnibus_config',
    others: 'Instances that are commissioned and not declared: number, name, address, directory',
    memory_needed: 'Bytes that all of them want',
    memory: 'Bytes that the host has; 0 when Docker does not answer',
    warnings: 'Sentences, such as that the memory does not suffice',
  },
  check: ({ settings = {} }) => settingsProblems(settings),
  probe: ({ root }) => {
    const parts = {
      containers: probeContainersWith(LABEL),
      networks: probeNetworks(),
      info: probeInfo(),
      directories: probeDirectories(root),
      addresses: probeAddresses(),
    };
    return mapProbe(all(parts), ({ containers, networks, info, directories, addresses }) => ({
      containers: commissioned(containers).filter(isBelow(root)),
      foreign: commissioned(containers).filter(one => !isBelow(root)(one)),
      bridges: bridgeSubnets(networks),
      memory: digNumber(info, 'MemTotal'),
      directories,
      addresses,
    }));
  },
  plan,
  result,
});
