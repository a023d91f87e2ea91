/** Lists of tasks and blocks. */
import type { BlockNode, Node } from '../core/play.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import { refuseLoop } from './compile-loop.ts';
import { compileTask } from './compile-task.ts';
import { type Context, complain, complainAtKey, type Path } from './context.ts';
import { inheritFrom } from './inherit.ts';
import { notSupported, refusedInTasks } from './refused.ts';
import { validateKeywords } from './validate.ts';
import { field, writtenText } from './values.ts';

/** @param tasks the value of `tasks`, `block`, ... or a file of tasks; empty is none */
export function compileNodes(tasks: Value | undefined, path: Path, context: Context): readonly Node[] {
  if (!Array.isArray(tasks)) return [];
  return tasks.flatMap((task, i) => compileNode(task, [...path, i], context));
}

function compileNode(task: Value, path: Path, context: Context): readonly Node[] {
  if (isMap(task))
    return 'block' in task ? [compileBlock(task, path, context)] : compileTask(task, path, context);
  complain(context, 'a task must be a mapping', path, 'such as "- debug:" and its arguments below');
  return [];
}

function compileBlock(block: ValueMap, path: Path, context: Context): BlockNode {
  if (context.handlers)
    complainAtKey(context, 'a handler cannot be a block', [...path, 'block'], 'make each task a handler');
  refuseLoop(block, 'a block', path, context, 'put its tasks into a file, and loop over include_tasks');
  validateKeywords('block', withoutRefused(block, path, context), path, context);
  const inside = inheritFrom(block, path, context, 'block vars');
  const list = (key: string) => compileNodes(block[key], [...path, key], inside);
  return {
    kind: 'block',
    ...field('name', writtenText(block, 'name', path, context)),
    place: context.document.place(path),
    block: list('block'),
    rescue: list('rescue'),
    always: list('always'),
  };
}

function withoutRefused(block: ValueMap, path: Path, context: Context): ValueMap {
  const refused = Object.keys(block).filter(name => Object.hasOwn(refusedInTasks, name));
  for (const name of refused)
    complainAtKey(context, notSupported(name), [...path, name], refusedInTasks[name]);
  const looped = (name: string) => name === 'loop' || name.startsWith('with_') || name === 'loop_control';
  return Object.fromEntries(
    Object.entries(block).filter(([name]) => !refused.includes(name) && !looped(name)),
  );
}
