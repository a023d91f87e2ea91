/** Templates that use one another: include, import, extends and blocks. */
import type { Expr, StmtOf } from './ast.ts';
import { compile, type Eval } from './compile-expression.ts';
import type { Exec } from './compile-template.ts';
import { type Context, Frame } from './context.ts';
import { fail, type Source, type TemplateFile } from './errors.ts';
import { Output } from './output.ts';
import { article, iterate, need } from './python.ts';
import type { Scope } from './scope.ts';
import { callable, either, Thing, typeWord, Undefined, type V } from './values.ts';

/** The blocks of one template, by name. */
export class Blocks {
  readonly byName = new Map<string, { readonly run: Exec; readonly required: boolean }>();

  add({ name, required }: StmtOf<'block'>, run: Exec): void {
    if (this.byName.has(name)) fail(`the block "${name}" is defined twice`);
    this.byName.set(name, { run, required });
  }
}

/** A template compiled. */
export interface CompiledTemplate {
  readonly file: TemplateFile | undefined;
  readonly body: Exec;
  readonly blocks: Blocks;
}

/** One rendering of a template with what it extends. */
export interface Page {
  /** The template itself first, then its parents as they are met. */
  readonly chain: Blocks[];
  parent: CompiledTemplate | undefined;
  /** Compiles another template; the same options hold for it. */
  readonly load: (name: string, context: Context) => CompiledTemplate | undefined;
}

/** Prints a template, then what it extends. */
export function printTemplate(
  template: CompiledTemplate,
  context: Context,
  output: Output,
  load: Page['load'],
): void {
  const page: Page = { chain: [template.blocks], parent: undefined, load };
  const root: Context = { ...context, frame: new Frame(context.frame) };
  root.frame?.values.set('self', new Thing('template', name => blockFunction(root, page, name)));
  runChain(template, root, output, page);
}

function runChain(template: CompiledTemplate, context: Context, output: Output, page: Page): void {
  template.body(context, output, page);
  const { parent } = page;
  if (!parent) return;
  page.chain.push(parent.blocks);
  page.parent = undefined;
  context.run.budget.deeper(() => runChain(parent, context, output, page));
}

function blockFunction(context: Context, page: Page, name: string): V | undefined {
  if (!page.chain.some(blocks => blocks.byName.has(name))) return undefined;
  return callable(`block ${name}`, () => {
    const text = new Output(context.run.budget);
    printBlock(name, 0, context, text, page);
    return text.text();
  });
}

/** Prints the `level`th definition of a block, counted from the template that extends most. */
function printBlock(name: string, level: number, context: Context, output: Output, page: Page): void {
  const definitions = page.chain.flatMap(blocks => blocks.byName.get(name) ?? []);
  const block = definitions[level];
  if (!block) return;
  if (block.required) fail(`the block "${name}" is required, and no template gives it`);
  const own: Context = { ...context, frame: new Frame(context.frame) };
  const parent = callable('function super', () => {
    const text = new Output(context.run.budget);
    printBlock(name, level + 1, context, text, page);
    return text.text();
  });
  const none = new Undefined(`there is no parent block called '${name}'`, 'super');
  own.frame?.values.set('super', level + 1 < definitions.length ? parent : none);
  context.run.budget.deeper(() => block.run(own, output, page));
}

export function compileBlockTag({ name }: StmtOf<'block'>): Exec {
  return (context, output, page) => {
    // While a child's own body runs, its blocks only define; the parent decides where they print.
    if (!page.parent) printBlock(name, 0, context, output, page);
  };
}

export function compileExtends({ template }: StmtOf<'extends'>, source: Source): Exec {
  const name = compile(template, source);
  return (context, _, page) => {
    if (page.parent) fail('a template extends one other only');
    page.parent = found(name(context), context, page) ?? undefined;
  };
}

/** The first template of one or several names that exists. */
function found(names: V, context: Context, page: Page, ignoreMissing = false): CompiledTemplate | undefined {
  const list = typeof need(names) === 'string' ? [names] : iterate(names);
  for (const name of list) {
    if (typeof name !== 'string') return fail(`${article(typeWord(name))} is no name of a template`);
    const template = page.load(name, context);
    if (template) return template;
  }
  return ignoreMissing
    ? undefined
    : fail(`there is no template ${list.map(name => `"${String(name)}"`).join(' or ')}`);
}

function without(scope: Scope): Scope {
  return { ...scope, lookup: () => undefined, names: () => [] };
}

function contextFor(context: Context, withContext: boolean): Context {
  return withContext ? context : { run: context.run, scope: without(context.scope), frame: undefined };
}

export function compileInclude(statement: StmtOf<'include'>, source: Source): Exec {
  const name = compile(statement.template, source);
  return (context, output, page) => {
    const template = found(name(context), context, page, statement.ignoreMissing);
    if (!template) return;
    context.run.budget.deeper(() =>
      printTemplate(template, contextFor(context, statement.withContext), output, page.load),
    );
  };
}

function moduleOf(
  template: Expr,
  withContext: boolean,
  source: Source,
): (context: Context, page: Page) => ReadonlyMap<string, V> {
  const name: Eval = compile(template, source);
  return (context, page) => {
    const loaded = found(name(context), context, page);
    const own = contextFor(context, withContext);
    const root: Context = { ...own, frame: new Frame(own.frame) };
    if (loaded) {
      const inner: Page = { chain: [loaded.blocks], parent: undefined, load: page.load };
      context.run.budget.deeper(() => runChain(loaded, root, new Output(context.run.budget), inner));
    }
    return root.frame?.values ?? new Map<string, V>();
  };
}

export function compileImport(statement: StmtOf<'import'>, source: Source): Exec {
  const load = moduleOf(statement.template, statement.withContext, source);
  return (context, _, page) => {
    const names = load(context, page);
    context.frame?.values.set(statement.name, new Thing('imported template', name => names.get(name)));
  };
}

export function compileFrom(statement: StmtOf<'from'>, source: Source): Exec {
  const load = moduleOf(statement.template, statement.withContext, source);
  return (context, _, page) => {
    const names = load(context, page);
    for (const [name, alias] of statement.names) {
      const missing = new Undefined(`the imported template does not define '${name}'`, name);
      context.frame?.values.set(
        alias,
        either(names.get(name), () => missing),
      );
    }
  };
}
