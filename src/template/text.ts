/** Python's string operations, for methods and filters alike. */
import type { Budget } from './budget.ts';
import { fail } from './errors.ts';

/** Splits at white space when there is no separator; `limit` counts the cuts. */
export function split(text: string, separator: string | undefined, limit = -1): string[] {
  if (separator === '') return fail('cannot split at an empty separator');
  if (separator === undefined) return splitSpace(text.trimStart(), limit);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

function splitSpace(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest !== '') {
    const gap = limit >= 0 && parts.length >= limit ? -1 : rest.search(/\s/);
    parts.push(gap < 0 ? (limit >= 0 && parts.length >= limit ? rest.trimEnd() : rest) : rest.slice(0, gap));
    rest = gap < 0 ? '' : rest.slice(gap).trimStart();
  }
  return parts;
}

export function rsplit(text: string, separator: string | undefined, limit = -1): string[] {
  if (limit < 0) return split(text, separator);
  const reversed = (value: string) => [...value].reverse().join('');
  const cut = split(reversed(text), separator === undefined ? undefined : reversed(separator), limit);
  return cut.map(reversed).reverse();
}

export function splitLines(text: string, keepEnds = false): string[] {
  const lines =
    text.match(
      /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+$/g,
    ) ?? [];
  return keepEnds
    ? lines
    : lines.map(line => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, ''));
}

/** Removes white space, or any of `characters`, from the ends. */
export function strip(text: string, characters: string | undefined, side: 'left' | 'right' | 'both'): string {
  const drop = (character: string) =>
    characters === undefined ? /\s/.test(character) : characters.includes(character);
  const all = [...text];
  let start = 0;
  let end = all.length;
  if (side !== 'right') while (start < end && drop(all[start] ?? '')) start += 1;
  if (side !== 'left') while (end > start && drop(all[end - 1] ?? '')) end -= 1;
  return all.slice(start, end).join('');
}

export function replaceText(
  budget: Budget,
  text: string,
  old: string,
  replacement: string,
  count = -1,
): string {
  const hits = old === '' ? text.length + 1 : Math.floor(text.length / old.length);
  budget.spend(Math.floor(text.length / 100));
  if (replacement.length > old.length && hits * replacement.length > 1_000_000) {
    const real = old === '' ? hits : text.split(old).length;
    budget.characters(text.length + real * replacement.length);
  }
  if (count < 0) return old === '' ? spread(text, replacement) : text.replaceAll(old, () => replacement);
  if (old === '') return spread(text, replacement, count);
  const parts = text.split(old);
  if (parts.length - 1 <= count) return parts.join(replacement);
  return [...parts.slice(0, count), ''].join(replacement) + parts.slice(count).join(old);
}

/** An empty text is found before each character and at the end. */
function spread(text: string, filling: string, count = Number.POSITIVE_INFINITY): string {
  const characters = [...text];
  return [...characters, ''].map((character, i) => (i < count ? filling : '') + character).join('');
}

/** Upper case after anything that is no letter, as Python's str.title. */
export function titleCase(text: string): string {
  return text.replace(/\p{L}+/gu, word => {
    const [first = '', ...rest] = word;
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

export function capitalize(text: string): string {
  const [first = '', ...rest] = text;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

export function swapcase(text: string): string {
  return [...text].map(c => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join('');
}

export function findText(text: string, wanted: string, from = 0, to = text.length, last = false): number {
  const start = from < 0 ? Math.max(0, text.length + from) : from;
  const part = text.slice(start, to < 0 ? text.length + to : to);
  const at = last ? part.lastIndexOf(wanted) : part.indexOf(wanted);
  return at < 0 ? -1 : at + start;
}

/** Fills up to a width; `side` is where the filling goes. */
export function pad(text: string, width: number, filling: string, side: 'left' | 'right' | 'both'): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if ([...filling].length !== 1) fail('the fill character must be one character');
  if (side === 'left') return filling.repeat(missing) + text;
  if (side === 'right') return text + filling.repeat(missing);
  // Python puts the odd one on the left only when the width is odd.
  const left = (missing >> 1) + (missing & width & 1);
  return filling.repeat(left) + text + filling.repeat(missing - left);
}
