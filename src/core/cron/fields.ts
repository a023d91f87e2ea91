/** The five fields of a crontab line, checked as crontab checks them and no more leniently. */
import { didYouMean } from '../suggest.ts';
import type { Locale } from './messages.ts';
import { messages } from './messages.ts';

export interface Field {
  readonly text: string;
  /** Ascending; Sunday is 0. */
  readonly values: readonly number[];
}

export const FIELD_NAMES = ['minute', 'hour', 'day', 'month', 'weekday'] as const;
export type FieldName = (typeof FIELD_NAMES)[number];
export type Fields = Readonly<Record<FieldName, Field>>;

export interface Problem {
  readonly problem: string;
  readonly hint?: string;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** The name of the lowest value, and so on. */
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export const BOUNDS: Readonly<Record<FieldName, Bounds>> = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  day: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: MONTHS },
  weekday: { min: 0, max: 7, names: WEEKDAYS },
};

/** Thrown inside `parseField` only. */
class Wrong extends Error {
  readonly hint: string | undefined;

  constructor(problem: string, hint?: string) {
    super(problem);
    this.hint = hint;
  }
}

export function parseField(name: FieldName, text: string, locale: Locale): Field | Problem {
  try {
    const values = text.split(',').flatMap(part => parsePart(name, part, locale));
    const days = name === 'weekday' ? values.map(value => value % 7) : values;
    return { text, values: [...new Set(days)].toSorted((a, b) => a - b) };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const { message: problem, hint } = error;
    return { problem, ...(hint === undefined ? {} : { hint }) };
  }
}

/** `*`, `5`, `1-5`, `mon-fri`, and `*` or a range with a step: `1-30/2`. */
function parsePart(name: FieldName, part: string, locale: Locale): readonly number[] {
  const say = messages[locale];
  const field = say.field[name];
  const [, low, high, by] = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/([0-9]+))?$/i.exec(part) ?? [];
  if (low === undefined || (low === '*' && high !== undefined))
    throw new Wrong(say.badPart(field, part), say.known);
  if (by !== undefined && low !== '*' && high === undefined) {
    throw new Wrong(say.stepAlone(field, part), say.write(`${low}-${highest(name)}/${by}`));
  }
  const step = Number(by ?? 1);
  if (step === 0) throw new Wrong(say.noStep(field, part));
  const first = low === '*' ? BOUNDS[name].min : numberOf(name, low, locale);
  const last = low === '*' ? highest(name) : high === undefined ? first : numberOf(name, high, locale);
  if (first > last)
    throw new Wrong(
      say.backwards(field, part),
      say.write(`${low}-${highest(name)},${BOUNDS[name].min}-${high}`),
    );
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}

/** Sunday is both 0 and 7, but `*` counts it once. */
function highest(name: FieldName): number {
  return name === 'weekday' ? 6 : BOUNDS[name].max;
}

function numberOf(name: FieldName, word: string, locale: Locale): number {
  const { min, max, names = [] } = BOUNDS[name];
  const say = messages[locale];
  const field = say.field[name];
  if (/^\d+$/.test(word)) {
    const number = Number(word);
    if (number >= min && number <= max) return number;
    throw new Wrong(
      say.outside(field, word, min, max),
      number === 24 && name === 'hour' ? say.midnight : undefined,
    );
  }
  const index = names.indexOf(word.toLowerCase());
  if (index >= 0) return min + index;
  throw new Wrong(say.badPart(field, word), didYouMeanName(word, names, locale) ?? say.known);
}

function didYouMeanName(word: string, names: readonly string[], locale: Locale): string | undefined {
  const short = names.find(name => word.toLowerCase().startsWith(name));
  if (short !== undefined) return messages[locale].write(short);
  return locale === 'en' ? didYouMean(word, names) : undefined;
}
