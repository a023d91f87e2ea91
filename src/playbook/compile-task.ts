/** One task: a module with its arguments, or one of the few actions that are the language's own. */
import { Type } from 'typebox';
import type { MetaNode, Node, TaskNode } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import { type AnyTaskModule, defineTask } from '../core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import { compileImport, compileInclude } from './compile-include.ts';
import { compileLoop, compileLoopControl, refuseLoop } from './compile-loop.ts';
import { compileImportRole, compileIncludeRole } from './compile-roles.ts';
import { type Context, complain, complainAtKey, type Path, written } from './context.ts';
import { inheritFrom } from './inherit.ts';
import type { Kind } from './keywords.ts';
import { type Action, findModule, takeApart } from './module-key.ts';
import { notSupported, refusedMeta, refusedModules } from './refused.ts';
import { taskArgs } from './task-args.ts';
import { validateKeywords } from './validate.ts';
import { field, given, writtenConditions, writtenNumber, writtenText, writtenTexts } from './values.ts';

/** Several nodes for an import; none for what could not be made sense of. */
export function compileTask(task: ValueMap, path: Path, context: Context): readonly Node[] {
  const { keywords, action } = takeApart(task, path, context);
  validateKeywords(kindOf(action, context), keywords, path, context);
  if (action && Object.hasOwn(refusedModules, action.name) && !context.registry.has(action.name)) {
    complainAtKey(context, notSupported(action.name), action.path, refusedModules[action.name]);
  }
  switch (action?.name) {
    case 'include_tasks':
      return compileInclude(action, keywords, path, context);
    case 'import_tasks':
      return compileImport(action, keywords, path, context);
    case 'import_role':
      return compileImportRole(action, keywords, path, context);
    case 'include_role':
      return compileIncludeRole(action, keywords, path, context);
    case 'meta':
      return compileMeta(action, keywords, path, context);
    default:
      return [compileModule(action, keywords, path, context)];
  }
}

function kindOf(action: Action | undefined, { handlers }: Context): Kind {
  if (action?.name === 'include_tasks' || action?.name === 'include_role') return 'include';
  if (action?.name === 'import_tasks' || action?.name === 'import_role') return 'importTasks';
  if (action?.name === 'meta') return 'meta';
  return handlers ? 'handler' : 'task';
}

/** Stands for a module that is not known, so that the rest of the task can still be looked at. */
const unknownModule: AnyTaskModule = defineTask({
  name: 'unknown',
  summary: 'A module that does not exist',
  args: Type.Object({}),
  examples: '',
  plan: () => [],
});

function compileModule(
  action: Action | undefined,
  keywords: ValueMap,
  path: Path,
  context: Context,
): TaskNode {
  const module = action && findModule(action.name, context.registry);
  const { inherited, notify } = inheritFrom(keywords, path, context, 'task vars');
  const local = action?.local ? { delegateTo: written(context, 'localhost', action.path) } : {};
  return {
    kind: 'task',
    ...inherited,
    ...local,
    ...field('name', nameOf(keywords, path, context)),
    place: context.document.place(path),
    module: module ?? unknownModule,
    args: module ? taskArgs(module, action, keywords, path, context) : unknownArgs(action, path, context),
    ...field('loop', compileLoop(keywords, path, context)),
    loopControl: compileLoopControl(keywords, path, context),
    ...field('register', registerName(keywords)),
    notify,
    ...conditionFields(keywords, path, context),
    ...field('retries', writtenNumber(keywords, 'retries', path, context)),
    ...field('delay', writtenNumber(keywords, 'delay', path, context)),
    listen: writtenTexts(keywords, 'listen', path, context).map(({ value }) => value),
  };
}

/** An empty name is none. */
function nameOf(keywords: ValueMap, path: Path, context: Context): TaskNode['name'] {
  const name = writtenText(keywords, 'name', path, context);
  return name?.value === '' ? undefined : name;
}

function conditionFields(
  keywords: ValueMap,
  path: Path,
  context: Context,
): Pick<TaskNode, 'changedWhen' | 'failedWhen' | 'until'> {
  const conditions = (key: string) => {
    const list = writtenConditions(keywords, key, path, context);
    return list.length === 0 ? undefined : list;
  };
  return {
    ...field('changedWhen', conditions('changed_when')),
    ...field('failedWhen', conditions('failed_when')),
    ...field('until', conditions('until')),
  };
}

function unknownArgs(action: Action | undefined, path: Path, context: Context): TaskNode['args'] {
  const args: Value = action?.args ?? null;
  return written(context, isMap(args) ? args : {}, action?.path ?? path);
}

function registerName(keywords: ValueMap): string | undefined {
  const name = given(keywords, 'register');
  return typeof name === 'string' ? name : undefined;
}

const metaActions = [
  'flush_handlers',
  'end_host',
  'end_play',
  'end_batch',
  'clear_facts',
  'clear_host_errors',
  'noop',
] as const;

function compileMeta(action: Action, keywords: ValueMap, path: Path, context: Context): readonly MetaNode[] {
  refuseLoop(keywords, 'meta', path, context);
  const word = action.args;
  const known = metaActions.find(name => name === word);
  if (known === undefined) {
    const refused = typeof word === 'string' ? refusedMeta[word] : undefined;
    if (refused !== undefined) complain(context, notSupported(`meta: ${word}`), action.path, refused);
    else
      complain(
        context,
        `"meta" must be one of ${metaActions.join(', ')}`,
        action.path,
        didYouMean(String(word), metaActions),
      );
    return [];
  }
  const { inherited } = inheritFrom(keywords, path, context, 'task vars');
  const name = field('name', writtenText(keywords, 'name', path, context));
  return [{ kind: 'meta', ...inherited, ...name, place: context.document.place(path), action: known }];
}
