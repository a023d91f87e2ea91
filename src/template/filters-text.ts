/** Filters on text. */

import { attributeGetter } from './attributes.ts';
import { comment } from './comment.ts';
import { fail } from './errors.ts';
import {
  type Filters,
  filter,
  freeFilter,
  listFrom,
  numberFrom,
  stringFrom,
  textFrom,
} from './filter-kit.ts';
import { percentFormat } from './format.ts';
import { article, entriesOf, isTrue, iterate, need, str, truth } from './python.ts';
import { capitalize, pad, replaceText, split, splitLines, strip } from './text.ts';
import { isDict, isMapping, Tuple, typeWord, type V } from './values.ts';

function jinjaTitle(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .map(part => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('');
}

function indent(text: string, width: V | undefined, first: boolean, blank: boolean): string {
  const margin =
    typeof width === 'string'
      ? width
      : ' '.repeat(Math.min(1000, Math.max(0, numberFrom(width, 4, 'width'))));
  const lines = splitLines(`${text}\n`);
  const [head = '', ...rest] = lines;
  const body = rest.map(line => `\n${line === '' && !blank ? '' : margin}${line}`).join('');
  return (first ? margin : '') + head + body;
}

function truncate(text: string, length: number, killWords: boolean, end: string, leeway: number): string {
  const characters = [...text];
  if (length < end.length) fail(`truncate: the length must be at least ${end.length}`);
  if (characters.length <= length + leeway) return text;
  const cut = characters.slice(0, length - end.length).join('');
  const space = cut.lastIndexOf(' ');
  return (killWords || space < 0 ? cut : cut.slice(0, space)) + end;
}

/** One quoted word of shell, as Python's shlex.quote. */
function shellQuote(text: string): string {
  if (text === '') return "''";
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => HTML[character] ?? character);
}

function urlQuote(value: V, safe: RegExp): string {
  return encodeURIComponent(str(value))
    .replace(/[!'()*]/g, percent)
    .replace(safe, decodeURIComponent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function urlEncode(value: V): string {
  if (!isMapping(value) && !Array.isArray(value)) return urlQuote(value, /%2F/g);
  const pairs = isMapping(value) ? entriesOf(value) : value.map(pair => iterate(pair));
  const quote = (part: V | undefined) => urlQuote(part ?? null, /$^/).replaceAll('%20', '+');
  return pairs.map(([key, item]) => `${quote(key)}=${quote(item)}`).join('&');
}

function wordWrap(text: string, width: number, breakLong: boolean, separator: string): string {
  return splitLines(text)
    .map(line => wrapLine(line, Math.max(1, width), breakLong).join(separator))
    .join(separator);
}

function wrapLine(line: string, width: number, breakLong: boolean): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.match(/\s+|[^\s-]+-*|-+/g) ?? []) {
    let rest = word;
    if (current.length + rest.length > width && current.trim() !== '') {
      lines.push(current.trimEnd());
      current = '';
      rest = rest.trimStart();
    }
    while (breakLong && rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    current += rest;
  }
  return current.trim() === '' ? lines : [...lines, current.trimEnd()];
}

export const textFilters: Filters = {
  upper: filter('', value => textFrom(value).toUpperCase()),
  lower: filter('', value => textFrom(value).toLowerCase()),
  capitalize: filter('', value => capitalize(textFrom(value))),
  title: filter('', value => jinjaTitle(textFrom(value))),
  trim: filter('chars', (value, [chars]) =>
    strip(textFrom(value), typeof chars === 'string' ? chars : undefined, 'both'),
  ),
  string: filter('', value => textFrom(value)),
  replace: filter('old new count', (value, [old, replacement, count], { budget }) => {
    if (old === undefined || replacement === undefined)
      return fail('replace needs what to replace, and with what');
    return replaceText(budget, textFrom(value), str(old), str(replacement), numberFrom(count, -1, 'count'));
  }),
  split: filter('sep maxsplit', (value, [separator, limit]) =>
    split(
      stringFrom(value, 'what split takes'),
      separator === null || separator === undefined ? undefined : stringFrom(separator, 'sep'),
      numberFrom(limit, -1, 'maxsplit'),
    ),
  ),
  join: filter('d attribute', (value, [separator, attribute], { budget }) => {
    const get = attributeGetter(attribute);
    return budget.text(
      listFrom(value, 'what join takes')
        .map(item => str(get(item)))
        .join(separator === undefined ? '' : str(separator)),
    );
  }),
  center: filter('width', (value, [width], { budget }) => {
    const columns = numberFrom(width, 80, 'width');
    budget.characters(columns);
    return pad(textFrom(value), columns, ' ', 'both');
  }),
  indent: filter('width first blank', (value, [width, first, blank]) =>
    indent(textFrom(value), width, isTrue(first), isTrue(blank)),
  ),
  truncate: filter('length killwords end leeway', (value, [length, killWords, end, leeway]) =>
    truncate(
      textFrom(value),
      numberFrom(length, 255, 'length'),
      isTrue(killWords),
      end === undefined ? '...' : stringFrom(end, 'end'),
      numberFrom(leeway, 5, 'leeway'),
    ),
  ),
  wordwrap: filter('width break_long_words wrapstring break_on_hyphens', (value, [width, long, separator]) =>
    wordWrap(
      textFrom(value),
      numberFrom(width, 79, 'width'),
      long === undefined || truth(long),
      separator === undefined ? '\n' : str(separator),
    ),
  ),
  wordcount: filter('', value => (textFrom(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  format: freeFilter((value, args, named, { budget }) =>
    percentFormat(budget, textFrom(value), Object.keys(named).length > 0 ? { ...named } : Tuple.make(args)),
  ),
  quote: filter('', value => shellQuote(value === null ? '' : textFrom(value))),
  comment: filter(
    'style beginning prefix prefix_count decoration postfix postfix_count end newline',
    (value, given) => comment(textFrom(value), given),
  ),
  escape: filter('', value => escapeHtml(textFrom(value))),
  e: filter('', value => escapeHtml(textFrom(value))),
  forceescape: filter('', value => escapeHtml(textFrom(value))),
  safe: filter('', value => textFrom(value)),
  striptags: filter('', value =>
    strip(textFrom(value).replace(/<!--.*?-->|<[^>]*>/gs, ''), undefined, 'both').replace(/\s+/g, ' '),
  ),
  xmlattr: filter('autospace', (value, [space]) => {
    if (!isDict(value)) return fail('xmlattr needs a dict');
    const parts = Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => `${escapeHtml(key)}="${escapeHtml(str(item))}"`);
    return (parts.length > 0 && (space === undefined || truth(space)) ? ' ' : '') + parts.join(' ');
  }),
  urlencode: filter('', value => urlEncode(need(value))),
  urldecode: filter('', value => decodeUrl(textFrom(value))),
  regex_escape: filter('re_type', (value, [type]) => {
    const kind = type === undefined ? 'python' : str(type);
    if (kind === 'posix_basic') return textFrom(value).replace(/[\].[^$*\\]/g, '\\$&');
    return kind === 'python'
      ? textFrom(value).replace(/[-\s#$&()*+.?[\\\]^{|}~]/g, '\\$&')
      : fail(`regex_escape knows no type "${kind}"`);
  }),
};

function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return fail(`urldecode: ${article(typeWord(text))} with a broken % escape`);
  }
}
