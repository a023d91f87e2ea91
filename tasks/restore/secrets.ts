/**
 * A manifest holds secrets as `sha256:HASH`. Their values come from the container that is replaced or from the inventory:
 * whatever stands there with that hash.
 */
import { createHash } from 'node:crypto';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { redactVariable } from '../backup/identity.ts';
import { digList } from '../docker/dig.ts';
import { renderConfig } from '../gitlab/config.ts';

const CONFIG = 'GITLAB_OMNIBUS_CONFIG';
const HASH = /sha256:([0-9a-f]{64})/;
const QUOTED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/gs;

/** By the hash of a secret, how it was written: in Ruby with its quotes. */
export interface Secrets {
  readonly values: ReadonlyMap<string, string>;
  readonly quoted: ReadonlyMap<string, string>;
}

export interface Resolved {
  readonly env: readonly string[];
  /** What no value was found for, in the words of the container's environment. */
  readonly missing: readonly string[];
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** All that could be a secret in some environments, each `NAME=value`. */
export function collectSecrets(...environments: readonly (readonly Value[])[]): Secrets {
  const variables = environments.flat().filter(one => typeof one === 'string');
  const texts = variables.map(one => one.slice(one.indexOf('=') + 1));
  const quoted = texts.flatMap(text => text.match(QUOTED) ?? []);
  const bare = texts.flatMap(text => [
    ...[...text.matchAll(/^\s*-?\s*[\w-]+:\s+([^'"\s].*)$/gm)].map(match => match[1] ?? ''),
    ...[...text.matchAll(/:\/\/[^/\s:@'"]+:([^@\s'"]+)@/g)].map(match => match[1] ?? ''),
  ]);
  const inner = quoted.map((text): [string, string] => [hashOf(text.slice(1, -1)), text]);
  return {
    values: new Map([...texts, ...bare].map(text => [hashOf(text), text])),
    quoted: new Map(inner),
  };
}

/** The environment that the inventory declares, in the same words. */
export function declaredEnvironment(
  settings: readonly ValueMap[],
  ruby: string,
  env: Readonly<Record<string, string | number | boolean>> = {},
): readonly string[] {
  const configs = [...settings.map(one => renderConfig(one)), ruby];
  return [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...configs.map(config => `${CONFIG}=${config}`),
  ];
}

/** @param configuration of a manifest */
export function resolveSecrets(configuration: ValueMap, secrets: Secrets): Resolved {
  const missing: string[] = [];
  const env = digList(configuration.Config, 'Env').map(one =>
    typeof one === 'string' ? resolveVariable(one, secrets, missing) : String(one),
  );
  return { env, missing };
}

function resolveVariable(variable: string, secrets: Secrets, missing: string[]): string {
  const at = variable.indexOf('=');
  const [name, value] = [variable.slice(0, at), variable.slice(at + 1)];
  if (name === CONFIG) return `${name}=${resolveRuby(value, secrets, missing)}`;
  const [whole, hash = ''] = HASH.exec(value) ?? [];
  // A variable whose name is no secret's was never hashed: this is its own text.
  if (whole !== value || redactVariable(`${name}=x`) === `${name}=x`) return variable;
  const found = secrets.values.get(hash);
  if (found === undefined) missing.push(name);
  return found === undefined ? variable : `${name}=${found}`;
}

function resolveRuby(ruby: string, { values, quoted }: Secrets, missing: string[]): string {
  const lines = ruby.split('\n').map(line =>
    line.replace(
      /'sha256:([0-9a-f]{64})'|\bsha256:([0-9a-f]{64})/g,
      (written, inQuotes, plain, at: number) => {
        const found = inQuotes === undefined ? values.get(String(plain)) : quoted.get(String(inQuotes));
        if (found === undefined) missing.push(`${settingAt(line, at)} in ${CONFIG}`);
        return found ?? written;
      },
    ),
  );
  return lines.join('\n');
}

/** `gitlab_rails['smtp_password']`; inside a hash the nearest key as well. */
function settingAt(line: string, at: number): string {
  const before = line.slice(0, at);
  const [setting = ''] = /^\s*[\w-]+(?:\[[^\]]*\])*/.exec(line) ?? [];
  const [, key = ''] = /([\w-]+)['"]?\s*(?:=>|:)\s*$/.exec(before) ?? [];
  return key === '' || key === setting.trim() ? setting.trim() : `${setting.trim()} (${key})`;
}
