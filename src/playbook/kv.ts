/** Ansible's older way to write arguments, in one string: `src=a dest="b c"`, and the free form `echo hi chdir=/tmp`. */

interface Pair {
  readonly key: string;
  readonly value: string;
  /** Of the value's first character, in the string. */
  readonly offset: number;
  readonly keyOffset: number;
}

export interface Parsed {
  readonly pairs: readonly Pair[];
  /** What is no pair: the text as it stands when there is none, else without blanks around it. */
  readonly rest: string;
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** @param isKey tells whether a word `key=value` is an argument; others stay in the rest */
export function parsePairs(text: string, isKey: (key: string) => boolean): Parsed {
  const pairs: Pair[] = [];
  let rest = '';
  let from = 0;
  for (const word of wordsOf(text)) {
    const equals = word.text.indexOf('=');
    const key = word.text.slice(0, equals);
    if (equals < 1 || !/^[A-Za-z_]\w*$/.test(key) || !isKey(key)) continue;
    const raw = word.text.slice(equals + 1);
    const value = unquote(raw);
    pairs.push({
      key,
      value,
      offset: word.start + equals + 1 + (value === raw ? 0 : 1),
      keyOffset: word.start,
    });
    rest += text.slice(from, word.start);
    from = word.end + (/^\s/.exec(text.slice(word.end))?.[0].length ?? 0);
  }
  return { pairs, rest: pairs.length === 0 ? text : (rest + text.slice(from)).trim() };
}

/** Splits at white space that is neither in quotes nor in a template. */
function wordsOf(text: string): readonly Word[] {
  const pattern =
    /(?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\\[\s\S]|\S)+/g;
  return [...text.matchAll(pattern)].map(({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}

function unquote(raw: string): string {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(raw);
  if (!quoted) return raw;
  return (quoted[2] ?? '').replace(/\\([nt"'\\])/g, (_, letter: string) => escapes[letter] ?? letter);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t' };
