/** Translates the pattern syntax of Python's `re` to JavaScript's, Unicode mode. */
import { fail } from './regex-error.ts';

export interface Translated {
  readonly source: string;
  /** Inline flags at the start: (?i), (?m), (?s). */
  readonly flags: string;
  readonly groups: number;
  /** How the time to match grows with the text: the exponent of its length, Infinity for exponential. */
  readonly cost: number;
}

const WORD = '\\p{L}\\p{N}_';

export function translatePattern(pattern: string, multiline: boolean): Translated {
  return new Translator(pattern, multiline).run();
}

interface Group {
  /** It holds a repetition or an alternative. */
  varied: boolean;
}

class Translator {
  readonly pattern: string;
  position = 0;
  groups = 0;
  flags = '';
  multiline: boolean;
  repetitions = 0;
  nestedRepetition = false;
  /** What was just closed or read, for the next quantifier. */
  lastVaried = false;
  readonly stack: Group[] = [];

  constructor(pattern: string, multiline: boolean) {
    this.pattern = pattern;
    this.multiline = multiline;
  }

  run(): Translated {
    const inline = /^\(\?([aimsux]+)\)/.exec(this.pattern);
    if (inline) {
      this.flags = inline[1] ?? '';
      this.position = inline[0].length;
      this.multiline ||= this.flags.includes('m');
    }
    let source = '';
    while (this.position < this.pattern.length) source += this.next();
    if (this.stack.length > 0) fail(`invalid regular expression "${this.pattern}": a "(" is never closed`);
    return {
      source,
      flags: this.flags,
      groups: this.groups,
      cost: this.nestedRepetition ? Number.POSITIVE_INFINITY : this.repetitions + 1,
    };
  }

  rest(): string {
    return this.pattern.slice(this.position);
  }

  take(length: number): string {
    const taken = this.pattern.substr(this.position, length);
    this.position += length;
    return taken;
  }

  next(): string {
    const character = this.pattern.charAt(this.position);
    switch (character) {
      case '\\':
        return this.escape(false);
      case '[':
        return this.characterClass();
      case '(':
        return this.open();
      case ')':
        return this.close();
      case '|':
        this.vary();
        return this.take(1);
      case '*':
      case '+':
      case '?':
      case '{':
        return this.quantifier();
      default:
        return this.plain(character);
    }
  }

