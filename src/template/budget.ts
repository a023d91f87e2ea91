/** Bounds on what one evaluation may cost, so that a hostile template ends with an error. */
import { fail } from './errors.ts';
import type { V } from './values.ts';

const STEPS = 5_000_000;
const DEPTH = 80;
/** Characters of one text. */
const TEXT = 64 * 1024 * 1024;
/** Characters made in one evaluation, all texts together. */
const ALL_TEXT = 4 * TEXT;

export class Budget {
  private steps = STEPS;
  private made = 0;
  private depth = 0;
  private readonly owned = new WeakSet<object>();

  /** Counts loop turns, calls and elements made. */
  spend(steps: number): void {
    this.steps -= steps;
    if (!(this.steps >= 0)) fail('the template takes too many steps');
  }

  /** Checks the size of a text before it is made. */
  characters(count: number): void {
    this.made += count;
    if (!(count <= TEXT && this.made <= ALL_TEXT)) fail('the template makes too long a text');
  }

  text(made: string): string {
    if (made.length > 1000) this.characters(made.length);
    return made;
  }

  /** Runs something one level deeper: a macro, an included template, a variable's own template. */
  deeper<T>(run: () => T): T {
    if (this.depth >= DEPTH) fail('templates call one another too deeply');
    this.depth += 1;
    try {
      return run();
    } finally {
      this.depth -= 1;
    }
  }

  /** Marks a list or dict as made by the template, which may then change it. */
  own<T extends V & object>(made: T): T {
    this.owned.add(made);
    return made;
  }

  owns(value: object): boolean {
    return this.owned.has(value);
  }
}
