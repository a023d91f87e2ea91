/** Facts of network interfaces and their addresses, in Ansible's shapes. */
import type { ValueMap } from '../../src/core/value.ts';
import { type Address, readAddresses } from './addresses.ts';
import { defined, type Gathered, linesOf } from './output.ts';

const TYPES: Readonly<Record<string, string>> = {
  '1': 'ether',
  '32': 'infiniband',
  '512': 'ppp',
  '772': 'loopback',
  '65534': 'tunnel',
};

export function networkFacts(gathered: Gathered): ValueMap {
  const devices = readDevices(gathered);
  const addresses = readAddresses(gathered);
  const interfaces = withAddresses(devices, addresses);
  return {
    interfaces: Object.keys(devices),
    ...Object.fromEntries(
      Object.entries(interfaces).map(([name, facts]) => [name.replace(/[:-]/g, '_'), facts]),
    ),
    default_ipv4: defaultRoute('route4', '8.8.8.8', addresses, devices, gathered),
    default_ipv6: defaultRoute('route6', '2404:6800:400a:800::1012', addresses, devices, gathered),
    all_ipv4_addresses: addresses
      .filter(({ family, address }) => family === 4 && !address.startsWith('127.'))
      .map(({ address }) => address),
    all_ipv6_addresses: addresses
      .filter(({ family, address }) => family === 6 && address !== '::1')
      .map(({ address }) => address),
  };
}

type Devices = Readonly<Record<string, ValueMap>>;

/** What /sys/class/net says of each device; the section has what is no file there. */
function readDevices(gathered: Gathered): Devices {
  const blocks = gathered
    .section('devices')
    .split(/^device /m)
    .slice(1);
  return Object.fromEntries(blocks.map(block => readDevice(linesOf(block), gathered)));
}

/** A name, then lines: `pciid PATH`, `module PATH`, `bridge`, `member NAME`, `bonding`. */
function readDevice(
  [name = '', ...lines]: readonly string[],
  gathered: Gathered,
): readonly [string, ValueMap] {
  const rest = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1));
  const last = (word: string) => rest(word)[0]?.replace(/^.*\//, '');
  return [
    name,
    defined({
      ...describeDevice(name, gathered),
      pciid: last('pciid'),
      module: last('module'),
      ...(lines.includes('bridge')
        ? { ...bridge(name, gathered), type: 'bridge', interfaces: [...rest('member')] }
        : {}),
      ...(lines.includes('bonding') ? { ...bonding(name, gathered), type: 'bonding' } : {}),
    }),
  ];
}

function reader(device: string, gathered: Gathered): (file: string) => string | undefined {
  return file => gathered.file(`/sys/class/net/${device}/${file}`)?.trim();
}

function describeDevice(device: string, gathered: Gathered): ValueMap {
  const read = reader(device, gathered);
  const [mac, mtu, state, type, speed, flags] = ['address', 'mtu', 'operstate', 'type', 'speed', 'flags'].map(
    read,
  );
  return defined({
    device,
    macaddress: mac === undefined || mac === '' || mac === '00:00:00:00:00:00' ? undefined : mac,
    mtu: mtu === undefined ? undefined : Number(mtu),
    active: state === undefined ? undefined : state !== 'down',
    type: type === undefined ? undefined : (TYPES[type] ?? 'unknown'),
    speed: speed === undefined || speed === '' ? undefined : Number(speed),
    promisc: flags === undefined ? undefined : (Number(flags) & 0x100) !== 0,
  });
}

function bridge(device: string, gathered: Gathered): ValueMap {
  const read = reader(device, gathered);
  return defined({ id: read('bridge/bridge_id'), stp: read('bridge/stp_state') === '1' });
}

function bonding(device: string, gathered: Gathered): ValueMap {
  const read = (name: string) => reader(device, gathered)(`bonding/${name}`)?.split(/\s+/);
  const primary = read('primary')?.[0];
  return defined({
    slaves: [...(read('slaves') ?? [])],
    mode: read('mode')?.[0],
    miimon: read('miimon')?.[0],
    lacp_rate: read('lacp_rate')?.[0],
    primary: primary === '' ? undefined : primary,
  });
}

