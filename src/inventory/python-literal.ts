/**
 * Reads a Python literal, because Ansible types the values of INI inventories by Python's `ast.literal_eval`:
 * numbers, strings, True, False, None, lists, tuples, sets and dicts.
 */
import type { Value } from '../core/value.ts';

/** What is no literal is the text itself, so `yes`, `0644` and `true` stay strings. */
export function typedValue(text: string): Value {
  const reader = new Reader(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NoLiteral) return text;
    throw error;
  }
}

class NoLiteral extends Error {}

const NUMBER =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d+)?)(?![\w.])/;
const ESCAPES: Readonly<Record<string, string>> = {
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
};
const MOST_LEVELS = 100;

class Reader {
  private rest: string;
  private depth = 0;

  constructor(text: string) {
    this.rest = text.replace(/^[ \t]+/, '');
  }

  /** A comma makes a tuple, with or without parentheses. */
  whole(): Value {
    const first = this.value();
    const value = this.takes(',') ? [first, ...this.elements('').values] : first;
    return this.closes('') ? value : fail();
  }

  private value(): Value {
    if (++this.depth > MOST_LEVELS) throw new NoLiteral();
    const value = this.container() ?? this.strings() ?? this.word() ?? this.number();
    this.depth--;
    return value === undefined ? fail() : value.value;
  }

  private blank(): void {
    this.rest = this.rest.trimStart();
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.rest);
    if (!found) return undefined;
    this.rest = this.rest.slice(found[0].length);
    return found;
  }

  private takes(token: string): boolean {
    this.blank();
    const is = this.rest.startsWith(token);
    if (is) this.rest = this.rest.slice(token.length);
    return is;
  }

  private container(): { value: Value } | undefined {
    if (this.takes('[')) return { value: this.elements(']').values };
    if (this.takes('(')) {
      const { values, commas } = this.elements(')');
      return { value: values.length === 1 && commas === 0 ? (values[0] ?? null) : values };
    }
    return this.takes('{') ? { value: this.mapOrSet() } : undefined;
  }

  private elements(close: ')' | ']' | '}' | ''): { values: Value[]; commas: number } {
    const values: Value[] = [];
    let commas = 0;
    while (!this.closes(close)) {
      if (values.length > commas) throw new NoLiteral();
      this.blank();
      values.push(this.value());
      if (this.takes(',')) commas++;
    }
    return { values, commas };
  }

  /** @param close empty for the end of the text, or a comment */
  private closes(close: string): boolean {
    if (close !== '') return this.takes(close);
    this.blank();
    return this.rest === '' || this.rest.startsWith('#');
  }

  private mapOrSet(): Value {
    if (this.takes('}')) return {};
    this.blank();
    const first = this.value();
    if (!this.takes(':')) return [first, ...this.restOfSet()];
    const entries: [string, Value][] = [];
    let key: Value = first;
    for (;;) {
      this.blank();
      entries.push([keyText(key), this.value()]);
      const more = this.takes(',');
      if (this.takes('}')) return Object.fromEntries(entries);
      if (!more) throw new NoLiteral();
      this.blank();
      key = this.value();
      if (!this.takes(':')) throw new NoLiteral();
    }
  }

  private restOfSet(): Value[] {
    if (this.takes(',')) return this.elements('}').values;
    return this.takes('}') ? [] : fail();
  }

  private word(): { value: Value } | undefined {
    const found = this.take(/^(?:True|False|None)(?!\w)/);
    if (!found) return undefined;
    return { value: found[0] === 'None' ? null : found[0] === 'True' };
  }

  private number(): { value: Value } | undefined {
    const sign = this.take(/^[+-]\s*/)?.[0].trim();
    const digits = this.take(NUMBER)?.[0];
    if (digits === undefined || /^0[\d_]*[1-9][\d_]*$/.test(digits)) throw new NoLiteral();
    const value = Number(digits.replaceAll('_', '')) * (sign === '-' ? -1 : 1);
    // A number that a double cannot hold is better kept as it was written.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      throw new NoLiteral();
    return { value: value === 0 ? 0 : value };
  }

  /** Strings beside one another are one. */
  private strings(): { value: Value } | undefined {
    let value: string | undefined;
    for (;;) {
      const opening = this.take(/^([uU]|[bB]|[rR]|[bB][rR]|[rR][bB])?(["'])/);
      if (!opening) return value === undefined ? undefined : { value };
      value = (value ?? '') + this.string(opening[2] ?? '', /r/i.test(opening[1] ?? ''));
      this.blank();
    }
  }

  private string(quote: string, raw: boolean): string {
    let text = '';
    for (;;) {
      const plain = this.take(quote === '"' ? /^[^"\\\n]+/ : /^[^'\\\n]+/);
      text += plain?.[0] ?? '';
      if (this.take(quote === '"' ? /^"/ : /^'/)) return text;
      const escaped = this.take(/^\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[^\n])/);
      if (!escaped) throw new NoLiteral();
      text += raw ? escaped[0] : unescaped(escaped[1] ?? '', escaped[0]);
    }
  }
}

function unescaped(code: string, written: string): string {
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
  if (code.length > 1) return fromCodePoint(Number.parseInt(code.slice(1), 16));
  if ('xuUN'.includes(code)) throw new NoLiteral();
  return ESCAPES[code] ?? written;
}

function fromCodePoint(point: number): string {
  return point > 0x10ffff ? fail() : String.fromCodePoint(point);
}

/** JSON's keys are strings: what Ansible's own output makes of others. */
function keyText(key: Value): string {
  if (typeof key === 'object' && key !== null) throw new NoLiteral();
  return typeof key === 'string' ? key : JSON.stringify(key);
}

function fail(): never {
  throw new NoLiteral();
}
