/** Compiles `{% for %}`: targets, its filter, `loop` and recursion. */

import { assign } from './assign.ts';
import type { Stmt, StmtOf } from './ast.ts';
import { compile } from './compile-expression.ts';
import type { Exec } from './compile-template.ts';
import { type Context, Frame } from './context.ts';
import { fail, type Source } from './errors.ts';
import { Output } from './output.ts';
import type { Page } from './page.ts';
import { equal, iterate, truth } from './python.ts';
import { callable, either, Thing, Undefined, type V } from './values.ts';
import { readsName } from './walk.ts';

type CompileBody = (body: readonly Stmt[], source: Source) => Exec;

/** Where a loop stands; `loop` reads it. */
class Turn {
  index = 0;
  seen: readonly V[] | undefined;
  readonly items: readonly V[];
  readonly depth: number;

  constructor(items: readonly V[], depth: number) {
    this.items = items;
    this.depth = depth;
  }
}

export function compileLoop(statement: StmtOf<'for'>, source: Source, compileBody: CompileBody): Exec {
  const list = compile(statement.list, source);
  const filter = statement.filter && compile(statement.filter, source);
  const body = compileBody(statement.body, source);
  const otherwise = compileBody(statement.otherwise, source);
  const readsLoop = statement.recursive || readsName(statement.body, 'loop');
  const inner = (context: Context): Context => ({ ...context, frame: new Frame(context.frame) });
  const wanted = (context: Context, item: V): boolean => {
    if (!filter) return true;
    const own = inner(context);
    assign(own, statement.target, item);
    return truth(filter(own));
  };
  const run = (context: Context, all: readonly V[], depth: number, output: Output, page: Page): void => {
    context.run.budget.spend(all.length);
    const items = filter ? all.filter(item => wanted(context, item)) : all;
    if (items.length === 0) otherwise(inner(context), output, page);
    const turn = new Turn(items, depth);
    const again = (nested: V): V =>
      context.run.budget.deeper(() => {
        const text = new Output(context.run.budget);
        run(context, iterate(nested), depth + 1, text, page);
        return text.text();
      });
    const loop = loopOf(turn, statement.recursive ? again : undefined);
    for (const item of items) {
      const own = inner(context);
      if (readsLoop) own.frame?.values.set('loop', loop);
      assign(own, statement.target, item);
      body(own, output, page);
      turn.index += 1;
    }
  };
  return (context, output, page) => run(context, iterate(list(context)), 1, output, page);
}

function loopOf(turn: Turn, again: ((nested: V) => V) | undefined): Thing {
  const read = (name: string) => (Object.hasOwn(LOOP, name) ? LOOP[name]?.(turn) : undefined);
  const recurse = (args: readonly V[]): V =>
    again?.(args[0] ?? []) ?? fail('only a recursive loop can be called', '{% for x in list recursive %}');
  return new Thing('loop', read, recurse);
}

const LOOP: Readonly<Record<string, (turn: Turn) => V>> = {
  index: ({ index }) => index + 1,
  index0: ({ index }) => index,
  revindex: ({ index, items }) => items.length - index,
  revindex0: ({ index, items }) => items.length - index - 1,
  first: ({ index }) => index === 0,
  last: ({ index, items }) => index === items.length - 1,
  length: ({ items }) => items.length,
  depth: ({ depth }) => depth,
  depth0: ({ depth }) => depth - 1,
  previtem: ({ index, items }) =>
    either(items[index - 1], () => new Undefined('there is no previous item', 'previtem')),
  nextitem: ({ index, items }) =>
    either(items[index + 1], () => new Undefined('there is no next item', 'nextitem')),
  cycle: ({ index }) =>
    callable('function cycle', args =>
      either(args[index % Math.max(1, args.length)], () => fail('cycle() needs something to choose from')),
    ),
  changed: turn =>
    callable('function changed', args => {
      const before = turn.seen;
      turn.seen = args;
      return before === undefined || !equal([...before], [...args]);
    }),
};
