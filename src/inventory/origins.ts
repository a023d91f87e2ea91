/** Tells where a variable of a host comes from, and what it hides. */
import type { Host } from '../core/inventory.ts';
import type { Layer } from '../core/value.ts';

interface Origin {
  readonly origin: string;
  readonly value: Layer['values'][string];
}

export interface Explanation extends Origin {
  /** The same variable in layers below, the nearest first. */
  readonly hides: readonly Origin[];
}

/** Undefined when the inventory does not set it. */
export function explainVariable(host: Host, name: string): Explanation | undefined {
  const found = host.layers.flatMap(({ origin, values }) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? [] : [{ origin, value }];
  });
  const [winner, ...hides] = found.toReversed();
  return winner && { ...winner, hides };
}
