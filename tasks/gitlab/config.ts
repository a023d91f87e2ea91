/** GITLAB_OMNIBUS_CONFIG from typed settings: Ruby that the Omnibus image evaluates as it does gitlab.rb. */
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';

const NAME = /^[a-z_][a-z0-9_]*$/;

/** What is wrong with the settings' names, a sentence each. */
export function settingsProblems(settings: ValueMap): readonly string[] {
  return Object.keys(settings)
    .filter(name => !NAME.test(name))
    .map(name => `settings: "${name}" is no name of gitlab.rb (small letters, digits and _)`);
}

/**
 * A line for each setting: `external_url 'http://...'` for a plain value, `gitlab_rails['key'] = value` for each key of
 * a map.
 * @param rest Ruby taken as it stands, after the settings
 */
export function renderConfig(settings: ValueMap, rest = ''): string {
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    isMap(value)
      ? Object.entries(value).map(([key, inner]) => `${name}[${rubyText(key)}] = ${ruby(inner)}`)
      : [`${name} ${ruby(value)}`],
  );
  return [...lines, ...(rest.trim() === '' ? [] : [rest.trim()])].join('\n');
}

/** A Ruby literal, always on one line. */
export function ruby(value: Value): string {
  if (value === null) return 'nil';
  if (typeof value === 'string') return rubyText(value);
  if (Array.isArray(value)) return `[${value.map(ruby).join(', ')}]`;
  if (!isMap(value)) return String(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${rubyText(key)} => ${ruby(inner)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

/** Single quotes know two escapes only; what they cannot write on one line takes double quotes, which interpolate #. */
function rubyText(text: string): string {
  if (!/[\x00-\x1f\x7f]/.test(text)) return `'${text.replace(/[\\']/g, '\\$&')}'`;
  const escaped = text
    .replace(/[\\"#]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
    .replace(/[\x00-\x1f\x7f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/** Later settings win, key by key in maps of the first level. */
export function mergeSettings(...all: readonly (ValueMap | undefined)[]): ValueMap {
  const merged: ValueMap = {};
  for (const settings of all) {
    for (const [name, value] of Object.entries(settings ?? {})) {
      const before = merged[name];
      merged[name] = isMap(before) && isMap(value) ? { ...before, ...value } : value;
    }
  }
  return merged;
}
