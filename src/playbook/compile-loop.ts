/** Loops: `loop`, the `with_` forms, and what loop_control says about them. */

import { holdsTemplate } from '../core/arguments.ts';
import type { LoopControl, TaskNode } from '../core/play.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import { type Context, complain, complainAtKey, type Path, written } from './context.ts';
import { loopStyles } from './keywords.ts';
import { validateKeywords } from './validate.ts';
import { field, flag, given, writtenNumber, writtenValue } from './values.ts';

type Loop = NonNullable<TaskNode['loop']>;

export function compileLoop(keywords: ValueMap, path: Path, context: Context): Loop | undefined {
  const styles = ['loop', ...loopStyles] as const;
  const found = styles.filter(style => given(keywords, keyOf(style)) !== undefined);
  const [style, second] = found;
  if (style === undefined) return undefined;
  if (second !== undefined)
    complainAtKey(context, `a task has one loop: this one has "${keyOf(style)}" and "${keyOf(second)}"`, [
      ...path,
      keyOf(second),
    ]);
  const value = keywords[keyOf(style)] ?? null;
  const at = [...path, keyOf(style)];
  checkShape(style, value, at, context);
  return { ...written(context, value, at), style };
}

function keyOf(style: Loop['style']): string {
  return style === 'loop' ? 'loop' : `with_${style}`;
}

function checkShape(style: Loop['style'], value: Value, path: Path, context: Context): void {
  if (Array.isArray(value) || (typeof value === 'string' && holdsTemplate(value))) return;
  if (style === 'dict' ? isMap(value) : !['loop', 'list', 'nested', 'together'].includes(style)) return;
  const wanted = style === 'dict' ? 'a mapping' : 'a list';
  const hint = typeof value === 'string' ? `write "{{ ${value} }}" for a variable` : undefined;
  complain(context, `"${keyOf(style)}" must be ${wanted} or a template of one`, path, hint);
}

export function compileLoopControl(keywords: ValueMap, path: Path, context: Context): LoopControl {
  const control = given(keywords, 'loop_control');
  const at = [...path, 'loop_control'];
  if (!isMap(control) || !validateKeywords('loopControl', control, at, context)) return { loopVar: 'item' };
  return {
    loopVar: String(control.loop_var ?? 'item'),
    ...field('indexVar', typeof control.index_var === 'string' ? control.index_var : undefined),
    ...field('label', writtenValue(control, 'label', at, context)),
    ...field('pause', writtenNumber(control, 'pause', at, context)),
    ...field('extended', flag(control, 'extended')),
  };
}

/** For what cannot be repeated. */
export function refuseLoop(
  keywords: ValueMap,
  what: string,
  path: Path,
  context: Context,
  hint?: string,
): void {
  for (const style of ['loop', ...loopStyles] as const) {
    if (given(keywords, keyOf(style)) !== undefined)
      complainAtKey(context, `${what} cannot be looped over`, [...path, keyOf(style)], hint);
  }
}
