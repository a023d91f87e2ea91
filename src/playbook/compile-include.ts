/** import_tasks, which stands for the tasks of its file, and include_tasks, which is met during the run. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdsTemplate } from '../core/arguments.ts';
import { DiagnosticError } from '../core/diagnostic.ts';
import type { IncludeNode, Node } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import { compileLoop, compileLoopControl, refuseLoop } from './compile-loop.ts';
import { type Context, complain, complainAtKey, type Path, Report, written } from './context.ts';
import { besideFile, readYaml } from './files.ts';
import { inheritFrom } from './inherit.ts';
import { parsePairs } from './kv.ts';
import { varsLayer } from './layers.ts';
import type { Action } from './module-key.ts';
import { validateKeywords } from './validate.ts';
import { field, given, writtenText } from './values.ts';

interface Named {
  readonly file: string;
  readonly path: Path;
  readonly apply: ValueMap;
  readonly applyPath: Path;
}

export function compileImport(
  action: Action,
  keywords: ValueMap,
  path: Path,
  context: Context,
): readonly Node[] {
  refuseLoop(keywords, 'import_tasks', path, context, 'use include_tasks');
  const named = nameOf(action, keywords, ['file'], path, context);
  if (!named) return [];
  if (holdsTemplate(named.file)) {
    complain(context, 'the file of import_tasks cannot be a template', named.path, 'use include_tasks');
    return [];
  }
  const file = findFile(named.file, context);
  if (context.chain.includes(file)) {
    const way = [...context.chain.slice(context.chain.indexOf(file)), file];
    complain(context, `${file} imports itself`, named.path, way.join(' → '));
    return [];
  }
  return compileFile(file, named.path, inheritFrom(keywords, path, context, 'vars of import_tasks'));
}

export function compileInclude(
  action: Action,
  keywords: ValueMap,
  path: Path,
  context: Context,
): readonly IncludeNode[] {
  if (context.handlers)
    complainAtKey(
      context,
      'include_tasks is not supported among handlers in this version',
      action.path,
      'use import_tasks',
    );
  const named = nameOf(action, keywords, ['file', 'apply'], path, context);
  if (!named) return [];
  const inside = insideInclude(named, keywords, path, context);
  const eager = compileAhead(named, inside);
  return [
    {
      kind: 'include',
      what: 'tasks',
      ...inheritFrom(keywords, path, context, 'task vars').inherited,
      ...field('name', writtenText(keywords, 'name', path, context)),
      place: context.document.place(path),
      file: written(context, named.file, named.path),
      loop: compileLoop(keywords, path, context),
      loopControl: compileLoopControl(keywords, path, context),
      ...field('ahead', eager),
      load: async file => (eager && file === named.file ? eager : compileNow(file, named.path, inside)),
    },
  ];
}

/** Ansible hands an include's variables to the tasks of its file, and else only what `apply` says. */
function insideInclude(
  { apply, applyPath }: Named,
  keywords: ValueMap,
  path: Path,
  context: Context,
): Context {
  const vars = varsLayer('vars of include_tasks', keywords.vars, [...path, 'vars'], context);
  const { inherited } = context;
  const inside = { ...context, inherited: { ...inherited, vars: [...inherited.vars, ...vars] } };
  return inheritFrom(apply, applyPath, inside, 'vars of apply');
}

function nameOf(
  action: Action,
  keywords: ValueMap,
  known: readonly string[],
  path: Path,
  context: Context,
): Named | undefined {
  const { args, path: at, name } = action;
  const beside = given(keywords, 'args');
  const map: ValueMap = { ...(isMap(beside) ? beside : {}), ...(isMap(args) ? args : fromText(args)) };
  const placeOf = (key: string) =>
    isMap(args) && key in args ? [...at, key] : isMap(beside) && key in beside ? [...path, 'args', key] : at;
  for (const key of Object.keys(map)) {
    if (!known.includes(key))
      complainAtKey(context, `unknown argument "${key}" of ${name}`, placeOf(key), didYouMean(key, known));
  }
  const apply = map.apply ?? {};
  const applies = isMap(apply) && validateKeywords('apply', apply, placeOf('apply'), context);
  if (!isMap(apply)) complain(context, '"apply" must be a mapping', placeOf('apply'));
  if (typeof map.file === 'string')
    return {
      file: map.file,
      path: placeOf('file'),
      apply: applies ? apply : {},
      applyPath: placeOf('apply'),
    };
  complainAtKey(context, `${name} needs the name of a file`, at);
  return undefined;
}

function fromText(args: Value): ValueMap {
  if (typeof args !== 'string') return {};
  const { pairs, rest } = parsePairs(args, key => key === 'file');
  return { file: pairs[0]?.value ?? rest };
}

/** A file that includes itself, which a condition may end, is left for the run. */
function compileAhead({ file: name, path }: Named, context: Context): readonly Node[] | undefined {
  if (holdsTemplate(name)) return undefined;
  const file = findFile(name, context);
  return context.chain.includes(file) ? undefined : compileFile(file, path, context);
}

function compileFile(file: string, named: Path, context: Context): readonly Node[] {
  const { chain, report, document } = context;
  const read = readYaml(file, report, document.place(named));
  if (!read) return [];
  const inside = { ...context, document: read, chain: [...chain, file] };
  if (read.value !== null && !Array.isArray(read.value))
    complain(inside, 'a file of tasks must be a list', []);
  return context.compileNodes(read.value, [], inside);
}

/** Beside the file that names it, in the folder `tasks` there, or beside the playbook. */
function findFile(name: string, { document, chain }: Context): string {
  const beside = besideFile(document.file, name);
  const candidates = [
    beside,
    join(dirname(document.file), 'tasks', name),
    besideFile(chain[0] ?? document.file, name),
  ];
  return candidates.find(existsSync) ?? beside;
}

async function compileNow(name: string, path: Path, context: Context): Promise<readonly Node[]> {
  const report = new Report();
  const nodes = compileFile(findFile(name, context), path, {
    ...context,
    report,
    chain: context.chain.slice(0, 1),
  });
  if (report.errors.length > 0) throw new DiagnosticError(report.errors);
  return nodes;
}
