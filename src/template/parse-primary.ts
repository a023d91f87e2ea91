/** Parses what expressions are made of: literals, names, brackets, subscripts and argument lists. */
import type { Arguments, Expr } from './ast.ts';
import { failAt } from './errors.ts';
import type { Token } from './lexer.ts';
import { spanFrom, type TokenStream } from './token-stream.ts';

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

export function parsePrimary(stream: TokenStream): Expr {
  const { current } = stream;
  switch (current.type) {
    case 'name':
      return parseName(stream.next());
    case 'string':
      return parseString(stream);
    case 'integer':
      return { kind: 'constant', value: Number(stream.next().value.replaceAll('_', '')), at: current };
    case 'float':
      return { kind: 'float', value: Number(stream.next().value.replaceAll('_', '')), at: current };
    case 'operator':
      return parseBracket(stream);
    default:
      return stream.unexpected('an expression');
  }
}

const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'if', 'else', 'elif', 'in', 'is', 'not']);

function parseName(token: Token): Expr {
  const constant = CONSTANTS.get(token.value);
  if (constant !== undefined) return { kind: 'constant', value: constant, at: token };
  if (RESERVED.has(token.value)) failAt(token, `unexpected "${token.value}", expected an expression`);
  return { kind: 'name', name: token.value, at: token };
}

/** Neighbouring literals are one string, as in Python. */
function parseString(stream: TokenStream): Expr {
  const first = stream.next();
  let value = first.value;
  while (stream.is('string')) value += stream.next().value;
  const at = spanFrom(first, stream.previous);
  return stream.condition && value.includes('{{')
    ? { kind: 'template', text: value, at }
    : { kind: 'constant', value, at };
}

function parseBracket(stream: TokenStream): Expr {
  if (stream.operator('(')) return stream.nested(() => parseParentheses(stream));
  if (stream.operator('[')) return parseList(stream);
  if (stream.operator('{')) return adjacentBrace(stream) ? parseBraces(stream) : parseDict(stream);
  return stream.unexpected('an expression');
}

function parseParentheses(stream: TokenStream): Expr {
  const start = stream.next();
  if (stream.skip('operator', ')')) return { kind: 'tuple', items: [], at: spanFrom(start, stream.previous) };
  const inner = stream.grammar.expressionOrTuple(stream);
  stream.expect('operator', ')');
  return { ...inner, at: spanFrom(start, stream.previous) };
}

function parseList(stream: TokenStream): Expr {
  const start = stream.next();
  const items: Expr[] = [];
  while (!stream.operator(']')) {
    items.push(stream.grammar.expression(stream));
    if (!stream.operator(']')) stream.expect('operator', ',');
  }
  return { kind: 'list', items, at: spanFrom(start, stream.next()) };
}

function adjacentBrace(stream: TokenStream): boolean {
  const next = stream.peek(1);
  return (
    stream.condition && next.type === 'operator' && next.value === '{' && next.start === stream.current.end
  );
}

/** `{{ x }}` inside a condition: its braces are superfluous, but common. */
function parseBraces(stream: TokenStream): Expr {
  stream.index += 2;
  const inner = stream.grammar.expression(stream);
  stream.expect('operator', '}');
  stream.expect('operator', '}');
  return inner;
}

function parseDict(stream: TokenStream): Expr {
  const start = stream.next();
  const entries: (readonly [Expr, Expr])[] = [];
  while (!stream.operator('}')) {
    const key = stream.grammar.expression(stream);
    stream.expect('operator', ':');
    entries.push([key, stream.grammar.expression(stream)]);
    if (!stream.operator('}')) stream.expect('operator', ',');
  }
  return { kind: 'dict', entries, at: spanFrom(start, stream.next()) };
}

/** `.name`, `.0`, `[index]` or `[start:stop:step]` */
export function parseSubscript(stream: TokenStream, base: Expr): Expr {
  if (stream.next().value === '[') return parseBracketSubscript(stream, base);
  const token = stream.next();
  const at = spanFrom(base.at, token);
  if (token.type === 'name') return { kind: 'attribute', base, name: token.value, at };
  if (token.type !== 'integer') failAt(token, 'expected a name or a number after "."');
  return { kind: 'item', base, index: { kind: 'constant', value: Number(token.value), at: token }, at };
}

function parseBracketSubscript(stream: TokenStream, base: Expr): Expr {
  const part = () => (stream.operator(':', ']') ? undefined : stream.grammar.expressionOrTuple(stream));
  const start = part();
  if (start !== undefined && stream.skip('operator', ']'))
    return { kind: 'item', base, index: start, at: spanFrom(base.at, stream.previous) };
  stream.expect('operator', ':');
  const stop = part();
  const step = stream.skip('operator', ':') ? part() : undefined;
  stream.expect('operator', ']');
  return {
    kind: 'slice',
    base,
    ...(start === undefined ? {} : { start }),
    ...(stop === undefined ? {} : { stop }),
    ...(step === undefined ? {} : { step }),
    at: spanFrom(base.at, stream.previous),
  };
}

export function parseArguments(stream: TokenStream): Arguments {
  stream.expect('operator', '(');
  const positional: Expr[] = [];
  const named: { name: string; value: Expr }[] = [];
  const spread: { list?: Expr; dict?: Expr } = {};
  while (!stream.operator(')')) {
    parseArgument(stream, positional, named, spread);
    if (!stream.operator(')')) stream.expect('operator', ',');
  }
  stream.next();
  return {
    positional,
    named,
    ...(spread.list === undefined ? {} : { spread: spread.list }),
    ...(spread.dict === undefined ? {} : { spreadNamed: spread.dict }),
  };
}

function parseArgument(
  stream: TokenStream,
  positional: Expr[],
  named: { name: string; value: Expr }[],
  spread: { list?: Expr; dict?: Expr },
): void {
  const after = stream.peek(1);
  if (stream.skip('operator', '*')) spread.list = stream.grammar.expression(stream);
  else if (stream.skip('operator', '**')) spread.dict = stream.grammar.expression(stream);
  else if (stream.is('name') && after.type === 'operator' && after.value === '=') {
    const name = stream.next().value;
    stream.next();
    named.push({ name, value: stream.grammar.expression(stream) });
  } else {
    if (named.length > 0) stream.unexpected('a named argument, because positional ones come first');
    positional.push(stream.grammar.expression(stream));
  }
}
