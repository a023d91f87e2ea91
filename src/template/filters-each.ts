/** Filters that apply other filters and tests to each element: map, select and their kin. */
import { attributeGetter, type Getter } from './attributes.ts';
import { fail } from './errors.ts';
import { type Filter, type Filters, freeFilter, listFrom, stringFrom, type Tools } from './filter-kit.ts';
import { truth } from './python.ts';
import type { Named, V } from './values.ts';

function map(value: V, args: readonly V[], named: Named, tools: Tools): V {
  const items = listFrom(value, 'what map takes');
  tools.budget.spend(items.length);
  if (args.length === 0 && named.attribute !== undefined) {
    const { attribute, default: fallback, ...others } = named;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) return fail(`map has no argument "${unknown}"`);
    return items.map(attributeGetter(attribute, fallback));
  }
  const [name, ...rest] = args;
  const filter = stringFrom(name, 'the filter that map applies');
  return items.map(item => tools.filter(filter, item, rest, named));
}

/** `select`, `reject`: by the element; `selectattr`, `rejectattr`: by an attribute of it. */
function chooser(keep: boolean, byAttribute: boolean): Filter {
  return freeFilter((value, args, named, tools) => {
    const items = listFrom(value, 'the list');
    tools.budget.spend(items.length);
    const get: Getter = byAttribute
      ? attributeGetter(args[0] ?? fail('the name of an attribute is missing'))
      : item => item;
    const [test, ...rest] = byAttribute ? args.slice(1) : args;
    if (test === undefined) return items.filter(item => truth(get(item)) === keep);
    const name = stringFrom(test, 'the name of a test');
    return items.filter(item => tools.test(name, get(item), rest, named) === keep);
  });
}

export const eachFilters: Filters = {
  map: freeFilter(map),
  select: chooser(true, false),
  reject: chooser(false, false),
  selectattr: chooser(true, true),
  rejectattr: chooser(false, true),
};
