/** Parses templates: text, output and statements. */
import { CAPTURED, type Expr, type Stmt, type Target } from './ast.ts';
import { failAt, suggest } from './errors.ts';
import { lexExpression, lexTemplate, type Syntax, type Token } from './lexer.ts';
import { parseExpression, parseExpressionOrTuple, parseFilter, parseOr } from './parse-expression.ts';
import { parseCallBlock, parseMacro } from './parse-macro.ts';
import { type Grammar, spanFrom, TokenStream } from './token-stream.ts';

type Body = readonly Stmt[];

const GRAMMAR: Grammar = {
  expression: parseExpression,
  expressionOrTuple: parseExpressionOrTuple,
  closedBody: parseClosedBody,
};

/** @throws TemplateError with the place in `text` */
export function parseTemplate(text: string, syntax: Syntax): Body {
  const stream = new TokenStream(lexTemplate(text, syntax), GRAMMAR);
  return parseBody(stream, [], undefined);
}

/** A whole expression without braces. In a condition, needless braces are read as parentheses. */
export function parseBare(text: string, condition: boolean): Expr {
  const stream = new TokenStream(lexExpression(text), GRAMMAR, condition);
  const expression = parseExpressionOrTuple(stream);
  if (!stream.is('end')) stream.unexpected('the end of the expression');
  return expression;
}

/** Statements up to a tag named in `until`, whose name is then the current token; or up to the end. */
function parseBody(stream: TokenStream, until: readonly string[], opened: Token | undefined): Body {
  const body: Stmt[] = [];
  for (;;) {
    const token = stream.next();
    if (token.type === 'end') {
      if (opened) failAt(opened, `{% ${opened.value} %} is never closed`, `add {% ${until.at(-1)} %}`);
      return body;
    }
    if (token.type === 'data') body.push({ kind: 'data', text: token.value, at: token });
    else if (token.type === 'variable_begin') body.push(parseOutput(stream, token));
    else {
      if (stream.word(...until) && until.length > 0) return body;
      body.push(stream.nested(() => parseStatement(stream)));
    }
  }
}

function parseOutput(stream: TokenStream, start: Token): Stmt {
  const value = parseExpressionOrTuple(stream);
  if (!stream.is('variable_end'))
    stream.unexpected(`"${start.value === '{{' ? '}}' : 'the end of the expression'}"`);
  return { kind: 'output', value, at: spanFrom(start, stream.next()) };
}

/** A body, then its closing tag. */
function parseClosedBody(stream: TokenStream, opened: Token, end: string): Body {
  stream.expect('block_end');
  const body = parseBody(stream, [end], opened);
  stream.next();
  return body;
}

type Parser = (stream: TokenStream, tag: Token) => Stmt;

const STATEMENTS: Readonly<Record<string, Parser>> = {
  if: parseIf,
  for: parseFor,
  set: parseSet,
  macro: parseMacro,
  call: parseCallBlock,
  filter: parseFilterBlock,
  include: parseInclude,
  import: parseImport,
  from: parseFrom,
  extends: (stream, tag) => ({ kind: 'extends', template: parseExpression(stream), at: tag }),
  block: parseBlock,
  with: parseWith,
  autoescape: (stream, tag) => {
    parseExpression(stream);
    return { kind: 'scope', body: parseClosedBody(stream, tag, 'endautoescape'), at: tag };
  },
};

const HINTS: Readonly<Record<string, string>> = {
  do: 'write {% set _ = … %}',
  break: 'give the loop a condition: {% for x in list if … %}',
  continue: 'give the loop a condition: {% for x in list if … %}',
  raw: 'write {% raw %} … {% endraw %}',
};

function parseStatement(stream: TokenStream): Stmt {
  const tag = stream.expect('name');
  const parse = Object.hasOwn(STATEMENTS, tag.value) ? STATEMENTS[tag.value] : undefined;
  if (!parse) {
    const stray = /^(end|el)/.test(tag.value);
    const hint = HINTS[tag.value] ?? suggest(tag.value, Object.keys(STATEMENTS));
    return failAt(tag, stray ? `{% ${tag.value} %} closes nothing here` : `unknown tag "${tag.value}"`, hint);
  }
  const statement = parse(stream, tag);
  stream.expect('block_end');
  return statement;
}

function parseIf(stream: TokenStream, tag: Token): Stmt {
  const branches: { condition: Expr; body: Body }[] = [];
  let otherwise: Body = [];
  for (let more = true; more; ) {
    const condition = parseExpressionOrTuple(stream);
    stream.expect('block_end');
    branches.push({ condition, body: parseBody(stream, ['elif', 'else', 'endif'], tag) });
    more = stream.next().value === 'elif';
  }
  if (stream.previous.value === 'else') otherwise = parseClosedBody(stream, tag, 'endif');
  return { kind: 'if', branches, otherwise, at: tag };
}

function parseFor(stream: TokenStream, tag: Token): Stmt {
  const target = parseTarget(stream);
  stream.expect('name', 'in');
  const list = parseLoopList(stream);
  const filter = stream.skip('name', 'if') ? parseExpression(stream) : undefined;
  const recursive = stream.skip('name', 'recursive');
  stream.expect('block_end');
  const body = parseBody(stream, ['else', 'endfor'], tag);
  const otherwise = stream.next().value === 'else' ? parseClosedBody(stream, tag, 'endfor') : [];
  return {
    kind: 'for',
    target,
    list,
    ...(filter === undefined ? {} : { filter }),
    recursive,
    body,
    otherwise,
    at: tag,
  };
}

