/** Compiles expressions to closures. */
import { getAttribute, getCallee } from './access.ts';
import { arithmetic } from './arithmetic.ts';
import type { Arguments, Comparison, Expr, ExprOf } from './ast.ts';
import { type Context, resolve } from './context.ts';
import { fail, locate, type Source, type Span } from './errors.ts';
import { applyFilter } from './filters.ts';
import { getItem, slice } from './lookup.ts';
import { pairsOf } from './methods-collection.ts';
import { article, compare, contains, equal, iterate, keyText, need, str, truth } from './python.ts';
import { applyTest } from './tests.ts';
import {
  either,
  Float,
  isFloat,
  makeFloat,
  type Named,
  numberOf,
  setKey,
  Templated,
  Thing,
  Tuple,
  typeWord,
  Undefined,
  type V,
  type VMap,
} from './values.ts';

export type Eval = (context: Context) => V;

/** The value of an expression, whole. */
export function compile(expr: Expr, source: Source): Eval {
  const lazy = compileLazy(expr, source);
  if (expr.kind !== 'name' && expr.kind !== 'attribute' && expr.kind !== 'item') return lazy;
  return guarded(expr.at, source, context => {
    const value = lazy(context);
    return value instanceof Templated ? value.whole() : value;
  });
}

function guarded(at: Span, source: Source, run: Eval): Eval {
  return context => {
    try {
      return run(context);
    } catch (error) {
      throw locate(error, at, source);
    }
  };
}

/** Says where something undefined was read. */
function placed(value: V, at: Span, source: Source): V {
  if (!(value instanceof Undefined) || value.place !== undefined) return value;
  const copy = new Undefined(value.message, value.name, value.hint);
  copy.place = { at, source };
  return copy;
}

/** The value of an expression; of a container of templates only what is read next will be evaluated. */
function compileLazy(expr: Expr, source: Source): Eval {
  switch (expr.kind) {
    case 'constant':
      return () => expr.value;
    case 'float':
      return () => makeFloat(expr.value);
    case 'name':
      return guarded(expr.at, source, context => placed(resolve(context, expr.name), expr.at, source));
    case 'attribute':
      return compileAttribute(expr, source);
    case 'item':
      return compileItem(expr, source);
    case 'slice':
      return compileSlice(expr, source);
    case 'list':
    case 'tuple':
      return compileItems(expr, source);
    case 'dict':
      return compileDict(expr, source);
    case 'call':
      return compileCall(expr, source);
    case 'filter':
      return compileFilter(expr, source);
    case 'test':
      return compileTest(expr, source);
    case 'template':
      return guarded(expr.at, source, context => str(context.run.renderString(expr.text, context)));
    default:
      return guarded(expr.at, source, compileOperator(expr, source));
  }
}

type Operator = ExprOf<
  'not' | 'negative' | 'positive' | 'binary' | 'concat' | 'compare' | 'and' | 'or' | 'if'
>;

function compileOperator(expr: Operator, source: Source): Eval {
  switch (expr.kind) {
    case 'not': {
      const operand = compile(expr.operand, source);
      return context => !truth(operand(context));
    }
    case 'negative':
    case 'positive':
      return compileSign(expr, source);
    case 'binary': {
      const { operator } = expr;
      const left = compile(expr.left, source);
      const right = compile(expr.right, source);
      return context => arithmetic(context.run.budget, operator, left(context), right(context));
    }
    case 'concat': {
      const parts = expr.parts.map(part => compile(part, source));
      return context => context.run.budget.text(parts.map(part => str(part(context))).join(''));
    }
    case 'compare':
      return compileCompare(expr, source);
    case 'and':
    case 'or':
      return compileLogic(expr, source);
    case 'if':
      return compileIf(expr, source);
  }
}

/** The text of an expression, as messages name it; only where it is short and simple. */
function written(expr: Expr, source: Source): string | undefined {
  if (expr.kind !== 'name' && expr.kind !== 'attribute' && expr.kind !== 'item') return undefined;
  const text = source.text.slice(expr.at.start, expr.at.end);
  return text.length > 60 || text.includes('\n') ? undefined : text;
}

