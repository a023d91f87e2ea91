/** Parses expressions: Jinja's grammar and precedences. */
import type { Arguments, BinaryOperator, Comparison, Expr } from './ast.ts';
import { failAt } from './errors.ts';
import { parseArguments, parsePrimary, parseSubscript } from './parse-primary.ts';
import { spanFrom, type TokenStream } from './token-stream.ts';

export function parseExpression(stream: TokenStream): Expr {
  return stream.nested(() => parseInlineIf(stream));
}

/** Commas make a tuple: `{{ a, b }}`, `{% for x in 1, 2 %}`. */
export function parseExpressionOrTuple(stream: TokenStream): Expr {
  const first = parseExpression(stream);
  if (!stream.operator(',')) return first;
  const items = [first];
  while (stream.skip('operator', ',')) {
    if (endsTuple(stream)) break;
    items.push(parseExpression(stream));
  }
  return { kind: 'tuple', items, at: spanFrom(first.at, stream.previous) };
}

function endsTuple(stream: TokenStream): boolean {
  return (
    stream.is('variable_end') ||
    stream.is('block_end') ||
    stream.is('end') ||
    stream.operator(')') ||
    stream.word('in')
  );
}

function parseInlineIf(stream: TokenStream): Expr {
  let then = parseOr(stream);
  while (stream.skip('name', 'if')) {
    const condition = parseOr(stream);
    const otherwise = stream.skip('name', 'else') ? parseExpression(stream) : undefined;
    const at = spanFrom(then.at, stream.previous);
    then = { kind: 'if', condition, then, ...(otherwise === undefined ? {} : { otherwise }), at };
  }
  return then;
}

