/** Moves a schedule some minutes on, so that two jobs with one schedule do not begin together. */
import type { Cron } from './cron.ts';
import { FIELD_NAMES } from './fields.ts';

/** The expression moved, or undefined where it cannot be: @reboot, or minutes that would pass the hour. */
export function offset({ text, fields }: Cron, minutes: number): string | undefined {
  if (minutes === 0) return text;
  if (!fields) return undefined;
  const moved = fields.minute.values.map(minute => minute + minutes);
  if (moved.some(minute => minute > 59)) return undefined;
  const rest = FIELD_NAMES.slice(1).map(name => fields[name].text);
  return [moved.join(','), ...rest].join(' ');
}
