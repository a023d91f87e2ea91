/** Network addresses from what `ip`, or `ifconfig`, or the kernel's own tables say. */
import { type Gathered, linesOf } from './output.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly device: string;
  /** The device's name, or that of an alias (`eth0:1`). */
  readonly label: string;
  readonly address: string;
  readonly prefix: string;
  readonly broadcast: string;
  readonly scope: string;
  readonly secondary: boolean;
}

export function readAddresses(gathered: Gathered): readonly Address[] {
  const said = gathered.section('addresses');
  if (said.startsWith('ifconfig\n')) return [...readIfconfig(said), ...readInet6(gathered)];
  const read = linesOf(said).flatMap(readIpLine);
  return read.length > 0 ? read : [...readTrie(gathered), ...readInet6(gathered)];
}

/** `2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\       valid_lft forever ...` */
function readIpLine(line: string): readonly Address[] {
  const words = (line.split('\\')[0] ?? '').trim().split(/\s+/);
  const [, device = '', kind, own = ''] = words;
  if (kind !== 'inet' && kind !== 'inet6') return [];
  const after = (word: string) => {
    const at = words.indexOf(word);
    return at < 0 ? undefined : words[at + 1];
  };
  const family = kind === 'inet' ? 4 : 6;
  const [address = '', length] = own.split('/');
  const prefix = length ?? after('peer')?.split('/')[1] ?? (family === 4 ? '32' : '128');
  const label = family === 4 ? (words.at(-1) ?? device) : device;
  return [
    {
      family,
      device: device.replace(/@.*$/, ''),
      label: label.replace(/@.*$/, ''),
      address,
      prefix: family === 4 && length === undefined ? '32' : prefix,
      broadcast: after('brd') ?? '',
      scope: after('scope') ?? '',
      secondary: words.includes('secondary'),
    },
  ];
}

/** Both forms: `inet addr:192.0.2.2  Bcast:192.0.2.255  Mask:255.255.255.0` and `inet 192.0.2.2  netmask 255.255.255.0  broadcast 192.0.2.255`. */
function readIfconfig(text: string): readonly Address[] {
  let label = '';
  return linesOf(text).flatMap(line => {
    label = /^(\S+?):?\s+(?:Link|flags)/.exec(line)?.[1] ?? label;
    const [, address] = /\binet (?:addr:)?([\d.]+)/.exec(line) ?? [];
    if (address === undefined) return [];
    const mask = /(?:Mask:|netmask )([\d.]+)/.exec(line)?.[1] ?? '255.255.255.255';
    const broadcast = /(?:Bcast:|broadcast )([\d.]+)/.exec(line)?.[1] ?? '';
    const device = label.replace(/:.*$/, '');
    const scope = address.startsWith('127.') ? 'host' : 'global';
    return [
      {
        family: 4,
        device,
        label,
        address,
        prefix: String(bitsOf(mask)),
        broadcast,
        scope,
        secondary: false,
      } as const,
    ];
  });
}

function bitsOf(mask: string): number {
  return mask
    .split('.')
    .reduce((total, part) => total + Number(part).toString(2).replaceAll('0', '').length, 0);
}

/** /proc/net/if_inet6: address, index, prefix length, scope, flags, device. */
function readInet6(gathered: Gathered): readonly Address[] {
  const scopes: Readonly<Record<string, string>> = {
    '00': 'global',
    '10': 'host',
    '20': 'link',
    '40': 'site',
  };
  return linesOf(gathered.file('/proc/net/if_inet6')).flatMap(line => {
    const [hex = '', , length = '', scope = '', , device = ''] = line.trim().split(/\s+/);
    const address = compress(hex.match(/.{4}/g) ?? []);
    return [
      {
        family: 6,
        device,
        label: device,
        address,
        prefix: String(Number.parseInt(length, 16)),
        broadcast: '',
        scope: scopes[scope] ?? 'global',
        secondary: false,
      } as const,
    ];
  });
}

/** As RFC 5952 writes it, which is how URLs hold it. */
function compress(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The kernel's trie of routes: `/32 host LOCAL` under an address is one of ours; its device is that of the longest route to it. */
function readTrie(gathered: Gathered): readonly Address[] {
  const routes = linesOf(gathered.file('/proc/net/route')).flatMap(line => {
    const [device = '', destination = '', , , , , , mask = ''] = line.trim().split(/\s+/);
    return /^[0-9A-F]{8}$/.test(destination)
      ? [{ device, destination: reversed(destination), mask: reversed(mask) }]
      : [];
  });
  const own = new Set<string>();
  let last = '';
  for (const line of linesOf(gathered.file('/proc/net/fib_trie'))) {
    last = /\|-- ([\d.]+)/.exec(line)?.[1] ?? last;
    if (/\/32 host LOCAL/.test(line)) own.add(last);
  }
  return [...own].map(address => {
    const number = address.split('.').reduce((total, part) => total * 256 + Number(part), 0);
    const found = routes
      .filter(({ destination, mask }) => mask !== 0 && (number & mask) >>> 0 === destination)
      .sort((a, b) => b.mask - a.mask)[0];
    const loopback = address.startsWith('127.');
    const device = found?.device ?? (loopback ? 'lo' : '');
    const prefix = loopback ? '8' : found ? String(found.mask.toString(2).replaceAll('0', '').length) : '32';
    return {
      family: 4,
      device,
      label: device,
      address,
      prefix,
      broadcast: '',
      scope: loopback ? 'host' : 'global',
      secondary: false,
    };
  });
}

/** Bytes in the host's order, as hexadecimal digits → the number of the address. */
function reversed(hex: string): number {
  return Number.parseInt((hex.match(/../g) ?? []).reverse().join(''), 16);
}
