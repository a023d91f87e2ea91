/**
 * Works out how ssh would reach a host: what the inventory says first, then ~/.ssh/config, then /etc/ssh/ssh_config.
 * The package reads the files; matching is ours, because it would run `Match exec` and knows no Include.
 */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type SSHConfig from 'ssh-config';
import type { Line } from 'ssh-config';
import { ConnectionError, type ConnectionSettings } from '../core/transport.ts';

/** A host and how to log in to it. */
export interface SshTarget {
  /** What the inventory calls it; for sentences. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  /** Files named by the user; none means the usual ones. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The agent's socket. */
  readonly agent?: string;
  /** Hosts to pass through, nearest first, as `user@host:port` or a name of the configuration. */
  readonly jumps: readonly string[];
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly strict: 'yes' | 'no' | 'accept-new' | 'ask';
  /** What known_hosts calls it, when that is not the host's own name. */
  readonly alias?: string;
  /** Seconds. */
  readonly connectTimeout: number;
  /** Seconds; 0 means never. */
  readonly aliveInterval: number;
  readonly aliveCount: number;
}

type Options = Map<string, string[]>;

const ADDING = new Set(['identityfile', 'certificatefile']);
const REFUSED: Readonly<Record<string, string>> = {
  proxycommand: 'write ProxyJump instead',
  certificatefile: 'use a key that the host knows in authorized_keys',
};

/** Throws a ConnectionError for options that cannot be honoured. */
export async function resolveTarget(settings: ConnectionSettings, home = os.homedir()): Promise<SshTarget> {
  const given = options(settings);
  const all = new Map(given);
  const user = given.get('user')?.[0] ?? os.userInfo().username;
  const lookup: Lookup = {
    asked: settings.address,
    user,
    home,
    all,
    config: (await import('ssh-config')).default,
  };
  for (const file of configFiles(given.get('configfile')?.[0], home)) readConfig(file, lookup, true, 0);
  refuseUnsupported(settings.name, all);
  return target(settings, all, home);
}

/** What the inventory sets is as if it stood first in the file. */
function options({ sshOptions = {}, port, user, privateKeyFile }: ConnectionSettings): Options {
  const all: Options = new Map(
    Object.entries(sshOptions).map(([key, values]) => [key.toLowerCase(), [...values]]),
  );
  if (port !== undefined) all.set('port', [String(port)]);
  if (user !== undefined) all.set('user', [user]);
  if (privateKeyFile !== undefined)
    all.set('identityfile', [privateKeyFile, ...(all.get('identityfile') ?? [])]);
  return all;
}

function configFiles(only: string | undefined, home: string): readonly string[] {
  if (only?.toLowerCase() === 'none') return [];
  return only === undefined ? [path.join(home, '.ssh/config'), '/etc/ssh/ssh_config'] : [tilde(only, home)];
}

interface Lookup {
  readonly asked: string;
  readonly user: string;
  readonly home: string;
  readonly all: Options;
  readonly config: typeof SSHConfig;
}

function readConfig(file: string, lookup: Lookup, active: boolean, depth: number): void {
  const text = readIfThere(file);
  if (text === undefined || depth > 16) return;
  readLines([...lookup.config.parse(text)], file, lookup, active, depth);
}

function readLines(
  lines: readonly Line[],
  file: string,
  lookup: Lookup,
  active: boolean,
  depth: number,
): void {
  for (const line of lines) {
    if (!('param' in line)) continue;
    const key = line.param.toLowerCase();
    const words = wordsOf(line.value);
    if ('config' in line)
      readLines([...line.config], file, lookup, active && applies(key, words, lookup), depth);
    else if (key === 'include')
      for (const other of included(words, file, lookup.home)) readConfig(other, lookup, active, depth + 1);
    else if (active) take(lookup.all, key, words);
  }
}

function wordsOf(value: string | readonly { readonly val: string }[]): readonly string[] {
  return typeof value === 'string' ? [value] : value.map(({ val }) => val);
}

function take(all: Options, key: string, words: readonly string[]): void {
  const value = words.join(' ');
  const before = all.get(key);
  if (before === undefined) all.set(key, [value]);
  else if (ADDING.has(key)) before.push(value);
}

function applies(key: string, words: readonly string[], lookup: Lookup): boolean {
  return key === 'host'
    ? matchesList(
        words.flatMap(word => word.split(/\s+/)),
        lookup.asked,
      )
    : matches(words, lookup);
}

/** `Match`: the criteria that need no command and no second pass; any other does not hold. */
function matches(words: readonly string[], { asked, user, all }: Lookup): boolean {
  const rest = words.length === 1 ? (words[0] ?? '').split(/\s+/) : [...words];
  const host = all.get('hostname')?.[0]?.replaceAll('%h', asked) ?? asked;
  const subjects: Readonly<Record<string, string>> = {
    host,
    originalhost: asked,
    user: all.get('user')?.[0] ?? user,
    localuser: os.userInfo().username,
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const negated = word.startsWith('!');
    const name = word.slice(negated ? 1 : 0).toLowerCase();
    if (name === 'all') continue;
    const subject = subjects[name];
    const patterns = rest.shift() ?? '';
    if (subject === undefined || matchesList(patterns.split(','), subject) === negated) return false;
  }
  return true;
}

