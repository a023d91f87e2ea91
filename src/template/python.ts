/** Python's ideas of truth, text, equality, order and length, for every kind of value. */
import { Unknown, UnknownValueError } from '../core/value.ts';
import { fail, locate, UndefinedError } from './errors.ts';
import { formatFloat, formatInteger } from './number-text.ts';
import {
  Float,
  isDict,
  isMapping,
  isTuple,
  LazyDict,
  numberOf,
  Special,
  Tuple,
  typeWord,
  Undefined,
  type V,
  type VMap,
} from './values.ts';

/** Throws for what is not there, and for what only a run will tell. */
export function need(value: V): V {
  if (value instanceof Undefined) throw undefinedError(value);
  if (value instanceof Unknown) throw new UnknownValueError(value.origin);
  return value;
}

function undefinedError({ message, name, hint, place }: Undefined): unknown {
  const error = new UndefinedError(message, name, hint());
  return place === undefined ? error : locate(error, place.at, place.source);
}

export function truth(value: V): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (typeof value === 'number') return value !== 0;
  if (value === null) return false;
  need(value);
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof LazyDict) return value.keys().length > 0;
  return value instanceof Special || Object.keys(value).length > 0;
}

/** Python's `str()`. */
export function str(value: V): string {
  return typeof value === 'string' ? value : repr(value);
}

/** Text as a template prints it: None is nothing. */
export function printed(value: V): string {
  return value === null ? '' : str(value);
}

/** Python's `repr()`. */
export function repr(value: V): string {
  if (typeof value === 'string') return quoteString(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? formatInteger(value) : formatFloat(value);
  need(value);
  if (value instanceof Float) return formatFloat(value.value);
  if (Array.isArray(value)) return reprList(value);
  if (isMapping(value))
    return `{${entriesOf(value)
      .map(([key, item]) => `${quoteString(key)}: ${repr(item)}`)
      .join(', ')}}`;
  return `<${typeWord(value)}>`;
}

function reprList(list: readonly V[]): string {
  const items = list.map(repr).join(', ');
  if (!(list instanceof Tuple)) return `[${items}]`;
  return list.length === 1 ? `(${items},)` : `(${items})`;
}

const UNPRINTABLE = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoteString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(UNPRINTABLE, escapeCharacter);
  return `${quote}${quote === "'" ? body.replaceAll("'", "\\'") : body}${quote}`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return SHORT[character] ?? `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

export function equal(a: V, b: V): boolean {
  if (a === b) return !(a instanceof Undefined) || need(a) === b;
  need(a);
  need(b);
  const number = numberOf(a);
  if (number !== undefined) return number === numberOf(b);
  if (Array.isArray(a)) return Array.isArray(b) && isTuple(a) === isTuple(b) && equalLists(a, b);
  if (isMapping(a) && isMapping(b)) return equalDicts(asDict(a), asDict(b));
  return false;
}

function equalLists(a: readonly V[], b: readonly V[]): boolean {
  return a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null));
}

function equalDicts(a: VMap, b: VMap): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(key => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null));
}

/** Negative, zero or positive; throws for values that have no order. */
export function compare(a: V, b: V): number {
  need(a);
  need(b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const left = numberOf(a);
  const right = numberOf(b);
  if (left !== undefined && right !== undefined) return left - right;
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  return fail(`cannot order ${article(typeWord(a))} and ${article(typeWord(b))}`);
}

function compareLists(a: readonly V[], b: readonly V[]): number {
  for (const [i, item] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (!equal(item, other)) return compare(item, other);
  }
  return a.length - b.length;
}

export function article(word: string): string {
  if (word === 'none') return 'none';
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

/** Python's `in`. */
export function contains(container: V, item: V): boolean {
  need(container);
  if (typeof container === 'string') {
    need(item);
    if (typeof item !== 'string') fail(`cannot look for ${article(typeWord(item))} in a string`);
    return container.includes(item);
  }
  if (Array.isArray(container)) return container.some(element => equal(element, item));
  need(item);
  if (container instanceof LazyDict) return container.keys().includes(str(item));
  if (isDict(container)) return Object.hasOwn(container, str(item));
  return fail(`cannot look for a value in ${article(typeWord(container))}`);
}

/** What a loop goes through: elements, characters or keys. */
export function iterate(value: V): readonly V[] {
  if (Array.isArray(value)) return value;
  need(value);
  if (typeof value === 'string') return [...value];
  if (value instanceof LazyDict) return value.keys();
  if (isDict(value)) return Object.keys(value);
  return fail(`${article(typeWord(value))} is not a list`);
}

export function lengthOf(value: V): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'string') return /[\ud800-\udfff]/.test(value) ? [...value].length : value.length;
  need(value);
  if (isMapping(value)) return iterate(value).length;
  return fail(`${article(typeWord(value))} has no length`);
}

export function entriesOf(value: VMap | LazyDict): readonly (readonly [string, V])[] {
  if (!(value instanceof LazyDict)) return Object.entries(value);
  return value.keys().map(key => [key, value.get(key) ?? null] as const);
}

/** A lazy dict read whole. */
export function asDict(value: VMap | LazyDict): VMap {
  return value instanceof LazyDict ? Object.fromEntries(entriesOf(value)) : value;
}

/** The text a dict keeps a key under. Python tells `1` and `'1'` apart, we do not. */
export function keyText(key: V): string {
  if (typeof key === 'string') return key;
  need(key);
  if (Array.isArray(key) && !isTuple(key)) fail('a list cannot be the key of a dict');
  if (isMapping(key)) fail('a dict cannot be the key of a dict');
  return str(key);
}

/** An optional argument that is a switch. */
export function isTrue(value: V | undefined): boolean {
  return value !== undefined && truth(value);
}
