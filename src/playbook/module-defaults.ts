/** module_defaults: arguments that every task of a module is given, unless it has its own. */
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import { type Context, complainAtKey, type ModuleDefaults, type Path } from './context.ts';
import { wantMap } from './layers.ts';
import { findModule } from './module-key.ts';

export function moduleDefaults(keywords: ValueMap, path: Path, context: Context): readonly ModuleDefaults[] {
  const value: Value = keywords.module_defaults ?? null;
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, args]) =>
    defaultsOf(name, args, [...path, 'module_defaults', name], context),
  );
}

function defaultsOf(name: string, args: Value, path: Path, context: Context): readonly ModuleDefaults[] {
  if (name.startsWith('group/')) {
    complainAtKey(
      context,
      `groups of modules are not supported in this version: ${name}`,
      path,
      'name each module',
    );
    return [];
  }
  const module = findModule(name, context.registry);
  if (!module)
    complainAtKey(context, `unknown module "${name}"`, path, didYouMean(name, context.registry.keys()));
  const { document } = context;
  return module && wantMap(args, `the arguments of ${name}`, path, context)
    ? [{ module, args, document, path }]
    : [];
}
