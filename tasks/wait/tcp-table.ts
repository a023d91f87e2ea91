/** Connections as /proc/net/tcp and /proc/net/tcp6 list them: addresses in hexadecimal, words of 4 bytes in the host's order. */
import { isIPv4, isIPv6 } from 'node:net';

export const TCP_STATES = [
  'ESTABLISHED',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'SYN_RECV',
  'SYN_SENT',
  'TIME_WAIT',
] as const;

const CODES: Readonly<Record<string, string>> = {
  ESTABLISHED: '01',
  SYN_SENT: '02',
  SYN_RECV: '03',
  FIN_WAIT1: '04',
  FIN_WAIT2: '05',
  TIME_WAIT: '06',
};

interface Connection {
  readonly local: string;
  readonly port: number;
  readonly remote: string;
  readonly state: string;
}

export interface Drain {
  readonly port: number;
  /** Addresses of the host whose connections count; 0.0.0.0 and :: stand for all. */
  readonly addresses: readonly string[];
  readonly excluded: readonly string[];
  readonly states: readonly string[];
}

/** How many connections keep the port busy. */
export function countConnections(table: string, { port, addresses, excluded, states }: Drain): number {
  const codes = states.map(state => CODES[state]);
  const local = addresses.flatMap(forms);
  const ignored = excluded.flatMap(forms);
  const everyone = addresses.some(address => address === '0.0.0.0' || address === '::');
  return parseTable(table).filter(
    one =>
      one.port === port &&
      codes.includes(one.state) &&
      !ignored.includes(one.remote) &&
      (everyone || local.includes(one.local)),
  ).length;
}

function parseTable(table: string): readonly Connection[] {
  return table.split('\n').flatMap(line => {
    const [, local, port, remote, state] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line) ?? [];
    if (local === undefined || port === undefined || remote === undefined || state === undefined) return [];
    return [{ local, port: Number.parseInt(port, 16), remote, state }];
  });
}

/** An address in the forms in which a table may hold it: IPv4 also as IPv6. */
function forms(address: string): readonly string[] {
  if (isIPv4(address)) {
    const plain = hexadecimal(address.split('.').map(Number));
    return [plain, `0000000000000000FFFF0000${plain}`];
  }
  return isIPv6(address) ? [hexadecimal(bytesOf(address))] : [];
}

function hexadecimal(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes.slice(i, i + 4).reverse();
    text += word.map(byte => byte.toString(16).padStart(2, '0')).join('');
  }
  return text.toUpperCase();
}

function bytesOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...gap, ...right]
    .map(group => Number.parseInt(group, 16))
    .flatMap(number => [number >> 8, number & 255]);
}
