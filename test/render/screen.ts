/** A terminal's screen as far as our displays use one: text, line breaks, moving up, erasing. Colours are left out. */

export interface Screen {
  /** Everything that stands on it, with what scrolled out at the top. */
  readonly lines: readonly string[];
  /** Control sequences that it does not know. */
  readonly unknown: readonly string[];
  readonly cursorHidden: boolean;
}

const PIECE = /\u001b\[([?\d;]*)([A-Za-z])|([\r\n])|([^\u001b\r\n]+)|([\s\S])/g;

export function screenAfter(bytes: string): Screen {
  const lines: string[] = [''];
  const unknown: string[] = [];
  let row = 0;
  let column = 0;
  let cursorHidden = false;
  for (const [whole, parameter = '', letter, breaks, text] of bytes.matchAll(PIECE)) {
    const line = lines[row] ?? '';
    if (text !== undefined) {
      lines[row] = line.padEnd(column).slice(0, column) + text + line.slice(column + text.length);
      column += text.length;
    } else if (breaks === '\r') column = 0;
    else if (breaks === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (letter === 'A') row = Math.max(0, row - Number(parameter || 1));
    else if (letter === 'G') column = Number(parameter || 1) - 1;
    else if (letter === 'K') lines[row] = line.slice(0, column);
    else if (letter === 'J') lines.splice(row, lines.length, line.slice(0, column));
    else if (parameter === '?25') cursorHidden = letter === 'l';
    else if (letter !== 'm' && parameter !== '?2026') unknown.push(whole);
  }
  return { lines: lines.map(line => line.trimEnd()), unknown, cursorHidden };
}
