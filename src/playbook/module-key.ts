/** Finds which of a task's keys is its module. */
import { didYouMean, nearest } from '../core/suggest.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Value, ValueMap } from '../core/value.ts';
import { type Context, complain, complainAtKey, type Path, type Registry } from './context.ts';
import { kinds, loopStyles } from './keywords.ts';
import { notSupported, refusedInTasks, refusedModules } from './refused.ts';

/** What a task says it does: by which name, with which arguments, and where these stand. */
export interface Action {
  /** Without the name of a collection. */
  readonly name: string;
  readonly args: Value;
  readonly path: Path;
  /** Set for `local_action`. */
  readonly local?: true;
}

/** Things to do that are no modules of the registry. */
const ownActions = ['include_tasks', 'import_tasks', 'include_role', 'import_role', 'meta'];

const COLLECTIONS = /^(?:ansible\.(?:builtin|legacy|posix)|community\.(?:docker|general))\./;

/** The module by its name, with or without that of a collection. */
export function findModule(name: string, registry: Registry): AnyTaskModule | undefined {
  return registry.get(name) ?? registry.get(name.replace(COLLECTIONS, ''));
}

function isAction(name: string, registry: Registry): boolean {
  const bare = name.replace(COLLECTIONS, '');
  return (
    registry.has(name) ||
    registry.has(bare) ||
    ownActions.includes(bare) ||
    Object.hasOwn(refusedModules, bare)
  );
}

/** Takes the task apart: its keywords, and what it does. Complains about keys that are neither. */
export function takeApart(
  task: ValueMap,
  path: Path,
  context: Context,
): { keywords: ValueMap; action: Action | undefined } {
  const names = Object.keys(task);
  const unknown = names.filter(name => !Object.hasOwn(kinds.handler, name));
  const actions = unknown.filter(name => isAction(name, context.registry));
  const [first, second] = [...actions, ...names.filter(name => name === 'action' || name === 'local_action')];
  if (first !== undefined && second !== undefined) {
    complainAtKey(
      context,
      `a task does one thing: this one has "${first}" and "${second}"`,
      [...path, second],
      'make it two tasks',
    );
  }
  const strange = unknown.filter(name => !actions.includes(name) && !refusedKeyword(name, path, context));
  const meant = first ?? complainAboutStrange(strange, names, path, context);
  if (first !== undefined) for (const name of strange) complainUnknown(name, false, path, context);
  const keywords = Object.fromEntries(
    Object.entries(task).filter(([name]) => !unknown.includes(name) && name !== meant),
  );
  return {
    keywords,
    action: meant === undefined ? undefined : actionOf(meant, task[meant] ?? null, path, context),
  };
}

function refusedKeyword(name: string, path: Path, context: Context): boolean {
  const style = /^with_(\w+)$/.exec(name);
  const hint = style ? `use loop, or with_${loopStyles.join(', with_')}` : refusedInTasks[name];
  if (hint === undefined) return false;
  if (
    style &&
    nearest(
      name,
      loopStyles.map(known => `with_${known}`),
    )
  )
    return false;
  complainAtKey(context, notSupported(name), [...path, name], hint);
  return true;
}

/** No key names a module: one of the unknown ones was meant to. @returns that key */
function complainAboutStrange(
  strange: readonly string[],
  names: readonly string[],
  path: Path,
  context: Context,
): string | undefined {
  const meant =
    strange.find(name => nearest(name, moduleNames(context))) ??
    strange.find(name => !nearest(name, Object.keys(kinds.task)));
  for (const name of strange) complainUnknown(name, name === meant, path, context);
  if (strange.length === 0 && !names.some(name => refusedInTasks[name]))
    complain(context, 'the task says nothing to do', path, 'give it a module, such as command or debug');
  return meant;
}

function complainUnknown(name: string, module: boolean, path: Path, context: Context): void {
  const at = [...path, name];
  if (name === 'rescue' || name === 'always') {
    complainAtKey(context, `"${name}" needs a "block" beside it`, at);
    return;
  }
  const keywords = Object.keys(context.handlers ? kinds.handler : kinds.task);
  const hint = module
    ? didYouMean(name.replace(COLLECTIONS, ''), moduleNames(context))
    : didYouMean(name, keywords);
  complainAtKey(context, `unknown ${module ? 'module' : 'keyword'} "${name}"`, at, hint);
}

function moduleNames({ registry }: Context): readonly string[] {
  return [...registry.keys(), ...ownActions];
}

function actionOf(key: string, args: Value, path: Path, context: Context): Action | undefined {
  if (key !== 'action' && key !== 'local_action')
    return { name: key.replace(COLLECTIONS, ''), args, path: [...path, key] };
  const local = key === 'local_action' ? { local: true as const } : {};
  const at = [...path, key];
  if (typeof args === 'string') {
    const [, name = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(args) ?? [];
    return checked({ name, args: rest, path: at, ...local }, context);
  }
  const map = typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
  const { module, ...others } = map;
  if (typeof module === 'string') return checked({ name: module, args: others, path: at, ...local }, context);
  complain(context, `"${key}" must name a module`, at, `${key}: command uptime`);
  return undefined;
}

function checked(action: Action, context: Context): Action {
  const name = action.name.replace(COLLECTIONS, '');
  if (!isAction(name, context.registry)) {
    complain(context, `unknown module "${action.name}"`, action.path, didYouMean(name, moduleNames(context)));
  }
  return { ...action, name };
}
