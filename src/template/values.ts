/** The values that live while a template is evaluated: JSON, and what Python has beside it. */
import { Unknown } from '../core/value.ts';
import type { Source, Span } from './errors.ts';

/** A value during evaluation. */
export type V = null | boolean | number | string | V[] | VMap | Special | Unknown;

export interface VMap {
  [key: string]: V;
}

export type Named = Readonly<Record<string, V>>;

/** Base of the values that no YAML file can hold. */
export abstract class Special {
  abstract readonly typeName: string;
}

/** A float with an integral value (1.0), which JavaScript could not tell from 1. Other floats are plain numbers. */
export class Float extends Special {
  readonly typeName = 'float';
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }
}

/** Something that is not there. It may be tested and given a default; any other use throws its message. */
export class Undefined extends Special {
  readonly typeName = 'undefined';
  /** Where it was read, for the error that its use raises. */
  place: { readonly at: Span; readonly source: Source } | undefined;
  readonly message: string;
  readonly name: string;
  /** Computed when the error is raised: looking for near names costs time. */
  readonly hint: () => string | undefined;

  constructor(message: string, name: string, hint: () => string | undefined = () => undefined) {
    super();
    this.message = message;
    this.name = name;
    this.hint = hint;
  }
}

/** Prints as Python's tuple and is unequal to a list; leaves the template as a list. */
export class Tuple extends Array<V> {
  /** Names for the elements, where they have some: grouper and list of groupby. */
  fields: readonly string[] | undefined;

  static override get [Symbol.species]() {
    return Array;
  }

  static make(items: Iterable<V>): Tuple {
    const made = new Tuple();
    for (const item of items) made.push(item);
    return made;
  }
}

/** A map read key by key: hostvars. */
export class LazyDict extends Special {
  readonly typeName = 'dict';
  readonly get: (key: string) => V | undefined;
  readonly keys: () => readonly string[];

  constructor(get: (key: string) => V | undefined, keys: () => readonly string[]) {
    super();
    this.get = get;
    this.keys = keys;
  }
}

/** What `namespace()` makes: attributes that `{% set ns.x = … %}` may change from inside loops. */
export class Namespace extends Special {
  readonly typeName = 'namespace';
  readonly values = new Map<string, V>();
}

export type Invoke = (args: readonly V[], named: Named) => V;

/** An object with attributes, or a function: loop, cycler, a macro, an imported template. */
export class Thing extends Special {
  readonly typeName: string;
  readonly attribute: (name: string) => V | undefined;
  readonly invoke: Invoke | undefined;

  constructor(typeName: string, attribute: (name: string) => V | undefined, invoke?: Invoke) {
    super();
    this.typeName = typeName;
    this.attribute = attribute;
    this.invoke = invoke;
  }
}

export function callable(typeName: string, invoke: Invoke): Thing {
  return new Thing(typeName, () => undefined, invoke);
}

/** A container of the playbook whose strings are templates: evaluated only as far as it is read. */
export class Templated extends Special {
  readonly typeName = 'templated';
  /** The element under a key, `undefined` when there is none. */
  readonly child: (key: string | number) => V | undefined;
  readonly whole: () => V;

  constructor(child: (key: string | number) => V | undefined, whole: () => V) {
    super();
    this.child = child;
    this.whole = whole;
  }
}

export function isDict(value: V): value is VMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Special) &&
    !(value instanceof Unknown)
  );
}

/** A plain or lazy dict. */
export function isMapping(value: V): value is VMap | LazyDict {
  return value instanceof LazyDict || isDict(value);
}

export function isTuple(value: V): value is Tuple {
  return value instanceof Tuple;
}

export function makeFloat(value: number): V {
  return Number.isInteger(value) ? new Float(value) : value;
}

export function isFloat(value: V): boolean {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

/** The number behind an int, float or boolean; undefined for anything else. */
export function numberOf(value: V): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Float) return value.value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return undefined;
}

/** Own keys only, and `__proto__` is a key like any other. */
export function setKey(map: VMap, key: string, value: V): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

export function getKey(map: VMap, key: string): V | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The first value that there is. Unlike `??` it takes null, which is a value like any other. */
export function either(value: V | undefined, otherwise: () => V): V {
  return value === undefined ? otherwise() : value;
}

/** What people call the type of a value. */
export function typeWord(value: V): string {
  if (value === null) return 'none';
  if (value instanceof Unknown) return 'unknown value';
  if (value instanceof Special) return value.typeName;
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'string') return 'string';
  if (Array.isArray(value)) return isTuple(value) ? 'tuple' : 'list';
  return 'dict';
}

/** What Python calls the type of a value. */
export function pythonType(value: V): string {
  const names: Record<string, string> = { none: 'NoneType', boolean: 'bool', integer: 'int', string: 'str' };
  const word = typeWord(value);
  return names[word] ?? word;
}
