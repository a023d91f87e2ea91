/** Cuts a template into tokens: text, the delimiters of tags, and what stands between them. */
import type { RenderOptions } from '../core/probe.ts';
import { failAt } from './errors.ts';
import { readString, skipSpace } from './literals.ts';

export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end';

export interface Token {
  readonly type: TokenType;
  /** The text; of a string literal its content; of a number its digits. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** How to read a text. `rawStrings`: backslashes in the string literals of `{{ }}` mean themselves, as in playbooks. */
export interface Syntax extends RenderOptions {
  readonly rawStrings: boolean;
}

type Kind = 'variable' | 'block' | 'comment';

interface Delimiter {
  readonly kind: Kind;
  readonly open: string;
  readonly close: string;
}

function delimiters(syntax: Syntax): readonly Delimiter[] {
  const all: Delimiter[] = [
    { kind: 'variable', open: syntax.variableStart ?? '{{', close: syntax.variableEnd ?? '}}' },
    { kind: 'block', open: syntax.blockStart ?? '{%', close: syntax.blockEnd ?? '%}' },
    { kind: 'comment', open: syntax.commentStart ?? '{#', close: syntax.commentEnd ?? '#}' },
  ];
  return all.sort((a, b) => b.open.length - a.open.length);
}

const OPERATORS = /\/\/|\*\*|==|!=|>=|<=|[-+*/%~<>=.:|,;()[\]{}]/y;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{N}\p{Mn}\p{Mc}\p{Pc}]*/uy;
const FLOAT =
  /(?<!\.)(?:\d+_)*\d+(?:\.(?:\d+_)*\d+)?(?:[eE][+-]?(?:\d+_)*\d+)|(?<!\.)(?:\d+_)*\d+\.(?:\d+_)*\d+/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\dA-Fa-f])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const CLOSER: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The tokens of a bare expression, ended by one `end` token. */
export function lexExpression(text: string): readonly Token[] {
  const tokens: Token[] = [];
  lexTag(text, 0, text.length, undefined, false, tokens);
  tokens.push({ type: 'end', value: '', start: text.length, end: text.length });
  return tokens;
}

/** The tokens of a template, ended by one `end` token. One newline at the very end is dropped. */
export function lexTemplate(text: string, syntax: Syntax): readonly Token[] {
  const limit = text.endsWith('\r\n')
    ? text.length - 2
    : /[\r\n]$/.test(text)
      ? text.length - 1
      : text.length;
  return new TemplateLexer(text, limit, syntax).run();
}

class TemplateLexer {
  readonly tokens: Token[] = [];
  readonly text: string;
  readonly limit: number;
  readonly syntax: Syntax;
  readonly delimiters: readonly Delimiter[];
  position = 0;
  /** The text before ended with a newline, or there was none. */
  lineStarts = true;

  constructor(text: string, limit: number, syntax: Syntax) {
    this.text = text;
    this.limit = limit;
    this.syntax = syntax;
    this.delimiters = delimiters(syntax);
  }

  run(): readonly Token[] {
    while (this.position < this.limit) this.step();
    this.push('end', '', this.limit, this.limit);
    return this.tokens;
  }

  push(type: TokenType, value: string, start: number, end: number): void {
    this.tokens.push({ type, value, start, end });
  }

  data(start: number, end: number): void {
    if (end > start) this.push('data', newlines(this.text.slice(start, end), this.syntax), start, end);
  }

  step(): void {
    const found = this.nextTag();
    if (!found) {
      this.data(this.position, this.limit);
      this.position = this.limit;
      return;
    }
    const { delimiter, at } = found;
    const after = at + delimiter.open.length;
    const sign = /[-+]/.test(this.text.charAt(after)) ? this.text.charAt(after) : '';
    this.data(this.position, this.trimmedEnd(at, sign, delimiter.kind));
    this.position = after + sign.length;
    if (delimiter.kind === 'comment') this.comment(at, delimiter);
    else if (delimiter.kind === 'block' && this.raw(at, delimiter)) return;
    else this.tag(at, delimiter);
  }

  nextTag(): { delimiter: Delimiter; at: number } | undefined {
    let found: { delimiter: Delimiter; at: number } | undefined;
    for (const delimiter of this.delimiters) {
      const at = this.text.indexOf(delimiter.open, this.position);
      if (at >= 0 && at < this.limit && (!found || at < found.at)) found = { delimiter, at };
    }
    return found;
  }

  /** Where the text before a tag ends, after `{%-` or lstrip_blocks took their part. */
  trimmedEnd(at: number, sign: string, kind: Kind): number {
    const before = this.text.slice(this.position, at);
    if (sign === '-') return this.position + before.trimEnd().length;
    if (sign === '+' || kind === 'variable' || !this.syntax.lstripBlocks) return at;
    const line = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
    const blank = /^\s+$/.test(before.slice(line)) && (line > 0 || this.lineStarts);
    return blank ? this.position + line : at;
  }

