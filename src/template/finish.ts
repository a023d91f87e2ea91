/** Turns what an expression gave into a plain value: floats, tuples and lazy maps leave as JSON does. */
import { Unknown, type Value } from '../core/value.ts';
import { fail } from './errors.ts';
import { article, entriesOf, need } from './python.ts';
import { Float, LazyDict, Namespace, Special, Templated, Tuple, typeWord, type V } from './values.ts';

export function finish(value: V): Value {
  return typeof value === 'object' && value !== null ? finishObject(value, 0) : value;
}

function finishObject(value: Exclude<V, null | boolean | number | string>, depth: number): Value {
  if (depth > 200) return fail('the value is nested too deeply');
  if (value instanceof Unknown || value instanceof Special) return finishSpecial(value, depth);
  const deeper = (item: V) =>
    typeof item === 'object' && item !== null ? finishObject(item, depth + 1) : item;
  if (Array.isArray(value)) {
    const items = value.map(deeper);
    return isPlain(value) && items.every((item, i) => item === value[i]) ? value : items;
  }
  const entries = Object.entries(value);
  const finished = entries.map(([key, item]) => [key, deeper(item)] as const);
  return finished.every(([, item], i) => item === entries[i]?.[1]) && isPlain(value)
    ? value
    : Object.fromEntries(finished);
}

/** Only containers are asked, and every element was just found to be plain. */
function isPlain(value: V): value is Value {
  return !(value instanceof Tuple);
}

function finishSpecial(value: Special | Unknown, depth: number): Value {
  need(value);
  if (value instanceof Float) return value.value;
  if (value instanceof Templated) return finish(value.whole());
  if (value instanceof LazyDict) {
    const entries = entriesOf(value).map(
      ([key, item]) =>
        [key, typeof item === 'object' && item !== null ? finishObject(item, depth + 1) : item] as const,
    );
    return Object.fromEntries(entries);
  }
  if (value instanceof Namespace) return finish(Object.fromEntries(value.values));
  return fail(`${article(typeWord(value))} is no value`);
}