function parseLoopList(stream: TokenStream): Expr {
  const first = parseOr(stream);
  if (!stream.operator(',')) return first;
  const items = [first];
  while (stream.skip('operator', ',')) {
    if (stream.is('block_end')) break;
    items.push(parseOr(stream));
  }
  return { kind: 'tuple', items, at: spanFrom(first.at, stream.previous) };
}

function parseTarget(stream: TokenStream): Target {
  const targets: Target[] = [parseOneTarget(stream)];
  let tuple = false;
  while (stream.skip('operator', ',')) {
    tuple = true;
    if (!stream.is('name') && !stream.operator('(')) break;
    if (stream.word('in')) break;
    targets.push(parseOneTarget(stream));
  }
  const [only] = targets;
  return !tuple && only ? only : { kind: 'unpack', targets };
}

function parseOneTarget(stream: TokenStream): Target {
  if (stream.skip('operator', '(')) {
    const inner = parseTarget(stream);
    stream.expect('operator', ')');
    return inner;
  }
  const token = stream.expect('name');
  if (['true', 'false', 'none', 'True', 'False', 'None'].includes(token.value))
    failAt(token, `"${token.value}" cannot be assigned to`);
  if (!stream.skip('operator', '.')) return { kind: 'name', name: token.value };
  return { kind: 'attribute', object: token.value, name: stream.expect('name').value };
}

function parseSet(stream: TokenStream, tag: Token): Stmt {
  const target = parseTarget(stream);
  if (stream.skip('operator', '='))
    return { kind: 'set', target, value: parseExpressionOrTuple(stream), at: tag };
  const filter = parseFilters(stream);
  const body = parseClosedBody(stream, tag, 'endset');
  return { kind: 'capture', target, ...(filter === undefined ? {} : { filter }), body, at: tag };
}

/** `| a | b(1)` applied to the captured text. */
function parseFilters(stream: TokenStream): Expr | undefined {
  let chain: Expr | undefined;
  while (stream.skip('operator', '|')) chain = parseFilter(stream, chain ?? captured(stream));
  return chain;
}

function captured(stream: TokenStream): Expr {
  return { kind: 'name', name: CAPTURED, at: stream.current };
}

function parseFilterBlock(stream: TokenStream, tag: Token): Stmt {
  let filter = parseFilter(stream, captured(stream));
  while (stream.skip('operator', '|')) filter = parseFilter(stream, filter);
  return { kind: 'filter', filter, body: parseClosedBody(stream, tag, 'endfilter'), at: tag };
}

/** `with context` or `without context` */
function parseContext(stream: TokenStream, byDefault: boolean): boolean {
  const next = stream.peek(1);
  if (!stream.word('with', 'without') || next.type !== 'name' || next.value !== 'context') return byDefault;
  const { value } = stream.next();
  stream.next();
  return value === 'with';
}

function parseInclude(stream: TokenStream, tag: Token): Stmt {
  const template = parseExpression(stream);
  const missing = stream.peek(1);
  const ignoreMissing = stream.word('ignore') && missing.type === 'name' && missing.value === 'missing';
  if (ignoreMissing) stream.index += 2;
  return { kind: 'include', template, ignoreMissing, withContext: parseContext(stream, true), at: tag };
}

function parseImport(stream: TokenStream, tag: Token): Stmt {
  const template = parseExpression(stream);
  stream.expect('name', 'as');
  const name = stream.expect('name').value;
  return { kind: 'import', template, name, withContext: parseContext(stream, false), at: tag };
}

function parseFrom(stream: TokenStream, tag: Token): Stmt {
  const template = parseExpression(stream);
  stream.expect('name', 'import');
  const names: (readonly [string, string])[] = [];
  while (stream.is('name') && !(stream.word('with', 'without') && stream.peek(1).value === 'context')) {
    const name = stream.next().value;
    names.push([name, stream.skip('name', 'as') ? stream.expect('name').value : name]);
    if (!stream.skip('operator', ',')) break;
  }
  return { kind: 'from', template, names, withContext: parseContext(stream, false), at: tag };
}

function parseBlock(stream: TokenStream, tag: Token): Stmt {
  const name = stream.expect('name').value;
  const words = new Set<string>();
  while (stream.word('scoped', 'required')) words.add(stream.next().value);
  stream.expect('block_end');
  const body = parseBody(stream, ['endblock'], tag);
  stream.next();
  stream.skip('name', name);
  return { kind: 'block', name, body, required: words.has('required'), at: tag };
}

function parseWith(stream: TokenStream, tag: Token): Stmt {
  const bindings: (readonly [Target, Expr])[] = [];
  while (!stream.is('block_end')) {
    if (bindings.length > 0) stream.expect('operator', ',');
    const target = parseOneTarget(stream);
    stream.expect('operator', '=');
    bindings.push([target, parseExpression(stream)]);
  }
  return { kind: 'with', bindings, body: parseClosedBody(stream, tag, 'endwith'), at: tag };
}
