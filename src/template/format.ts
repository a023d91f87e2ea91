/** Python's two ways to format: `'%05d' % x` and `'{:>5}'.format(x)`. */
import type { Budget } from './budget.ts';
import { fail } from './errors.ts';
import { getItem } from './lookup.ts';
import { formatFloat, formatInteger } from './number-text.ts';
import { article, need, repr, str } from './python.ts';
import { isFloat, isMapping, isTuple, type Named, numberOf, typeWord, type V } from './values.ts';

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const PERCENT = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)/gs;

export function percentFormat(budget: Budget, format: string, values: V): string {
  const list: readonly V[] = isTuple(values) ? values : [values];
  let used = 0;
  const take = (): V => {
    const value = list[used];
    used += 1;
    return value === undefined ? fail('not enough values for the format string') : value;
  };
  const takeCount = (text: string | undefined) =>
    text === undefined ? undefined : Number(text === '*' ? numberOf(take()) : text);
  let named = false;
  const result = format.replace(PERCENT, (_, key, flags: string, width, precision, type: string) => {
    if (type === '%') return '%';
    named ||= key !== undefined;
    const spec: Spec = {
      fill: flags.includes('0') && !flags.includes('-') ? '0' : ' ',
      align: flags.includes('-') ? '<' : flags.includes('0') ? '=' : '>',
      sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
      alternate: flags.includes('#'),
      width: takeCount(width) ?? 0,
      grouping: '',
      precision: takeCount(precision),
      type,
    };
    const value = key === undefined ? take() : need(getItem(need(values), key));
    budget.characters(spec.width + (spec.precision ?? 0));
    return percentOne(value, spec);
  });
  if (
    !named &&
    used < list.length &&
    !(isMapping(values) || (!isTuple(values) && used === 0 && Array.isArray(values)))
  )
    fail('not all values were used by the format string');
  return budget.text(result);
}

function percentOne(value: V, spec: Spec): string {
  const { type } = spec;
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? str(value) : repr(value);
    return pad(text.slice(0, spec.precision ?? text.length), '', {
      ...spec,
      fill: ' ',
      align: spec.align === '<' ? '<' : '>',
    });
  }
  if (type === 'c')
    return pad(typeof value === 'number' ? String.fromCodePoint(value) : str(value), '', spec);
  const number = numberOf(need(value));
  if (number === undefined) return fail(`%${type} needs a number, not ${article(typeWord(value))}`);
  if ('diu'.includes(type)) return formatNumber(Math.trunc(number), false, { ...spec, type: 'd' });
  if ('xXofFeEgG'.includes(type)) return formatNumber(number, true, spec);
  return fail(`unsupported format character "${type}"`);
}

/** `{0.name[key]!r:>10}` */
const FIELD = /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g;

