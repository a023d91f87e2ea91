/** Unified diffs of what a step changes, from the text before and after. */
import type { Diff } from '../core/step.ts';
import type { Messages } from './messages.ts';
import type { Paint } from './paint.ts';
import { clean } from './text.ts';

/** Makes a diff's lines. */
export type ShowDiff = (diff: Diff) => readonly string[];

const CONTEXT = 3;
const LONGEST_SEARCH = 2000;

/** Loads the library only where diffs are asked for. */
export async function loadDiff(messages: Messages, paint: Paint): Promise<ShowDiff> {
  const { structuredPatch } = await import('diff');
  return ({ title, before, after }) => {
    const header = [heading('---', title, before, messages), heading('+++', title, after, messages)].map(
      paint.bold,
    );
    if (isBinary(before) || isBinary(after)) return [...header, messages.binary];
    const patch = structuredPatch('', '', before ?? '', after ?? '', '', '', {
      context: CONTEXT,
      timeout: LONGEST_SEARCH,
    });
    if (patch === undefined) return [...header, messages.tooDifferent];
    return [
      ...header,
      ...patch.hunks.flatMap(hunk => [
        paint.cyan(`@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`),
        ...hunk.lines.map(line => paintLine(clean(line), paint)),
      ]),
    ];
  };
}

function heading(sign: '---' | '+++', title: string, content: string | null, messages: Messages): string {
  const side = sign === '---' ? 'before' : 'after';
  return `${sign} ${side}: ${clean(title)}${content === null ? ` ${messages.noFile}` : ''}`;
}

/** As diff(1) writes it: one line has no count, and no line is after the line before. */
function range(start: number, lines: number): string {
  if (lines === 1) return String(start);
  return `${lines === 0 ? start - 1 : start},${lines}`;
}

function isBinary(text: string | null): boolean {
  return text?.includes('\0') ?? false;
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint.green(line);
  if (line.startsWith('-')) return paint.red(line);
  return line;
}
