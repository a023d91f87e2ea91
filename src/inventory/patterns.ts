/** Selects hosts by Ansible's patterns: `web:&prod:!vm3`, `db*,~vm\d+`, `web[0]`, `web[1:3]`, `vm[01:20]`. */
import { isIPv6 } from 'node:net';
import type { Host, Inventory } from '../core/inventory.ts';
import { didYouMean } from '../core/suggest.ts';
import { expandRanges, isProblem } from './host-names.ts';

export interface Selection {
  /** In the order in which the pattern names them, within a group in the group's order; each once. */
  readonly hosts: readonly Host[];
  /** Parts of the pattern or limit that match nothing; `explainUnmatched` words them. */
  readonly unmatched: readonly string[];
}

const LOCALHOST = ['localhost', '127.0.0.1', '::1'];

/** @param limit a second pattern that the hosts must match as well */
export function selectHosts(
  inventory: Inventory,
  pattern: string | readonly string[],
  limit?: string | readonly string[],
): Selection {
  const unmatched = new Set<string>();
  const named = evaluate(inventory, pattern, unmatched);
  const limited = limit === undefined ? named : evaluate(inventory, limit, unmatched);
  const hosts = [...named.values()].filter(({ name }) => limited.has(name));
  return { hosts, unmatched: [...unmatched] };
}

type Hosts = ReadonlyMap<string, Host>;

/** First what is named, then what `&` keeps, then what `!` takes away, wherever they stand. */
function evaluate(inventory: Inventory, pattern: string | readonly string[], unmatched: Set<string>): Hosts {
  const parts = [pattern].flat().flatMap(splitPattern);
  const plain = parts.filter(part => !/^[&!]/.test(part));
  const match = (part: string) => {
    const hosts = matchOne(inventory, part);
    if (hosts === undefined) unmatched.add(part);
    return byName(hosts ?? []);
  };
  const modified = (sign: string) =>
    parts.filter(part => part.startsWith(sign)).map(part => match(part.slice(1)));
  let hosts: Hosts = byName(
    (plain.length === 0 && parts.length > 0 ? ['all'] : plain).flatMap(part => [...match(part).values()]),
  );
  for (const kept of modified('&')) hosts = byName([...hosts.values()].filter(({ name }) => kept.has(name)));
  for (const taken of modified('!'))
    hosts = byName([...hosts.values()].filter(({ name }) => !taken.has(name)));
  return hosts;
}

function byName(hosts: readonly Host[]): Hosts {
  return new Map(hosts.map(host => [host.name, host]));
}

/** Commas separate; without any, colons do, outside of brackets and IPv6 addresses. */
function splitPattern(pattern: string): readonly string[] {
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : isWhole(pattern)
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return parts.map(part => part.trim()).filter(part => part !== '');
}

function isWhole(pattern: string): boolean {
  return isIPv6(pattern.trim().replace(/^[&!]/, '')) || /^[\w.-]+:\d+$/.test(pattern);
}

/** Undefined: the part names nothing. An empty group is something. */
function matchOne(inventory: Inventory, part: string): readonly Host[] | undefined {
  const named = inventory.hosts.find(({ name }) => name === part);
  if (named) return [named];
  const { base, subscript } = splitSubscript(part);
  const hosts = enumerate(inventory, base);
  if (subscript !== undefined && hosts === undefined) return matchRange(inventory, part);
  if (subscript === undefined || hosts === undefined) return hosts;
  return applySubscript(hosts, subscript);
}

type Subscript = { readonly index: number } | { readonly first: number; readonly last: number };

function splitSubscript(part: string): { base: string; subscript?: Subscript } {
  const [, base, index, first, last] = /^(.+)\[(?:(-?\d+)|(\d+):(\d*))\]$/.exec(part) ?? [];
  if (base === undefined || part.startsWith('~')) return { base: part };
  if (index !== undefined) return { base, subscript: { index: Number(index) } };
  return {
    base,
    subscript: { first: Number(first), last: last === '' ? Number.POSITIVE_INFINITY : Number(last) },
  };
}

