/** How PyYAML writes a string: plain where nothing is mistaken, else quoted, folded at the width. */

interface ScalarStyle {
  readonly width: number;
  readonly defaultStyle: '' | "'" | '"';
}

interface At {
  readonly column: number;
  /** Columns of a continuation line. */
  readonly indent: number;
  /** A mapping key: never folded. */
  readonly key: boolean;
  /** Inside brackets, where commas and the like must be quoted. */
  readonly flow: boolean;
}

export function flowWidth({ width }: ScalarStyle): number {
  return width;
}

export function writeScalar(text: string, style: ScalarStyle, at: At): string {
  const { plain, single } = analyze(text, at.flow);
  const folds = !at.key;
  const multiline = text.includes('\n');
  if (style.defaultStyle === '' && plain && !(at.key && multiline))
    return folds ? foldPlain(text, style.width, at) : text;
  if (style.defaultStyle !== '"' && single && !(at.key && multiline))
    return singleQuoted(text, style.width, at);
  return doubleQuoted(text, style.width, at);
}

/** Texts that YAML 1.1 would read as something else than a string. */
const RESOLVED = new RegExp(
  [
    '^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$',
    '^(?:~|null|Null|NULL|<<|=)$',
    '^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$',
    '^[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+][0-9]+)?$',
    '^\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$',
    '^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*$',
    '^[-+]?\\.(?:inf|Inf|INF)$|^\\.(?:nan|NaN|NAN)$',
    '^\\d{4}-\\d\\d-\\d\\d$',
    '^\\d{4}-\\d\\d?-\\d\\d?(?:[Tt]|[ \\t]+)\\d\\d?:\\d\\d:\\d\\d(?:\\.\\d*)?(?:[ \\t]*(?:Z|[-+]\\d\\d?(?::\\d\\d)?))?$',
  ].join('|'),
);

const SPECIAL = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

function analyze(text: string, flow: boolean): { plain: boolean; single: boolean } {
  if (text === '') return { plain: false, single: true };
  const single = !SPECIAL.test(text) && !/ \n|\n /.test(text);
  const mistaken =
    /^(?:---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]|^[?:-](?=\s|$)/.test(text) ||
    /:(?=\s|$)|\s#|^[ \n]|[ \n]$|\n/.test(text) ||
    (flow && /^[?:]|.[,?[\]{}:]/s.test(text)) ||
    RESOLVED.test(text);
  return { plain: single && !mistaken, single };
}

/** Breaks at single spaces once the line is longer than the width. */
function foldPlain(text: string, width: number, { column, indent }: At): string {
  const words = text.split(' ');
  let line = column;
  let result = '';
  for (const [i, word] of words.entries()) {
    const single = i > 0 && word !== '' && words[i - 1] !== '';
    const breaks = single && line > width;
    if (i > 0) result += breaks ? `\n${' '.repeat(indent)}` : ' ';
    line = (breaks ? indent : line + (i > 0 ? 1 : 0)) + word.length;
    result += word;
  }
  return result;
}

function singleQuoted(text: string, width: number, at: At): string {
  const margin = `\n${' '.repeat(at.indent)}`;
  let line = at.column + 1;
  let result = "'";
  const pieces = text.match(/ +|\n+|[^ \n]+/g) ?? [];
  for (const [i, piece] of pieces.entries()) {
    const inside = i > 0 && i < pieces.length - 1;
    const folds = piece === ' ' && inside && line > width && !at.key;
    const written = piece.startsWith('\n') ? piece + margin : folds ? margin : piece.replaceAll("'", "''");
    result += written;
    line = written.includes('\n') ? at.indent : line + written.length;
  }
  return `${result}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\x08': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\x0b': '\\v',
  '\x0c': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function escapeCharacter(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  if (/[\x20-\x7e\xa1-\ud7ff\ue000-\ufffd]/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function doubleQuoted(text: string, width: number, at: At): string {
  const characters = [...text];
  let line = at.column + 1;
  let result = '"';
  let pending = '';
  const flush = (more: string) => {
    result += pending + more;
    line += pending.length + more.length;
    pending = '';
  };
  for (const [i, character] of characters.entries()) {
    const shown = escapeCharacter(character);
    const escaped = shown !== character;
    const inside = i > 0 && i < characters.length - 1;
    if (escaped) flush(shown);
    if (inside && !at.key && (escaped || character === ' ') && line + pending.length > width) {
      flush(`\\\n${' '.repeat(at.indent)}`);
      line = at.indent;
      if ((escaped ? characters[i + 1] : character) === ' ') flush('\\');
    }
    if (!escaped) pending += character;
  }
  flush('"');
  return result;
}
