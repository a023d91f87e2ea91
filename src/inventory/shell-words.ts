/** Splits a line into words as a shell would, without expanding anything: Python's shlex, which Ansible uses. */

export interface Word {
  readonly text: string;
  /** Where it begins in the line, from 0. */
  readonly at: number;
  /** True when a comment began inside it: the rest of the line was dropped. */
  readonly cut?: boolean;
}

export interface SplitOptions {
  /** `#` begins a comment, even inside a word that is not quoted. */
  readonly comments?: boolean;
}

type State = { readonly words: Word[]; text: string; at: number; inWord: boolean };

/** A problem when a quote is not closed. */
export function splitWords(
  line: string,
  { comments = false }: SplitOptions = {},
): { words: readonly Word[] } | { problem: string } {
  const state: State = { words: [], text: '', at: 0, inWord: false };
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (comments && char === '#') {
      endWord(state, state.inWord);
      return { words: state.words };
    }
    if (/\s/.test(char)) {
      endWord(state);
      continue;
    }
    if (!state.inWord) Object.assign(state, { inWord: true, at: i });
    if (char === "'" || char === '"') {
      const quoted = readQuoted(line, i);
      if (quoted === undefined) return { problem: `a ${char} is not closed` };
      state.text += quoted.text;
      i = quoted.end;
    } else if (char === '\\') {
      if (i + 1 === line.length) return { problem: 'a backslash ends the line' };
      state.text += line.charAt(++i);
    } else {
      state.text += char;
    }
  }
  endWord(state);
  return { words: state.words };
}

function endWord(state: State, cut = false): void {
  if (!state.inWord) return;
  state.words.push({ text: state.text, at: state.at, ...(cut ? { cut } : {}) });
  Object.assign(state, { text: '', inWord: false });
}

/** In double quotes a backslash escapes only itself and the quote. `end` is where the closing quote stands. */
function readQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const quote = line.charAt(start);
  let text = '';
  for (let i = start + 1; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === quote) return { text, end: i };
    const next = line.charAt(i + 1);
    const escapes = quote === '"' && char === '\\' && (next === '"' || next === '\\');
    text += escapes ? next : char;
    if (escapes) i++;
  }
  return undefined;
}
