/** What is wrong with the input, where, and what to do about it. Expected failures are these, not exceptions. */

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters to underline, at least 1. */
  readonly length?: number;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly place?: Place;
  /** What to do: `did you mean "state"?` */
  readonly hint?: string;
}

/** The seam where diagnostics travel as an exception: thrown deep in loading or evaluation, caught by a command. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: Diagnostic | readonly Diagnostic[]) {
    const list: readonly Diagnostic[] = Array.isArray(diagnostics)
      ? diagnostics
      : [diagnostics as Diagnostic];
    super(list.map(headline).join('\n'));
    this.diagnostics = list;
  }
}

export function errorAt(message: string, place?: Place, hint?: string): Diagnostic {
  return {
    severity: 'error',
    message,
    ...(place === undefined ? {} : { place }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** `playbooks/x.yml:12:9: message (hint)` */
export function headline({ place, message, hint, severity }: Diagnostic): string {
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `;
  const kind = severity === 'warning' ? 'warning: ' : '';
  return `${where}${kind}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/**
 * The headline with a code frame: the line before, the line itself and a caret.
 * @param source the text of `place.file`, or undefined when it cannot be read
 */
export function codeFrame(diagnostic: Diagnostic, source: string | undefined): string {
  const { place } = diagnostic;
  const lines = source?.split('\n');
  const line = place && lines?.[place.line - 1];
  if (!place || line === undefined || !lines) return headline(diagnostic);
  const gutter = String(place.line).length;
  const row = (n: number) => `  ${String(n).padStart(gutter)} | ${lines[n - 1]}`;
  const caret = `  ${' '.repeat(gutter)} | ${indentLike(line, place.column)}${'^'.repeat(place.length ?? 1)}`;
  return [
    headline(diagnostic),
    ...(place.line > 1 ? [row(place.line - 1)] : []),
    row(place.line),
    caret,
  ].join('\n');
}

/** Keeps tabs, so that the caret stands under its character however wide a tab is shown. */
function indentLike(line: string, column: number): string {
  return line.slice(0, column - 1).replace(/[^\t]/g, ' ');
}
