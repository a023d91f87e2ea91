/** Reading values whose shape another program decides (Docker's answers): what is not there is undefined. */
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';

/** dig(container, 'State', 'Health', 'Status') */
export function dig(value: Value | undefined, ...keys: readonly (string | number)[]): Value | undefined {
  return keys.reduce<Value | undefined>(step, value);
}

function step(value: Value | undefined, key: string | number): Value | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The text at these keys, or '' when there is none. */
export function digText(value: Value | undefined, ...keys: readonly (string | number)[]): string {
  const found = dig(value, ...keys);
  return typeof found === 'string' ? found : '';
}

/** The number at these keys, or 0 when there is none. */
export function digNumber(value: Value | undefined, ...keys: readonly (string | number)[]): number {
  const found = dig(value, ...keys);
  return typeof found === 'number' ? found : 0;
}

/** The map at these keys, or an empty one. */
export function digMap(value: Value | undefined, ...keys: readonly (string | number)[]): ValueMap {
  const found = dig(value, ...keys);
  return isMap(found) ? found : {};
}

/** The list at these keys, or an empty one. */
export function digList(value: Value | undefined, ...keys: readonly (string | number)[]): readonly Value[] {
  const found = dig(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** A map without the keys that have no value. */
export function compact(entries: Readonly<Record<string, Value | undefined>>): ValueMap {
  const kept = Object.entries(entries).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return Object.fromEntries(kept);
}

/** One text for equal values, whatever the order of their keys. */
export function canonical(value: Value | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMap(value)) return JSON.stringify(value ?? null);
  const keys = Object.keys(value).sort();
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