/** An address with a label of its own (`eth0:1`) makes an entry beside its device. */
function withAddresses(devices: Devices, addresses: readonly Address[]): Devices {
  const interfaces: Record<string, ValueMap> = Object.fromEntries(
    Object.entries(devices).map(([name, facts]) => [name, { ...facts }]),
  );
  for (const one of addresses) {
    const device = interfaces[one.device] ?? {};
    interfaces[one.device] = device;
    if (one.family === 6) {
      push(device, 'ipv6', { address: one.address, prefix: one.prefix, scope: one.scope });
      continue;
    }
    const entry = interfaces[one.label] ?? {};
    interfaces[one.label] = entry;
    if (!one.secondary && entry.ipv4 === undefined) entry.ipv4 = describe(one);
    else push(entry, 'ipv4_secondaries', describe(one));
    if (one.secondary && entry !== device) push(device, 'ipv4_secondaries', describe(one));
  }
  return interfaces;
}

function push(facts: ValueMap, key: string, value: ValueMap): void {
  const list = facts[key];
  facts[key] = Array.isArray(list) ? [...list, value] : [value];
}

function describe({ address, broadcast, prefix }: Address): ValueMap {
  const bits = Number(prefix);
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  const number = address.split('.').reduce((total, part) => total * 256 + Number(part), 0);
  return { address, broadcast, netmask: dotted(mask), network: dotted((number & mask) >>> 0), prefix };
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.');
}

/** By the route to an address out there; without `ip`, by the kernel's routing table. */
function defaultRoute(
  section: 'route4' | 'route6',
  target: string,
  addresses: readonly Address[],
  devices: Devices,
  gathered: Gathered,
): ValueMap {
  const route =
    askedRoute(gathered.section(section), target) ??
    (section === 'route4' ? listedRoute(gathered, addresses) : undefined);
  if (!route) return {};
  const own = addresses.find(({ address }) => address === route.address);
  const device = devices[own?.device ?? route.interface ?? ''];
  const { macaddress, mtu, type } = device ?? {};
  if (!own) return { ...route };
  const net =
    own.family === 4 ? { ...describe(own), alias: own.label } : { prefix: own.prefix, scope: own.scope };
  return defined({ ...route, ...net, macaddress, mtu, type: type ?? 'unknown' });
}

interface Route {
  readonly address?: string;
  readonly interface?: string;
  readonly gateway?: string;
}

/** `8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0` */
function askedRoute(text: string, target: string): Route | undefined {
  const words = (text.split('\n')[0] ?? '').trim().split(/\s+/);
  if (words[0] !== target) return undefined;
  const after = (word: string) => {
    const at = words.indexOf(word);
    return at < 0 ? undefined : words[at + 1];
  };
  const [address, device, gateway] = [after('src'), after('dev'), after('via')];
  return {
    ...(address === undefined ? {} : { address }),
    ...(device === undefined ? {} : { interface: device }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}

/** /proc/net/route: hexadecimal, bytes reversed; the default route with the lowest metric. */
function listedRoute(gathered: Gathered, addresses: readonly Address[]): Route | undefined {
  const rows = linesOf(gathered.file('/proc/net/route')).map(line => line.trim().split(/\s+/));
  const defaults = rows.filter(
    ([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000',
  );
  const [best] = [...defaults].sort((a, b) => Number(a[6]) - Number(b[6]));
  const [device, , gateway = ''] = best ?? [];
  if (device === undefined) return undefined;
  const address = addresses.find(one => one.family === 4 && one.device === device)?.address;
  const bytes =
    gateway
      .match(/../g)
      ?.reverse()
      .map(pair => Number.parseInt(pair, 16)) ?? [];
  return { interface: device, gateway: bytes.join('.'), ...(address === undefined ? {} : { address }) };
}
