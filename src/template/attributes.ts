/** The `attribute=` argument of filters: a path such as `address.city` or `0.name`, and what to order by. */
import { fail } from './errors.ts';
import { getItem } from './lookup.ts';
import { compare } from './python.ts';
import { Tuple, Undefined, type V } from './values.ts';

export type Getter = (item: V) => V;

/** Reads a path in each item; `fallback` stands in for what is not there. */
export function attributeGetter(attribute: V | undefined, fallback?: V): Getter {
  if (attribute === undefined || attribute === null) return item => item;
  const path = attributePath(attribute);
  return item => {
    const value = path.reduce<V>((base, key) => getItem(base, key, undefined), item);
    return value instanceof Undefined && fallback !== undefined ? fallback : value;
  };
}

function attributePath(attribute: V): readonly (string | number)[] {
  if (typeof attribute === 'number') return [attribute];
  if (typeof attribute !== 'string') return fail('attribute must be a name');
  return attribute.split('.').map(part => (/^\d+$/.test(part) ? Number(part) : part));
}

/** For `sort(attribute='a,b')`. */
export function sortKey(attribute: V | undefined, caseSensitive: boolean): Getter {
  const fold = (value: V) => (caseSensitive || typeof value !== 'string' ? value : value.toLowerCase());
  if (typeof attribute !== 'string' || !attribute.includes(',')) {
    const get = attributeGetter(attribute);
    return item => fold(get(item));
  }
  const getters = attribute.split(',').map(part => attributeGetter(part));
  return item => Tuple.make(getters.map(get => fold(get(item))));
}

/** A stable sort; equal items keep their order also when reversed, as in Python. */
export function sorted(items: readonly V[], key: Getter, reverse: boolean): V[] {
  const keyed = items.map(item => ({ item, key: key(item) }));
  keyed.sort((a, b) => (reverse ? compare(b.key, a.key) : compare(a.key, b.key)));
  return keyed.map(({ item }) => item);
}
