/** Splits a command line into words as a POSIX shell would, without expanding anything. */

/** The words, or a sentence about what is unbalanced. */
export function splitWords(
  line: string,
): { readonly words: readonly string[] } | { readonly problem: string } {
  const words: string[] = [];
  let word: string | undefined;
  let i = 0;
  const add = (text: string) => {
    word = (word ?? '') + text;
  };
  while (i < line.length) {
    const char = line.charAt(i);
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      i += 1;
    } else if (char === "'" || char === '"') {
      const part = char === "'" ? singleQuoted(line, i) : doubleQuoted(line, i);
      if (part === undefined) return { problem: `no closing ${char} in: ${line}` };
      add(part.text);
      i = part.end;
    } else if (char === '\\') {
      if (i + 1 >= line.length) return { problem: `nothing after the last \\ in: ${line}` };
      add(line.charAt(i + 1));
      i += 2;
    } else {
      add(char);
      i += 1;
    }
  }
  return { words: word === undefined ? words : [...words, word] };
}

interface Part {
  readonly text: string;
  readonly end: number;
}

function singleQuoted(line: string, start: number): Part | undefined {
  const close = line.indexOf("'", start + 1);
  return close < 0 ? undefined : { text: line.slice(start + 1, close), end: close + 1 };
}

/** Inside double quotes a backslash protects only itself and the quote. */
function doubleQuoted(line: string, start: number): Part | undefined {
  let text = '';
  for (let i = start + 1; i < line.length; i += 1) {
    const char = line.charAt(i);
    if (char === '"') return { text, end: i + 1 };
    const escapes = char === '\\' && ['"', '\\'].includes(line.charAt(i + 1));
    if (escapes) i += 1;
    text += line.charAt(i);
  }
  return undefined;
}
