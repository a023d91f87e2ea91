/** `girofle-run schedule explain EXPR` and `schedule next EXPR`: what a cron expression means and when it fires. */
import { parseCron } from '../core/cron/expression.ts';
import { type Locale, messages } from '../core/cron/messages.ts';
import { explain, nextTimes } from '../schedule/cron.ts';
import { warnings } from '../schedule/warnings.ts';

export interface ScheduleOptions {
  readonly now: Date;
  readonly locale: Locale;
  /** Takes whole lines, newline included. */
  readonly write: (text: string) => void;
  /** For errors; default: stderr. */
  readonly complain?: (text: string) => void;
  /** IANA time zone; default: this machine's. */
  readonly tz?: string;
}

/** In words, what is doubtful about it, and its next five times. 0, or 4 when crontab would refuse it. */
export function explainSchedule(expression: string, options: ScheduleOptions): number {
  const parsed = parseCron(expression, options.locale);
  if ('problem' in parsed) return refuse(expression, parsed, options);
  const { now, locale, write, tz } = options;
  const say = messages[locale];
  write(`${explain(parsed.cron, locale)}\n`);
  for (const { message, hint } of warnings(parsed.cron, locale)) {
    write(`${say.warning}${colon(locale)} ${message}${hint === undefined ? '' : ` (${hint})`}\n`);
  }
  const times = nextTimes(parsed.cron, now, 5, tz);
  write(`${say.next}${colon(locale)}${times.length === 0 ? ` ${say.atStart}` : ''}\n`);
  for (const time of times) write(`  ${inWords(time, options)}\n`);
  return 0;
}

/** Put together here, because the whole sentences of Intl change from one version of Node to the next. */
function inWords(time: Date, { locale, tz }: ScheduleOptions): string {
  const format = new Intl.DateTimeFormat(locale === 'fr' ? 'fr-FR' : 'en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...(tz === undefined ? {} : { timeZone: tz }),
  });
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const date = (['weekday', 'day', 'month', 'year'] as const).map(type => parts.get(type)).join(' ');
  return `${date} ${parts.get('hour')}:${parts.get('minute')} ${parts.get('timeZoneName')}`;
}

/** The next times alone, one a line in ISO 8601 (UTC), for scripts. 0, or 4 when crontab would refuse it. */
export function nextSchedule(
  expression: string,
  options: ScheduleOptions & { readonly count?: number },
): number {
  const parsed = parseCron(expression, options.locale);
  if ('problem' in parsed) return refuse(expression, parsed, options);
  for (const time of nextTimes(parsed.cron, options.now, options.count ?? 5, options.tz)) {
    options.write(`${time.toISOString()}\n`);
  }
  return 0;
}

function refuse(
  expression: string,
  { problem, hint }: { problem: string; hint?: string },
  { locale, complain }: ScheduleOptions,
): number {
  const say = complain ?? (text => process.stderr.write(text));
  say(`"${expression}"${colon(locale)} ${problem}${hint === undefined ? '' : ` (${hint})`}\n`);
  return 4;
}

function colon(locale: Locale): string {
  return locale === 'fr' ? ' :' : ':';
}
