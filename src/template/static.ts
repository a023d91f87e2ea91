/** What can be said of templates without running them: their mistakes, and the names they read. */
import type { Value } from '../core/value.ts';
import { isMap } from '../core/value.ts';
import type { Expr, Stmt } from './ast.ts';
import { TemplateError } from './errors.ts';
import { filterProblem } from './filters.ts';
import { readNames } from './names.ts';
import { parseBare } from './parse-template.ts';
import { parsePlaybookString } from './program.ts';
import { testProblem } from './tests.ts';
import { allExpressions, expressionAndChildren } from './walk.ts';

type Path = readonly (string | number)[];
export type Kind = 'template' | 'expression';

/** A name that a template reads. `guarded`: only where it is known to be defined, or with a default. */
export interface Reference {
  readonly name: string;
  readonly guarded: boolean;
  readonly path: Path;
  readonly offset: number;
  readonly length: number;
}

export interface SyntaxProblem {
  readonly message: string;
  readonly hint?: string;
  readonly path: Path;
  readonly offset: number;
  readonly length: number;
}

/** Every string inside a value, with its path; map keys count as strings too. */
function* stringsIn(value: Value, path: Path = []): Generator<{ text: string; path: Path }> {
  if (typeof value === 'string') yield { text: value, path };
  else if (Array.isArray(value))
    for (const [i, item] of value.entries()) yield* stringsIn(item, [...path, i]);
  else if (isMap(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (/\{[{%#]/.test(key)) yield { text: key, path: [...path, key] };
      yield* stringsIn(item, [...path, key]);
    }
  }
}

type Parsed = { readonly body: readonly Stmt[] } | { readonly expr: Expr } | undefined;

/** @throws TemplateError */
function parse(text: string, kind: Kind): Parsed {
  const template = kind === 'template' || text.includes('{%');
  if (template) return /\{[{%#]/.test(text) ? { body: parsePlaybookString(text) } : undefined;
  return text.trim() === '' ? undefined : { expr: parseBare(text, true) };
}

function expressionsIn(parsed: Parsed): Iterable<Expr> {
  if (!parsed) return [];
  return 'body' in parsed ? allExpressions(parsed.body) : expressionAndChildren(parsed.expr);
}

export function findProblems(value: Value, kind: Kind): readonly SyntaxProblem[] {
  return [...stringsIn(value)].flatMap(({ text, path }) =>
    problemsOf(text, kind).map(problem => ({ ...problem, path })),
  );
}

function problemsOf(text: string, kind: Kind): readonly Omit<SyntaxProblem, 'path'>[] {
  try {
    return [...expressionsIn(parse(text, kind))].flatMap(unknownNames);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { message, hint, offset, length } = error;
    return [{ message, ...(hint === undefined ? {} : { hint }), offset, length }];
  }
}

/** Filters that take the name of a filter or test as their first or second argument. */
const BY_NAME: ReadonlyMap<string, { readonly at: number; readonly problem: typeof filterProblem }> = new Map(
  [
    ['map', { at: 0, problem: filterProblem }],
    ['select', { at: 0, problem: testProblem }],
    ['reject', { at: 0, problem: testProblem }],
    ['selectattr', { at: 1, problem: testProblem }],
    ['rejectattr', { at: 1, problem: testProblem }],
  ],
);

function unknownNames(expr: Expr): readonly Omit<SyntaxProblem, 'path'>[] {
  if (expr.kind !== 'filter' && expr.kind !== 'test') return [];
  const found: Omit<SyntaxProblem, 'path'>[] = [];
  const problem = expr.kind === 'filter' ? filterProblem(expr.name) : testProblem(expr.name);
  if (problem)
    found.push({ ...problem, offset: expr.nameAt.start, length: expr.nameAt.end - expr.nameAt.start });
  const named = expr.kind === 'filter' ? BY_NAME.get(expr.name) : undefined;
  const argument = named && expr.args.positional[named.at];
  if (argument?.kind === 'constant' && typeof argument.value === 'string') {
    const inner = named?.problem(argument.value.replace(/^ansible\.builtin\./, ''));
    if (inner)
      found.push({ ...inner, offset: argument.at.start, length: argument.at.end - argument.at.start });
  }
  return found;
}

export function findReferences(value: Value, kind: Kind): readonly Reference[] {
  return [...stringsIn(value)].flatMap(({ text, path }) => {
    const names = namesIn(text, kind);
    return names.map(({ name, guarded, at }) => ({
      name,
      guarded,
      path,
      offset: at.start,
      length: at.end - at.start,
    }));
  });
}

function namesIn(text: string, kind: Kind): ReturnType<typeof readNames> {
  try {
    const parsed = parse(text, kind);
    if (!parsed) return [];
    return readNames('body' in parsed ? parsed.body : parsed.expr, inner => namesIn(inner, 'template'));
  } catch (error) {
    // A text that cannot be parsed is reported by findProblems; it reads no names.
    if (error instanceof TemplateError) return [];
    throw error;
  }
}
