/** Macros: templates that are called like functions, and the callers of `{% call %}`. */
import type { Signature, Stmt } from './ast.ts';
import { compile } from './compile-expression.ts';
import type { Exec } from './compile-template.ts';
import { type Context, Frame } from './context.ts';
import { fail, type Source, suggest } from './errors.ts';
import { Output } from './output.ts';
import type { Page } from './page.ts';
import { callable, either, type Named, type Thing, Tuple, Undefined, type V } from './values.ts';
import { readsName } from './walk.ts';

type CompileBody = (body: readonly Stmt[], source: Source) => Exec;

/** Compiles a macro; the result binds it to the context in which the tag stands. */
export function makeMacro(
  { parameters, body }: Signature & { readonly body: readonly Stmt[] },
  source: Source,
  compileBody: CompileBody,
): (context: Context, page: Page, name: string) => Thing {
  const run = compileBody(body, source);
  const fallbacks = parameters.map(({ fallback }) => fallback && compile(fallback, source));
  const names = parameters.map(({ name }) => name);
  const takes = {
    args: readsName(body, 'varargs'),
    named: readsName(body, 'kwargs'),
    caller: readsName(body, 'caller'),
  };
  return (context, page, macro) =>
    callable(`macro ${macro}`, (args, named) =>
      context.run.budget.deeper(() => {
        const own: Context = { run: context.run, scope: context.scope, frame: new Frame(context.frame) };
        const values = own.frame?.values ?? new Map<string, V>();
        bindExtra(macro, names, args, named, takes, values);
        for (const [i, name] of names.entries()) {
          const given = args[i] === undefined && Object.hasOwn(named, name) ? named[name] : args[i];
          const value = given === undefined ? fallbacks[i]?.(own) : given;
          values.set(
            name,
            either(value, () => new Undefined(`the macro ${macro} was called without '${name}'`, name)),
          );
        }
        const output = new Output(context.run.budget);
        run(own, output, page);
        return output.text();
      }),
    );
}

function bindExtra(
  macro: string,
  names: readonly string[],
  args: readonly V[],
  named: Named,
  takes: { readonly args: boolean; readonly named: boolean; readonly caller: boolean },
  values: Map<string, V>,
): void {
  const { caller, ...others } = named;
  if (args.length > names.length && !takes.args)
    fail(`the macro ${macro} takes ${names.length} arguments, ${args.length} are given`);
  const extra = Object.entries(others).filter(([name]) => !names.includes(name));
  const [first] = extra;
  if (first && !takes.named)
    fail(`the macro ${macro} has no argument "${first[0]}"`, suggest(first[0], names));
  if (caller !== undefined && !takes.caller && !names.includes('caller'))
    fail(`the macro ${macro} does not use its caller`);
  values.set('varargs', Tuple.make(args.slice(names.length)));
  values.set('kwargs', Object.fromEntries(extra));
  if (caller !== undefined) values.set('caller', caller);
  else values.set('caller', new Undefined(`the macro ${macro} was not called by {% call %}`, 'caller'));
}
