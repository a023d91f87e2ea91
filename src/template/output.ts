/** What a template prints, piece by piece. */
import type { Budget } from './budget.ts';
import { printed } from './python.ts';
import type { V } from './values.ts';

export class Output {
  private readonly budget: Budget;
  private readonly pieces: V[] = [];

  constructor(budget: Budget) {
    this.budget = budget;
  }

  add(piece: V): void {
    this.pieces.push(piece);
  }

  /** The only piece, when there is just one. */
  get single(): V | undefined {
    return this.pieces.length === 1 ? this.pieces[0] : undefined;
  }

  text(): string {
    const texts = this.pieces.map(printed);
    this.budget.characters(texts.reduce((sum, text) => sum + text.length, 0));
    return texts.join('');
  }
}
