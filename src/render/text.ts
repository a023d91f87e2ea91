/** Text that is safe on a terminal and fits it: control characters out, widths as a terminal counts them. */
import { stripVTControlCharacters } from 'node:util';

// C0 but tab and newline, DEL, C1, and the marks that reorder what is read (bidirectional overrides and isolates).
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const UNSAFE_ALL = new RegExp(UNSAFE, 'g');

/** Text of hosts and files made harmless: newlines and tabs stay, escape sequences and control characters go. */
export function clean(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n'))
    .replace(/[^\n]*\r(?=[^\n\r])/g, '')
    .replace(UNSAFE_ALL, '');
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text)
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('\t', ' ')
    .trim();
}

/** The text's lines, cleaned, without empty ones at either end. */
export function cleanLines(text: string): readonly string[] {
  const whole = clean(text).replace(/^(\s*\n)+|\s+$/g, '');
  return whole === '' ? [] : whole.split('\n').map(line => line.trimEnd());
}

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]/u;
const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter();

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** Columns that clean text takes on a terminal. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** At most `width` columns of clean text, with an ellipsis where it was cut. */
export function truncate(text: string, width: number): string {
  if (width <= 0) return '';
  if (ASCII.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  // Never more code units than this can matter, and segmenting a very long line is slow.
  const head = text.slice(0, width * 16);
  if (displayWidth(head) <= width && head.length === text.length) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(head)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** `0.4s`, `12s`, `1m 03s`, `2h 05m` */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** `HH:MM:SS`, local time. */
export function formatClock(time: Date): string {
  return time.toTimeString().slice(0, 8);
}
