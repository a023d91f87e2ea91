/** Filters on numbers, sizes and times. */
import { fail } from './errors.ts';
import { type Filters, filter, numberFrom, textFrom } from './filter-kit.ts';
import { fixed } from './format.ts';
import { article, isTrue, need, str } from './python.ts';
import { strftime } from './strftime.ts';
import { isFloat, makeFloat, numberOf, typeWord, type V } from './values.ts';

/** What Python's `int(text, base)` reads; undefined when it is no number. */
function parseInteger(text: string, base: number): number | undefined {
  const cleaned = text
    .trim()
    .replace(/(?<=[\da-z])_(?=[\da-z])/gi, '')
    .toLowerCase();
  const [, sign = '', prefix = '', digits = ''] = /^([-+]?)(0[box])?([\da-z]+)$/.exec(cleaned) ?? [];
  const bases: Readonly<Record<string, number>> = { '0b': 2, '0o': 8, '0x': 16 };
  if (digits === '' || (prefix !== '' && bases[prefix] !== base && base !== 0)) return undefined;
  const radix = base === 0 ? (bases[prefix] ?? 10) : base;
  const valid = [...digits].every(digit => Number.parseInt(digit, 36) < radix);
  const value = radix === 10 ? Number(digits) : Number.parseInt(digits, radix);
  return valid ? (sign === '-' ? -value : value) : undefined;
}

/** What Python's `float(text)` reads. */
function parseFloating(text: string): number | undefined {
  const cleaned = text.trim().replaceAll('_', '').toLowerCase();
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(cleaned)) return Number(cleaned);
  if (/^[-+]?(inf|infinity)$/.test(cleaned))
    return cleaned.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[-+]?nan$/.test(cleaned) ? Number.NaN : undefined;
}

function toInteger(value: V, base: number): number | undefined {
  if (typeof value !== 'string') {
    const number = numberOf(need(value));
    return number === undefined || !Number.isFinite(number) ? undefined : Math.trunc(number);
  }
  const float = parseInteger(value, base) ?? parseFloating(value);
  return float === undefined || !Number.isFinite(float) ? undefined : Math.trunc(float);
}

function round(value: V, precision: number, method: string): V {
  const number = numberFrom(value, 0, 'what round takes');
  const factor = 10 ** precision;
  if (method === 'ceil') return makeFloat(Math.ceil(number * factor) / factor);
  if (method === 'floor') return makeFloat(Math.floor(number * factor) / factor);
  if (method !== 'common') fail('round: method must be common, ceil or floor');
  if (!isFloat(value)) return precision >= 0 ? number : Number(halfEven(number * factor) / factor);
  return makeFloat(precision >= 0 ? Number(signed(number, precision)) : halfEven(number * factor) / factor);
}

function signed(number: number, precision: number): string {
  return `${number < 0 ? '-' : ''}${fixed(Math.abs(number), Math.min(precision, 50))}`;
}

function halfEven(number: number): number {
  const floor = Math.floor(number);
  if (number - floor !== 0.5) return Math.round(number);
  return floor % 2 === 0 ? floor : floor + 1;
}

const SIZES: readonly (readonly [string, number])[] = [
  ['Y', 2 ** 80],
  ['Z', 2 ** 70],
  ['E', 2 ** 60],
  ['P', 2 ** 50],
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
  ['B', 1],
];

function humanReadable(size: number, bits: boolean, unit: string | undefined): string {
  const base = bits ? 'bits' : 'Bytes';
  const [suffix, limit] = SIZES.find(([letter, at]) =>
    unit === undefined ? size >= at : unit.toUpperCase() === letter,
  ) ?? ['B', 1];
  const shown = limit === 1 ? base : suffix + base.charAt(0);
  return `${size < 0 ? '-' : ''}${fixed(Math.abs(size) / limit, 2)} ${shown}`;
}

