/** A set by Python's equality, quick for scalars. */
import { equal, need } from './python.ts';
import { numberOf, type V } from './values.ts';

export class UniqueSet {
  private readonly scalars = new Set<string | number | null>();
  private readonly others: V[] = [];

  constructor(items: Iterable<V> = []) {
    for (const item of items) this.add(item);
  }

  has(item: V): boolean {
    const scalar = scalarOf(item);
    return scalar === undefined ? this.others.some(other => equal(other, item)) : this.scalars.has(scalar);
  }

  /** True when it was not there before. */
  add(item: V): boolean {
    if (this.has(item)) return false;
    const scalar = scalarOf(item);
    if (scalar === undefined) this.others.push(item);
    else this.scalars.add(scalar);
    return true;
  }
}

function scalarOf(item: V): string | number | null | undefined {
  if (typeof item === 'string' || item === null) return item;
  return numberOf(need(item));
}
