/** The Python methods of lists and dicts that templates may call; changing ones only on what the template made itself. */
import type { Budget } from './budget.ts';
import { fail } from './errors.ts';
import { asDict, compare, entriesOf, equal, iterate, keyText, need } from './python.ts';
import {
  callable,
  either,
  Float,
  getKey,
  isDict,
  isMapping,
  isTuple,
  type LazyDict,
  type Named,
  numberOf,
  setKey,
  Tuple,
  type V,
  type VMap,
} from './values.ts';

type ListMethod = (list: V[], args: readonly V[], named: Named) => V;
type DictMethod = (dict: VMap | LazyDict, args: readonly V[], named: Named) => V;

function first(args: readonly V[], method: string): V {
  const [value] = args;
  return value === undefined ? fail(`${method}() needs an argument`) : value;
}

function position(list: readonly V[], wanted: V): number {
  const index = list.findIndex(item => equal(item, wanted));
  return index < 0 ? fail('the value is not in the list') : index;
}

const LIST: Readonly<Record<string, ListMethod>> = {
  count: (list, args) => list.filter(item => equal(item, first(args, 'count'))).length,
  index: (list, args) => position(list, first(args, 'index')),
  copy: list => [...list],
};

const LIST_CHANGES: Readonly<Record<string, ListMethod>> = {
  append: (list, args) => {
    list.push(first(args, 'append'));
    return null;
  },
  extend: (list, args) => {
    list.push(...iterate(first(args, 'extend')));
    return null;
  },
  insert: (list, args) => {
    list.splice(numberOf(first(args, 'insert')) ?? 0, 0, args[1] ?? null);
    return null;
  },
  pop: (list, args) => {
    const at = args[0] === undefined ? -1 : (numberOf(args[0]) ?? -1);
    return either(list.splice(at, 1)[0], () => fail('pop() from an empty list'));
  },
  remove: (list, args) => {
    list.splice(position(list, first(args, 'remove')), 1);
    return null;
  },
  clear: list => {
    list.length = 0;
    return null;
  },
  reverse: list => {
    list.reverse();
    return null;
  },
  sort: (list, _args, named) => {
    list.sort(compare);
    if (named.reverse === true) list.reverse();
    return null;
  },
};

const DICT: Readonly<Record<string, DictMethod>> = {
  items: dict => entriesOf(dict).map(entry => Tuple.make(entry)),
  keys: dict => [...iterate(dict)],
  values: dict => entriesOf(dict).map(([, value]) => value),
  get: (dict, args) => {
    const key = keyText(first(args, 'get'));
    return either(isDict(dict) ? getKey(dict, key) : dict.get(key), () => args[1] ?? null);
  },
  copy: dict => ({ ...asDict(dict) }),
};

const DICT_CHANGES: Readonly<Record<string, (dict: VMap, args: readonly V[], named: Named) => V>> = {
  update: (dict, args, named) => {
    const [source] = args;
    const pairs = source === undefined ? [] : pairsOf(source);
    for (const [key, value] of [...pairs, ...Object.entries(named)]) setKey(dict, key, value);
    return null;
  },
  pop: (dict, args) => {
    const key = keyText(first(args, 'pop'));
    const value = getKey(dict, key);
    delete dict[key];
    return either(value, () => either(args[1], () => fail(`the dict has no key '${key}'`)));
  },
  setdefault: (dict, args) => {
    const key = keyText(first(args, 'setdefault'));
    if (!Object.hasOwn(dict, key)) setKey(dict, key, args[1] ?? null);
    return dict[key] ?? null;
  },
  clear: dict => {
    for (const key of Object.keys(dict)) delete dict[key];
    return null;
  },
};

/** The key-value pairs of a dict or of a list of pairs, as Python's `dict()` takes them. */
export function pairsOf(value: V): readonly (readonly [string, V])[] {
  need(value);
  if (isMapping(value)) return entriesOf(value);
  return iterate(value).map(pair => {
    const [key, item, ...more] = iterate(pair);
    if (key === undefined || item === undefined || more.length > 0) return fail('a dict is made of pairs');
    return [keyText(key), item] as const;
  });
}

export function collectionMethod(budget: Budget, base: V, name: string): V | undefined {
  if (Array.isArray(base)) return listMethod(budget, base, name);
  if (isMapping(base)) return dictMethod(budget, base, name);
  if (typeof base === 'number' || base instanceof Float) return numberMethod(base, name);
  return undefined;
}

function listMethod(budget: Budget, list: V[], name: string): V | undefined {
  const reading = own(LIST, name);
  if (reading)
    return callable(`method ${name}`, (args, named) => {
      const result = reading(list, args, named);
      return name === 'copy' && Array.isArray(result) ? budget.own(result) : result;
    });
  const changing = isTuple(list) ? undefined : own(LIST_CHANGES, name);
  return (
    changing &&
    callable(`method ${name}`, (args, named) => {
      mayChange(budget, list, name);
      budget.spend(1);
      return changing(list, args, named);
    })
  );
}

function dictMethod(budget: Budget, dict: VMap | LazyDict, name: string): V | undefined {
  const reading = own(DICT, name);
  if (reading)
    return callable(`method ${name}`, (args, named) => {
      const result = reading(dict, args, named);
      return name === 'copy' && isDict(result) ? budget.own(result) : result;
    });
  const changing = own(DICT_CHANGES, name);
  if (!changing) return undefined;
  return callable(`method ${name}`, (args, named) => {
    mayChange(budget, dict, name);
    return isDict(dict) ? changing(dict, args, named) : null;
  });
}

function mayChange(budget: Budget, value: object, method: string): void {
  if (!budget.owns(value))
    fail(`${method}() changes a variable of the playbook`, 'make a copy first: {% set mine = x | list %}');
}

function numberMethod(value: number | Float, name: string): V | undefined {
  const number = numberOf(value) ?? 0;
  if (name === 'is_integer') return callable('method is_integer', () => Number.isInteger(number));
  if (name === 'bit_length' && typeof value === 'number')
    return callable('method bit_length', () => (number === 0 ? 0 : Math.abs(number).toString(2).length));
  return undefined;
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
