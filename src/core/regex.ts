/** Python's regular expressions on JavaScript's engine: pattern and replacement syntax, and a time limit. */
import { createContext, Script } from 'node:vm';
import { fail } from './regex-error.ts';
import { translatePattern } from './regex-pattern.ts';

export interface RegexFlags {
  readonly ignorecase: boolean;
  readonly multiline: boolean;
}

export interface PythonRegex {
  readonly regex: RegExp;
  readonly groups: number;
  /** The exponent with which the time to match may grow with the text's length. */
  readonly cost: number;
}

const cache = new Map<string, PythonRegex>();
const CACHE_SIZE = 500;
/** Milliseconds that a search which may get out of hand can take. */
const LIMIT = 2000;

export function compileRegex(pattern: string, { ignorecase, multiline }: RegexFlags): PythonRegex {
  const key = `${ignorecase ? 'i' : ''}${multiline ? 'm' : ''}/${pattern}`;
  const known = cache.get(key);
  if (known) return known;
  const made = build(pattern, ignorecase, multiline);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(key, made);
  return made;
}

function build(pattern: string, ignorecase: boolean, multiline: boolean): PythonRegex {
  const { source, flags, groups, cost } = translatePattern(pattern, multiline);
  const all = `gu${ignorecase || flags.includes('i') ? 'i' : ''}`;
  try {
    return { regex: new RegExp(source, all), groups, cost };
  } catch (error) {
    return fail(`invalid regular expression "${pattern}": ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /s, '') : String(error);
}

/** All matches from the start, at most `count`. */
export function matchAll(
  { regex, cost }: PythonRegex,
  text: string,
  count = Number.POSITIVE_INFINITY,
): RegExpExecArray[] {
  if (text.length < 20 || text.length ** cost < 1e9) return collect(regex, text, count);
  return collectWithin(regex, text, count);
}

export function search(pattern: PythonRegex, text: string): RegExpExecArray | undefined {
  return matchAll(pattern, text, 1)[0];
}

function collect(regex: RegExp, text: string, count: number): RegExpExecArray[] {
  const matches: RegExpExecArray[] = [];
  regex.lastIndex = 0;
  for (let match = regex.exec(text); match && matches.length < count; match = regex.exec(text)) {
    matches.push(match);
    if (match[0] === '') regex.lastIndex += (text.codePointAt(regex.lastIndex) ?? 0) > 0xffff ? 2 : 1;
  }
  return matches;
}

const work: { run: () => RegExpExecArray[] } = { run: () => [] };
let guarded: (() => void) | undefined;

/** Made when first needed: most runs have no such expression. */
function guard(): () => void {
  const sandbox = createContext({ work });
  const script = new Script('work.run()');
  return () => script.runInContext(sandbox, { timeout: LIMIT });
}

/** Only code run by `vm` can be stopped while the engine backtracks. */
function collectWithin(regex: RegExp, text: string, count: number): RegExpExecArray[] {
  let matches: RegExpExecArray[] = [];
  work.run = () => {
    matches = collect(regex, text, count);
    return [];
  };
  try {
    guarded ??= guard();
    guarded();
  } catch (error) {
    if (isTimeout(error))
      fail('the regular expression takes too long', 'avoid repetitions inside repetitions, such as (a+)+');
    throw error;
  }
  return matches;
}

/** The error of another realm is no `Error` of ours. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

const REPLACEMENT = /\\(?:g<([^>]+)>|([1-9]\d?)|(0[0-7]{0,2}|[0-7]{3})|([\s\S]))/g;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
};

/** Python's `re.sub` template: `\1`, `\g<1>`, `\g<name>`, `\n`. */
export function expand(template: string, match: RegExpExecArray): string {
  if (!template.includes('\\')) return template;
  return template.replace(
    REPLACEMENT,
    (whole, name?: string, digits?: string, octal?: string, other?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const reference = name ?? digits;
      if (reference !== undefined) return groupOf(match, reference);
      const letter = other ?? '';
      return (
        ESCAPES[letter] ??
        (/[a-zA-Z]/.test(letter) ? fail(`bad escape "${whole}" in the replacement`) : whole)
      );
    },
  );
}

/** The text of a group by number or name; one that took no part is empty. */
function groupOf(match: RegExpExecArray, reference: string): string {
  return groupOrNone(match, reference) ?? '';
}

export function groupOrNone(match: RegExpExecArray, reference: string): string | undefined {
  if (/^\d+$/.test(reference)) {
    if (Number(reference) >= match.length) fail(`the regular expression has no group ${reference}`);
    return match[Number(reference)];
  }
  if (!match.groups || !Object.hasOwn(match.groups, reference))
    fail(`the regular expression has no group "${reference}"`);
  return match.groups?.[reference];
}

export function substitute(pattern: PythonRegex, text: string, template: string, count: number): string {
  const parts: string[] = [];
  let position = 0;
  for (const match of matchAll(pattern, text, count > 0 ? count : Number.POSITIVE_INFINITY)) {
    parts.push(text.slice(position, match.index), expand(template, match));
    position = match.index + match[0].length;
  }
  parts.push(text.slice(position));
  return parts.join('');
}
