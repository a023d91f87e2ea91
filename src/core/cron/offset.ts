/** Moves a schedule some minutes on, so that two jobs with one schedule do not begin together. */
import type { Cron } from './expression.ts';
import { FIELD_NAMES, type Field, type FieldName, type Fields } from './fields.ts';

const SIZES = { minute: 60, hour: 24, weekday: 7 } as const;

/**
 * The expression moved, or undefined where no single expression says it: @reboot, minutes of which some would pass the
 * hour and others not, hours that would pass midnight where days of the month are named.
 */
export function offset({ text, fields }: Cron, minutes: number): string | undefined {
  if (minutes === 0) return text;
  if (!fields) return undefined;
  const minute = shift('minute', fields, minutes);
  const hour = minute && shift('hour', fields, minute.carry);
  const weekday = hour && moveDays(fields, hour.carry);
  if (!minute || !hour || !weekday) return undefined;
  const { day, month } = fields;
  return [minute.text, hour.text, day.text, month.text, weekday].join(' ');
}

interface Shifted {
  readonly text: string;
  /** How many of the next field it has passed: the same for all its values. */
  readonly carry: number;
}

function shift(name: 'minute' | 'hour' | 'weekday', fields: Fields, by: number): Shifted | undefined {
  const { text, values } = fields[name];
  const size = SIZES[name];
  const free = after(name).every(next => isEvery(fields[next]));
  if (by === 0 || (free && isEvery(fields[name]))) return { text, carry: 0 };
  const moved = values.map(value => value + by);
  const carries = new Set(moved.map(value => Math.floor(value / size)));
  const [carry = 0] = carries;
  const wrapped = listed(moved.map(value => value % size));
  if (carries.size === 1) return { text: wrapped, carry };
  // Some values pass the end of the field, others do not: that is no matter where all fields after it mean every one.
  return free ? { text: wrapped, carry: 0 } : undefined;
}

function after(name: FieldName): readonly FieldName[] {
  return FIELD_NAMES.slice(FIELD_NAMES.indexOf(name) + 1);
}

function isEvery({ text }: Field): boolean {
  return text === '*';
}

/** The days of the week moved; undefined where days are named that cannot be. */
function moveDays(fields: Fields, by: number): string | undefined {
  const { day, month, weekday } = fields;
  if (by === 0) return weekday.text;
  if (!isEvery(day) || !isEvery(month)) return undefined;
  return isEvery(weekday) ? weekday.text : shift('weekday', fields, by)?.text;
}

function listed(values: readonly number[]): string {
  return [...new Set(values)].toSorted((a, b) => a - b).join(',');
}
