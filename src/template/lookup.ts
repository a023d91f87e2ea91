/** Keys, elements and slices: own ones only, nothing of JavaScript is reachable. */
import { Unknown, UnknownValueError } from '../core/value.ts';
import { fail, suggest } from './errors.ts';
import { article, keyText, need } from './python.ts';
import {
  either,
  getKey,
  isDict,
  isTuple,
  LazyDict,
  Namespace,
  numberOf,
  Thing,
  Tuple,
  typeWord,
  Undefined,
  type V,
} from './values.ts';

/** `base[index]` */
export function getItem(base: V, index: V, text?: string): V {
  if (base instanceof Undefined) return base;
  need(index);
  return either(lookUp(base, index), () => missing(base, index, text));
}

/** The element or key; undefined when there is none. What is asked of something undefined is that same thing. */
export function lookUp(base: V, key: V): V | undefined {
  if (base instanceof Undefined) return base;
  if (base instanceof Tuple && typeof key === 'string') return base[base.fields?.indexOf(key) ?? -1];
  if (Array.isArray(base) || typeof base === 'string') return elementAt(base, key);
  if (base instanceof Unknown) return knownKey(base, keyText(key));
  if (base instanceof LazyDict) return base.get(keyText(key));
  if (base instanceof Namespace) return base.values.get(keyText(key));
  if (base instanceof Thing) return base.attribute(keyText(key));
  if (isDict(base)) return getKey(base, keyText(key));
  return undefined;
}

function knownKey(base: Unknown, key: string): V {
  const value = Object.hasOwn(base.known, key) ? base.known[key] : undefined;
  if (value === undefined) throw new UnknownValueError(base.origin);
  return value;
}

function elementAt(base: readonly V[] | string, key: V): V | undefined {
  const index = typeof key === 'string' ? undefined : numberOf(key);
  if (index === undefined || !Number.isInteger(index)) return undefined;
  const list = typeof base === 'string' && /[\ud800-\udfff]/.test(base) ? [...base] : base;
  return list[index < 0 ? list.length + index : index];
}

export function missing(base: V, key: V, text: string | undefined): Undefined {
  const name = typeof key === 'string' ? key : keyText(key);
  const shown = text === undefined ? '' : ` '${text}'`;
  const word = typeWord(base);
  if (base === null)
    return new Undefined(
      `${text === undefined ? 'a value' : `'${text}'`} is none, it has no attribute '${name}'`,
      name,
    );
  if (typeof key === 'number' && (Array.isArray(base) || typeof base === 'string'))
    return new Undefined(`${word}${shown} has no element ${name}`, name);
  return new Undefined(`${word}${shown} has no attribute '${name}'`, name, () => suggest(name, keysOf(base)));
}

function keysOf(base: V): readonly string[] {
  if (base instanceof LazyDict) return base.keys();
  return isDict(base) ? Object.keys(base) : [];
}

/** `base[start:stop:step]`; parts left out are undefined. */
export function slice(base: V, start: V | undefined, stop: V | undefined, step: V | undefined): V {
  need(base);
  if (typeof base !== 'string' && !Array.isArray(base))
    return fail(`${article(typeWord(base))} cannot be sliced`);
  const list: readonly V[] = typeof base === 'string' ? [...base] : base;
  const indices = sliceIndices(list.length, bound(start), bound(stop), bound(step) ?? 1);
  const items = indices.map(index => list[index] ?? null);
  if (typeof base === 'string') return items.join('');
  return isTuple(base) ? Tuple.make(items) : items;
}

function bound(value: V | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = numberOf(need(value));
  return number !== undefined && Number.isInteger(number)
    ? number
    : fail('the parts of a slice must be integers');
}

function sliceIndices(
  length: number,
  start: number | undefined,
  stop: number | undefined,
  step: number,
): number[] {
  if (step === 0) fail('the step of a slice must not be 0');
  const clamp = (value: number) => {
    const from = value < 0 ? value + length : value;
    return step > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  };
  const first = start === undefined ? (step > 0 ? 0 : length - 1) : clamp(start);
  const last = stop === undefined ? (step > 0 ? length : -1) : clamp(stop);
  const indices: number[] = [];
  for (let i = first; step > 0 ? i < last : i > last; i += step) indices.push(i);
  return indices;
}
