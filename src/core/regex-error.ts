/** A regular expression, or a replacement, that cannot be: what is wrong, and what to do. */
export class RegexError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export function fail(message: string, hint?: string): never {
  throw new RegexError(message, hint);
}
