/** Visits syntax trees. */
import type { Arguments, Expr, Stmt } from './ast.ts';

function argumentsOf({ positional, named, spread, spreadNamed }: Arguments): readonly Expr[] {
  return [
    ...positional,
    ...named.map(({ value }) => value),
    ...[spread, spreadNamed].filter(part => part !== undefined),
  ];
}

/** The expressions directly inside one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'constant':
    case 'float':
    case 'name':
    case 'template':
      return [];
    case 'list':
    case 'tuple':
      return expr.items;
    case 'dict':
      return expr.entries.flat();
    case 'attribute':
      return [expr.base];
    case 'item':
      return [expr.base, expr.index];
    case 'slice':
      return [expr.base, ...[expr.start, expr.stop, expr.step].filter(part => part !== undefined)];
    case 'call':
      return [expr.callee, ...argumentsOf(expr.args)];
    case 'filter':
    case 'test':
      return [expr.base, ...argumentsOf(expr.args)];
    case 'not':
    case 'negative':
    case 'positive':
      return [expr.operand];
    case 'binary':
    case 'and':
    case 'or':
      return [expr.left, expr.right];
    case 'concat':
      return expr.parts;
    case 'compare':
      return [expr.first, ...expr.rest.map(({ operand }) => operand)];
    case 'if':
      return [expr.condition, expr.then, ...(expr.otherwise ? [expr.otherwise] : [])];
  }
}

/** The expressions directly in a statement, not those of its bodies. */
export function expressionsOf(statement: Stmt): readonly Expr[] {
  switch (statement.kind) {
    case 'output':
    case 'set':
      return [statement.value];
    case 'if':
      return statement.branches.map(({ condition }) => condition);
    case 'for':
      return statement.filter ? [statement.list, statement.filter] : [statement.list];
    case 'capture':
      return statement.filter ? [statement.filter] : [];
    case 'filter':
      return [statement.filter];
    case 'macro':
      return statement.parameters.flatMap(({ fallback }) => fallback ?? []);
    case 'callBlock':
      return [...statement.parameters.flatMap(({ fallback }) => fallback ?? []), statement.call];
    case 'include':
    case 'import':
    case 'from':
    case 'extends':
      return [statement.template];
    case 'with':
      return statement.bindings.map(([, value]) => value);
    default:
      return [];
  }
}

/** The bodies of a statement. */
export function bodiesOf(statement: Stmt): readonly (readonly Stmt[])[] {
  switch (statement.kind) {
    case 'if':
      return [...statement.branches.map(({ body }) => body), statement.otherwise];
    case 'for':
      return [statement.body, statement.otherwise];
    default:
      return 'body' in statement ? [statement.body] : [];
  }
}

/** Every expression of a template, outer before inner. */
export function* allExpressions(body: readonly Stmt[]): Generator<Expr> {
  for (const statement of body) {
    for (const expr of expressionsOf(statement)) yield* expressionAndChildren(expr);
    for (const inner of bodiesOf(statement)) yield* allExpressions(inner);
  }
}

export function* expressionAndChildren(expr: Expr): Generator<Expr> {
  yield expr;
  for (const child of childrenOf(expr)) yield* expressionAndChildren(child);
}

export function readsName(body: readonly Stmt[], name: string): boolean {
  for (const expr of allExpressions(body)) if (expr.kind === 'name' && expr.name === name) return true;
  return false;
}
