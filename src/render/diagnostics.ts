/** Diagnostics for people: the headline with its place, a code frame, the caret in colour. */
import { codeFrame, type Diagnostic } from '../core/diagnostic.ts';
import { type Paint, paintWith } from './paint.ts';
import { clean } from './text.ts';

/** @param frame what `codeFrame` gave: a headline, then the lines of the file and the caret */
export function renderDiagnostic(diagnostic: Diagnostic, frame: string, paint: Paint): string {
  const [headline = '', ...rest] = clean(frame).split('\n');
  const strong = diagnostic.severity === 'error' ? paint.red : paint.yellow;
  const lines = rest.map((line, i) =>
    i === rest.length - 1 ? paintCaret(line, strong) : paintRow(line, paint),
  );
  return `${[paintHeadline(headline, diagnostic, strong, paint), ...lines].join('\n')}\n`;
}

/**
 * Several diagnostics, in their order, an empty line between two that have frames.
 * @param read the text of a file that a place names, or undefined when it cannot be read
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  read: (file: string) => string | undefined,
  color: boolean,
): string {
  const paint = paintWith(color);
  return diagnostics
    .map(diagnostic =>
      renderDiagnostic(
        diagnostic,
        codeFrame(diagnostic, diagnostic.place && read(diagnostic.place.file)),
        paint,
      ),
    )
    .join('\n');
}

function paintHeadline(
  text: string,
  diagnostic: Diagnostic,
  strong: (text: string) => string,
  paint: Paint,
): string {
  const { place } = diagnostic;
  const where = place === undefined ? '' : clean(`${place.file}:${place.line}:${place.column}:`);
  return text.startsWith(where) ? paint.bold(where) + strong(text.slice(where.length)) : strong(text);
}

function paintRow(line: string, paint: Paint): string {
  const bar = line.indexOf('|') + 1;
  return paint.dim(line.slice(0, bar)) + line.slice(bar);
}

function paintCaret(line: string, strong: (text: string) => string): string {
  return line.replace(/\^+$/, strong);
}
