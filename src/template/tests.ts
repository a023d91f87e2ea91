/** The tests of `is …`, and why some of Ansible's are not among them. */
import { compileRegex, matchAll } from '../core/regex.ts';
import { Unknown, UnknownValueError } from '../core/value.ts';
import { fail, suggest } from './errors.ts';
import {
  type Filter,
  filter,
  freeFilter,
  lenientFilter,
  stringFrom,
  type Tools,
  textFrom,
} from './filter-kit.ts';
import { applyFilter, filterProblem } from './filters.ts';
import { article, compare, contains, equal, isTrue, iterate, need, str, truth } from './python.ts';
import { UniqueSet } from './unique.ts';
import {
  Float,
  getKey,
  isDict,
  isFloat,
  isMapping,
  type Named,
  numberOf,
  Special,
  Thing,
  typeWord,
  Undefined,
  type V,
} from './values.ts';
import { compareVersions, type VersionType } from './version.ts';

/** A test on the value alone. */
function is(test: (value: V) => boolean): Filter {
  return filter('', value => test(value));
}

function ordered(test: (order: number) => boolean): Filter {
  return filter('other', (value, [other]) => test(compare(value, argument(other))));
}

function argument(value: V | undefined): V {
  return value === undefined ? fail('the test needs something to compare with') : value;
}

/** The tests of a task's result: `known` answers for a task that has not run. */
function status(name: string, read: (result: (key: string) => V | undefined) => boolean): Filter {
  return lenientFilter('', value => {
    if (value instanceof Unknown) return read(key => knownStatus(value, key));
    if (isDict(need(value))) return read(key => (isDict(value) ? getKey(value, key) : undefined));
    return fail(`"is ${name}" tests the result of a task, not ${article(typeWord(value))}`);
  });
}

function knownStatus(value: Unknown, key: string): V {
  const known = Object.hasOwn(value.known, key) ? value.known[key] : undefined;
  if (known === undefined) throw new UnknownValueError(value.origin);
  return known;
}

const flag = (key: string) => (result: (key: string) => V | undefined) => truth(result(key) ?? false);

const FAILED = status('failed', flag('failed'));
const SUCCEEDED = status('succeeded', result => !flag('failed')(result));
const SKIPPED = status('skipped', flag('skipped'));
const CHANGED = status('changed', result => {
  const own = result('changed');
  if (own !== undefined) return truth(own);
  const results = result('results');
  return (
    Array.isArray(results) && results.some(item => isDict(item) && truth(getKey(item, 'changed') ?? false))
  );
});

/** A task that was not started in the background has started and finished. */
function background(key: string): Filter {
  return status(key, result => equal(result(key) ?? 1, 1));
}

function regexTest(kind: 'match' | 'search' | 'fullmatch' | undefined): Filter {
  return filter(
    'pattern ignorecase multiline match_type',
    (value, [pattern, ignorecase, multiline, type]) => {
      const flags = { ignorecase: isTrue(ignorecase), multiline: isTrue(multiline) };
      const source = pattern === undefined ? '' : stringFrom(pattern, 'pattern');
      const how = kind ?? (type === undefined ? 'search' : str(type));
      const anchored =
        how === 'search' ? source : how === 'match' ? `\\A(?:${source})` : `\\A(?:${source})\\Z`;
      return matchAll(compileRegex(inlineFirst(anchored), flags), textFrom(value), 1).length > 0;
    },
  );
}

/** Inline flags must stay at the front of a pattern that was wrapped. */
function inlineFirst(source: string): string {
  return source.replace(/^\\A\(\?:(\(\?[aimsux]+\))/, '$1\\A(?:');
}

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': order => order === 0,
  '!=': order => order !== 0,
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
  '>=': order => order >= 0,
};

