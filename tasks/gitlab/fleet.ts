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
  /** Instances of other fleets on this host: they hold addresses, not numbers. */
  readonly foreign: readonly Commissioned[];
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
 * @param bridges subnets of Docker's own bridges
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
      address =>
        !address.startsWith('127.') &&
        !address.startsWith('169.254.') &&
        !bridges.some(subnet => isWithin(address, subnet)),
    );
  return [...new Set(usable)];
}

/** @param subnet `172.17.0.0/16` */
function isWithin(address: string, subnet: string): boolean {
  const [network = '', length = '32'] = subnet.split('/');
  if (!isIPv4(network)) return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(network) / size);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
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
    ...fleet.flatMap(one => collisions(one, othersOf(seen, numbers))),
  ];
}

function addressProblems(address: string, host: readonly HostAddress[]): readonly string[] {
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
  const sameNumber = one.number === other.number && one.address !== other.address;
  const shared = one.address === other.address ? sharedPorts(one.ports, Object.values(other.ports)) : '';
  return [
    ...(sameNumber ? [`number ${one.number} is given to both ${one.address} and ${other.address}`] : []),
    ...(shared === '' ? [] : [`two instances on ${one.address}, ${shared}`]),
  ];
}

/** `port 80, 443`, or '' for none. */
function sharedPorts(ports: Ports, others: readonly number[]): string {
  const shared = Object.values(ports).filter(port => others.includes(port));
  return shared.length === 0 ? '' : `port ${shared.join(', ')}`;
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

/** Instances that are commissioned and not declared again. */
function othersOf({ containers, foreign }: FleetSeen, numbers: readonly number[]): readonly Commissioned[] {
  return [...containers.filter(({ number }) => !numbers.includes(number)), ...foreign];
}

function collisions(one: Numbered, others: readonly Commissioned[]): readonly string[] {
  return others
    .filter(other => other.address === one.address)
    .map(other => ({ other, shared: sharedPorts(one.ports, other.ports) }))
    .filter(({ shared }) => shared !== '')
    .map(
      ({ other, shared }) =>
        `${one.address}, ${shared}: taken by instance ${other.number} (${other.container})`,
    );
}
