/** Python's pprint: one line when it fits in 80 columns, else one line for each element. */
import { entriesOf, repr } from './python.ts';
import { isMapping, isTuple, type V } from './values.ts';

const WIDTH = 80;

export function prettyPrint(value: V, indent = 0, allowance = 0): string {
  const flat = flatten(value);
  if (flat.length <= WIDTH - indent - allowance) return flat;
  if (isMapping(value)) return lines('{', '}', sortedEntries(value), indent);
  if (!Array.isArray(value)) return flat;
  const [open, close] = isTuple(value) ? ['(', ')'] : ['[', ']'];
  return lines(
    open,
    close,
    value.map(item => ['', item] as const),
    indent,
  );
}

function sortedEntries(value: V): readonly (readonly [string, V])[] {
  if (!isMapping(value)) return [];
  const entries = [...entriesOf(value)].sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [`${repr(key)}: `, item] as const);
}

/** pprint sorts the keys of dicts also inside a line. */
function flatten(value: V): string {
  if (isMapping(value))
    return `{${sortedEntries(value)
      .map(([key, item]) => key + flatten(item))
      .join(', ')}}`;
  if (!Array.isArray(value)) return repr(value);
  const items = value.map(flatten).join(', ');
  return isTuple(value) ? `(${items}${value.length === 1 ? ',' : ''})` : `[${items}]`;
}

function lines(
  open: string,
  close: string,
  items: readonly (readonly [string, V])[],
  indent: number,
): string {
  const margin = `,\n${' '.repeat(indent + 1)}`;
  return (
    open +
    items.map(([key, item]) => key + prettyPrint(item, indent + 1 + key.length, 1)).join(margin) +
    close
  );
}
