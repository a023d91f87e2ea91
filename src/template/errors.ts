/** What goes wrong in a template: the error classes, where in the text it happened, and what may have been meant. */
import leven from 'leven';
import { RegexError } from '../core/regex-error.ts';

/** A stretch of template text, in characters; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A template file, for errors that happen in it or in what it includes. */
export interface TemplateFile {
  readonly name: string;
  readonly text: string;
  /** Lines of the file before `text`. */
  readonly linesBefore: number;
}

/** The text that an expression was parsed from. */
export interface Source {
  readonly text: string;
  readonly file: TemplateFile | undefined;
}

/** A template that cannot be parsed or evaluated. `offset` and `length` count characters of the scalar or file. */
export class TemplateError extends Error {
  offset = 0;
  length = 1;
  located = false;
  /** Set when the text is that of a template file. */
  file: TemplateFile | undefined;
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A name, key or attribute that is not there. */
export class UndefinedError extends TemplateError {
  override readonly name: string;

  constructor(message: string, name: string, hint?: string) {
    super(message, hint);
    this.name = name;
  }
}

export function fail(message: string, hint?: string): never {
  throw new TemplateError(message, hint);
}

export function failAt(span: Span, message: string, hint?: string): never {
  throw locate(new TemplateError(message, hint), span);
}

/** Gives an error its place, unless something deeper has done so. A stack overflow becomes a TemplateError. */
export function locate(error: unknown, span: Span, source?: Source): unknown {
  const known = inOurWords(error);
  if (known instanceof TemplateError && !known.located) {
    known.located = true;
    known.file = source?.file;
    known.offset = span.start;
    known.length = Math.max(1, span.end - span.start);
  }
  return known;
}

function inOurWords(error: unknown): unknown {
  if (error instanceof RangeError) return new TemplateError('the template is nested too deeply');
  return error instanceof RegexError ? new TemplateError(error.message, error.hint) : error;
}

/** `did you mean "upper"?`, or undefined when nothing is near. Two letters that changed places are the nearest. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const letters = (text: string) => [...text].sort().join('');
  const limit = Math.min(3, Math.floor(word.length / 2));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) > limit) continue;
    const distance = leven(word, candidate);
    const score = distance <= 2 && letters(word) === letters(candidate) ? 0.5 : distance;
    if (score < least) [least, best] = [score, candidate];
  }
  return best === undefined ? undefined : `did you mean "${best}"?`;
}
