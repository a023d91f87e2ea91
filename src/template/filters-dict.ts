/** Filters on dicts. */
import { fail } from './errors.ts';
import { type Filters, filter, freeFilter, lenientFilter, listFrom, stringFrom } from './filter-kit.ts';
import { getItem } from './lookup.ts';
import {
  article,
  asDict,
  compare,
  contains,
  entriesOf,
  equal,
  isTrue,
  keyText,
  need,
  repr,
  str,
  truth,
} from './python.ts';
import {
  either,
  getKey,
  isDict,
  isMapping,
  isTuple,
  setKey,
  Tuple,
  typeWord,
  Undefined,
  type V,
  type VMap,
} from './values.ts';

const MERGES = ['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp'] as const;
type ListMerge = (typeof MERGES)[number];

function dictFrom(value: V | undefined, what: string): VMap {
  const given = need(value ?? null);
  return isMapping(given) ? asDict(given) : fail(`${what} needs a dict, not ${article(typeWord(given))}`);
}

function mergeLists(low: V[], high: V[], merge: ListMerge): V[] {
  switch (merge) {
    case 'replace':
      return high;
    case 'keep':
      return low;
    case 'append':
      return [...low, ...high];
    case 'prepend':
      return [...high, ...low];
    case 'append_rp':
      return [...low.filter(item => !contains(high, item)), ...high];
    case 'prepend_rp':
      return [...high, ...low.filter(item => !contains(high, item))];
  }
}

function mergeDicts(low: VMap, high: VMap, recursive: boolean, merge: ListMerge): VMap {
  if (Object.keys(low).length === 0 || equal(low, high)) return { ...high };
  const result: VMap = { ...low };
  for (const [key, value] of Object.entries(high)) {
    const before = getKey(low, key);
    if (before === undefined) setKey(result, key, value);
    else if (isDict(before) && isDict(value))
      setKey(result, key, recursive ? mergeDicts(before, value, recursive, merge) : value);
    else if (isList(before) && isList(value)) setKey(result, key, mergeLists(before, value, merge));
    else setKey(result, key, value);
  }
  return result;
}

function isList(value: V): value is V[] {
  return Array.isArray(value) && !isTuple(value);
}

function listMerge(value: V | undefined): ListMerge {
  const found = value === undefined ? 'replace' : MERGES.find(merge => merge === value);
  return found ?? fail(`combine: list_merge must be one of ${MERGES.join(', ')}`);
}

/** `extract`'s keys: one, then more. */
function follow(container: V, keys: readonly V[]): V {
  return keys.reduce<V>((value, key) => getItem(value, key), container);
}

export const dictFilters: Filters = {
  combine: freeFilter((value, args, named) => {
    const { recursive, list_merge: merge, ...others } = named;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) fail(`combine has no argument "${unknown}"`);
    const mode = listMerge(merge);
    const terms = [value, ...args].flatMap(term => (Array.isArray(term) ? term : [term]));
    const dicts = terms.map(term => dictFrom(term, 'combine'));
    const last = dicts.at(-1);
    return last
      ? dicts.slice(0, -1).reduceRight((high, low) => mergeDicts(low, high, isTrue(recursive), mode), last)
      : {};
  }),
  dict2items: filter('key_name value_name', (value, [keyName, valueName]) => {
    const key = keyName === undefined ? 'key' : str(keyName);
    const item = valueName === undefined ? 'value' : str(valueName);
    return Object.entries(dictFrom(value, 'dict2items')).map(([name, content]) => ({
      [key]: name,
      [item]: content,
    }));
  }),
  items2dict: filter('key_name value_name', (value, [keyName, valueName]) => {
    if (!Array.isArray(value)) return fail(`items2dict needs a list, not ${article(typeWord(value))}`);
    const key = keyName === undefined ? 'key' : str(keyName);
    const item = valueName === undefined ? 'value' : str(valueName);
    const result: VMap = {};
    for (const entry of value) {
      if (!isDict(entry)) return fail(`items2dict needs a list of dicts, not of ${typeWord(entry)}s`);
      const name = getKey(entry, key);
      const content = getKey(entry, item);
      if (name === undefined || content === undefined)
        return fail(`items2dict needs dicts with the keys '${key}' and '${item}', got ${repr(entry)}`);
      setKey(result, keyText(name), content);
    }
    return result;
  }),
  dictsort: filter('case_sensitive by reverse', (value, [caseSensitive, by, reverse]) => {
    const index =
      by === undefined || by === 'key' ? 0 : by === 'value' ? 1 : fail('dictsort sorts by "key" or "value"');
    const fold = (item: V) => (isTrue(caseSensitive) || typeof item !== 'string' ? item : item.toLowerCase());
    const entries = [...Object.entries(dictFrom(value, 'dictsort'))];
    entries.sort((a, b) => compare(fold(a[index]), fold(b[index])) * (isTrue(reverse) ? -1 : 1));
    return entries.map(entry => Tuple.make(entry));
  }),
  items: lenientFilter('', value =>
    value instanceof Undefined
      ? []
      : Object.entries(dictFrom(value, 'items')).map(entry => Tuple.make(entry)),
  ),
  extract: filter('container morekeys', (value, [container, more]) => {
    const rest = more === undefined || more === null ? [] : isList(more) ? more : [more];
    return follow(container ?? fail('extract needs a list or dict to read from'), [value, ...rest]);
  }),
  attr: filter('name', (value, [name]) => getItem(value, stringFrom(name, 'name'))),
  rekey_on_member: filter('key duplicates', (value, [key, duplicates]) => {
    const result: VMap = {};
    const name = stringFrom(key, 'key');
    const items = isMapping(value) ? entriesOf(value).map(([, item]) => item) : listFrom(value, 'the list');
    for (const item of items) {
      const own = keyText(
        either(getKey(dictFrom(item, 'rekey_on_member'), name), () =>
          fail(`rekey_on_member: there is no key "${name}"`),
        ),
      );
      if (Object.hasOwn(result, own) && duplicates !== 'overwrite')
        fail(`rekey_on_member: "${own}" is not unique`);
      setKey(result, own, item);
    }
    return result;
  }),
  ternary: filter('true_val false_val none_val', (value, [yes, no, none]) => {
    const chosen = value === null && none !== undefined && none !== null ? none : truth(value) ? yes : no;
    return either(chosen, () => fail('ternary needs a value for true and one for false'));
  }),
};
