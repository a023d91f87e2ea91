/** Filters on lists. */

import { arithmetic } from './arithmetic.ts';
import { attributeGetter, sorted, sortKey } from './attributes.ts';
import { fail } from './errors.ts';
import { type Filters, filter, freeFilter, listFrom, numberFrom, type Tools } from './filter-kit.ts';
import { compare, isTrue, iterate, lengthOf, repr, str, truth } from './python.ts';
import { chooseRandom, randomNumber, shuffle } from './random.ts';
import { UniqueSet } from './unique.ts';
import { either, isDict, isMapping, isTuple, Tuple, Undefined, type V } from './values.ts';

function extreme(sign: number) {
  return filter('case_sensitive attribute', (value, [caseSensitive, attribute]) => {
    const get = attributeGetter(attribute);
    const fold = (item: V) =>
      typeof item === 'string' && !isTrue(caseSensitive) ? item.toLowerCase() : item;
    const [first, ...rest] = listFrom(value, 'the list');
    if (first === undefined) return new Undefined('the list is empty', 'min');
    return rest.reduce(
      (best, item) => (compare(fold(get(item)), fold(get(best))) * sign > 0 ? item : best),
      first,
    );
  });
}

function edge(last: boolean) {
  return filter('', value => {
    const items = listFrom(value, 'the list');
    return either(
      items[last ? items.length - 1 : 0],
      () => new Undefined('the list is empty', last ? 'last' : 'first'),
    );
  });
}

function flatten(list: readonly V[], levels: number, skipNulls: boolean, tools: Tools): V[] {
  tools.budget.spend(list.length);
  return list.flatMap(item => {
    if (skipNulls && (item === null || item === 'None' || item === 'null')) return [];
    return Array.isArray(item) && levels > 0 ? flatten(item, levels - 1, skipNulls, tools) : [item];
  });
}

function batch(list: readonly V[], size: number, filling: V | undefined): V[] {
  if (size < 1) return fail('batch needs a size of at least 1');
  const rows: V[][] = [];
  for (let i = 0; i < list.length; i += size) rows.push(list.slice(i, i + size));
  const last = rows.at(-1);
  while (last && filling !== undefined && filling !== null && last.length < size) last.push(filling);
  return rows;
}

function slices(list: readonly V[], count: number, filling: V | undefined): V[] {
  if (count < 1) return fail('slice needs a number of at least 1');
  const size = Math.floor(list.length / count);
  const larger = list.length % count;
  return Array.from({ length: count }, (_, i) => {
    const start = i * size + Math.min(i, larger);
    const part = list.slice(start, start + size + (i < larger ? 1 : 0));
    return filling !== undefined && filling !== null && i >= larger ? [...part, filling] : part;
  });
}

function product(lists: readonly (readonly V[])[], { budget }: Tools): V[] {
  let rows: V[][] = [[]];
  for (const list of lists) {
    budget.spend(rows.length * list.length);
    rows = rows.flatMap(row => list.map(item => [...row, item]));
  }
  return rows.map(row => Tuple.make(row));
}

function zip(lists: readonly (readonly V[])[], length: number, filling: V): V[] {
  return Array.from({ length }, (_, i) =>
    Tuple.make(lists.map(list => (i < list.length ? (list[i] ?? null) : filling))),
  );
}

function lists(value: V, args: readonly V[]): readonly (readonly V[])[] {
  return [value, ...args].map(list => listFrom(list, 'the list'));
}

/** Every choice of `size` positions; in order only, or in all orders. */
function choose(list: readonly V[], size: number, ordered: boolean, { budget }: Tools): V[] {
  const found: V[] = [];
  const extend = (chosen: readonly number[], from: number): void => {
    budget.spend(1);
    if (chosen.length === size) {
      found.push(Tuple.make(chosen.map(i => list[i] ?? null)));
      return;
    }
    for (let i = ordered ? 0 : from; i < list.length; i += 1)
      if (!chosen.includes(i)) extend([...chosen, i], i + 1);
  };
  extend([], 0);
  return found;
}

function unique(value: V, get: (item: V) => V): V[] {
  const seen = new UniqueSet();
  return listFrom(value, 'the list').filter(item => seen.add(get(item)));
}

/** Set filters keep the order of the first list, where Python's sets of strings and tuples have none. */
function membership(keep: (inFirst: boolean, inSecond: boolean) => boolean) {
  return filter('other', (value, [other]) => {
    const first = new UniqueSet(listFrom(value, 'the first list'));
    const second = new UniqueSet(listFrom(other, 'the second list'));
    const all = unique([...iterate(value), ...iterate(other ?? [])], item => item);
    return all.filter(item => keep(first.has(item), second.has(item)));
  });
}

