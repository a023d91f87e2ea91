/** Compiles statements to closures that print. */

import { assign } from './assign.ts';
import type { Expr, ExprOf, Stmt, StmtOf } from './ast.ts';
import { CAPTURED } from './ast.ts';
import { compile, compileCall, type Eval } from './compile-expression.ts';
import { compileLoop } from './compile-loop.ts';
import { type Context, Frame } from './context.ts';
import { locate, type Source } from './errors.ts';
import { makeMacro } from './macro.ts';
import { Output } from './output.ts';
import {
  Blocks,
  compileBlockTag,
  compileExtends,
  compileFrom,
  compileImport,
  compileInclude,
  type Page,
} from './page.ts';
import { need, truth } from './python.ts';

export type Exec = (context: Context, output: Output, page: Page) => void;

/** Compiles statements in order; after an `extends` was met, only what prints nothing matters. */
export function compileBody(body: readonly Stmt[], source: Source): Exec {
  const parts = body.map(statement => compileStatement(statement, source));
  return (context, output, page) => {
    for (const part of parts) part(context, page.parent ? new Output(context.run.budget) : output, page);
  };
}

function compileStatement(statement: Stmt, source: Source): Exec {
  const run = compileKind(statement, source);
  if (statement.kind === 'data') return run;
  return (context, output, page) => {
    try {
      run(context, output, page);
    } catch (error) {
      throw locate(error, statement.at, source);
    }
  };
}

function compileKind(statement: Stmt, source: Source): Exec {
  switch (statement.kind) {
    case 'data':
      return (_, output) => output.add(statement.text);
    case 'output': {
      const value = compile(statement.value, source);
      return (context, output) => output.add(need(value(context)));
    }
    case 'if':
      return compileIf(statement, source);
    case 'for':
      return compileLoop(statement, source, compileBody);
    case 'set': {
      const value = compile(statement.value, source);
      return context => assign(context, statement.target, value(context));
    }
    case 'capture':
      return compileCapture(statement, source);
    case 'filter': {
      const filtered = compileFiltered(statement.filter, statement.body, source);
      return (context, output, page) => output.add(filtered(context, page));
    }
    case 'macro': {
      const make = makeMacro(statement, source, compileBody);
      return (context, _, page) =>
        context.frame?.values.set(statement.name, make(context, page, statement.name));
    }
    case 'callBlock':
      return compileCallBlock(statement, source);
    case 'include':
      return compileInclude(statement, source);
    case 'import':
      return compileImport(statement, source);
    case 'from':
      return compileFrom(statement, source);
    case 'extends':
      return compileExtends(statement, source);
    case 'block':
      return compileBlockTag(statement);
    case 'with':
      return compileWith(statement, source);
    case 'scope':
      return inner(compileBody(statement.body, source));
  }
}

function inner(body: Exec): Exec {
  return (context, output, page) => body(deeper(context), output, page);
}

/** The same context with names of its own. */
function deeper(context: Context): Context {
  return { run: context.run, scope: context.scope, frame: new Frame(context.frame) };
}

function compileIf(statement: StmtOf<'if'>, source: Source): Exec {
  const branches = statement.branches.map(({ condition, body }) => ({
    condition: compile(condition, source),
    body: compileBody(body, source),
  }));
  const otherwise = compileBody(statement.otherwise, source);
  return (context, output, page) => {
    const chosen = branches.find(({ condition }) => truth(condition(context)));
    (chosen?.body ?? otherwise)(context, output, page);
  };
}

type Capture = (context: Context, page: Page) => ReturnType<Eval>;

/** The text of a body, through filters. */
function compileFiltered(filter: Expr | undefined, body: readonly Stmt[], source: Source): Capture {
  const run = compileBody(body, source);
  const apply = filter && compile(filter, source);
  return (context, page) => {
    const output = new Output(context.run.budget);
    run(deeper(context), output, page);
    const text = output.text();
    if (!apply) return text;
    const captured = deeper(context);
    captured.frame?.values.set(CAPTURED, text);
    return apply(captured);
  };
}

function compileCapture(statement: StmtOf<'capture'>, source: Source): Exec {
  const filtered = compileFiltered(statement.filter, statement.body, source);
  return (context, _, page) => assign(context, statement.target, filtered(context, page));
}

function compileCallBlock(statement: StmtOf<'callBlock'>, source: Source): Exec {
  const make = makeMacro(statement, source, compileBody);
  return (context, output, page) => {
    const caller = make(context, page, 'caller');
    output.add(compileCallOnce(statement.call, source)(context, { caller }));
  };
}

type Caller = Readonly<Record<string, ReturnType<Eval>>>;

function compileCallOnce(call: ExprOf<'call'>, source: Source) {
  return (context: Context, extra: Caller) => compileCall(call, source, () => extra)(context);
}

function compileWith(statement: StmtOf<'with'>, source: Source): Exec {
  const bindings = statement.bindings.map(([target, value]) => [target, compile(value, source)] as const);
  const body = compileBody(statement.body, source);
  return (context, output, page) => {
    const own = deeper(context);
    const values = bindings.map(([target, value]) => [target, value(context)] as const);
    for (const [target, value] of values) assign(own, target, value);
    body(own, output, page);
  };
}

/** All `block` tags of a body, also nested ones, by name. */
export function collectBlocks(body: readonly Stmt[], source: Source, into = new Blocks()): Blocks {
  for (const statement of body) {
    if (statement.kind === 'block') into.add(statement, compileBody(statement.body, source));
    if (statement.kind === 'if')
      for (const branch of statement.branches) collectBlocks(branch.body, source, into);
    if ('body' in statement) collectBlocks(statement.body, source, into);
    if ('otherwise' in statement) collectBlocks(statement.otherwise, source, into);
  }
  return into;
}
