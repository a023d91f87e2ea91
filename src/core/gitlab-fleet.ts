/** Which address has which instance number: those commissioned keep theirs, new ones get the lowest free. */
import {
  type Commissioned,
  type HostAddress,
  hasAddress,
  isIPv4,
  type Ports,
  readPorts,
  type SeenDirectory,
} from './gitlab.ts';

/** An instance as the inventory declares it. */
export interface Declared {
  readonly address: string;
  readonly number?: number;
  readonly ports: Ports;
}

export interface FleetSeen {
  readonly containers: readonly Commissioned[];
  readonly directories: ReadonlyMap<number, SeenDirectory>;
  readonly addresses: readonly HostAddress[];
}

interface Owner {
  readonly number: number;
  readonly address: string;
  readonly ports: readonly number[];
}

/** Interfaces that Docker, virtual machines and other container engines make for themselves. */
const NOT_OURS =
  /^(lo|docker\d+|docker_gwbridge|br-[0-9a-f]{12}|veth.*|virbr.*|podman\d+|cni.*|flannel.*|cali.*|lxcbr\d+|lxdbr\d+)$/;

/**
 * Addresses to serve on when none are listed: not loopback, not link-local, not the bridges of container engines.
 * @param bridges addresses that Docker's networks have on the host
 * @param devices patterns of interface names, `*` for anything; undefined for all
 */
export function usableAddresses(
  host: readonly HostAddress[],
  bridges: readonly string[],
  devices: readonly string[] | undefined,
): readonly string[] {
  const wanted = (device: string) =>
    devices === undefined || devices.some(pattern => matches(pattern, device));
  const usable = host
    .filter(({ device }) => !NOT_OURS.test(device) && wanted(device))
    .map(({ address }) => address)
    .filter(
      address => !address.startsWith('127.') && !address.startsWith('169.254.') && !bridges.includes(address),
    );
  return [...new Set(usable)];
}

function matches(pattern: string, device: string): boolean {
  const expression = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${expression.join('.*')}$`).test(device);
}

/** A number for each declared instance, in their order. */
export function assignNumbers(declared: readonly Declared[], seen: FleetSeen): readonly number[] {
  const owners = [...seen.containers.filter(({ address }) => address !== ''), ...notedOwners(seen)];
  const kept = declared.map(one => one.number ?? ownNumber(one, declared, owners));
  const taken = new Set([
    ...kept.filter(number => number !== undefined),
    ...seen.containers.map(({ number }) => number),
    ...[...seen.directories].filter(([, { used, note }]) => used || note !== '').map(([number]) => number),
  ]);
  return kept.map(number => number ?? takeLowest(taken));
}

/** Directories whose container is gone say themselves whom they belong to. */
function notedOwners({ containers, directories }: FleetSeen): readonly Owner[] {
  const running = containers.map(({ number }) => number);
  return [...directories]
    .filter(([number, { note }]) => note !== '' && !running.includes(number))
    .sort(([a], [b]) => a - b)
    .map(([number, { note }]) => {
      const [address = '', ports = ''] = note.split(' ');
      return { number, address, ports: readPorts(ports) };
    });
}

/** The same address and HTTP port; or the same address, when it can only be this one. */
function ownNumber(
  one: Declared,
  declared: readonly Declared[],
  owners: readonly Owner[],
): number | undefined {
  const here = owners.filter(({ address }) => address === one.address);
  const exact = here.find(({ ports }) => ports[0] === one.ports.http);
  const alone = declared.filter(({ address }) => address === one.address).length === 1;
  return (exact ?? (alone && here.length === 1 ? here[0] : undefined))?.number;
}

function takeLowest(taken: Set<number>): number {
  let number = 1;
  while (taken.has(number)) number++;
  taken.add(number);
  return number;
}

/** Everything that forbids the fleet as declared, a sentence each. */
export function fleetProblems(
  declared: readonly Declared[],
  numbers: readonly number[],
  seen: FleetSeen,
): readonly string[] {
  const fleet = declared.map((one, i) => ({ ...one, number: numbers[i] ?? 0 }));
  return [
    ...fleet.flatMap(one => addressProblems(one.address, seen.addresses)),
    ...fleet.flatMap((one, i) => fleet.slice(i + 1).flatMap(other => pairProblems(one, other))),
    ...fleet.flatMap(one => numberProblems(one, seen.containers)),
    ...fleet.flatMap(one => collisions(one, seen.containers, numbers)),
  ];
}

export function addressProblems(address: string, host: readonly HostAddress[]): readonly string[] {
  if (!isIPv4(address)) return [`"${address}" is no IPv4 address`];
  return hasAddress(host, address)
    ? []
    : [`this host does not have the address ${address} (it has ${listed(host)})`];
}

function listed(host: readonly HostAddress[]): string {
  const addresses = host.map(({ address }) => address).filter(address => !address.startsWith('127.'));
  return addresses.length === 0 ? 'none but loopback' : addresses.join(', ');
}

type Numbered = Declared & { readonly number: number };

function pairProblems(one: Numbered, other: Numbered): readonly string[] {
  const shared =
    one.address === other.address ? sharedPorts(Object.values(one.ports), Object.values(other.ports)) : [];
  return [
    ...(one.number === other.number
      ? [`number ${one.number} is given to both ${one.address} and ${other.address}`]
      : []),
    ...shared.map(port => `two instances on ${one.address} port ${port}`),
  ];
}

function sharedPorts(some: readonly number[], others: readonly number[]): readonly number[] {
  return some.filter(port => others.includes(port));
}

function numberProblems(
  { number, address }: Numbered,
  containers: readonly Commissioned[],
): readonly string[] {
  const holder = containers.find(one => one.number === number);
  if (holder === undefined || holder.address === '' || holder.address === address) return [];
  return [
    `number ${number}, for ${address}, is in use: container ${holder.container} serves ${holder.address}`,
  ];
}

/** With instances that are commissioned and not declared again. */
function collisions(
  one: Numbered,
  containers: readonly Commissioned[],
  numbers: readonly number[],
): readonly string[] {
  return containers
    .filter(
      other =>
        other.address === one.address && other.number !== one.number && !numbers.includes(other.number),
    )
    .flatMap(other => sharedPorts(Object.values(one.ports), other.ports).map(port => ({ other, port })))
    .map(
      ({ other, port }) =>
        `${one.address} port ${port} is taken by instance ${other.number} (${other.container})`,
    );
}
