/** Small readers of the lexer: white space, string literals and their escapes. */
import { failAt } from './errors.ts';

export function skipSpace(text: string, from: number, limit: number): number {
  let position = from;
  while (position < limit && /\s/.test(text.charAt(position))) position += 1;
  return position;
}

/** Reads a quoted string. `raw`: a backslash stays, but before the quote itself. */
export function readString(
  text: string,
  start: number,
  limit: number,
  raw: boolean,
): { value: string; end: number } {
  const quote = text.charAt(start);
  let position = start + 1;
  while (position < limit && text.charAt(position) !== quote)
    position += text.charAt(position) === '\\' ? 2 : 1;
  if (position >= limit) failAt({ start, end: start + 1 }, `this string is never closed by ${quote}`);
  const body = text.slice(start + 1, position).replace(/\r\n?/g, '\n');
  const value = raw ? body.replaceAll(`\\${quote}`, quote) : unescapeString(body);
  return { value, end: position + 1 };
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2}|0)|([\s\S]))/g;

/**
 * Python's escapes, except that `\1` … `\9` stay as written: they are the back-references of regex_replace, which
 * Python would turn into control characters.
 */
function unescapeString(body: string): string {
  if (!body.includes('\\')) return body;
  return body.replace(ESCAPE, (whole, hex2, hex4, hex8, octal, other) => {
    const hex: string | undefined = hex2 ?? hex4 ?? hex8;
    if (hex !== undefined) return fromCode(Number.parseInt(hex, 16), whole);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return SIMPLE[other] ?? whole;
  });
}

function fromCode(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}