/** ssh's pattern list: one must match, and no `!pattern` may. */
export function matchesList(patterns: readonly string[], name: string): boolean {
  const hit = (pattern: string) => glob(pattern).test(name);
  if (patterns.some(pattern => pattern.startsWith('!') && hit(pattern.slice(1)))) return false;
  return patterns.some(pattern => !pattern.startsWith('!') && hit(pattern));
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}

function included(patterns: readonly string[], from: string, home: string): readonly string[] {
  const folder = from.startsWith('/etc/ssh') ? '/etc/ssh' : path.join(home, '.ssh');
  return patterns.flatMap(pattern => expandGlob(path.resolve(folder, tilde(pattern, home))));
}

function expandGlob(absolute: string): readonly string[] {
  const expand = (found: readonly string[], part: string) =>
    /[*?]/.test(part)
      ? found.flatMap(folder =>
          list(folder)
            .filter(name => glob(part).test(name))
            .map(name => path.join(folder, name)),
        )
      : found.map(folder => path.join(folder, part));
  return absolute.split('/').slice(1).reduce(expand, ['/']);
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter(name => !name.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}

function refuseUnsupported(name: string, all: Options): void {
  for (const [key, hint] of Object.entries(REFUSED)) {
    const value = all.get(key)?.[0];
    if (value !== undefined && value.toLowerCase() !== 'none' && !all.has('proxyjump'))
      throw new ConnectionError(`${name}: the ssh option ${key} (${value}) is not supported`, hint);
  }
}

function target(settings: ConnectionSettings, all: Options, home: string): SshTarget {
  const first = (key: string) => all.get(key)?.[0];
  const host = (first('hostname') ?? settings.address).replaceAll('%h', settings.address);
  const user = first('user') ?? os.userInfo().username;
  const port = Number(first('port') ?? 22);
  const expand = (text: string) =>
    expandTokens(text, { h: host, n: settings.address, p: String(port), r: user }, home);
  const files = (key: string, byDefault: string) =>
    (first(key) ?? byDefault)
      .split(/\s+/)
      .filter(file => file !== 'none')
      .map(expand);
  const agent = agentSocket(first('identityagent'), expand);
  const alias = first('hostkeyalias');
  const jumps = first('proxyjump') ?? 'none';
  return {
    name: settings.name,
    host,
    port,
    user,
    ...(settings.password === undefined ? {} : { password: settings.password }),
    identityFiles: (all.get('identityfile') ?? []).filter(file => file !== 'none').map(expand),
    identitiesOnly: first('identitiesonly')?.toLowerCase() === 'yes',
    ...(agent === undefined ? {} : { agent }),
    jumps: jumps.toLowerCase() === 'none' ? [] : jumps.split(',').map(jump => jump.trim()),
    userKnownHosts: files('userknownhostsfile', '~/.ssh/known_hosts ~/.ssh/known_hosts2'),
    globalKnownHosts: files('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'),
    strict: strictness(first('stricthostkeychecking')),
    ...(alias === undefined ? {} : { alias }),
    connectTimeout: settings.connectTimeout ?? seconds(first('connecttimeout'), 10),
    aliveInterval: seconds(first('serveraliveinterval'), 15),
    aliveCount: seconds(first('serveralivecountmax'), 3),
  };
}

function strictness(word = 'ask'): SshTarget['strict'] {
  const lower = word.toLowerCase();
  if (lower === 'no' || lower === 'off' || lower === 'false') return 'no';
  if (lower === 'yes' || lower === 'true') return 'yes';
  return lower === 'accept-new' ? lower : 'ask';
}

function seconds(text: string | undefined, byDefault: number): number {
  const number = Number(text ?? byDefault);
  return Number.isFinite(number) ? number : byDefault;
}

function agentSocket(option: string | undefined, expand: (text: string) => string): string | undefined {
  if (option === undefined || option === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || undefined;
  if (option.toLowerCase() === 'none') return undefined;
  return option.startsWith('$') ? process.env[option.slice(1)] || undefined : expand(option);
}

function expandTokens(text: string, tokens: Readonly<Record<string, string>>, home: string): string {
  const known: Readonly<Record<string, string>> = {
    ...tokens,
    d: home,
    u: os.userInfo().username,
    l: os.hostname(),
    '%': '%',
  };
  return tilde(
    text.replace(/%(.)/g, (whole, token: string) => known[token] ?? whole),
    home,
  );
}

function tilde(file: string, home: string): string {
  return file === '~' || file.startsWith('~/') ? path.join(home, file.slice(1)) : file;
}

/** The file's text, or undefined when there is no such file. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw new ConnectionError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