function compileAttribute(expr: ExprOf<'attribute'>, source: Source): Eval {
  const base = compileLazy(expr.base, source);
  const { name } = expr;
  const text = written(expr.base, source);
  return guarded(expr.at, source, context => {
    const value = base(context);
    if (!(value instanceof Templated))
      return placed(getAttribute(context.run.budget, value, name, text), expr.at, source);
    return either(value.child(name), () =>
      placed(getAttribute(context.run.budget, value.whole(), name, text), expr.at, source),
    );
  });
}

function compileItem(expr: ExprOf<'item'>, source: Source): Eval {
  const base = compileLazy(expr.base, source);
  const index = compile(expr.index, source);
  const text = written(expr.base, source);
  return guarded(expr.at, source, context => {
    const value = base(context);
    const key = index(context);
    const direct =
      value instanceof Templated && (typeof key === 'string' || typeof key === 'number')
        ? value.child(key)
        : undefined;
    if (direct !== undefined) return direct;
    const whole = value instanceof Templated ? value.whole() : value;
    const found = getItem(whole, key, text);
    // As in Jinja, x['method'] also finds what x.method finds.
    const method =
      found instanceof Undefined && found !== whole && typeof key === 'string'
        ? getAttribute(context.run.budget, whole, key, text)
        : found;
    return placed(method, expr.at, source);
  });
}

function compileSlice(expr: ExprOf<'slice'>, source: Source): Eval {
  const base = compile(expr.base, source);
  const [start, stop, step] = [expr.start, expr.stop, expr.step].map(part => part && compile(part, source));
  return guarded(expr.at, source, context =>
    slice(base(context), start?.(context), stop?.(context), step?.(context)),
  );
}

function compileItems(expr: ExprOf<'list' | 'tuple'>, source: Source): Eval {
  const items = expr.items.map(item => compile(item, source));
  if (expr.kind === 'tuple') return context => Tuple.make(items.map(item => item(context)));
  return context => context.run.budget.own(items.map(item => item(context)));
}

function compileDict(expr: ExprOf<'dict'>, source: Source): Eval {
  const entries = expr.entries.map(([key, value]) => [compile(key, source), compile(value, source)] as const);
  return guarded(expr.at, source, context => {
    const dict: VMap = {};
    for (const [key, value] of entries) setKey(dict, keyText(key(context)), value(context));
    return context.run.budget.own(dict);
  });
}

type EvalArguments = (context: Context) => { args: V[]; named: Named };

const NONE: Named = {};

function compileArguments(given: Arguments, source: Source): EvalArguments {
  const positional = given.positional.map(arg => compile(arg, source));
  const named = given.named.map(({ name, value }) => [name, compile(value, source)] as const);
  const spread = given.spread && compile(given.spread, source);
  const spreadNamed = given.spreadNamed && compile(given.spreadNamed, source);
  return context => {
    const args = positional.map(arg => arg(context));
    if (spread) args.push(...iterate(spread(context)));
    if (named.length === 0 && !spreadNamed) return { args, named: NONE };
    const all: VMap = {};
    for (const [name, value] of named) setKey(all, name, value(context));
    for (const [name, value] of spreadNamed ? pairsOf(spreadNamed(context)) : []) setKey(all, name, value);
    return { args, named: all };
  };
}

function compileCallee(callee: Expr, source: Source): Eval {
  if (callee.kind !== 'attribute') return compile(callee, source);
  const base = compile(callee.base, source);
  const text = written(callee.base, source);
  return guarded(callee.at, source, context =>
    placed(getCallee(context.run.budget, base(context), callee.name, text), callee.at, source),
  );
}

