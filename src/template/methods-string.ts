/** The Python methods of strings that templates may call. */
import type { Budget } from './budget.ts';
import { fail } from './errors.ts';
import { braceFormat } from './format.ts';
import { iterate, str } from './python.ts';
import {
  capitalize,
  findText,
  pad,
  replaceText,
  rsplit,
  split,
  splitLines,
  strip,
  swapcase,
  titleCase,
} from './text.ts';
import { callable, type Named, numberOf, Tuple, typeWord, type V } from './values.ts';

type Method = (text: string, args: Arguments, budget: Budget) => V;

/** Arguments of a method, by position or by Python's name for it. */
interface Arguments {
  readonly all: readonly V[];
  readonly named: Named;
  value(index: number, name?: string): V | undefined;
  text(index: number, name?: string): string | undefined;
  number(index: number, name?: string): number | undefined;
}

function argumentsOf(method: string, all: readonly V[], named: Named): Arguments {
  const value = (index: number, name?: string) => {
    const given = all[index] ?? (name !== undefined && Object.hasOwn(named, name) ? named[name] : undefined);
    return given === null ? undefined : given;
  };
  return {
    all,
    named,
    value,
    text: (index, name) => {
      const given = value(index, name);
      if (given === undefined || typeof given === 'string') return given;
      return fail(`${method}() needs a string, not ${typeWord(given)}`);
    },
    number: (index, name) => {
      const given = value(index, name);
      const number = given === undefined ? undefined : numberOf(given);
      return given !== undefined && number === undefined
        ? fail(`${method}() needs a number, not ${typeWord(given)}`)
        : number;
    },
  };
}

function required<T>(value: T | undefined, method: string): T {
  return value === undefined ? fail(`${method}() needs an argument`) : value;
}

/** A string, or any of a tuple of them. */
function affixes(args: Arguments, method: string): readonly string[] {
  const given = required(args.value(0), method);
  return typeof given === 'string' ? [given] : iterate(given).map(str);
}

function index(text: string, args: Arguments, last: boolean): number {
  const wanted = required(args.text(0), last ? 'rfind' : 'find');
  return findText(text, wanted, args.number(1), args.number(2), last);
}

function found(position: number): number {
  return position < 0 ? fail('substring not found') : position;
}

function padded(side: 'left' | 'right' | 'both'): Method {
  return (text, args, budget) => {
    const width = args.number(0) ?? 0;
    budget.characters(width);
    return pad(text, width, args.text(1) ?? ' ', side);
  };
}

function partition(text: string, separator: string, position: number): V {
  if (position < 0) return Tuple.make([text, '', '']);
  return Tuple.make([text.slice(0, position), separator, text.slice(position + separator.length)]);
}

const matching =
  (pattern: RegExp): Method =>
  text =>
    pattern.test(text);

const METHODS: Readonly<Record<string, Method>> = {
  split: (text, args) => split(text, args.text(0, 'sep'), args.number(1, 'maxsplit')),
  rsplit: (text, args) => rsplit(text, args.text(0, 'sep'), args.number(1, 'maxsplit')),
  splitlines: (text, args) => splitLines(text, args.value(0, 'keepends') === true),
  startswith: (text, args) => affixes(args, 'startswith').some(prefix => text.startsWith(prefix)),
  endswith: (text, args) => affixes(args, 'endswith').some(suffix => text.endsWith(suffix)),
  removeprefix: (text, args) =>
    text.startsWith(args.text(0) ?? '') ? text.slice((args.text(0) ?? '').length) : text,
  removesuffix: (text, args) => {
    const suffix = args.text(0) ?? '';
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  },
  find: (text, args) => index(text, args, false),
  rfind: (text, args) => index(text, args, true),
  index: (text, args) => found(index(text, args, false)),
  rindex: (text, args) => found(index(text, args, true)),
  count: (text, args) => {
    const wanted = required(args.text(0), 'count');
    return wanted === '' ? [...text].length + 1 : text.split(wanted).length - 1;
  },
  join: (text, args, budget) => {
    const parts = iterate(required(args.value(0), 'join')).map(part =>
      typeof part === 'string'
        ? part
        : fail(`join() needs strings, not ${typeWord(part)}`, 'write … | join(…) instead'),
    );
    return budget.text(parts.join(text));
  },
  replace: (text, args, budget) =>
    replaceText(
      budget,
      text,
      required(args.text(0), 'replace'),
      required(args.text(1), 'replace'),
      args.number(2),
    ),
  strip: (text, args) => strip(text, args.text(0), 'both'),
  lstrip: (text, args) => strip(text, args.text(0), 'left'),
  rstrip: (text, args) => strip(text, args.text(0), 'right'),
  lower: text => text.toLowerCase(),
  upper: text => text.toUpperCase(),
  casefold: text => text.toLowerCase(),
  title: text => titleCase(text),
  capitalize: text => capitalize(text),
  swapcase: text => swapcase(text),
  isdigit: matching(/^[\p{Nd}²³¹⁰-⁹]+$/u),
  isdecimal: matching(/^\p{Nd}+$/u),
  isnumeric: matching(/^\p{N}+$/u),
  isalpha: matching(/^\p{L}+$/u),
  isalnum: matching(/^[\p{L}\p{N}]+$/u),
  isspace: matching(/^\s+$/u),
  isidentifier: matching(/^[\p{L}_][\p{L}\p{N}_]*$/u),
  isupper: text => /\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text),
  islower: text => /\p{Ll}/u.test(text) && !/\p{Lu}/u.test(text),
  istitle: text => /\p{L}/u.test(text) && titleCase(text) === text,
  zfill: (text, args, budget) => {
    const width = args.number(0) ?? 0;
    budget.characters(width);
    const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
    return sign + digits.padStart(width - sign.length, '0');
  },
  center: padded('both'),
  ljust: padded('right'),
  rjust: padded('left'),
  partition: (text, args) =>
    partition(text, required(args.text(0), 'partition'), text.indexOf(args.text(0) ?? '')),
  rpartition: (text, args) => {
    const separator = required(args.text(0), 'rpartition');
    const position = text.lastIndexOf(separator);
    return position < 0 ? Tuple.make(['', '', text]) : partition(text, separator, position);
  },
  expandtabs: (text, args) => text.replaceAll('\t', ' '.repeat(Math.min(64, args.number(0) ?? 8))),
  format: (text, args, budget) => braceFormat(budget, text, args.all, args.named),
};

export function stringMethod(budget: Budget, text: string, name: string): V | undefined {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return (
    method &&
    callable(`method ${name}`, (args, named) => method(text, argumentsOf(name, args, named), budget))
  );
}
