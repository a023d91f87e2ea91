/** Joins a task's arguments, however they are written, and checks what can be checked before the run. */
import { type ArgumentProblem, acceptWrittenArgs, holdsTemplate } from '../core/arguments.ts';
import type { Written } from '../core/play.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import { type Argument, ArgumentSource } from './argument-source.ts';
import { type Context, complain, type Path } from './context.ts';
import { parsePairs } from './kv.ts';
import type { Action } from './module-key.ts';
import { given } from './values.ts';

type Entries = readonly (readonly [string, Argument])[];

/** @param keywords of the task, for `args` */
export function taskArgs(
  module: AnyTaskModule,
  action: Action,
  keywords: ValueMap,
  path: Path,
  context: Context,
): Written<ValueMap> {
  const { document, report } = context;
  const defaults = context.defaults.filter(each => each.module.name === module.name);
  const own = ownArguments(module, action, context);
  const all = new Map([
    ...defaults.flatMap(each => fromMap(each.args, each.path, each.document)),
    ...fromMap(given(keywords, 'args') ?? null, [...path, 'args'], document),
    ...(own ?? []),
  ]);
  const value = Object.fromEntries([...all].map(([name, argument]) => [name, argument.value]));
  const source = new ArgumentSource(all, action.path, document);
  for (const problem of own ? problemsOf(module, value) : []) {
    report.error(problem.message, source.placeOf(problem), problem.hint);
  }
  return { value, source, path: [] };
}

function problemsOf(module: AnyTaskModule, args: ValueMap): readonly ArgumentProblem[] {
  const accepted = acceptWrittenArgs(module, args);
  if ('problems' in accepted) return accepted.problems;
  if (holdsTemplate(args)) return [];
  return (module.check?.(accepted.args) ?? []).map(sentence => ({
    path: [],
    message: `${module.name}: ${sentence}`,
  }));
}

function fromMap(value: Value, path: Path, document: YamlDocument): Entries {
  if (!isMap(value)) return [];
  return Object.entries(value).map(
    ([name, item]) => [name, { value: item, document, path: [...path, name] }] as const,
  );
}

/** Undefined when they cannot be made sense of. */
function ownArguments(module: AnyTaskModule, { args, path }: Action, context: Context): Entries | undefined {
  if (args === null || isMap(args)) return fromMap(args, path, context.document);
  if (!Array.isArray(args)) return fromText(module, String(args), path, context);
  complain(context, `the arguments of ${module.name} must be a mapping, not a list`, path);
  return undefined;
}

/** Options that Ansible takes out of a command line. */
const COMMAND_OPTIONS = [
  'creates',
  'removes',
  'chdir',
  'executable',
  'stdin',
  'stdin_add_newline',
  'strip_empty_ends',
];

function fromText(module: AnyTaskModule, text: string, path: Path, context: Context): Entries | undefined {
  const { document } = context;
  const { freeForm, name } = module;
  const known = Object.keys(module.args.properties);
  const isKey = (key: string) =>
    freeForm === undefined || (COMMAND_OPTIONS.includes(key) && known.includes(key));
  const { pairs, rest } = parsePairs(text, isKey);
  const named = pairs.map(
    ({ key, value, offset, keyOffset }) => [key, { value, document, path, offset, keyOffset }] as const,
  );
  if (rest.trim() === '') return named;
  if (freeForm !== undefined)
    return [...named, [freeForm, { value: rest, document, path, offset: Math.max(text.indexOf(rest), 0) }]];
  const whole = holdsTemplate(text)
    ? `the arguments of ${name} cannot be one template`
    : `${name} takes its arguments by name`;
  const first = known[0] ?? 'name';
  complain(context, whole, path, `write ${first}: and its value, on a line of its own below ${name}:`);
  return undefined;
}
