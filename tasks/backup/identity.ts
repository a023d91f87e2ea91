/** What a manifest says of the container: its image, its version, and how it was created, without its secrets. */
import { createHash } from 'node:crypto';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { dig, digList, digMap, digText } from '../docker/dig.ts';
import { volumes } from '../gitlab/gitlab.ts';

const SECRET = /pass|secret|token|credential|private|(?:^|_)(?:key|salt|auth)(?:_|$)|key_base|api_?key/i;

function hashed(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex')}`;
}

/** `NAME=value`; in GITLAB_OMNIBUS_CONFIG each setting with a secret-looking name is hashed by itself. */
export function redactVariable(variable: string): string {
  const at = variable.indexOf('=');
  if (at < 0) return variable;
  const [name, value] = [variable.slice(0, at), variable.slice(at + 1)];
  if (name === 'GITLAB_OMNIBUS_CONFIG') return `${name}=${redactRuby(value)}`;
  return SECRET.test(name) ? `${name}=${hashed(value)}` : variable;
}

const QUOTED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/gs;

/** Lines of gitlab.rb. A string after a secret-looking name on its line is a secret, and so is what a URL has before its @. */
function redactRuby(ruby: string): string {
  return ruby
    .split('\n')
    .map(redactLine)
    .join('\n')
    .replace(
      /(:\/\/[^/\s:@'"]+:)([^@\s'"]+)@/g,
      (_, before: string, secret: string) => `${before}${hashed(secret)}@`,
    );
}

/** YAML inside of it, as for LDAP: `password: word`. */
const BARE = /^(\s*-?\s*[\w-]+:\s+)([^'"\s].*)$/;

function redactLine(line: string): string {
  const [, key = '', bare = ''] = BARE.exec(line) ?? [];
  if (bare !== '' && SECRET.test(key)) return `${key}${hashed(bare)}`;
  let secret = false;
  return line.replace(QUOTED, (quoted, at: number) => {
    const before = line.slice(0, at);
    const isName = /[[,{]\s*$/.test(before) && /^\s*(?:\]|=>)/.test(line.slice(at + quoted.length));
    if (isName) {
      secret = SECRET.test(quoted) || (secret && !/[,{]\s*$/.test(before));
      return quoted;
    }
    return secret || SECRET.test(before.replace(QUOTED, '').split(/[,{]/).at(-1) ?? '')
      ? `'${hashed(quoted.slice(1, -1))}'`
      : quoted;
  });
}

/**
 * In Docker's words: `Name`, and `Config` and `HostConfig` and `Networks` as a container is created with them.
 * @param container `docker inspect`
 */
export function configurationOf(container: ValueMap): ValueMap {
  const config = digMap(container, 'Config');
  const variables = digList(config, 'Env').map(one => (typeof one === 'string' ? redactVariable(one) : one));
  return {
    Name: digText(container, 'Name').replace(/^\//, ''),
    Config: { ...config, Env: variables },
    HostConfig: digMap(container, 'HostConfig'),
    Networks: Object.fromEntries(
      Object.entries(digMap(container, 'NetworkSettings', 'Networks')).map(network),
    ),
  };
}

/** What was asked of a network, without what Docker gave. */
function network([name, joined]: [string, Value]): [string, ValueMap] {
  const asked = ['IPAMConfig', 'Links', 'Aliases', 'DriverOpts'].map((key): [string, Value] => [
    key,
    dig(joined, key) ?? null,
  ]);
  return [name, Object.fromEntries(asked)];
}

export function imageOf(container: ValueMap): ValueMap {
  return { reference: digText(container, 'Config', 'Image'), id: digText(container, 'Image') };
}

/** By the image's tag, or the label of its maker: `17.5.2`, edition ce or ee. */
export function releaseOf(container: ValueMap): { readonly release: string; readonly edition: string } {
  const reference = digText(container, 'Config', 'Image');
  const tag = /:([^/:@]+)(?:@|$)/.exec(reference)?.[1] ?? '';
  const labelled = digText(container, 'Config', 'Labels', 'org.opencontainers.image.version');
  const written = /^\d+\.\d+/.test(tag) ? tag : labelled;
  return {
    release: /^\d+(?:\.\d+)*/.exec(written)?.[0] ?? '',
    edition: /(?:^|[-/])(ce|ee)(?=[-.:@]|$)/.exec(`${written}-${reference}`)?.[1] ?? '',
  };
}

/** What is mounted elsewhere than it should be, a sentence each. */
export function mountProblems(container: ValueMap, directory: string): readonly string[] {
  const mounts = digList(container, 'Mounts');
  return Object.entries(volumes).flatMap(([volume, inside]) => {
    const expected = `${directory}/mapping-volumes/${volume}`;
    const mount = mounts.find(one => digText(one, 'Destination') === inside);
    const source = digText(mount, 'Source');
    if (source === expected) return [];
    return [
      source === ''
        ? `nothing is mounted at its ${inside}, where ${expected} should be`
        : `its ${inside} is ${source}, not ${expected}`,
    ];
  });
}
