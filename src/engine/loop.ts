/** The items of a loop, in the words of `loop` and the `with_` forms. */

import type { TaskNode } from '../core/play.ts';
import { isMap, type Value } from '../core/value.ts';
import { asList } from './scope.ts';

type Style = NonNullable<TaskNode['loop']>['style'];

/** @returns the items, or a sentence saying why the value is no loop */
export function loopItems(style: Style, value: Value): readonly Value[] | { problem: string } {
  switch (style) {
    case 'loop':
    case 'list':
      return Array.isArray(value) ? value : { problem: `a loop needs a list, not ${describe(value)}` };
    case 'items':
      return asList(value).flatMap(asList);
    case 'indexed_items':
      return asList(value)
        .flatMap(asList)
        .map((item, i) => [i, item]);
    case 'dict':
      return isMap(value)
        ? Object.entries(value).map(([key, item]) => ({ key, value: item }))
        : { problem: `with_dict needs a map, not ${describe(value)}` };
    case 'nested':
      return nested(asList(value).map(asList));
    case 'together':
      return together(asList(value).map(asList));
    case 'sequence':
      return sequence(value);
  }
}

function describe(value: Value): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isMap(value) ? 'a map' : `the ${typeof value} ${JSON.stringify(value)}`;
}

function nested(lists: readonly Value[][]): readonly Value[] {
  return lists.reduce<Value[][]>((rows, list) => rows.flatMap(row => list.map(item => [...row, item])), [[]]);
}

function together(lists: readonly Value[][]): readonly Value[] {
  const length = Math.max(0, ...lists.map(list => list.length));
  return Array.from({ length }, (_, i) => lists.map(list => list[i] ?? null));
}

/** `start=1 end=5 stride=2 format=web%02d`, `count=3`, or the short form `1-5/2:web%02d`. */
function sequence(value: Value): readonly Value[] | { problem: string } {
  const text = asList(value).join(' ');
  const options = isMap(value)
    ? value
    : Object.fromEntries(text.split(/\s+/).flatMap(word => (word.includes('=') ? [splitAt(word, '=')] : [])));
  const short = /^(?:(\d+)-)?(\d+)(?:\/(\d+))?(?::(.*))?$/.exec(text);
  const start = Number(short?.[1] ?? options.start ?? 1);
  const stride = Number(short?.[3] ?? options.stride ?? 1);
  const end = Number(short?.[2] ?? options.end ?? start + (Number(options.count) - 1) * stride);
  const format = String(short?.[4] ?? options.format ?? '%d');
  if (![start, stride, end].every(Number.isInteger) || stride === 0)
    return { problem: `with_sequence cannot read ${JSON.stringify(text)}: write start=1 end=5` };
  const length = Math.max(0, Math.floor((end - start) / stride) + 1);
  return Array.from({ length }, (_, i) => formatNumber(format, start + i * stride));
}

function splitAt(word: string, separator: string): [string, string] {
  const at = word.indexOf(separator);
  return [word.slice(0, at), word.slice(at + 1)];
}

function formatNumber(format: string, n: number): string {
  return format.replace(/%(0?)(\d*)([dxo])/, (_, zero: string, width: string, base: string) => {
    const digits = n.toString(base === 'x' ? 16 : base === 'o' ? 8 : 10);
    return digits.padStart(Number(width || 0), zero ? '0' : ' ');
  });
}
