/** A Docker network and who is connected to it. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { dockerPath } from '../src/core/docker.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import { scalars } from './docker/container-args.ts';
import { canonical, compact, dig, digList, digMap, digText } from './docker/dig.ts';
import { connectStep, disconnect } from './docker/endpoints.ts';
import { probeNetwork } from './docker/probe.ts';

const pool = Type.Object(
  {
    subnet: Type.Optional(Type.String({ description: 'Subnet, such as 172.28.0.0/16' })),
    gateway: Type.Optional(Type.String({ description: 'Gateway' })),
    iprange: Type.Optional(Type.String({ description: 'Range that containers get addresses from' })),
    aux_addresses: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Addresses not to give away, by name' }),
    ),
  },
  { additionalProperties: false },
);

const args = Type.Object(
  {
    name: Type.String({ description: 'Name of the network' }),
    state: Choice(['present', 'absent'], 'Whether it exists', 'present'),
    driver: Type.String({ description: 'Driver', default: 'bridge' }),
    driver_options: scalars('Options of the driver'),
    internal: Type.Optional(Flag('No way out of it')),
    attachable: Type.Optional(Flag('Containers may be attached by hand (swarm)')),
    enable_ipv6: Type.Optional(Flag('Give IPv6 addresses')),
    ipam_driver: Type.Optional(Type.String({ description: 'Driver that gives addresses' })),
    ipam_config: Type.Optional(Type.Array(pool, { description: 'Subnets' })),
    labels: scalars('Labels'),
    connected: Type.Optional(Type.Array(Type.String(), { description: 'Containers to connect' })),
    appends: Flag('Leave other containers connected', false),
    force: Flag('Disconnect containers and make it anew even when nothing differs', false),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

function texts(map: Readonly<Record<string, string | number | boolean>> | undefined): ValueMap | undefined {
  return map && Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));
}

function createBody(given: Args): ValueMap {
  const pools = given.ipam_config?.map(({ subnet, gateway, iprange, aux_addresses }) =>
    compact({ Subnet: subnet, Gateway: gateway, IPRange: iprange, AuxiliaryAddresses: aux_addresses }),
  );
  const ipam = compact({ Driver: given.ipam_driver, Config: pools });
  return compact({
    Name: given.name,
    CheckDuplicate: true,
    Driver: given.driver,
    Options: texts(given.driver_options),
    Internal: given.internal,
    Attachable: given.attachable,
    EnableIPv6: given.enable_ipv6,
    Labels: texts(given.labels),
    IPAM: Object.keys(ipam).length === 0 ? undefined : ipam,
  });
}

/** Names of arguments that differ; only what is given is compared. */
function differences(given: Args, network: ValueMap): readonly string[] {
  const body = createBody(given);
  const holds = (observed: ValueMap, declared: ValueMap) =>
    Object.entries(declared).every(([key, value]) => canonical(observed[key]) === canonical(value));
  const differs: Readonly<Record<string, boolean>> = {
    driver: body.Driver !== network.Driver,
    driver_options: !holds(digMap(network, 'Options'), digMap(body, 'Options')),
    internal: body.Internal !== undefined && body.Internal !== network.Internal,
    attachable: body.Attachable !== undefined && body.Attachable !== network.Attachable,
    enable_ipv6: body.EnableIPv6 !== undefined && body.EnableIPv6 !== network.EnableIPv6,
    labels: !holds(digMap(network, 'Labels'), digMap(body, 'Labels')),
    ipam_config: !poolsHold(digList(network, 'IPAM', 'Config'), digList(body, 'IPAM', 'Config')),
  };
  return Object.keys(differs).filter(name => differs[name]);
}

/** Docker adds a gateway of its own choice to a pool that names none. */
function poolsHold(observed: readonly Value[], declared: readonly Value[]): boolean {
  return declared.every(wanted =>
    observed.some(pool =>
      Object.entries(digMap(wanted)).every(([key, value]) => canonical(dig(pool, key)) === canonical(value)),
    ),
  );
}

/** Names of the containers that are connected. */
function connectedTo(network: ValueMap): readonly string[] {
  return Object.values(digMap(network, 'Containers')).map(container => digText(container, 'Name'));
}

function createStep(given: Args, say: string): Step {
  return {
    say,
    action: { kind: 'docker', call: { method: 'POST', path: '/networks/create', body: createBody(given) } },
  };
}

function removal(name: string, network: ValueMap): readonly Step[] {
  return [
    ...connectedTo(network).map(container => disconnect(container, name)),
    {
      say: `remove network ${name}`,
      action: {
        kind: 'docker',
        call: { method: 'DELETE', path: dockerPath('networks', name), answer: 'none' },
        success: [404],
      },
    },
  ];
}

function connections(given: Args, before: readonly string[]): readonly Step[] {
  if (given.connected === undefined) return [];
  const declared = given.connected;
  const missing = declared.filter(container => !before.includes(container));
  const extra = given.appends ? [] : before.filter(container => !declared.includes(container));
  return [
    ...missing.map(container => connectStep(container, { name: given.name })),
    ...extra.map(container => disconnect(container, given.name)),
  ];
}

function plan(given: Args, network: ValueMap | null): readonly Step[] {
  const { name } = given;
  if (given.state === 'absent') return network === null ? [] : removal(name, network);
  if (network === null) return [createStep(given, `create network ${name}`), ...connections(given, [])];
  const reasons = differences(given, network);
  if (reasons.length === 0 && !given.force) return connections(given, connectedTo(network));
  const say = `create network ${name} anew: ${reasons.length === 0 ? 'force is set' : `${reasons.join(', ')} changed`}`;
  const again =
    given.connected === undefined
      ? connectedTo(network).map(container => connectStep(container, { name }))
      : [];
  return [...removal(name, network), createStep(given, say), ...connections(given, []), ...again];
}

export const docker_network = defineTask({
  name: 'docker_network',
  summary: 'Bring a Docker network to the declared state',
  description:
    'A network cannot be changed: when a given argument differs it is made anew, and its containers are connected again.',
  args,
  aliases: { network_name: 'name', containers: 'connected', incremental: 'appends' },
  examples: `
- name: A network of their own for the database and what uses it
  docker_network:
    name: backend
    internal: true
    ipam_config:
      - subnet: 172.28.5.0/24
`,
  returns: { network: 'The network as docker network inspect showed it before; null when there was none' },
  probe: ({ name }) => probeNetwork(name),
  plan,
  result: (_given, network) => ({ network }),
});
