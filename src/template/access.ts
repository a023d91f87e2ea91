/** Attributes: keys first or methods first, as the place wants. */
import type { Budget } from './budget.ts';
import { lookUp, missing } from './lookup.ts';
import { collectionMethod } from './methods-collection.ts';
import { stringMethod } from './methods-string.ts';
import { either, type V } from './values.ts';

/** `base.name`: a key, else a method. `text` is how the base is written, for messages. */
export function getAttribute(budget: Budget, base: V, name: string, text?: string): V {
  return either(lookUp(base, name), () =>
    either(methodOf(budget, base, name), () => missing(base, name, text)),
  );
}

/** `base.name(...)`: a method comes before a key of the same name, as in Jinja. */
export function getCallee(budget: Budget, base: V, name: string, text?: string): V {
  return either(methodOf(budget, base, name), () =>
    either(lookUp(base, name), () => missing(base, name, text)),
  );
}

function methodOf(budget: Budget, base: V, name: string): V | undefined {
  if (typeof base === 'string') return stringMethod(budget, base, name);
  return collectionMethod(budget, base, name);
}