function applySubscript(hosts: readonly Host[], subscript: Subscript): readonly Host[] | undefined {
  if ('first' in subscript) return hosts.slice(subscript.first, subscript.last + 1);
  const host = hosts.at(subscript.index);
  return host === undefined ? undefined : [host];
}

/** `vm[01:20]` where nothing is called vm: the hosts vm01 to vm20, as far as there are such. */
function matchRange(inventory: Inventory, part: string): readonly Host[] | undefined {
  const names = expandRanges(part);
  if (isProblem(names)) return undefined;
  const wanted = new Set(names);
  const hosts = inventory.hosts.filter(({ name }) => wanted.has(name));
  return hosts.length === 0 ? undefined : hosts;
}

function enumerate(inventory: Inventory, pattern: string): readonly Host[] | undefined {
  const matches = matcher(pattern);
  if (matches === undefined) return undefined;
  const hosts = byName(inventory.hosts);
  const groups = Object.keys(inventory.groups).filter(matches);
  const members = groups
    .flatMap(group => inventory.groups[group] ?? [])
    .flatMap(name => hosts.get(name) ?? []);
  const single =
    groups.length === 0 || /^~|[.?*[]/.test(pattern)
      ? inventory.hosts.filter(({ name }) => matches(name))
      : [];
  const found = [...byName([...members, ...single]).values()];
  if (found.length > 0 || groups.length > 0 || pattern === 'all' || pattern === '*') return found;
  return LOCALHOST.includes(pattern) ? [implicitLocalhost(inventory, pattern)] : undefined;
}

function implicitLocalhost({ localhost }: Inventory, name: string): Host {
  if (localhost) return { ...localhost, name };
  const layer = { origin: 'implicit localhost', values: { ansible_connection: 'local' }, templated: false };
  return { name, groups: [], layers: [layer] };
}

/** A regular expression matches from the beginning of a name, a glob the whole of it. */
function matcher(pattern: string): ((name: string) => boolean) | undefined {
  const regex = pattern.startsWith('~')
    ? toRegExp(`^(?:${pattern.slice(1)})`)
    : toRegExp(`^${globToRegex(pattern)}$`);
  return regex && (name => regex.test(name));
}

function toRegExp(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 's');
  } catch {
    return undefined;
  }
}

/** `*`, `?`, `[abc]`, `[!abc]`, as Python's fnmatch. */
function globToRegex(glob: string): string {
  return glob.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (whole, not?: string, set?: string) => {
    if (set !== undefined && set !== '')
      return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
    if (whole === '*') return '.*';
    return whole === '?' ? '.' : whole.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
}

/** A sentence about a part of a pattern that matches nothing, and what to do. */
export function explainUnmatched(
  inventory: Inventory,
  part: string,
): { readonly message: string; readonly hint?: string } {
  if (part.startsWith('~') && matcher(part) === undefined)
    return { message: `"${part}" is no regular expression` };
  const { base, subscript } = splitSubscript(part);
  const count = subscript === undefined ? undefined : enumerate(inventory, base)?.length;
  if (count !== undefined)
    return {
      message: `"${part}" is beyond the end: "${base}" has ${count} ${count === 1 ? 'host' : 'hosts'}`,
    };
  const message = `no host or group matches "${part}"`;
  const hint = hintFor(inventory, part);
  return hint === undefined ? { message } : { message, hint };
}

function hintFor(inventory: Inventory, part: string): string | undefined {
  if (/\[\d+-\d+\]$/.test(part)) return 'a range is written [1:3]';
  if (part.includes(':') && !isIPv6(part)) return 'separate the parts by commas alone or by colons alone';
  if (inventory.hosts.length === 0) return 'the inventory is empty: name one with -i';
  return didYouMean(part, [...Object.keys(inventory.groups), ...inventory.hosts.map(({ name }) => name)]);
}
