/** What filters and tests are made with: how arguments reach parameters, and how values are read. */
import type { Budget } from './budget.ts';
import { fail, suggest } from './errors.ts';
import { article, iterate, need, str } from './python.ts';
import { type Named, numberOf, typeWord, type V } from './values.ts';

/** What a filter or test may use beside its arguments. */
export interface Tools {
  readonly budget: Budget;
  /** Applies another filter or test by name: `map('upper')`, `select('match', …)`. */
  readonly filter: (name: string, value: V, args: readonly V[], named: Named) => V;
  readonly test: (name: string, value: V, args: readonly V[], named: Named) => boolean;
}

export interface Filter {
  /** It takes a value that is not there. */
  readonly lenient: boolean;
  readonly apply: (tools: Tools, value: V, args: readonly V[], named: Named, name: string) => V;
}

export type Filters = Readonly<Record<string, Filter>>;

type Given = readonly (V | undefined)[];

/** Parameters in order, by position or by name, as Python binds them. */
function bind(name: string, parameters: readonly string[], args: readonly V[], named: Named): Given {
  if (args.length > parameters.length)
    fail(`${name} takes at most ${counted(parameters.length)}, ${args.length} are given`);
  const given: (V | undefined)[] = [...args];
  for (const [key, value] of Object.entries(named)) {
    const index = parameters.indexOf(key);
    if (index < 0) fail(`${name} has no argument "${key}"`, suggest(key, parameters));
    if (index < args.length) fail(`${name} is given "${key}" twice`);
    given[index] = value;
  }
  return given;
}

function counted(count: number): string {
  return count === 0 ? 'no argument' : count === 1 ? '1 argument' : `${count} arguments`;
}

/** A filter with named parameters; those not given are undefined. */
export function filter(parameters: string, run: (value: V, given: Given, tools: Tools) => V): Filter {
  const names = parameters === '' ? [] : parameters.split(' ');
  return {
    lenient: false,
    apply: (tools, value, args, named, name) => run(value, bind(name, names, args, named), tools),
  };
}

/** A filter that also takes what is not there. */
export function lenientFilter(parameters: string, run: (value: V, given: Given, tools: Tools) => V): Filter {
  return { ...filter(parameters, run), lenient: true };
}

/** A filter that takes any number of arguments. */
export function freeFilter(run: (value: V, args: readonly V[], named: Named, tools: Tools) => V): Filter {
  return { lenient: false, apply: (tools, value, args, named) => run(value, args, named, tools) };
}

export function stringFrom(value: V | undefined, what: string): string {
  if (value === undefined) return fail(`${what} is missing`);
  return typeof need(value) === 'string'
    ? str(value)
    : fail(`${what} must be a string, not ${article(typeWord(value))}`);
}

/** A number argument; undefined and none mean the default. */
export function numberFrom<D>(value: V | undefined, byDefault: D, what: string): number | D {
  if (value === undefined || value === null) return byDefault;
  return numberOf(need(value)) ?? fail(`${what} must be a number, not ${article(typeWord(value))}`);
}

export function listFrom(value: V | undefined, what: string): readonly V[] {
  if (value === undefined) return fail(`${what} is missing`);
  return iterate(value);
}

/** Text of anything, as Ansible's text filters take it. */
export function textFrom(value: V): string {
  return str(need(value));
}
