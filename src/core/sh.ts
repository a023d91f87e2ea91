/** Shell text that cannot be injected into: every interpolation of the `sh` tag is quoted. */

/** POSIX shell text. Made only by the functions of this file. */
export class Sh {
  readonly text: string;

  /** For this file only. */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Interpolated = string | number | Sh | readonly (string | number)[];

/** One word, whatever it holds. A NUL cannot stand in a shell word. */
export function quote(word: string | number): string {
  const text = String(word);
  if (text.includes('\0')) throw new Error('a shell word cannot hold a NUL byte');
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Shell text from a template: strings and numbers become one quoted word each, a list one word for each element,
 * `Sh` is taken as it stands. Backslashes are the shell's; only `\${` stands for the shell's own `${`.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Interpolated[]): Sh {
  const parts = strings.raw.map(part => part.replaceAll('\\${', '${'));
  return new Sh(parts.reduce((text, part, i) => text + interpolate(values[i - 1]) + part));
}

function interpolate(value: Interpolated | undefined): string {
  if (value === undefined) return '';
  if (value instanceof Sh) return value.text;
  if (typeof value === 'object') return value.map(quote).join(' ');
  return quote(value);
}

/** Several pieces of shell text, one after another; `separator` is shell text as well (`; `, ` && `, newline). */
export function joinSh(parts: readonly Sh[], separator = '\n'): Sh {
  return new Sh(parts.map(part => part.text).join(separator));
}

/** A script that the user wrote, run as it stands (the `shell` module). Never for text of ours. */
export function userScript(text: string): Sh {
  return new Sh(text);
}
