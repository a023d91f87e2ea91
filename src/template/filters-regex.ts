/** Filters with regular expressions. */
import { compileRegex, groupOrNone, matchAll, search, substitute } from '../core/regex.ts';
import { fail } from './errors.ts';
import { type Filters, filter, freeFilter, numberFrom, stringFrom, textFrom } from './filter-kit.ts';
import { isTrue } from './python.ts';
import { type Named, Tuple, type V } from './values.ts';

function flags(ignorecase: V | undefined, multiline: V | undefined) {
  return { ignorecase: isTrue(ignorecase), multiline: isTrue(multiline) };
}

/** `'\\1'` or `'\\g<name>'`: which group to return. */
function groupName(reference: V): string {
  const text = stringFrom(reference, 'a group of regex_search');
  return (
    /^\\g<(\S+)>/.exec(text)?.[1] ??
    /^\\(\d+)/.exec(text)?.[1] ??
    fail(`regex_search: "${text}" names no group`, "write '\\1' or '\\g<name>'")
  );
}

function namedFlags(named: Named) {
  const unknown = Object.keys(named).find(key => key !== 'ignorecase' && key !== 'multiline');
  if (unknown !== undefined) fail(`regex_search has no argument "${unknown}"`);
  return flags(named.ignorecase, named.multiline);
}

export const regexFilters: Filters = {
  regex_replace: filter('pattern replacement ignorecase multiline count', (value, given, { budget }) => {
    const [pattern, replacement, ignorecase, multiline, count] = given;
    const regex = compileRegex(
      pattern === undefined ? '' : stringFrom(pattern, 'pattern'),
      flags(ignorecase, multiline),
    );
    const text = replacement === undefined ? '' : stringFrom(replacement, 'replacement');
    return budget.text(substitute(regex, textFrom(value), text, numberFrom(count, 0, 'count')));
  }),
  regex_search: freeFilter((value, [pattern, ...groups], named) => {
    const regex = compileRegex(stringFrom(pattern, 'pattern'), namedFlags(named));
    const wanted = groups.map(groupName);
    const match = search(regex, textFrom(value));
    if (!match) return null;
    return wanted.length === 0 ? match[0] : wanted.map(name => groupOrNone(match, name) ?? null);
  }),
  regex_findall: filter('regex multiline ignorecase', (value, [pattern, multiline, ignorecase]) => {
    const regex = compileRegex(stringFrom(pattern, 'regex'), flags(ignorecase, multiline));
    return matchAll(regex, textFrom(value)).map(match => {
      const groups = match.slice(1).map(group => group ?? '');
      return groups.length > 1 ? Tuple.make(groups) : (groups[0] ?? match[0]);
    });
  }),
};