export function braceFormat(budget: Budget, format: string, args: readonly V[], named: Named): string {
  let next = 0;
  const field = (path: string): V => {
    const [, root = '', rest = ''] = /^([^.[]*)(.*)$/s.exec(path) ?? [];
    const key = root === '' ? String(next++) : root;
    const value = /^\d+$/.test(key) ? args[Number(key)] : Object.hasOwn(named, key) ? named[key] : undefined;
    if (value === undefined) return fail(`the format string wants a value for "{${key}}"`);
    return follow(value, rest);
  };
  const result = format.replace(
    FIELD,
    (whole, path: string | undefined, conversion, specText: string | undefined) => {
      if (whole === '{{' || whole === '}}') return whole.charAt(0);
      if (path === undefined) return fail(`a single "${whole}" in a format string`, 'double it: {{ or }}');
      const value = need(field(path));
      const text = (specText ?? '').replace(/\{([^{}]*)\}/g, (_, inner: string) => str(field(inner)));
      return formatValue(
        budget,
        conversion === 'r' || conversion === 'a' ? repr(value) : conversion === 's' ? str(value) : value,
        text,
      );
    },
  );
  return budget.text(result);
}

function follow(start: V, path: string): V {
  let value = start;
  for (const [, name, key] of path.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
    value = need(getItem(value, name ?? (/^\d+$/.test(key ?? '') ? Number(key) : (key ?? ''))));
  }
  return value;
}

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;

function formatValue(budget: Budget, value: V, specText: string): string {
  const found = SPEC.exec(specText);
  if (!found) return fail(`invalid format "${specText}"`);
  const [, fill, align, sign = '', alternate, zero, width = '0', grouping = '', precision, type = ''] = found;
  const number = typeof value === 'boolean' && type === '' ? undefined : numberOf(value);
  const spec: Spec = {
    fill: fill ?? (zero && align === undefined ? '0' : zero ? '0' : ' '),
    align: align ?? (zero ? '=' : number === undefined ? '<' : '>'),
    sign,
    alternate: alternate !== undefined,
    width: Number(width),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
  budget.characters(spec.width + (spec.precision ?? 0));
  if (number === undefined || type === 's') return formatText(value, spec);
  return formatNumber(number, isFloat(value), spec);
}

function formatText(value: V, spec: Spec): string {
  if (spec.type !== '' && spec.type !== 's')
    fail(`format "${spec.type}" needs a number, not ${article(typeWord(value))}`);
  const text = [...str(value)];
  return pad(text.slice(0, spec.precision ?? text.length).join(''), '', spec);
}

function formatNumber(value: number, float: boolean, spec: Spec): string {
  const magnitude = Math.abs(value);
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : spec.sign === '-' ? '' : spec.sign;
  const { digits, prefix } = digitsOf(magnitude, float, spec);
  return pad(group(digits, spec), sign + prefix, spec);
}

const RADIX: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

function digitsOf(value: number, float: boolean, spec: Spec): { digits: string; prefix: string } {
  const { type, precision } = spec;
  const radix = RADIX[type];
  if (radix !== undefined) {
    if (!Number.isInteger(value)) fail(`format "${type}" needs an integer`);
    const digits = BigInt(value).toString(radix);
    return { digits: type === 'X' ? digits.toUpperCase() : digits, prefix: spec.alternate ? `0${type}` : '' };
  }
  if (type === 'c') return { digits: String.fromCodePoint(value), prefix: '' };
  return { digits: decimalDigits(value, float, type, precision), prefix: '' };
}

function decimalDigits(value: number, float: boolean, type: string, precision: number | undefined): string {
  const places = Math.min(precision ?? 6, 100);
  switch (type) {
    case 'f':
    case 'F':
      return fixed(value, places);
    case '%':
      return `${fixed(value * 100, places)}%`;
    case 'e':
    case 'E':
      return exponential(value, places, type);
    case 'g':
    case 'G':
      return general(value, places || 1, type);
    case 'd':
    case 'n':
      return Number.isInteger(value) && type === 'd' ? formatInteger(value) : str(value);
    default:
      if (!float) return formatInteger(value);
      return precision === undefined ? formatFloat(value) : general(value, places || 1, 'g');
  }
}

/** toFixed as Python does it: exact ties go to the even digit, and large numbers keep their digits. */
export function fixed(value: number, places: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf';
  if (value >= 1e21) return `${BigInt(value)}${places > 0 ? `.${'0'.repeat(places)}` : ''}`;
  const rounded = value.toFixed(places);
  if (places > 20) return rounded;
  // A tie is exact only when the number times a power of two is an integer; toFixed then rounds up.
  const half = value.toFixed(Math.min(100, places + 30));
  const tail = half.slice(half.indexOf('.') + 1 + places);
  if (!/^50*$/.test(tail)) return rounded;
  const down = half.slice(0, half.indexOf('.') + 1 + places).replace(/\.$/, '');
  return Number(down.at(-1)) % 2 === 0 ? down : rounded;
}

function exponential(value: number, places: number, type: string): string {
  const text = value.toExponential(places).replace(/e([-+])(\d)$/, 'e$10$2');
  return type === 'E' ? text.toUpperCase() : text;
}

function general(value: number, digits: number, type: string): string {
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  const small = exponent >= -4 && exponent < digits;
  const text = small ? fixed(value, digits - 1 - exponent) : exponential(value, digits - 1, 'e');
  const trimmed = text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
  return type === 'G' ? trimmed.toUpperCase() : trimmed;
}

function group(digits: string, { grouping }: Spec): string {
  if (grouping === '') return digits;
  return digits.replace(/^\d+/, whole => whole.replace(/\B(?=(\d{3})+$)/g, grouping));
}

function pad(body: string, sign: string, { fill, align, width }: Spec): string {
  const missing = width - [...sign, ...body].length;
  if (missing <= 0) return sign + body;
  if (align === '=') return sign + fill.repeat(missing) + body;
  if (align === '<') return sign + body + fill.repeat(missing);
  if (align === '^') return fill.repeat(missing >> 1) + sign + body + fill.repeat(missing - (missing >> 1));
  return fill.repeat(missing) + sign + body;
}
