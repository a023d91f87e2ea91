/**
 * Jinja as Ansible speaks it: rendering values, evaluating expressions and conditions, rendering template files.
 * Values handed in are taken as constant: whether a container holds templates is looked at once and remembered.
 */
import { DiagnosticError, errorAt, type Place } from '../core/diagnostic.ts';
import type { Source } from '../core/play.ts';
import type { RenderOptions } from '../core/probe.ts';
import { isMap, Unknown, type Value } from '../core/value.ts';
import { type Context, holdsTemplate } from './context.ts';
import { TemplateError, type TemplateFile, UndefinedError } from './errors.ts';
import { finish } from './finish.ts';
import { contextOf, expressionProgram, newRun, renderFile, renderString } from './program.ts';
import { truth } from './python.ts';
import type { LazyMap, Scope } from './scope.ts';
import { findProblems, findReferences, type Kind, type Reference, type SyntaxProblem } from './static.ts';
import { boolWord } from './tests.ts';
import type { V } from './values.ts';

export type { LazyMap, Reference, Scope, SyntaxProblem };
export { TemplateError, UndefinedError };

type Path = readonly (string | number)[];

/** Where a written value stands: gives errors their places. */
export interface Where {
  readonly source: Source;
  readonly path: Path;
}

/**
 * Renders all strings of a value, deeply, map keys too. A string that is one whole `{{ }}` becomes the value of its
 * expression; any other becomes text. Floats with an integral value leave as numbers: 1.0 and 1 are the same outside.
 * @throws DiagnosticError placed at the faulty expression when `where` is given, else TemplateError; UnknownValueError
 */
export function render(value: Value, scope: Scope, where?: Where): Value {
  if (!holdsTemplate(value)) return value;
  return renderDeep(value, contextOf(newRun(), scope), where, []);
}

function renderDeep(value: Value, context: Context, where: Where | undefined, path: Path): Value {
  if (!holdsTemplate(value)) return value;
  if (typeof value === 'string') return placing(where, path, () => finish(renderString(value, context)));
  if (Array.isArray(value)) return value.map((item, i) => renderDeep(item, context, where, [...path, i]));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const inner = [...path, key];
    const name = holdsTemplate(key) ? placing(where, inner, () => renderKey(key, context)) : key;
    return [name, renderDeep(item, context, where, inner)] as const;
  });
  return Object.fromEntries(entries);
}

function renderKey(key: string, context: Context): string {
  const name = finish(renderString(key, context));
  return typeof name === 'object' ? key : String(name);
}

/**
 * The value of a bare expression, without braces. What is no string is returned as it is.
 * @throws DiagnosticError when `where` is given, else TemplateError; UnknownValueError
 */
export function evaluate(expression: Value, scope: Scope, where?: Where): Value | Unknown {
  if (typeof expression !== 'string') return expression;
  return placing(where, [], () => {
    const value = expressionValue(expression, contextOf(newRun(), scope));
    return value instanceof Unknown ? value : finish(value);
  });
}

function expressionValue(expression: string, context: Context): V {
  if (expression.includes('{%')) return renderString(expression, context);
  return expressionProgram(expression, true).run(context);
}

/**
 * Whether a condition (`when:`) holds, by Python's truthiness; none and '' hold, as in Ansible. Braces are superfluous
 * but understood: the text that `{{ x }}` gives must be a word for true or false, and is never evaluated itself unless
 * x is a variable of the playbook that holds an expression.
 * @throws DiagnosticError when `where` is given, else TemplateError; UnknownValueError
 */
export function condition(expression: Value, scope: Scope, where?: Where): boolean {
  if (expression === null || expression === '') return true;
  if (typeof expression !== 'string') return truth(expression);
  return placing(where, [], () => holds(expression, contextOf(newRun(), scope)));
}

function holds(expression: string, context: Context): boolean {
  const value = expressionValue(expression, context);
  if (typeof value !== 'string' || value === '' || !/\{[{%]/.test(expression)) return truth(value);
  const word = boolWord(value);
  if (word !== undefined) return word;
  const written = expressionVariable(expression, context);
  if (written === undefined)
    throw new TemplateError(
      `the condition gives the text "${shorten(value)}", not true or false`,
      'write the condition without {{ }}',
    );
  return context.run.budget.deeper(() => holds(written, context));
}

/** The text of a playbook's own variable, when a condition is `{{ name }}`; never one that came from a host. */
function expressionVariable(expression: string, { scope }: Context): string | undefined {
  const [, name] = /^\s*\{\{\s*(\w+)\s*\}\}\s*$/.exec(expression) ?? [];
  const found = name === undefined ? undefined : scope.lookup(name);
  return found?.templated && typeof found.value === 'string' && !holdsTemplate(found.value)
    ? found.value
    : undefined;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * The text of a template file. `options` default to those of Ansible's template module: trimBlocks on, lstripBlocks off,
 * newlines at the end kept.
 * @throws DiagnosticError placed in the file (or the one it includes); UnknownValueError
 */
export function renderText(text: string, scope: Scope, options: RenderOptions, file: string): string {
  try {
    return renderFile(text, file, scope, options);
  } catch (error) {
    throw error instanceof TemplateError
      ? inFile(error, error.file ?? { name: file, text, linesBefore: 0 })
      : error;
  }
}

function inFile(error: TemplateError, { name, text, linesBefore }: TemplateFile): DiagnosticError {
  const before = text.slice(0, error.offset).split('\n');
  const place: Place = {
    file: name,
    line: before.length + linesBefore,
    column: (before.at(-1)?.length ?? 0) + 1,
    length: onOneLine(error, text),
  };
  return new DiagnosticError(errorAt(error.message, place, error.hint));
}

/** Underlining ends with the line. */
function onOneLine({ offset, length }: TemplateError, text: string): number {
  const end = text.indexOf('\n', offset);
  return Math.max(1, end < 0 ? length : Math.min(length, end - offset));
}

/**
 * The names that a value's templates, or an expression, read from outside, with the place of each. `guarded` ones stand
 * behind `is defined` or have a default. Names of functions (`lookup`) are listed too, those that every template has are not.
 */
export function references(value: Value, kind: Kind): readonly Reference[] {
  return findReferences(value, kind);
}

/** What is wrong with templates or expressions before they run: syntax, unknown filters and tests. */
export function syntaxErrors(value: Value, kind: Kind): readonly SyntaxProblem[] {
  return findProblems(value, kind);
}

/** Gives a TemplateError its place in the file that the value stands in. */
function placing<T>(where: Where | undefined, path: Path, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TemplateError) || where === undefined) throw error;
    if (error.file) throw inFile(error, error.file);
    const place = where.source.place([...where.path, ...path], error.offset);
    throw new DiagnosticError(errorAt(error.message, { ...place, length: error.length }, error.hint));
  }
}
