/** Assignments of `set`, `for` and `with`. */
import type { Target } from './ast.ts';
import { type Context, resolve } from './context.ts';
import { fail } from './errors.ts';
import { article, iterate } from './python.ts';
import { Namespace, typeWord, type V } from './values.ts';

export function assign(context: Context, target: Target, value: V): void {
  switch (target.kind) {
    case 'name':
      context.frame?.values.set(target.name, value);
      return;
    case 'attribute': {
      const object = resolve(context, target.object);
      if (!(object instanceof Namespace))
        fail(
          `'${target.object}' is ${article(typeWord(object))}, only attributes of a namespace can be set`,
          '{% set ns = namespace() %}',
        );
      else object.values.set(target.name, value);
      return;
    }
    case 'unpack':
      unpack(context, target.targets, value);
  }
}

function unpack(context: Context, targets: readonly Target[], value: V): void {
  const items = iterate(value);
  if (items.length !== targets.length)
    fail(`${targets.length} names cannot take ${items.length} ${items.length === 1 ? 'value' : 'values'}`);
  for (const [i, target] of targets.entries()) assign(context, target, items[i] ?? null);
}
