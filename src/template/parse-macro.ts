/** Parses `{% macro %}` and `{% call %}`. */
import type { Expr, Stmt } from './ast.ts';
import { failAt } from './errors.ts';
import type { Token } from './lexer.ts';
import { parseExpression } from './parse-expression.ts';
import type { TokenStream } from './token-stream.ts';

export function parseMacro(stream: TokenStream, tag: Token): Stmt {
  const name = stream.expect('name').value;
  const parameters = parseParameters(stream);
  return {
    kind: 'macro',
    name,
    parameters,
    body: stream.grammar.closedBody(stream, tag, 'endmacro'),
    at: tag,
  };
}

export function parseCallBlock(stream: TokenStream, tag: Token): Stmt {
  const parameters = stream.operator('(') ? parseParameters(stream) : [];
  const call = parseExpression(stream);
  if (call.kind !== 'call') return failAt(call.at, '{% call %} needs a call of a macro');
  return {
    kind: 'callBlock',
    parameters,
    call,
    body: stream.grammar.closedBody(stream, tag, 'endcall'),
    at: tag,
  };
}

function parseParameters(stream: TokenStream): { name: string; fallback?: Expr }[] {
  const parameters: { name: string; fallback?: Expr }[] = [];
  stream.expect('operator', '(');
  while (!stream.operator(')')) {
    const { value: name } = stream.expect('name');
    const fallback = stream.skip('operator', '=') ? parseExpression(stream) : undefined;
    if (fallback === undefined && parameters.at(-1)?.fallback)
      stream.unexpected('a default value, because the parameter before has one');
    parameters.push({ name, ...(fallback === undefined ? {} : { fallback }) });
    if (!stream.operator(')')) stream.expect('operator', ',');
  }
  stream.next();
  return parameters;
}
