/** Cron expressions as crontab(5) accepts them: five fields or an alias. */
import { didYouMean } from '../suggest.ts';
import { FIELD_NAMES, type Field, type Fields, type Problem, parseField } from './fields.ts';
import { type Locale, messages } from './messages.ts';

export interface Cron {
  /** As written, blanks made single. */
  readonly text: string;
  /** None for @reboot. */
  readonly fields?: Fields;
}

const ALIASES: Readonly<Record<string, string | undefined>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
  '@reboot': undefined,
};

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Five fields or an alias, as crontab(5) has them; seconds, `L`, `#`, `?` and `H` are refused. */
export function parseCron(text: string, locale: Locale = 'en'): { readonly cron: Cron } | Problem {
  const words = text
    .trim()
    .split(/\s+/)
    .filter(word => word !== '');
  const [first] = words;
  if (first === undefined) return { problem: messages[locale].empty, hint: messages[locale].fiveFields };
  if (first.startsWith('@')) return parseAlias(words.join(' '), locale);
  const fields = parseFields(words, locale);
  return 'problem' in fields ? fields : { cron: { text: words.join(' '), fields } };
}

function parseAlias(text: string, locale: Locale): { cron: Cron } | Problem {
  const alias = text.toLowerCase();
  if (!Object.hasOwn(ALIASES, alias)) {
    const say = messages[locale];
    const meant = locale === 'en' ? didYouMean(alias, Object.keys(ALIASES)) : undefined;
    return { problem: say.alias(text), hint: meant ?? say.aliases(Object.keys(ALIASES).join(', ')) };
  }
  const written = ALIASES[alias];
  if (written === undefined) return { cron: { text: alias } };
  const fields = parseFields(written.split(' '), locale);
  return 'problem' in fields ? fields : { cron: { text: alias, fields } };
}

function parseFields(words: readonly string[], locale: Locale): Fields | Problem {
  const say = messages[locale];
  if (words.length !== FIELD_NAMES.length) {
    return { problem: say.fields(words.length), hint: words.length === 6 ? say.sixFields : say.fiveFields };
  }
  const parsed = FIELD_NAMES.map((name, i) => parseField(name, words[i] ?? '', locale));
  const problem = parsed.find(field => 'problem' in field);
  const [minute, hour, day, month, weekday] = parsed.filter((field): field is Field => 'values' in field);
  if (problem && 'problem' in problem) return problem;
  if (!minute || !hour || !day || !month || !weekday) return { problem: say.fields(words.length) };
  const fields = { minute, hour, day, month, weekday };
  return neverFires(fields) ? { problem: say.never } : fields;
}

/** The 30th of February. A day of the week would fire all the same. */
function neverFires(fields: Fields): boolean {
  const { day, month } = fields;
  const longest = Math.max(...month.values.map(number => LONGEST_MONTHS[number - 1] ?? 31));
  return (day.values[0] ?? 1) > longest && wantsBothDays(fields);
}

/**
 * A day must match the day of the month and the day of the week when one of them begins with `*`, however it goes on;
 * otherwise one match is enough.
 */
export function wantsBothDays({ day, weekday }: Fields): boolean {
  return day.text.startsWith('*') || weekday.text.startsWith('*');
}
