/** Strings of a playbook, bare expressions and template files, parsed and compiled once each. */
import type { RenderOptions } from '../core/probe.ts';
import type { Value } from '../core/value.ts';
import type { Expr, Stmt } from './ast.ts';
import { Cache } from './cache.ts';
import { compile, type Eval } from './compile-expression.ts';
import { collectBlocks, compileBody } from './compile-template.ts';
import { type Context, Run } from './context.ts';
import { locate, type Source, TemplateError, type TemplateFile } from './errors.ts';
import { TEXT_FILTERS } from './filters.ts';
import { globalsFor } from './globals.ts';
import type { Syntax } from './lexer.ts';
import { literalOf } from './literal.ts';
import { Output } from './output.ts';
import { type CompiledTemplate, printTemplate } from './page.ts';
import { parseBare, parseTemplate } from './parse-template.ts';
import { need, str } from './python.ts';
import type { Scope } from './scope.ts';
import type { V } from './values.ts';

/** How strings of playbooks are read: backslashes stay, a newline after a block tag goes. */
const PLAYBOOK: Syntax = { rawStrings: true, trimBlocks: true };

const CACHE_SIZE = 4000;

export function parsePlaybookString(text: string): readonly Stmt[] {
  return parseTemplate(text, PLAYBOOK);
}

type StringProgram = (context: Context) => V;

const strings = new Cache<StringProgram>(CACHE_SIZE);
const expressions = new Cache<{ readonly tree: Expr; readonly run: Eval }>(CACHE_SIZE);
const files = new Cache<CompiledTemplate>(200);

export function newRun(): Run {
  return new Run(renderString, globalsFor);
}

export function contextOf(run: Run, scope: Scope): Context {
  return { run, scope, frame: undefined };
}

/** The value of a string with templates: native when it is one whole `{{ }}`, else text. */
export function renderString(text: string, context: Context): V {
  return strings.get(text, () => compileString(text))(context);
}

function compileString(text: string): StringProgram {
  const source: Source = { text, file: undefined };
  const body = parsePlaybookString(text);
  const [only] = body;
  if (body.length === 1 && only?.kind === 'output') return compileWhole(only.value, source, text);
  const template: CompiledTemplate = {
    file: undefined,
    body: compileBody(body, source),
    blocks: collectBlocks(body, source),
  };
  const tags = body.some(({ kind }) => kind !== 'data' && kind !== 'output');
  return context => {
    const output = new Output(context.run.budget);
    printTemplate(template, context, output, loadPlaybookTemplate);
    const single = output.single;
    if (single !== undefined && single !== null && typeof single !== 'string') return single;
    const printed = output.text();
    return (tags ? literalOf(printed) : undefined) ?? keepNewlines(text, printed);
  };
}

/** A string that looks like a boolean becomes one, as in Ansible, unless a filter made it a string on purpose. */
function compileWhole(value: Expr, source: Source, text: string): StringProgram {
  const run = compile(value, source);
  const text_ = value.kind === 'filter' && TEXT_FILTERS.has(value.name);
  return context => {
    const result = need(run(context));
    if (typeof result === 'number' && text.endsWith('\n') && value.kind !== 'name')
      return keepNewlines(text, str(result));
    if (typeof result !== 'string') return result;
    if (!text_ && (result === 'True' || result === 'False')) return result === 'True';
    return keepNewlines(text, result);
  };
}

/** Parsing drops one newline at the end; a text keeps as many as were written. */
function keepNewlines(written: string, printed: string, newline = '\n'): string {
  const count = (text: string) => /\n*$/.exec(text)?.[0].length ?? 0;
  const missing = written.endsWith('\n') ? count(written) - count(printed) : 0;
  return missing > 0 ? printed + newline.repeat(missing) : printed;
}

/** A bare expression; `condition` reads needless braces as parentheses. */
export function expressionProgram(
  text: string,
  condition: boolean,
): { readonly tree: Expr; readonly run: Eval } {
  return expressions.get(`${condition ? '?' : '='}${text}`, () => {
    const tree = parseBare(text, condition);
    return { tree, run: compile(tree, { text, file: undefined }) };
  });
}

function loadPlaybookTemplate(name: string, context: Context): CompiledTemplate | undefined {
  return loader(PLAYBOOK)(name, context);
}

function loader(syntax: Syntax) {
  return (name: string, context: Context): CompiledTemplate | undefined => {
    const loaded = context.scope.loadTemplate?.(name);
    return loaded && compileFile(loaded.text, loaded.name, { ...syntax, rawStrings: false });
  };
}

function compileFile(text: string, name: string, syntax: Syntax): CompiledTemplate {
  return files.get(JSON.stringify([name, text, syntax]), () => {
    const { options, body: rest, lines } = readHeader(text);
    const file: TemplateFile = { name, text: rest, linesBefore: lines };
    const source: Source = { text: rest, file };
    try {
      const body = parseTemplate(rest, { ...syntax, ...options });
      return { file, body: compileBody(body, source), blocks: collectBlocks(body, source) };
    } catch (error) {
      if (error instanceof TemplateError) error.file = file;
      throw locate(error, { start: 0, end: 1 }, source);
    }
  });
}

const HEADER = '#jinja2:';

const OPTION_NAMES: Readonly<Record<string, keyof RenderOptions>> = {
  trim_blocks: 'trimBlocks',
  lstrip_blocks: 'lstripBlocks',
  newline_sequence: 'newlineSequence',
  variable_start_string: 'variableStart',
  variable_end_string: 'variableEnd',
  block_start_string: 'blockStart',
  block_end_string: 'blockEnd',
  comment_start_string: 'commentStart',
  comment_end_string: 'commentEnd',
};

/** `#jinja2: trim_blocks: False, lstrip_blocks: True` in the first line overrides options. */
function readHeader(text: string): { options: RenderOptions; body: string; lines: number } {
  if (!text.startsWith(HEADER)) return { options: {}, body: text, lines: 0 };
  const end = text.indexOf('\n');
  const line = text.slice(HEADER.length, end < 0 ? text.length : end);
  const options: Record<string, Value> = {};
  for (const pair of line.split(',')) {
    const [, key = '', value = ''] = /^\s*(\w+)\s*:\s*(.*?)\s*$/.exec(pair) ?? [];
    const name = OPTION_NAMES[key];
    const read = literalOf(value) ?? /^(['"])(.*)\1$/.exec(value)?.[2];
    if (name === undefined || read === undefined || typeof read === 'object')
      throw new TemplateError(
        `the header "${HEADER}" has a bad option "${pair.trim()}"`,
        'write trim_blocks: False, lstrip_blocks: True',
      );
    options[name] = typeof read === 'string' ? read.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : read;
  }
  return { options, body: end < 0 ? '' : text.slice(end + 1), lines: 1 };
}

/** The text that a template file gives. */
export function renderFile(text: string, name: string, scope: Scope, options: RenderOptions): string {
  const syntax: Syntax = { trimBlocks: true, ...options, rawStrings: false };
  const template = compileFile(text, name, syntax);
  const run = newRun();
  const output = new Output(run.budget);
  printTemplate(template, contextOf(run, scope), output, loader(syntax));
  return keepNewlines(text, output.text(), options.newlineSequence);
}
