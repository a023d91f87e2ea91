/** What is redrawn below the permanent lines of a terminal, while hosts are at work. */
import type { Board } from './board.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';

export interface Live {
  /** Writes permanent text above what is redrawn. */
  print(output: Output, text: string): void;
  /** Takes away what is drawn, for good. */
  stop(): Promise<void>;
}

export interface LiveOptions {
  readonly board: Board;
  readonly stderr: Output;
  readonly paint: Paint;
  readonly color: boolean;
  readonly spinner: readonly string[];
  /** Of the terminal now. */
  readonly size: () => { readonly width: number; readonly rows: number };
}

/** Milliseconds between two drawings: eight a second is as lively as people see, and costs little. */
export const FRAME = 125;