/** An expression without an inline if, as `for` needs it. */
export function parseOr(stream: TokenStream): Expr {
  let left = parseAnd(stream);
  while (stream.skip('name', 'or')) {
    const right = parseAnd(stream);
    left = { kind: 'or', left, right, at: spanFrom(left.at, right.at) };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expr {
  let left = parseNot(stream);
  while (stream.skip('name', 'and')) {
    const right = parseNot(stream);
    left = { kind: 'and', left, right, at: spanFrom(left.at, right.at) };
  }
  return left;
}

function parseNot(stream: TokenStream): Expr {
  if (!stream.word('not')) return parseCompare(stream);
  const start = stream.next();
  const operand = stream.nested(() => parseNot(stream));
  return { kind: 'not', operand, at: spanFrom(start, operand.at) };
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function parseCompare(stream: TokenStream): Expr {
  const first = parseSum(stream);
  const rest: { operator: Comparison; operand: Expr }[] = [];
  for (let operator = comparison(stream); operator; operator = comparison(stream)) {
    rest.push({ operator, operand: parseSum(stream) });
  }
  if (rest.length === 0) return first;
  return { kind: 'compare', first, rest, at: spanFrom(first.at, stream.previous) };
}

function comparison(stream: TokenStream): Comparison | undefined {
  const { current } = stream;
  if (current.type === 'operator' && isComparison(current.value)) {
    stream.next();
    return current.value;
  }
  if (stream.operator('=')) failAt(current, 'unexpected "="', 'write "==" to compare');
  if (stream.skip('name', 'in')) return 'in';
  const next = stream.peek(1);
  if (!stream.word('not') || next.type !== 'name' || next.value !== 'in') return undefined;
  stream.index += 2;
  return 'not in';
}

function isComparison(text: string): text is Comparison {
  return COMPARISONS.has(text);
}

function parseBinary(
  stream: TokenStream,
  operators: readonly BinaryOperator[],
  parseOperand: (stream: TokenStream) => Expr,
): Expr {
  let left = parseOperand(stream);
  for (;;) {
    const operator = operators.find(candidate => stream.operator(candidate));
    if (operator === undefined) return left;
    stream.next();
    const right = parseOperand(stream);
    left = { kind: 'binary', operator, left, right, at: spanFrom(left.at, right.at) };
  }
}

function parseSum(stream: TokenStream): Expr {
  return parseBinary(stream, ['+', '-'], parseConcat);
}

function parseConcat(stream: TokenStream): Expr {
  const first = parseProduct(stream);
  if (!stream.operator('~')) return first;
  const parts = [first];
  while (stream.skip('operator', '~')) parts.push(parseProduct(stream));
  return { kind: 'concat', parts, at: spanFrom(first.at, stream.previous) };
}

function parseProduct(stream: TokenStream): Expr {
  return parseBinary(stream, ['*', '/', '//', '%'], parsePower);
}

function parsePower(stream: TokenStream): Expr {
  return parseBinary(stream, ['**'], operand => parseUnary(operand, true));
}

function parseUnary(stream: TokenStream, withFilters: boolean): Expr {
  const start = stream.current;
  if (stream.skip('operator', '-') || stream.skip('operator', '+')) {
    const operand = stream.nested(() => parseUnary(stream, false));
    const kind = start.value === '-' ? 'negative' : 'positive';
    const node: Expr = { kind, operand, at: spanFrom(start, operand.at) };
    return withFilters ? parseFiltersAndTests(stream, parsePostfix(stream, node)) : node;
  }
  const node = parsePostfix(stream, parsePrimary(stream));
  return withFilters ? parseFiltersAndTests(stream, node) : node;
}

function parsePostfix(stream: TokenStream, base: Expr): Expr {
  let node = base;
  for (;;) {
    if (stream.operator('.') || stream.operator('[')) node = parseSubscript(stream, node);
    else if (stream.operator('(')) node = call(stream, node);
    else return node;
  }
}

function call(stream: TokenStream, callee: Expr): Expr {
  const args = parseArguments(stream);
  return { kind: 'call', callee, args, at: spanFrom(callee.at, stream.previous) };
}

function parseFiltersAndTests(stream: TokenStream, base: Expr): Expr {
  let node = base;
  for (;;) {
    if (stream.skip('operator', '|')) node = parseFilter(stream, node);
    else if (stream.skip('name', 'is')) node = parseTest(stream, node);
    else if (stream.operator('(')) node = call(stream, node);
    else return node;
  }
}

const NO_ARGUMENTS: Arguments = { positional: [], named: [] };

/** The name and arguments after `|`; also of a `{% filter %}` tag. */
export function parseFilter(stream: TokenStream, base: Expr): Expr {
  const { name, nameAt } = dottedName(stream);
  const args = stream.operator('(') ? parseArguments(stream) : NO_ARGUMENTS;
  return { kind: 'filter', base, name, nameAt, args, at: spanFrom(base.at, stream.previous) };
}

function dottedName(stream: TokenStream) {
  const start = stream.expect('name');
  let name = start.value;
  while (stream.operator('.') && stream.peek(1).type === 'name') {
    stream.next();
    name += `.${stream.next().value}`;
  }
  return { name: name.replace(/^ansible\.builtin\./, ''), nameAt: spanFrom(start, stream.previous) };
}

/** Words that end a test without arguments rather than being its argument. */
const AFTER_TEST: readonly string[] = ['else', 'or', 'and', 'if', 'in', 'not', 'recursive'];

function parseTest(stream: TokenStream, base: Expr): Expr {
  const negated = stream.skip('name', 'not');
  const { name, nameAt } = dottedName(stream);
  const args = testArguments(stream);
  const at = spanFrom(base.at, stream.previous);
  const test: Expr = { kind: 'test', base, name, nameAt, args, at };
  return negated ? { kind: 'not', operand: test, at } : test;
}

function testArguments(stream: TokenStream): Arguments {
  if (stream.operator('(')) return parseArguments(stream);
  if (stream.word('is')) stream.unexpected('"and" between two tests');
  const { type } = stream.current;
  const starts =
    type === 'string' ||
    type === 'integer' ||
    type === 'float' ||
    stream.operator('[', '{') ||
    (type === 'name' && !stream.word(...AFTER_TEST));
  if (!starts) return NO_ARGUMENTS;
  return { positional: [parsePostfix(stream, parsePrimary(stream))], named: [] };
}
