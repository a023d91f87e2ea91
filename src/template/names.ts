/** The names that a template reads from outside, and whether it checks first that they are there. */
import { CAPTURED, type Expr, type Stmt, type Target } from './ast.ts';
import type { Span } from './errors.ts';
import { GLOBAL_NAMES } from './globals.ts';
import { bodiesOf, childrenOf, expressionsOf } from './walk.ts';

export interface NameRead {
  readonly name: string;
  readonly guarded: boolean;
  readonly at: Span;
}

type Names = ReadonlySet<string>;

const ALWAYS: Names = new Set([...GLOBAL_NAMES, CAPTURED]);

export function readNames(
  tree: Expr | readonly Stmt[],
  inString: (text: string) => readonly NameRead[],
): readonly NameRead[] {
  const reader = new Reader(inString);
  if (isBody(tree)) reader.body(tree, ALWAYS, new Set());
  else reader.expression(tree, ALWAYS, new Set());
  return reader.found;
}

function isBody(tree: Expr | readonly Stmt[]): tree is readonly Stmt[] {
  return Array.isArray(tree);
}

class Reader {
  readonly found: NameRead[] = [];
  readonly inString: (text: string) => readonly NameRead[];

  constructor(inString: (text: string) => readonly NameRead[]) {
    this.inString = inString;
  }

  /** @param bound names of the template's own; @param safe names known to be defined */
  expression(expr: Expr, bound: Names, safe: Names): void {
    switch (expr.kind) {
      case 'name':
        if (!bound.has(expr.name))
          this.found.push({ name: expr.name, guarded: safe.has(expr.name), at: expr.at });
        return;
      case 'template':
        for (const read of this.inString(expr.text))
          this.found.push({ ...read, guarded: read.guarded || safe.has(read.name), at: expr.at });
        return;
      case 'and':
      case 'or':
        this.expression(expr.left, bound, safe);
        this.expression(expr.right, bound, union(safe, definedBy(expr.left, expr.kind === 'and')));
        return;
      case 'if':
        this.expression(expr.condition, bound, safe);
        this.expression(expr.then, bound, union(safe, definedBy(expr.condition, true)));
        if (expr.otherwise)
          this.expression(expr.otherwise, bound, union(safe, definedBy(expr.condition, false)));
        return;
      default:
        this.children(expr, bound, safe);
    }
  }

  children(expr: Expr, bound: Names, safe: Names): void {
    const guards =
      (expr.kind === 'filter' && GUARDS.has(expr.name)) ||
      (expr.kind === 'test' && GUARDING_TESTS.has(expr.name));
    for (const [i, child] of childrenOf(expr).entries()) {
      const root = guards && i === 0 ? rootName(child) : undefined;
      this.expression(child, bound, root === undefined ? safe : union(safe, [root]));
    }
  }

  /** Returns the names that the body binds for what follows it. */
  body(body: readonly Stmt[], bound: Names, safe: Names): Names {
    let names = bound;
    for (const statement of body) names = this.statement(statement, names, safe);
    return names;
  }

  statement(statement: Stmt, bound: Names, safe: Names): Names {
    if (statement.kind === 'if') return this.branches(statement.branches, statement.otherwise, bound, safe);
    const inner = union(bound, innerNames(statement));
    for (const expr of expressionsOf(statement))
      this.expression(expr, expr === outerExpression(statement) ? bound : inner, safe);
    for (const body of bodiesOf(statement)) this.body(body, inner, safe);
    return union(bound, boundNames(statement));
  }

  branches(
    branches: readonly { condition: Expr; body: readonly Stmt[] }[],
    otherwise: readonly Stmt[],
    bound: Names,
    safe: Names,
  ): Names {
    let names = bound;
    let known = safe;
    for (const { condition, body } of branches) {
      this.expression(condition, bound, known);
      names = union(names, this.body(body, bound, union(known, definedBy(condition, true))));
      known = union(known, definedBy(condition, false));
    }
    return union(names, this.body(otherwise, bound, known));
  }
}

/** Filters and tests that stand on something that may be missing. */
const GUARDS: Names = new Set(['default', 'd', 'mandatory', 'type_debug']);
const GUARDING_TESTS: Names = new Set(['defined', 'undefined']);

function union(a: Names, b: Iterable<string>): Names {
  const all = new Set(a);
  for (const name of b) all.add(name);
  return all.size === a.size ? a : all;
}

/** `x` of `x.y[0].z` */
function rootName(expr: Expr): string | undefined {
  if (expr.kind === 'name') return expr.name;
  return expr.kind === 'attribute' || expr.kind === 'item' ? rootName(expr.base) : undefined;
}

/** The names that are defined when a condition is true (or false). */
function definedBy(condition: Expr, outcome: boolean): readonly string[] {
  if (condition.kind === 'not') return definedBy(condition.operand, !outcome);
  if (condition.kind === (outcome ? 'and' : 'or')) {
    const { left, right } = condition;
    return [...definedBy(left, outcome), ...definedBy(right, outcome)];
  }
  if (condition.kind !== 'test' || condition.name !== (outcome ? 'defined' : 'undefined')) return [];
  const root = rootName(condition.base);
  return root === undefined ? [] : [root];
}

function namesOf(target: Target): readonly string[] {
  if (target.kind === 'name') return [target.name];
  return target.kind === 'unpack' ? target.targets.flatMap(namesOf) : [];
}

/** Names bound for the rest of the template. */
function boundNames(statement: Stmt): readonly string[] {
  switch (statement.kind) {
    case 'set':
    case 'capture':
      return namesOf(statement.target);
    case 'macro':
    case 'import':
      return [statement.name];
    case 'from':
      return statement.names.map(([, alias]) => alias);
    default:
      return [];
  }
}

/** Names bound inside the statement's own bodies. */
function innerNames(statement: Stmt): readonly string[] {
  switch (statement.kind) {
    case 'for':
      return ['loop', ...namesOf(statement.target)];
    case 'with':
      return statement.bindings.flatMap(([target]) => namesOf(target));
    case 'macro':
      return [statement.name, 'varargs', 'kwargs', 'caller', ...statement.parameters.map(({ name }) => name)];
    case 'callBlock':
      return statement.parameters.map(({ name }) => name);
    case 'block':
      return ['super', 'self'];
    default:
      return ['self'];
  }
}

/** The expression of a statement that is read before its own names are bound. */
function outerExpression(statement: Stmt): Expr | undefined {
  if (statement.kind === 'for') return statement.list;
  if (statement.kind === 'callBlock') return statement.call;
  return undefined;
}
