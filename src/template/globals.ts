/** The functions that every template has: range, dict, namespace, cycler, joiner. */
import type { Run } from './context.ts';
import { fail } from './errors.ts';
import { pairsOf } from './methods-collection.ts';
import { article } from './python.ts';
import { callable, Namespace, numberOf, setKey, Thing, typeWord, type V, type VMap } from './values.ts';

function integer(value: V): number {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number)
    ? number
    : fail(`range() needs integers, not ${article(typeWord(value))}`);
}

function range({ budget }: Run, args: readonly V[]): V {
  const [a, b, c] = args.map(integer);
  if (a === undefined) return fail('range() needs an argument');
  const [start, stop, step] = b === undefined ? [0, a, 1] : [a, b, c ?? 1];
  if (step === 0) return fail('the step of range() must not be 0');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  budget.spend(count);
  return budget.own(Array.from({ length: count }, (_, i) => start + i * step));
}

function cycler(items: readonly V[]): V {
  if (items.length === 0) return fail('cycler() needs at least one item');
  let position = 0;
  const current = () => items[position] ?? null;
  const methods: Readonly<Record<string, () => V>> = {
    next: () => {
      const value = current();
      position = (position + 1) % items.length;
      return value;
    },
    reset: () => {
      position = 0;
      return null;
    },
  };
  return new Thing('cycler', name => {
    if (name === 'current') return current();
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return method && callable(`method ${name}`, method);
  });
}

function joiner(separator: V): V {
  let used = false;
  return callable('joiner', () => {
    const text = used ? separator : '';
    used = true;
    return text;
  });
}

export function globalsFor(run: Run): ReadonlyMap<string, V> {
  return new Map<string, V>([
    ['range', callable('function range', args => range(run, args))],
    [
      'dict',
      callable('function dict', (args, named) => {
        const dict: VMap = {};
        for (const [key, value] of [
          ...(args[0] === undefined ? [] : pairsOf(args[0])),
          ...Object.entries(named),
        ])
          setKey(dict, key, value);
        return run.budget.own(dict);
      }),
    ],
    [
      'namespace',
      callable('function namespace', (args, named) => {
        const made = new Namespace();
        for (const [key, value] of [
          ...(args[0] === undefined ? [] : pairsOf(args[0])),
          ...Object.entries(named),
        ])
          made.values.set(key, value);
        return made;
      }),
    ],
    ['cycler', callable('function cycler', args => cycler(args))],
    ['joiner', callable('function joiner', args => joiner(args[0] ?? ', '))],
  ]);
}

export const GLOBAL_NAMES: readonly string[] = ['range', 'dict', 'namespace', 'cycler', 'joiner'];
