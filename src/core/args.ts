/** Schema pieces that many modules share, and the mark for arguments that are expressions rather than templates. */
import { type TSchema, Type } from 'typebox';

const MARK = 'x-girofle';

/** What an argument marked as an expression is given as: its text, and its value for this host. */
export interface Evaluated {
  readonly expression: string;
  readonly value: unknown;
}

/**
 * An argument that holds a bare Jinja expression (assert's `that`, debug's `var`). Playbooks write a string; the
 * module receives `Evaluated`. In a list each element is one.
 */
export function Expression(options: { description: string }): TSchema {
  return Type.Unsafe<Evaluated>({ type: ['string', 'boolean'], [MARK]: 'expression', ...options });
}

/** True for a schema made by `Expression`. */
export function isExpression(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && MARK in schema;
}

/** A boolean argument. */
export function Flag(description: string, byDefault?: boolean) {
  return Type.Boolean({ description, ...(byDefault === undefined ? {} : { default: byDefault }) });
}

/** One of some words. */
export function Choice<const W extends readonly string[]>(
  words: W,
  description: string,
  byDefault?: W[number],
) {
  return Type.Unsafe<W[number]>({
    type: 'string',
    enum: [...words],
    description,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  });
}

/** One word or several: a list, or Ansible's comma-separated string. Read it with `words`. */
export function Words(description: string, byDefault?: readonly string[]) {
  return Type.Unsafe<string | readonly string[]>({
    type: ['array', 'string'],
    items: { type: 'string' },
    description,
    ...(byDefault === undefined ? {} : { default: [...byDefault] }),
  });
}

/** The words of a `Words` argument, without blanks and empty ones. */
export function words(given: string | readonly string[] | undefined): readonly string[] {
  const list = given === undefined ? [] : typeof given === 'string' ? given.split(',') : given;
  return list.map(word => word.trim()).filter(word => word !== '');
}

/** A file mode: octal digits as a string ('0644'), or chmod's symbolic form (u=rw,g=r,o=r). */
export const Mode = Type.String({
  description: "Permissions: octal digits in quotes ('0644') or symbolic (u=rwX,g=rX,o=)",
  pattern: '^(0?[0-7]{3,4}|preserve|([ugoa]*[-+=][rwxXstugo]*,?)+)$',
});