export const listFilters: Filters = {
  length: filter('', value => lengthOf(value)),
  count: filter('', value => lengthOf(value)),
  first: edge(false),
  last: edge(true),
  min: extreme(-1),
  max: extreme(1),
  list: filter('', value => [...iterate(value)]),
  sum: filter('attribute start', (value, [attribute, start], { budget }) => {
    const get = attributeGetter(attribute);
    return listFrom(value, 'the list').reduce<V>(
      (total, item) => arithmetic(budget, '+', total, get(item)),
      start ?? 0,
    );
  }),
  sort: filter('reverse case_sensitive attribute', (value, [reverse, caseSensitive, attribute]) =>
    sorted(listFrom(value, 'the list'), sortKey(attribute, isTrue(caseSensitive)), isTrue(reverse)),
  ),
  unique: filter('case_sensitive attribute', (value, [caseSensitive, attribute]) => {
    const get = attributeGetter(attribute);
    const fold = !isTrue(caseSensitive);
    return unique(value, item => {
      const key = get(item);
      return fold && typeof key === 'string' ? key.toLowerCase() : key;
    });
  }),
  reverse: filter('', value =>
    typeof value === 'string' ? [...value].reverse().join('') : [...iterate(value)].reverse(),
  ),
  flatten: filter('levels skip_nulls', (value, [levels, skipNulls], tools) =>
    flatten(
      listFrom(value, 'the list'),
      numberFrom(levels, 50, 'levels'),
      skipNulls === undefined || truth(skipNulls),
      tools,
    ),
  ),
  batch: filter('linecount fill_with', (value, [size, filling]) =>
    batch(iterate(value), numberFrom(size, 0, 'linecount'), filling),
  ),
  slice: filter('slices fill_with', (value, [count, filling], { budget }) => {
    const parts = numberFrom(count, 0, 'slices');
    budget.spend(parts);
    return slices(iterate(value), parts, filling);
  }),
  zip: freeFilter((value, args) => {
    const all = lists(value, args);
    return zip(all, Math.min(...all.map(list => list.length)), null);
  }),
  zip_longest: freeFilter((value, args, named) => {
    const all = lists(value, args);
    return zip(all, Math.max(...all.map(list => list.length)), named.fillvalue ?? null);
  }),
  product: freeFilter((value, args, named, tools) => {
    const all = lists(value, args);
    const repeat = Math.max(0, numberFrom(named.repeat, 1, 'repeat'));
    tools.budget.spend(repeat);
    return product(Array.from({ length: repeat }, () => all).flat(), tools);
  }),
  permutations: filter('r', (value, [size], tools) => {
    const list = iterate(value);
    return choose(list, numberFrom(size, list.length, 'r'), true, tools);
  }),
  combinations: filter('r', (value, [size], tools) =>
    choose(iterate(value), numberFrom(size, 0, 'r'), false, tools),
  ),
  intersect: membership((first, second) => first && second),
  difference: membership((first, second) => first && !second),
  union: membership(() => true),
  symmetric_difference: membership((first, second) => first !== second),
  random: filter('start step seed', (value, [start, step, seed]) => {
    if (typeof value !== 'number') return chooseRandom(iterate(value), seed);
    return randomNumber(numberFrom(start, 0, 'start'), value, numberFrom(step, 1, 'step') || 1, seed);
  }),
  shuffle: filter('seed', (value, [seed]) => shuffle(iterate(value), seed)),
  groupby: filter('attribute default case_sensitive', (value, [attribute, fallback, caseSensitive]) => {
    const get = attributeGetter(attribute, fallback);
    const fold = sortKeyOf(isTrue(caseSensitive));
    const groups: { key: V; items: V[] }[] = [];
    for (const item of sorted(iterate(value), entry => fold(get(entry)), false)) {
      const last = groups.at(-1);
      if (last && compare(fold(last.key), fold(get(item))) === 0) last.items.push(item);
      else groups.push({ key: get(item), items: [item] });
    }
    return groups.map(({ key, items }) => {
      const group = Tuple.make([key, items]);
      group.fields = ['grouper', 'list'];
      return group;
    });
  }),
  subelements: filter('subelements skip_missing', (value, [path, skipMissing]) =>
    subelements(
      value,
      typeof path === 'string' ? path.split('.') : listFrom(path, 'subelements').map(str),
      isTrue(skipMissing),
    ),
  ),
};

function sortKeyOf(caseSensitive: boolean) {
  return (key: V) => (caseSensitive || typeof key !== 'string' ? key : key.toLowerCase());
}

function subelements(value: V, path: readonly string[], skipMissing: boolean): V {
  const elements = isDict(value)
    ? Object.values(value)
    : Array.isArray(value) && !isTuple(value)
      ? value
      : undefined;
  if (!elements) return fail('subelements needs a list of dicts, or a dict of dicts');
  return elements.flatMap(element =>
    nested(element, path, skipMissing).map(item => Tuple.make([element, item])),
  );
}

function nested(element: V, path: readonly string[], skipMissing: boolean): readonly V[] {
  let value = element;
  for (const key of path) {
    if (!isMapping(value))
      return fail(`subelements: the key "${key}" should point to a dict, got ${repr(value)}`);
    const next: V | undefined = isDict(value)
      ? Object.hasOwn(value, key)
        ? value[key]
        : undefined
      : value.get(key);
    if (next === undefined)
      return skipMissing ? [] : fail(`subelements: there is no key "${key}" in ${repr(value)}`);
    value = next;
  }
  return Array.isArray(value)
    ? value
    : fail(`subelements: the key "${path.at(-1)}" should point to a list, got ${repr(value)}`);
}
