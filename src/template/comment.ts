/** The `comment` filter: a text as a comment of some language. */
import { fail } from './errors.ts';
import { numberFrom } from './filter-kit.ts';
import { str } from './python.ts';
import type { V } from './values.ts';

interface CommentStyle {
  readonly beginning?: string;
  readonly decoration: string;
  readonly end?: string;
}

const STYLES: Readonly<Record<string, CommentStyle>> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { beginning: '/*', decoration: ' * ', end: ' */' },
  xml: { beginning: '<!--', decoration: ' - ', end: '-->' },
};

/** Arguments: style, beginning, prefix, prefix_count, decoration, postfix, postfix_count, end, newline. */
export function comment(text: string, given: readonly (V | undefined)[]): string {
  const [style, beginning, prefix, prefixCount, decoration, postfix, postfixCount, end, newline] = given;
  const name = style === undefined ? 'plain' : str(style);
  const base =
    (Object.hasOwn(STYLES, name) ? STYLES[name] : undefined) ?? fail(`comment knows no style "${name}"`);
  const or = (value: V | undefined, byDefault: string) => (value === undefined ? byDefault : str(value));
  const mark = or(decoration, base.decoration);
  const line = or(newline, '\n');
  const bare = mark.trimEnd();
  const start = or(beginning, base.beginning ?? '');
  const before = or(prefix, bare);
  const finish = or(end, base.end ?? '');
  const times = (count: V | undefined, what: string) =>
    Math.min(1000, Math.max(0, numberFrom(count, 1, what)));
  const head = (before === '' ? '' : before === line ? line : before + line).repeat(
    times(prefixCount, 'prefix_count'),
  );
  const body = (mark + text.replaceAll(line, line + mark)).replaceAll(mark + line, bare + line);
  const tail = (line + or(postfix, bare)).repeat(times(postfixCount, 'postfix_count'));
  return `${start === '' ? '' : start + line}${head}${body}${tail}${finish === '' ? '' : line + finish}`;
}
