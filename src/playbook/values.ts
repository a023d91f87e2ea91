/** Reads keywords that validation has accepted: booleans written as words, lists of one, templates with their place. */
import type { Written } from '../core/play.ts';
import type { Value, ValueMap } from '../core/value.ts';
import { type Context, type Path, written } from './context.ts';

/** A keyword that is given and not left empty. */
export function given(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined;
}

/** `{ [field]: ... }` or `{}`: optional fields are left out, not undefined. */
export function field<const Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  const fields: { [K in Name]?: T } = {};
  if (value !== undefined) fields[name] = value;
  return fields;
}

export function writtenText(
  map: ValueMap,
  key: string,
  path: Path,
  context: Context,
): Written<string> | undefined {
  const value = given(map, key);
  return value === undefined ? undefined : written(context, String(value), [...path, key]);
}

/** true, false or a template; "yes" and the like are read as Ansible does. */
export function writtenTruth(
  map: ValueMap,
  key: string,
  path: Path,
  context: Context,
): Written<boolean | string> | undefined {
  const value = given(map, key);
  if (value === undefined) return undefined;
  return written(context, typeof value === 'boolean' ? value : (asFlag(value) ?? String(value)), [
    ...path,
    key,
  ]);
}

export function writtenNumber(
  map: ValueMap,
  key: string,
  path: Path,
  context: Context,
): Written<number | string> | undefined {
  const value = given(map, key);
  if (value === undefined) return undefined;
  const number = typeof value === 'number' ? value : Number(value);
  return written(context, Number.isNaN(number) ? String(value) : number, [...path, key]);
}

export function writtenValue(map: ValueMap, key: string, path: Path, context: Context): Written | undefined {
  const value = given(map, key);
  return value === undefined ? undefined : written(context, value, [...path, key]);
}

/** A keyword that is one or a list: each with its own place. */
export function writtenList(map: ValueMap, key: string, path: Path, context: Context): readonly Written[] {
  const value = given(map, key);
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [written(context, value, [...path, key])];
  return value.map((item, i) => written(context, item, [...path, key, i]));
}

export function writtenTexts(
  map: ValueMap,
  key: string,
  path: Path,
  context: Context,
): readonly Written<string>[] {
  return writtenList(map, key, path, context).map(item => ({ ...item, value: String(item.value) }));
}

export function writtenConditions(
  map: ValueMap,
  key: string,
  path: Path,
  context: Context,
): readonly Written<string | boolean>[] {
  return writtenList(map, key, path, context).map(item => ({
    ...item,
    value: typeof item.value === 'boolean' ? item.value : String(item.value),
  }));
}

export function flag(map: ValueMap, key: string): boolean | undefined {
  return asFlag(given(map, key));
}

function asFlag(value: Value | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (/^(?:yes|true|on)$/i.test(value)) return true;
  return /^(?:no|false|off)$/i.test(value) ? false : undefined;
}

/** Tags may be given as a list or with commas. */
export function tagsOf(map: ValueMap): readonly string[] {
  const value = given(map, 'tags');
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list
    .flatMap(tag => String(tag).split(','))
    .map(tag => tag.trim())
    .filter(tag => tag !== '');
}
