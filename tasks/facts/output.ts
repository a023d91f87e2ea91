/** Reads what the script of facts printed: sections, and in one of them files. */
import type { Value, ValueMap } from '../../src/core/value.ts';

export interface Gathered {
  /** The text of a section; empty when there is none. */
  section(name: string): string;
  /** The text of a file, without its last newline; undefined when it is not there or cannot be read. */
  file(path: string): string | undefined;
  /** Names between `before` and `after` for which there is a file: the stars of a pattern. */
  between(before: string, after: string): readonly string[];
}

export function readGathered(stdout: string): Gathered {
  const sections = new Map<string, string>();
  for (const part of stdout.split('\x1e').slice(1)) {
    const end = part.indexOf('\n');
    sections.set(part.slice(0, end), part.slice(end + 1).replace(/\n$/, ''));
  }
  const files = readFiles(sections.get('files') ?? '');
  return {
    section: name => sections.get(name) ?? '',
    file: path => files.get(path),
    between: (before, after) =>
      [...files.keys()]
        .filter(
          path =>
            path.startsWith(before) && path.endsWith(after) && path.length > before.length + after.length,
        )
        .map(path => path.slice(before.length, path.length - after.length)),
  };
}

/** As `head -v` prints them: `==> PATH <==`, the content, an empty line between two files. */
function readFiles(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^==> (\/.*) <==\n/m);
  const files = new Map<string, string>();
  for (let i = 1; i < parts.length; i += 2)
    files.set(parts[i] ?? '', (parts[i + 1] ?? '').replace(/\n{1,2}$/, ''));
  return files;
}

export function linesOf(text: string | undefined): readonly string[] {
  return (text ?? '').split('\n').filter(line => line !== '');
}

/** `KEY=value` lines, values perhaps in quotes. */
export function assignments(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    linesOf(text).flatMap(line => {
      const [, key, value = ''] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
      return key === undefined
        ? []
        : [
            [
              key,
              value
                .trim()
                .replace(/^(["'])(.*)\1$/, '$2')
                .replace(/\\([$"`\\])/g, '$1'),
            ] as const,
          ];
    }),
  );
}

/** Only what is known. */
export function defined(facts: Readonly<Record<string, Value | undefined>>): ValueMap {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}