const ORDER_NAMES: Readonly<Record<string, string>> = {
  '=': '==',
  eq: '==',
  '<>': '!=',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

const VERSION_TYPES: readonly VersionType[] = ['loose', 'strict', 'semver', 'semantic', 'pep440'];

const VERSION = filter('version operator strict version_type', (value, [version, operator, strict, type]) => {
  const name = operator === undefined ? '==' : str(operator);
  const holds =
    ORDERS[ORDER_NAMES[name] ?? name] ??
    fail(`version knows no operator "${name}"`, `use one of ${Object.keys(ORDERS).join(' ')}`);
  const wanted = type === undefined || type === null ? (isTrue(strict) ? 'strict' : 'loose') : str(type);
  const kind =
    VERSION_TYPES.find(known => known === wanted) ??
    fail(`version knows no type "${wanted}"`, `use one of ${VERSION_TYPES.join(', ')}`);
  if (!truth(value) || version === undefined || !truth(version))
    return fail('version compares two versions that are not empty');
  return holds(compareVersions(textFrom(value), textFrom(version), kind));
});

const EQUAL = filter('other', (value, [other]) => equal(value, argument(other)));

const subset = (a: V, b: V): boolean => {
  const all = new UniqueSet(iterate(b));
  return iterate(a).every(item => all.has(item));
};

const SUBSET = filter('other', (value, [other]) => subset(value, argument(other)));
const SUPERSET = filter('other', (value, [other]) => subset(argument(other), value));

function truthyTest(wanted: boolean): Filter {
  return filter('convert_bool', (value, [convert]) => {
    const word = isTrue(convert) && typeof value === 'string' ? boolWord(value) : undefined;
    return (word ?? truth(value)) === wanted;
  });
}

/** The words that Ansible takes for a boolean; undefined for any other. */
export function boolWord(text: string): boolean | undefined {
  const word = text.toLowerCase().trim();
  if (['y', 'yes', 'on', '1', 'true', 't', '1.0'].includes(word)) return true;
  return ['n', 'no', 'off', '0', 'false', 'f', '0.0'].includes(word) ? false : undefined;
}

function divides(value: V, by: V | undefined): boolean {
  const a = numberOf(value);
  const b = numberOf(argument(by));
  if (a === undefined || b === undefined) return fail('divisibleby needs numbers');
  return b === 0 ? fail('division by zero') : a % b === 0;
}

const isInteger = (value: V) => typeof value === 'number' && Number.isInteger(value);

/** White space and punctuation have no case. */
const cased = (fold: (text: string) => string, other: (text: string) => string): Filter =>
  filter(
    '',
    value => fold(textFrom(value)) === textFrom(value) && other(textFrom(value)) !== textFrom(value),
  );

const lower = (text: string) => text.toLowerCase();
const upper = (text: string) => text.toUpperCase();

const TESTS: Readonly<Record<string, Filter>> = {
  defined: lenientFilter('', value => !(value instanceof Undefined)),
  undefined: lenientFilter('', value => value instanceof Undefined),
  none: is(value => value === null),
  boolean: is(value => typeof value === 'boolean'),
  true: is(value => value === true),
  false: is(value => value === false),
  string: is(value => typeof value === 'string'),
  number: is(value => typeof value === 'number' || typeof value === 'boolean' || value instanceof Float),
  integer: is(isInteger),
  float: is(isFloat),
  mapping: is(isMapping),
  sequence: is(value => typeof value === 'string' || Array.isArray(value) || isMapping(value)),
  iterable: is(value => typeof value === 'string' || Array.isArray(value) || isMapping(value)),
  callable: is(value => value instanceof Thing && value.invoke !== undefined),
  sameas: filter(
    'other',
    (value, [other]) =>
      value === other || (value instanceof Special && other instanceof Special && equal(value, other)),
  ),
  escaped: is(() => false),
  in: filter('seq', (value, [container]) => contains(argument(container), value)),
  contains: filter('value', (value, [item]) => contains(value, argument(item))),
  match: regexTest('match'),
  search: regexTest('search'),
  regex: regexTest(undefined),
  changed: CHANGED,
  change: CHANGED,
  failed: FAILED,
  failure: FAILED,
  succeeded: SUCCEEDED,
  success: SUCCEEDED,
  successful: SUCCEEDED,
  skipped: SKIPPED,
  skip: SKIPPED,
  unreachable: status('unreachable', flag('unreachable')),
  reachable: status('reachable', result => !flag('unreachable')(result)),
  finished: background('finished'),
  started: background('started'),
  divisibleby: filter('num', (value, [by]) => divides(value, by)),
  even: is(value => divides(value, 2)),
  odd: is(value => !divides(value, 2)),
  eq: EQUAL,
  equalto: EQUAL,
  '==': EQUAL,
  ne: filter('other', (value, [other]) => !equal(value, argument(other))),
  '!=': filter('other', (value, [other]) => !equal(value, argument(other))),
  lt: ordered(order => order < 0),
  lessthan: ordered(order => order < 0),
  '<': ordered(order => order < 0),
  le: ordered(order => order <= 0),
  '<=': ordered(order => order <= 0),
  gt: ordered(order => order > 0),
  greaterthan: ordered(order => order > 0),
  '>': ordered(order => order > 0),
  ge: ordered(order => order >= 0),
  '>=': ordered(order => order >= 0),
  upper: cased(upper, lower),
  lower: cased(lower, upper),
  subset: SUBSET,
  issubset: SUBSET,
  superset: SUPERSET,
  issuperset: SUPERSET,
  any: is(value => iterate(value).some(truth)),
  all: is(value => iterate(value).every(truth)),
  version: VERSION,
  version_compare: VERSION,
  truthy: truthyTest(true),
  falsy: truthyTest(false),
  nan: is(value => typeof value === 'number' && Number.isNaN(value)),
  isnan: is(value => typeof value === 'number' && Number.isNaN(value)),
  filter: is(value => typeof value === 'string' && filterProblem(value) === undefined),
  test: is(value => typeof value === 'string' && testProblem(value) === undefined),
  url: freeFilter((value, args, named) => isUri(value, args, named, true)),
  uri: freeFilter((value, args, named) => isUri(value, args, named, false)),
  urn: is(value => /^urn:[a-zA-Z0-9][\w-]*:./i.test(textFrom(value))),
  abs: is(value => textFrom(value).startsWith('/')),
  is_abs: is(value => textFrom(value).startsWith('/')),
};

function isUri(value: V, [given]: readonly V[], named: Named, host: boolean): boolean {
  const schemes = given ?? named.schemes;
  const [, scheme, netloc] = /^([a-zA-Z][\w+.-]*):(?:\/\/([^/?#]*))?/.exec(textFrom(value)) ?? [];
  if (scheme === undefined || (host && !netloc)) return false;
  return schemes === undefined || contains(schemes, scheme.toLowerCase());
}

const REFUSED: ReadonlySet<string> = new Set([
  'exists',
  'file',
  'is_file',
  'directory',
  'is_dir',
  'link',
  'is_link',
  'link_exists',
  'mount',
  'is_mount',
  'same_file',
  'is_same_file',
]);

/** Why a test cannot be used; undefined when it can. */
export function testProblem(name: string): { message: string; hint?: string } | undefined {
  if (Object.hasOwn(TESTS, name)) return undefined;
  if (REFUSED.has(name)) {
    const message = `the test "${name}" is not supported: it looks at the machine that girofle runs on`;
    return { message, hint: 'use the stat module to look at the host' };
  }
  if (name === 'vault_encrypted')
    return { message: 'the test "vault_encrypted" is not supported: no value is encrypted here' };
  const hint = suggest(name, Object.keys(TESTS));
  return { message: `unknown test "${name}"`, ...(hint === undefined ? {} : { hint }) };
}

export function applyTest(tools: Tools, name: string, value: V, args: readonly V[], named: Named): boolean {
  const key = name.replace(/^ansible\.builtin\./, '');
  const test = Object.hasOwn(TESTS, key) ? TESTS[key] : undefined;
  if (!test) {
    const problem = testProblem(key);
    return fail(problem?.message ?? '', problem?.hint);
  }
  tools.budget.spend(1);
  return test.apply(tools, test.lenient ? value : need(value), args, named, key) === true;
}

/** What filters may call on other filters and tests. */
export function toolsFor(budget: Tools['budget']): Tools {
  const tools: Tools = {
    budget,
    filter: (name, value, args, named) => applyFilter(tools, name, value, args, named),
    test: (name, value, args, named) => applyTest(tools, name, value, args, named),
  };
  return tools;
}