function humanToBytes(text: string, defaultUnit: string | undefined, bits: boolean): number {
  const [, digits = '', written] = /^\s*(\d*\.?\d*)\s*([A-Za-z]+)?/.exec(text) ?? [];
  const number = digits === '' || digits === '.' ? Number.NaN : Number(digits);
  if (Number.isNaN(number))
    return fail(`human_to_bytes: "${text}" is no size`, 'write a number and a unit, such as 10 MB');
  const unit = written ?? defaultUnit;
  if (unit === undefined) return halfEven(number);
  const size = SIZES.find(([letter]) => letter === unit.charAt(0).toUpperCase());
  const letter = bits ? 'b' : 'B';
  const named = unit.toLowerCase().includes(bits ? 'bit' : 'byte');
  if (!size || (unit.length > 1 && !named && unit.charAt(1) !== letter))
    return fail(
      `human_to_bytes: "${text}" has no unit that is known`,
      `units are ${SIZES.map(([name]) => name).join(', ')}, with ${letter} behind`,
    );
  return halfEven(number * size[1]);
}

function fileSize(size: number, binary: boolean): string {
  const base = binary ? 1024 : 1000;
  if (size === 1) return '1 Byte';
  if (size < base) return `${Math.trunc(size)} Bytes`;
  const power = Math.min(8, Math.floor(Math.log(size) / Math.log(base) + 1e-9));
  return `${fixed(size / base ** power, 1)} ${'kMGTPEZY'.charAt(power - 1).replace('k', binary ? 'K' : 'k')}${binary ? 'iB' : 'B'}`;
}

const optionalText = (value: V | undefined) =>
  value === undefined || value === null ? undefined : str(value);

export const numberFilters: Filters = {
  int: filter(
    'default base',
    (value, [byDefault, base]) =>
      toInteger(value, numberFrom(base, 10, 'base')) ?? (byDefault === undefined ? 0 : byDefault),
  ),
  float: filter('default', (value, [byDefault]) => {
    const number = typeof value === 'string' ? parseFloating(value) : numberOf(value);
    if (number !== undefined) return makeFloat(number);
    return byDefault === undefined ? makeFloat(0) : byDefault;
  }),
  abs: filter('', value => {
    const number = numberFrom(value, 0, 'what abs takes');
    return isFloat(value) ? makeFloat(Math.abs(number)) : Math.abs(number);
  }),
  round: filter('precision method', (value, [precision, method]) =>
    round(value, numberFrom(precision, 0, 'precision'), method === undefined ? 'common' : str(method)),
  ),
  pow: filter('y', (value, [power]) =>
    makeFloat(numberFrom(value, 0, 'what pow takes') ** numberFrom(power, 1, 'y')),
  ),
  root: filter('base', (value, [base]) => {
    const degree = numberFrom(base, 2, 'base');
    const number = numberFrom(value, 0, 'what root takes');
    if (number < 0) return fail('root of a negative number');
    return makeFloat(degree === 2 ? Math.sqrt(number) : number ** (1 / degree));
  }),
  log: filter('base', (value, [base]) => {
    const number = numberFrom(value, 0, 'what log takes');
    if (number <= 0) return fail('log of a number that is not positive');
    const radix = numberFrom(base, undefined, 'base');
    return makeFloat(
      radix === undefined
        ? Math.log(number)
        : radix === 10
          ? Math.log10(number)
          : Math.log(number) / Math.log(radix),
    );
  }),
  bool: filter('', value => {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return ['yes', 'on', '1', 'true'].includes(value.toLowerCase());
    return numberOf(value) === 1;
  }),
  human_readable: filter('isbits unit', (value, [bits, unit]) =>
    humanReadable(numberFrom(value, 0, 'what human_readable takes'), isTrue(bits), optionalText(unit)),
  ),
  human_to_bytes: filter('default_unit isbits', (value, [unit, bits]) =>
    humanToBytes(textFrom(value), optionalText(unit), isTrue(bits)),
  ),
  filesizeformat: filter('binary', (value, [binary]) => {
    const size = typeof value === 'string' ? parseFloating(value) : numberOf(value);
    return size === undefined
      ? fail(`filesizeformat needs a number, not ${article(typeWord(value))}`)
      : fileSize(size, isTrue(binary));
  }),
  strftime: filter('second utc', (value, [second, utc]) => {
    const seconds =
      second === undefined || second === null
        ? Date.now() / 1000
        : (numberOf(second) ?? parseFloating(str(second)));
    if (seconds === undefined) return fail(`strftime: "${str(second ?? null)}" is no time in seconds`);
    return strftime(textFrom(value), new Date(seconds * 1000), isTrue(utc));
  }),
};