  /** Continues after a closing delimiter that starts at `at`. */
  leave(at: number, close: string, sign: string, kind: Kind): void {
    let next = at + close.length;
    if (sign === '-') next = skipSpace(this.text, next, this.limit);
    else if (sign === '' && kind !== 'variable' && this.syntax.trimBlocks)
      next = /\r\n|\r|\n|/y.exec(this.text.slice(next, next + 2))?.[0].length
        ? next + newlineLength(this.text, next)
        : next;
    this.position = Math.min(next, this.limit);
    this.lineStarts = /[\r\n]/.test(this.text.charAt(this.position - 1));
  }

  comment(at: number, { open, close }: Delimiter): void {
    const end = this.text.indexOf(close, this.position);
    if (end < 0 || end >= this.limit)
      failAt({ start: at, end: at + open.length }, 'this comment is never closed');
    const sign = this.text.charAt(end - 1);
    this.leave(end, close, end > this.position && /[-+]/.test(sign) ? sign : '', 'comment');
  }

  /** `{% raw %} … {% endraw %}`: one piece of data. */
  raw(at: number, { open, close }: Delimiter): boolean {
    const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const begin = new RegExp(`\\s*raw\\s*(-?)${escaped(close)}`, 'y');
    begin.lastIndex = this.position;
    const head = begin.exec(this.text);
    if (!head) return false;
    this.position = head[1] === '-' ? skipSpace(this.text, begin.lastIndex, this.limit) : begin.lastIndex;
    const finish = new RegExp(`${escaped(open)}([-+]?)\\s*endraw\\s*([-+]?)${escaped(close)}`, 'g');
    finish.lastIndex = this.position;
    const tail = finish.exec(this.text);
    if (!tail) failAt({ start: at, end: begin.lastIndex }, 'this {% raw %} is never closed by {% endraw %}');
    this.lineStarts = false;
    this.data(this.position, this.trimmedEnd(tail.index, tail[1] ?? '', 'block'));
    this.leave(finish.lastIndex - close.length, close, tail[2] ?? '', 'block');
    return true;
  }

  tag(at: number, { kind, open, close }: Delimiter): void {
    const type = kind === 'variable' ? 'variable' : 'block';
    this.push(`${type}_begin`, open, at, this.position);
    const raw = kind === 'variable' && this.syntax.rawStrings;
    const end = lexTag(this.text, this.position, this.limit, close, raw, this.tokens);
    if (end.at < 0) {
      const what = kind === 'variable' ? `"${open}"` : `"${open}" tag`;
      failAt({ start: at, end: at + open.length }, `this ${what} is never closed by "${close}"`);
    }
    this.push(`${type}_end`, close, end.at, end.at + end.sign.length + close.length);
    this.leave(end.at + end.sign.length, close, end.sign, kind);
  }
}

function newlineLength(text: string, at: number): number {
  return text.startsWith('\r\n', at) ? 2 : 1;
}

function newlines(text: string, { newlineSequence = '\n' }: Syntax): string {
  return newlineSequence === '\n' && !text.includes('\r')
    ? text
    : text.replace(/\r\n|\r|\n/g, newlineSequence);
}

/**
 * Reads the tokens of an expression until `close` stands outside brackets, or until `limit`.
 * @returns where the closing delimiter (with its sign) stands; -1 when it does not
 */
function lexTag(
  text: string,
  from: number,
  limit: number,
  close: string | undefined,
  raw: boolean,
  tokens: Token[],
): { at: number; sign: string } {
  const brackets: string[] = [];
  let position = skipSpace(text, from, limit);
  while (position < limit) {
    const sign = /[-+]/.test(text.charAt(position)) ? text.charAt(position) : '';
    if (close !== undefined && brackets.length === 0) {
      if (text.startsWith(close, position)) return { at: position, sign: '' };
      if (sign !== '' && text.startsWith(close, position + 1)) return { at: position, sign };
    }
    const token = lexOne(text, position, limit, raw);
    if (token.type === 'operator') balance(token, brackets);
    tokens.push(token);
    position = skipSpace(text, token.end, limit);
  }
  return { at: -1, sign: '' };
}

function balance(token: Token, brackets: string[]): void {
  const closer = CLOSER[token.value];
  if (closer !== undefined) brackets.push(closer);
  else if (')]}'.includes(token.value)) {
    const expected = brackets.pop();
    if (expected === token.value) return;
    failAt(token, `unexpected "${token.value}"${expected === undefined ? '' : `, expected "${expected}"`}`);
  }
}

function lexOne(text: string, start: number, limit: number, raw: boolean): Token {
  const first = text.charAt(start);
  if (first === '"' || first === "'")
    return { type: 'string', start, ...readString(text, start, limit, raw) };
  for (const [type, pattern] of [
    ['name', NAME],
    ['float', FLOAT],
    ['integer', INTEGER],
    ['operator', OPERATORS],
  ] as const) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found) return { type, value: found, start, end: start + found.length };
  }
  const shown = String.fromCodePoint(text.codePointAt(start) ?? 0);
  return failAt({ start, end: start + shown.length }, `unexpected character "${shown}"`, operatorHint(shown));
}

function operatorHint(shown: string): string | undefined {
  if (shown === '&') return 'write "and"';
  if (shown === '!') return 'write "not"';
  return undefined;
}
