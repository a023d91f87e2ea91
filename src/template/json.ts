/** JSON as Python writes it. */
import { fail } from './errors.ts';
import { formatFloat, formatInteger } from './number-text.ts';
import { article, entriesOf, iterate, need } from './python.ts';
import { Float, isMapping, typeWord, type V } from './values.ts';

export interface JsonStyle {
  /** Spaces a level, or the text itself; undefined: one line. */
  readonly indent: string | undefined;
  readonly sortKeys: boolean;
  readonly ascii: boolean;
  readonly itemSeparator: string;
  readonly keySeparator: string;
}

export function toJson(value: V, style: JsonStyle, level = 0): string {
  if (typeof value === 'string') return jsonString(value, style.ascii);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return jsonNumber(value);
  need(value);
  if (value instanceof Float) return formatFloat(value.value);
  if (level > 100) fail('the value is nested too deeply for JSON');
  if (Array.isArray(value))
    return wrap(
      '[]',
      value.map(item => toJson(item, style, level + 1)),
      style,
      level,
    );
  if (!isMapping(value)) return fail(`${article(typeWord(value))} cannot be written as JSON`);
  const entries = [...entriesOf(value)];
  if (style.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = entries.map(
    ([key, item]) => `${jsonString(key, style.ascii)}${style.keySeparator}${toJson(item, style, level + 1)}`,
  );
  return wrap('{}', texts, style, level);
}

function wrap(
  brackets: string,
  items: readonly string[],
  { indent, itemSeparator }: JsonStyle,
  level: number,
): string {
  const [open = '', close = ''] = brackets;
  if (items.length === 0) return brackets;
  if (indent === undefined) return open + items.join(itemSeparator) + close;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${open}${line}${items.join(itemSeparator.trimEnd() + line)}\n${indent.repeat(level)}${close}`;
}

function jsonNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) ? formatInteger(value) : formatFloat(value);
}

function jsonString(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text);
  if (!ascii) return quoted;
  return quoted.replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function fromJson(text: V): V {
  need(text);
  if (typeof text !== 'string') return fail(`from_json needs a string, not ${article(typeWord(text))}`);
  try {
    const value: V = JSON.parse(text);
    return value;
  } catch (error) {
    return fail(`from_json: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function readIndent(indent: V | undefined): string | undefined {
  if (indent === undefined || indent === null) return undefined;
  if (typeof indent === 'string') return indent;
  return typeof indent === 'number'
    ? ' '.repeat(Math.min(64, Math.max(0, indent)))
    : fail('indent must be a number');
}

/** `(',', ': ')` */
export function readSeparators(value: V | undefined): readonly [string, string] | undefined {
  if (value === undefined || value === null) return undefined;
  const [item, key] = iterate(value);
  if (typeof item === 'string' && typeof key === 'string') return [item, key];
  return fail('separators must be two strings');
}
