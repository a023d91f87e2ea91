/** Python's strftime in the C locale. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 is the first of January. */
  readonly yearday: number;
  /** Minutes east of Greenwich. */
  readonly offset: number;
  readonly zone: string;
  readonly epoch: number;
}

function partsOf(date: Date, utc: boolean): Parts {
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000);
  const year = local.getUTCFullYear();
  return {
    year,
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    weekday: local.getUTCDay(),
    yearday: Math.floor((local.getTime() - Date.UTC(year, 0, 1)) / 86_400_000),
    offset,
    zone: utc ? 'UTC' : zoneName(date),
    epoch: Math.floor(date.getTime() / 1000),
  };
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

const two = (value: number) => String(value).padStart(2, '0');
const twelve = (hour: number) => hour % 12 || 12;

/** ISO 8601 year and week. */
function isoWeek({ year, yearday, weekday }: Parts): { year: number; week: number } {
  const thursday = yearday - ((weekday + 6) % 7) + 3;
  const length = (y: number) => (Date.UTC(y + 1, 0, 1) - Date.UTC(y, 0, 1)) / 86_400_000;
  if (thursday < 0) return { year: year - 1, week: Math.floor((thursday + length(year - 1)) / 7) + 1 };
  if (thursday >= length(year)) return { year: year + 1, week: 1 };
  return { year, week: Math.floor(thursday / 7) + 1 };
}

const FIELDS: Readonly<Record<string, (p: Parts) => string>> = {
  a: p => (DAYS[p.weekday] ?? '').slice(0, 3),
  A: p => DAYS[p.weekday] ?? '',
  b: p => (MONTHS[p.month] ?? '').slice(0, 3),
  h: p => (MONTHS[p.month] ?? '').slice(0, 3),
  B: p => MONTHS[p.month] ?? '',
  C: p => two(Math.floor(p.year / 100)),
  d: p => two(p.day),
  e: p => String(p.day).padStart(2),
  g: p => two(isoWeek(p).year % 100),
  G: p => String(isoWeek(p).year),
  H: p => two(p.hour),
  I: p => two(twelve(p.hour)),
  j: p => String(p.yearday + 1).padStart(3, '0'),
  k: p => String(p.hour).padStart(2),
  l: p => String(twelve(p.hour)).padStart(2),
  m: p => two(p.month + 1),
  M: p => two(p.minute),
  n: () => '\n',
  p: p => (p.hour < 12 ? 'AM' : 'PM'),
  P: p => (p.hour < 12 ? 'am' : 'pm'),
  s: p => String(p.epoch),
  S: p => two(p.second),
  t: () => '\t',
  u: p => String(p.weekday || 7),
  U: p => two(Math.floor((p.yearday + 7 - p.weekday) / 7)),
  V: p => two(isoWeek(p).week),
  w: p => String(p.weekday),
  W: p => two(Math.floor((p.yearday + 7 - ((p.weekday + 6) % 7)) / 7)),
  y: p => two(p.year % 100),
  Y: p => String(p.year),
  z: p =>
    `${p.offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(p.offset) / 60))}${two(Math.abs(p.offset) % 60)}`,
  Z: p => p.zone,
  '%': () => '%',
};

const COMPOSED: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

/** An unknown field stays as written; `%-d` drops the padding. */
export function strftime(format: string, date: Date, utc: boolean): string {
  const parts = partsOf(date, utc);
  const whole = format.replace(/%(.)/g, (field, letter: string) => COMPOSED[letter] ?? field);
  return whole.replace(/%(-?)(.)/g, (field, bare: string, letter: string) => {
    const text = FIELDS[letter]?.(parts) ?? field;
    return bare === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}
