/** Variables of plays, blocks and tasks as layers, and where each layer is written. */
import type { Written } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Layer, type Value, type ValueMap } from '../core/value.ts';
import { type Context, complain, complainAtKey, type Path, written } from './context.ts';

const origins = new WeakMap<Layer, Written>();

/** The mapping that a layer was made of; undefined for layers from elsewhere. */
export function whereWritten(layer: Layer): Written | undefined {
  return origins.get(layer);
}

/** A layer of a `vars` keyword, or nothing when there is none. */
export function varsLayer(
  origin: string,
  vars: Value | undefined,
  path: Path,
  context: Context,
): readonly Layer[] {
  if (!isMap(vars)) return [];
  complainAboutNames(vars, path, context);
  return [layerOf(origin, written(context, vars, path))];
}

export function layerOf(origin: string, from: Written): Layer {
  const layer: Layer = { origin, values: isMap(from.value) ? from.value : {}, templated: true };
  origins.set(layer, from);
  return layer;
}

/** Words that Jinja keeps for itself. */
const RESERVED = [
  'and',
  'or',
  'not',
  'in',
  'is',
  'if',
  'else',
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
];

/** A variable that no expression can name is a mistake. */
export function complainAboutNames(vars: ValueMap, path: Path, context: Context): void {
  for (const name of Object.keys(vars)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      complainAtKey(context, `"${name}" cannot be the name of a variable`, [...path, name], renamed(name));
    } else if (RESERVED.includes(name)) {
      complainAtKey(
        context,
        `"${name}" is a word of the template language and cannot be the name of a variable`,
        [...path, name],
      );
    }
  }
}

function renamed(name: string): string {
  const better = name.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
  return didYouMean(name, [better]) ?? 'letters, digits and _ only';
}

/** Complains unless the value is a mapping or left empty. */
export function wantMap(value: Value, what: string, path: Path, context: Context): value is ValueMap {
  if (isMap(value)) return true;
  if (value !== null) complain(context, `${what} must be a mapping`, path);
  return false;
}
