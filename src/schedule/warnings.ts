/** What a cron expression says although its author most likely meant something else. */
import { type Cron, wantsBothDays } from '../core/cron/expression.ts';
import { BOUNDS, FIELD_NAMES, type FieldName, type Fields } from '../core/cron/fields.ts';
import { type Locale, messages } from '../core/cron/messages.ts';

export interface Warning {
  readonly message: string;
  readonly hint?: string;
}

export function warnings({ fields }: Cron, locale: Locale): readonly Warning[] {
  if (!fields) return [];
  return [
    ...everyMinute(fields, locale),
    ...FIELD_NAMES.flatMap(name => oddStep(name, fields, locale)),
    ...twoKindsOfDay(fields, locale),
  ];
}

/** `* 1 * * *` is sixty times, not once a night. */
function everyMinute(fields: Fields, locale: Locale): readonly Warning[] {
  const { minute, hour, day, month, weekday } = fields;
  const say = messages[locale];
  const days = `${day.text} ${month.text} ${weekday.text}`;
  if (minute.values.length < 60) return [];
  if (hour.values.length < 24) {
    return [
      {
        message: say.everyMinute(60, 60 * hour.values.length),
        hint: say.onceAnHour(`0 ${hour.text} ${days}`),
      },
    ];
  }
  if (day.values.length === 31 && weekday.values.length === 7) return [];
  return [{ message: say.everyMinuteOfDays, hint: say.onceADay(`0 0 ${days}`) }];
}

function oddStep(name: FieldName, fields: Fields, locale: Locale): readonly Warning[] {
  const say = messages[locale];
  const { text, values } = fields[name];
  const step = Number(/^\*\/(\d+)$/.exec(text)?.[1] ?? 0);
  const field = say.field[name];
  if (step === 0) return [];
  if (step === 1) return [{ message: say.sameAsStar(field) }];
  if (values.length === 1) return [{ message: say.onlyOnce(field, text, values[0] ?? 0) }];
  if (name === 'day') return [{ message: say.eachMonth(text) }];
  const length = BOUNDS[name].max + 1;
  const last = length % step;
  return ['minute', 'hour'].includes(name) && last !== 0 ? [{ message: say.uneven(field, text, last) }] : [];
}

function twoKindsOfDay(fields: Fields, locale: Locale): readonly Warning[] {
  const say = messages[locale];
  if (!wantsBothDays(fields)) return [{ message: say.eitherDay }];
  const restrictsBoth = fields.day.values.length < 31 && fields.weekday.values.length < 7;
  return restrictsBoth ? [{ message: say.bothDays }] : [];
}
