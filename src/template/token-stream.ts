/** The parser's view of the tokens: one ahead, with the usual questions. */
import type { Expr, Stmt } from './ast.ts';
import { failAt, type Span } from './errors.ts';
import type { Token, TokenType } from './lexer.ts';

const MAX_DEPTH = 150;

/** What parts of the grammar need of one another, without importing one another in circles. */
export interface Grammar {
  expression(stream: TokenStream): Expr;
  expressionOrTuple(stream: TokenStream): Expr;
  /** A body, then its closing tag. */
  closedBody(stream: TokenStream, opened: Token, end: string): readonly Stmt[];
}

export class TokenStream {
  readonly tokens: readonly Token[];
  readonly last: Token;
  /** In a condition, `{{ x }}` is x in parentheses, and a string literal may hold a template. */
  readonly condition: boolean;
  index = 0;
  depth = 0;

  readonly grammar: Grammar;

  constructor(tokens: readonly Token[], grammar: Grammar, condition = false) {
    this.tokens = tokens;
    this.grammar = grammar;
    this.condition = condition;
    this.last = tokens.at(-1) ?? { type: 'end', value: '', start: 0, end: 0 };
  }

  get current(): Token {
    return this.tokens[this.index] ?? this.last;
  }

  /** The token before the current one. */
  get previous(): Token {
    return this.tokens[this.index - 1] ?? this.current;
  }

  peek(ahead: number): Token {
    return this.tokens[this.index + ahead] ?? this.last;
  }

  next(): Token {
    const token = this.current;
    this.index += 1;
    return token;
  }

  is(type: TokenType, ...values: readonly string[]): boolean {
    const { current } = this;
    return current.type === type && (values.length === 0 || values.includes(current.value));
  }

  operator(...values: readonly string[]): boolean {
    return this.is('operator', ...values);
  }

  word(...values: readonly string[]): boolean {
    return this.is('name', ...values);
  }

  /** Takes the token when it is this one. */
  skip(type: TokenType, value: string): boolean {
    if (!this.is(type, value)) return false;
    this.index += 1;
    return true;
  }

  expect(type: TokenType, value?: string): Token {
    if (this.is(type, ...(value === undefined ? [] : [value]))) return this.next();
    return this.unexpected(value === undefined ? words[type] : `"${value}"`);
  }

  unexpected(expected?: string): never {
    const { current } = this;
    const found = current.type === 'end' ? 'end' : current.type === 'data' ? 'text' : `"${current.value}"`;
    const at =
      current.end > current.start ? current : { start: Math.max(0, current.start - 1), end: current.start };
    return failAt(at, `unexpected ${found}${expected === undefined ? '' : `, expected ${expected}`}`);
  }

  /** Runs a part of the parser one level deeper: a hostile text ends with an error instead of a full stack. */
  nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) failAt(this.current, 'the expression is nested too deeply');
    const result = parse();
    this.depth -= 1;
    return result;
  }
}

const words: Readonly<Record<TokenType, string>> = {
  data: 'text',
  variable_begin: 'a "{{"',
  variable_end: 'the end of the expression',
  block_begin: 'a tag',
  block_end: 'the end of the tag',
  name: 'a name',
  string: 'a string',
  integer: 'an integer',
  float: 'a number',
  operator: 'an operator',
  end: 'the end',
};

export function spanFrom(start: Span, end: Span): Span {
  return { start: start.start, end: end.end };
}