  plain(character: string): string {
    this.lastVaried = false;
    if (this.flags.includes('x') && /[\s#]/.test(character)) {
      this.take(character === '#' ? (/^#[^\n]*/.exec(this.rest())?.[0].length ?? 1) : 1);
      return '';
    }
    const taken = this.take((this.pattern.codePointAt(this.position) ?? 0) > 0xffff ? 2 : 1);
    if (character === '.') return this.flags.includes('s') ? '[\\s\\S]' : '[^\\n]';
    if (character === '^') return this.multiline ? '(?<![^\\n])' : '(?<![\\s\\S])';
    if (character === '$') return this.multiline ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))';
    return /[\]}/]/.test(taken) ? `\\${taken}` : taken;
  }

  vary(): void {
    for (const group of this.stack) group.varied = true;
  }

  quantifier(): string {
    const counted = /^\{(\d*)(,?)(\d*)\}/.exec(this.rest());
    const braces = this.pattern.charAt(this.position) === '{';
    if (braces && (!counted || (counted[1] === '' && counted[3] === ''))) {
      this.take(1);
      return '\\{';
    }
    const taken = counted ? this.take(counted[0].length) : this.take(1);
    const open =
      taken === '*' || taken === '+' || (counted !== null && counted[2] === ',' && counted[3] === '');
    const large = open || Number(counted?.[3] || counted?.[1] || 0) > 20;
    if (large && this.lastVaried) this.nestedRepetition = true;
    if (large) this.repetitions += 1;
    if (taken !== '?') this.vary();
    this.lastVaried = false;
    if (this.pattern.charAt(this.position) === '+') fail('possessive repetitions are not supported');
    const lazy = this.pattern.charAt(this.position) === '?' ? this.take(1) : '';
    return `${taken.replace(/^\{,/, '{0,')}${lazy}`;
  }

  open(): string {
    this.stack.push({ varied: false });
    const rest = this.rest();
    const special = /^\(\?(?:(P<|<(?![=!]))|(P=)|(#[^)]*\))|([:=!]|<[=!]))/.exec(rest);
    if (!rest.startsWith('(?')) {
      this.groups += 1;
      return this.take(1);
    }
    if (!special) return fail(`unsupported construct "${rest.slice(0, 4)}…" in a regular expression`);
    if (special[3] !== undefined || special[2] !== undefined) return this.withoutGroup(rest, special[0]);
    this.take(special[0].length);
    if (special[1] === undefined) return special[0];
    this.groups += 1;
    return '(?<';
  }

  /** A comment, or a reference to a named group: no group is opened. */
  withoutGroup(rest: string, head: string): string {
    this.stack.pop();
    const [whole = head, name = ''] = head.startsWith('(?#') ? [head] : (/^\(\?P=(\w+)\)/.exec(rest) ?? []);
    this.take(whole.length);
    return name === '' ? '' : `\\k<${name}>`;
  }

  close(): string {
    const group = this.stack.pop();
    if (!group) fail(`invalid regular expression "${this.pattern}": unbalanced ")"`);
    this.lastVaried = group?.varied ?? false;
    return this.take(1);
  }

  escape(inClass: boolean): string {
    this.lastVaried = false;
    const character = this.pattern.charAt(this.position + 1);
    const special = inClass ? CLASS_ESCAPES[character] : ESCAPES[character];
    if (special !== undefined) {
      this.take(2);
      return special;
    }
    if (/[1-9]/.test(character) && !inClass)
      return this.take(/^\\[1-9]\d?/.exec(this.rest())?.[0].length ?? 2);
    const code =
      /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(0[0-7]{0,2}|[1-3]?[0-7]{2}))/.exec(
        this.rest(),
      );
    if (code) {
      this.take(code[0].length);
      const value =
        code[4] === undefined
          ? Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '0', 16)
          : Number.parseInt(code[4], 8);
      return `\\u{${value.toString(16)}}`;
    }
    if (character === '')
      return fail(`invalid regular expression "${this.pattern}": it ends with a backslash`);
    if (/[a-zA-Z]/.test(character) && !/[nrtfvdDsS]/.test(character))
      fail(`invalid regular expression "${this.pattern}": bad escape "\\${character}"`);
    const taken = this.take(2);
    if (/[nrtfvdDsS]/.test(character)) return taken;
    return /[\^$\\.*+?()[\]{}|/-]/.test(character) && (inClass || character !== '-') ? taken : character;
  }

  characterClass(): string {
    this.lastVaried = false;
    const start = this.position;
    let source = this.take(this.pattern.startsWith('[^', start) ? 2 : 1);
    let afterSet = false;
    for (let first = true; this.pattern.charAt(this.position) !== ']' || first; first = false) {
      const rest = this.rest();
      if (rest === '') fail(`invalid regular expression "${this.pattern}": a "[" is never closed`);
      const set = /^\\[wWdDsS]/.test(rest);
      if (rest.startsWith('\\')) source += this.escape(true);
      // A hyphen beside a class such as \w is itself; JavaScript wants it escaped.
      else if (rest.startsWith('-') && (afterSet || /^-\\[wWdDsS]/.test(rest))) source += `\\${this.take(1)}`;
      else source += /[[\]{}()/|]/.test(rest.charAt(0)) ? `\\${this.take(1)}` : this.take(1);
      afterSet = set;
    }
    return `${source}${this.take(1)}`;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  Z: '(?![\\s\\S])',
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
  b: `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
  B: `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`,
  a: '\\u{7}',
};

const CLASS_ESCAPES: Readonly<Record<string, string>> = { w: WORD, W: '\\W', b: '\\u{8}', a: '\\u{7}' };
