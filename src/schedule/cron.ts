/** When cron expressions fire, and what they are in words. */
import { CronExpressionParser } from 'cron-parser';
import cronstrue from 'cronstrue';
import 'cronstrue/locales/fr.js';
import { type Cron, wantsBothDays } from '../core/cron/expression.ts';
import { FIELD_NAMES, type Fields } from '../core/cron/fields.ts';
import type { Locale } from '../core/cron/messages.ts';

/** @param tz an IANA time zone; default: this machine's. None for @reboot. */
export function nextTimes({ fields }: Cron, from: Date, count: number, tz?: string): readonly Date[] {
  if (!fields) return [];
  const times = CronExpressionParser.parse(candidates(fields), {
    currentDate: from,
    ...(tz === undefined ? {} : { tz }),
  });
  const found: Date[] = [];
  while (found.length < count) {
    const time = times.next();
    if (matchesDay(fields, time.getDate(), time.getDay())) found.push(time.toDate());
  }
  return found;
}

/** cron-parser knows one rule for two kinds of day; where there are two, it goes through every day and we choose. */
function candidates(fields: Fields): string {
  const { minute, hour, day, month, weekday } = fields;
  const simple = wantsBothDays(fields) && (day.values.length === 31 || weekday.values.length === 7);
  return simple ? textOf(fields) : `${minute.text} ${hour.text} * ${month.text} *`;
}

function matchesDay(fields: Fields, date: number, weekday: number): boolean {
  const onDay = fields.day.values.includes(date);
  const onWeekday = fields.weekday.values.includes(weekday);
  return wantsBothDays(fields) ? onDay && onWeekday : onDay || onWeekday;
}

function textOf(fields: Fields): string {
  return FIELD_NAMES.map(name => fields[name].text.toLowerCase()).join(' ');
}

/** A sentence without a full stop. */
export function explain({ text, fields }: Cron, locale: Locale): string {
  if (!fields) return cronstrue.toString(text, { locale });
  return cronstrue.toString(textOf(fields), { locale, verbose: true, use24HourTimeFormat: true });
}
