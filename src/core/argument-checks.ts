/** The limits that a schema sets to one value, and the sentences for when they are not kept. */
import { choicesOf, type JsonSchema } from './coerce.ts';
import { didYouMean } from './suggest.ts';
import type { Value } from './value.ts';

type Path = readonly (string | number)[];

export interface ArgumentProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
  /** True when the key that ends the path is wrong, not its value. */
  readonly atKey?: boolean;
}

/** Where a check is. */
export interface Walk {
  readonly module: string;
  readonly written: boolean;
  readonly problems: ArgumentProblem[];
  readonly path: Path;
}

export function complain({ problems, path }: Walk, message: string, hint?: string): void {
  problems.push({ path, message, ...(hint === undefined ? {} : { hint }) });
}

export function below(walk: Walk, part: string | number): Walk {
  return { ...walk, path: [...walk.path, part] };
}

export function checkChoice(schema: JsonSchema, value: Value, walk: Walk): void {
  const choices = choicesOf(schema);
  if (choices.length === 0 || choices.includes(value)) return;
  const words = choices.map(String);
  const list = words.length === 1 ? words[0] : `one of ${words.join(', ')}`;
  complain(walk, `${named(walk)} must be ${list}, not ${shown(value)}`, didYouMean(String(value), words));
}

export function checkString(
  { pattern, minLength = 0, maxLength, description }: JsonSchema,
  value: string,
  walk: Walk,
): void {
  if (value.length < minLength) {
    complain(
      walk,
      minLength === 1
        ? `${named(walk)} must not be empty`
        : `${named(walk)} must have at least ${count(minLength, 'character')}`,
    );
  } else if (maxLength !== undefined && value.length > maxLength) {
    complain(walk, `${named(walk)} must have at most ${count(maxLength, 'character')}`);
  } else if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    complain(walk, `${named(walk)} cannot be ${shown(value)}`, description);
  }
}

export function checkNumber(schema: JsonSchema, value: number, walk: Walk): void {
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (minimum !== undefined && value < minimum)
    complain(walk, `${named(walk)} must be at least ${minimum}, not ${value}`);
  if (maximum !== undefined && value > maximum)
    complain(walk, `${named(walk)} must be at most ${maximum}, not ${value}`);
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    complain(walk, `${named(walk)} must be more than ${exclusiveMinimum}, not ${value}`);
  }
}

export function named(walk: Walk): string {
  return `"${argumentName(walk)}"`;
}

/** `ports[0].published` */
export function argumentName({ path }: Walk): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
}

export function shown(value: Value): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