/** @param extra named arguments added by the tag: `caller` of a call block */
export function compileCall(expr: ExprOf<'call'>, source: Source, extra?: (context: Context) => Named): Eval {
  const callee = compileCallee(expr.callee, source);
  const evaluate = compileArguments(expr.args, source);
  const name = written(expr.callee, source);
  return guarded(expr.at, source, context => {
    const target = need(callee(context));
    const { args, named } = evaluate(context);
    context.run.budget.spend(1 + args.length);
    if (!(target instanceof Thing) || !target.invoke)
      return fail(
        `${name === undefined ? 'this' : `'${name}'`} is ${article(typeWord(target))}, it cannot be called`,
      );
    return target.invoke(args, extra ? { ...named, ...extra(context) } : named);
  });
}

function compileFilter(expr: ExprOf<'filter'>, source: Source): Eval {
  const base = compile(expr.base, source);
  const evaluate = compileArguments(expr.args, source);
  const { name } = expr;
  const makesNew = FRESH.has(name);
  return guarded(expr.nameAt, source, context => {
    const value = base(context);
    const { args, named } = evaluate(context);
    const result = applyFilter(context.run.tools, name, value, args, named);
    return makesNew && Array.isArray(result) ? context.run.budget.own(result) : result;
  });
}

/** Filters whose list is always a new one, which the template may then change. */
const FRESH: ReadonlySet<string> = new Set([
  'list',
  'map',
  'select',
  'reject',
  'selectattr',
  'rejectattr',
  'sort',
  'unique',
  'flatten',
  'split',
]);

function compileTest(expr: ExprOf<'test'>, source: Source): Eval {
  const base = compile(expr.base, source);
  const evaluate = compileArguments(expr.args, source);
  const { name } = expr;
  return guarded(expr.nameAt, source, context => {
    const value = base(context);
    const { args, named } = evaluate(context);
    return applyTest(context.run.tools, name, value, args, named);
  });
}

function compileSign(expr: ExprOf<'negative' | 'positive'>, source: Source): Eval {
  const operand = compile(expr.operand, source);
  const sign = expr.kind === 'negative' ? -1 : 1;
  return context => {
    const value = need(operand(context));
    const number = numberOf(value);
    if (number === undefined) return fail(`${article(typeWord(value))} has no sign`);
    const result = number === 0 ? number : number * sign;
    return isFloat(value) || value instanceof Float ? makeFloat(result) : result;
  };
}

const COMPARE: Readonly<Record<Comparison, (a: V, b: V) => boolean>> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => compare(a, b) < 0,
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => compare(a, b) >= 0,
  in: (a, b) => contains(b, a),
  'not in': (a, b) => !contains(b, a),
};

/** `a < b < c` holds when each neighbouring pair does; what follows a false one is not evaluated. */
function compileCompare(expr: ExprOf<'compare'>, source: Source): Eval {
  const first = compile(expr.first, source);
  const rest = expr.rest.map(({ operator, operand }) => ({
    holds: COMPARE[operator],
    operand: compile(operand, source),
  }));
  const [only, ...more] = rest;
  if (only && more.length === 0) return context => only.holds(first(context), only.operand(context));
  return context => {
    let left = first(context);
    for (const { holds, operand } of rest) {
      const right = operand(context);
      if (!holds(left, right)) return false;
      left = right;
    }
    return true;
  };
}

/** As in Python, the value is that of the operand which decided. */
function compileLogic(expr: ExprOf<'and' | 'or'>, source: Source): Eval {
  const left = compile(expr.left, source);
  const right = compile(expr.right, source);
  const decides = expr.kind === 'or';
  return context => {
    const value = left(context);
    return truth(value) === decides ? value : right(context);
  };
}

/** Without an else, a false condition gives nothing: an empty text, as Ansible prints it. */
function compileIf(expr: ExprOf<'if'>, source: Source): Eval {
  const condition = compile(expr.condition, source);
  const then = compile(expr.then, source);
  const otherwise = expr.otherwise && compile(expr.otherwise, source);
  return context => {
    if (truth(condition(context))) return then(context);
    return otherwise ? otherwise(context) : '';
  };
}
