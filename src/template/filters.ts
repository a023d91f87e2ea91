/** All filters by name, and why some of Ansible's are not among them. */
import { fail, suggest } from './errors.ts';
import type { Filter, Tools } from './filter-kit.ts';
import { dataFilters } from './filters-data.ts';
import { dictFilters } from './filters-dict.ts';
import { eachFilters } from './filters-each.ts';
import { listFilters } from './filters-list.ts';
import { numberFilters } from './filters-number.ts';
import { regexFilters } from './filters-regex.ts';
import { textFilters } from './filters-text.ts';
import { need } from './python.ts';
import type { Named, V } from './values.ts';

const FILTERS: ReadonlyMap<string, Filter> = new Map(
  [textFilters, listFilters, dictFilters, numberFilters, dataFilters, regexFilters, eachFilters].flatMap(
    Object.entries,
  ),
);

const CONTROLLER = 'it looks at the machine that girofle runs on';
const ELSEWHERE = 'it belongs to a collection, not to ansible.builtin';

const REFUSED: ReadonlyMap<string, string> = new Map([
  [
    'password_hash',
    'it makes a new salt each time, so that no run is ever without changes; give the hash itself',
  ],
  ['json_query', `${ELSEWHERE}; write it with selectattr and map`],
  ['ipaddr', ELSEWHERE],
  ['ipv4', ELSEWHERE],
  ['ipv6', ELSEWHERE],
  ['ipwrap', ELSEWHERE],
  ['ipsubnet', ELSEWHERE],
  ['expanduser', CONTROLLER],
  ['expandvars', CONTROLLER],
  ['realpath', CONTROLLER],
  ['fileglob', CONTROLLER],
  ['to_datetime', 'dates are texts here; use strftime, or compare seconds'],
  ['vault', 'secrets are not encrypted by templates'],
  ['unvault', 'secrets are not decrypted by templates'],
  ['win_basename', 'there are no Windows hosts'],
  ['win_dirname', 'there are no Windows hosts'],
  ['win_splitdrive', 'there are no Windows hosts'],
]);

/** Ansible's word for the list of strings that stay text, whatever they look like. */
export const TEXT_FILTERS: ReadonlySet<string> = new Set([
  'string',
  'to_json',
  'to_nice_json',
  'to_yaml',
  'to_nice_yaml',
  'tojson',
]);

/** Why a filter cannot be used; undefined when it can. */
export function filterProblem(name: string): { message: string; hint?: string } | undefined {
  if (FILTERS.has(name)) return undefined;
  const refused = REFUSED.get(name);
  if (refused !== undefined) return { message: `the filter "${name}" is not supported: ${refused}` };
  const hint = suggest(name, FILTERS.keys());
  return { message: `unknown filter "${name}"`, ...(hint === undefined ? {} : { hint }) };
}

export function applyFilter(tools: Tools, name: string, value: V, args: readonly V[], named: Named): V {
  const key = name.replace(/^ansible\.builtin\./, '');
  const filter = FILTERS.get(key);
  if (!filter) {
    const problem = filterProblem(key);
    return fail(problem?.message ?? '', problem?.hint);
  }
  tools.budget.spend(1);
  return filter.apply(tools, filter.lenient ? value : need(value), args, named, key);
}
