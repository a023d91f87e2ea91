/** Sizes and durations as Docker's users write them. */
import { Type } from 'typebox';

const SIZE = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)(?:i?b)?$/i;
const POWERS = ['', 'k', 'm', 'g', 't', 'p'];

/** An argument like `256m`, `4GiB` or a number of bytes; `unlimited` is -1. */
export function Size(description: string, byDefault?: string) {
  return Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    pattern: '^([0-9]+(\\.[0-9]+)?\\s*([bB]|[kKmMgGtTpP]([iI]?[bB])?)?|unlimited|-1)$',
    description,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  });
}

/** Bytes of a `Size`. */
export function bytes(size: string | number): number {
  if (typeof size === 'number') return size;
  if (size === 'unlimited' || size === '-1') return -1;
  const [, digits = '', unit = ''] = SIZE.exec(size.trim()) ?? [];
  if (digits === '') throw new Error(`${size} is no size`);
  const power = Math.max(0, POWERS.indexOf(unit.toLowerCase()));
  return Math.round(Number(digits) * 1024 ** power);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** For people: 4294967296 → `4 GiB`. */
export function showBytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const scaled = count / 1024 ** power;
  return `${scaled >= 10 || Number.isInteger(scaled) ? Math.round(scaled) : scaled.toFixed(1)} ${UNITS[power]}`;
}

/** An argument like `30s`, `1m30s` or a number of seconds. */
export function Duration(description: string, byDefault?: string) {
  return Type.Unsafe<string | number>({
    type: ['string', 'number'],
    pattern: '^([0-9]+(\\.[0-9]+)?(h|ms|m|us|s))+$|^[0-9]+$',
    description,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  });
}

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6 };

/** Seconds of a `Duration`. */
export function seconds(duration: string | number): number {
  if (typeof duration === 'number') return duration;
  if (/^\d+$/.test(duration)) return Number(duration);
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|s)/g)];
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (SECONDS[unit] ?? 0), 0);
}

/** Nanoseconds of a `Duration`, as the Docker API has them. */
export function nanoseconds(duration: string | number): number {
  return Math.round(seconds(duration) * 1e9);
}

/** For people: 93 → `1 minute`, 7300 → `2 hours`. */
export function showAge(age: number): string {
  const [size, unit] = (
    [
      [86400, 'day'],
      [3600, 'hour'],
      [60, 'minute'],
    ] as const
  ).find(([length]) => age >= length) ?? [1, 'second'];
  const count = Math.max(0, Math.floor(age / size));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
