/** Reads one YAML document and remembers where everything in it stands. */
import { type Document, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { type Diagnostic, errorAt, type Place } from './diagnostic.ts';
import type { Source } from './play.ts';
import type { Value } from './value.ts';
import { keyPlace, type Layout, placeAt, valuePlace } from './yaml-place.ts';
import { scalarTags } from './yaml-tags.ts';
import { toValue } from './yaml-value.ts';

type Path = readonly (string | number)[];

export interface YamlDocument extends Source {
  /** Null for an empty file. With diagnostics: as much as could be read. */
  readonly value: Value;
  readonly diagnostics: readonly Diagnostic[];
  /** Lines whose reading is doubtful because of a syntax error: what else seems wrong there follows from it. */
  readonly doubtful: ReadonlySet<number>;
  /** False when the syntax is so broken that `value` should not be looked at. */
  readonly readable: boolean;
  /** The place of the key that ends the path; for an element of a list, the element. */
  keyPlace(path: Path): Place;
}

/** Never throws: what is wrong with the text is in `diagnostics`. */
export function loadYaml(file: string, text: string): YamlDocument {
  const { layout, unquoted } = parseForgiving(file, text);
  const errors = [...layout.document.errors, ...layout.document.warnings];
  const found = errors.map(error => reword(error, layout));
  const value = toValue(layout.document, text, (message, [start, end], hint) => {
    found.push(errorAt(message, placeAt(layout, start, lineLength(text, start, end)), hint));
  });
  const diagnostics = inOrder([...unquoted, ...found]);
  return {
    file,
    value,
    diagnostics,
    doubtful: new Set(errors.flatMap(error => linesOf(error, layout))),
    readable: !errors.some(loses),
    place: (path, offset) => valuePlace(layout, path, offset),
    keyPlace: path => keyPlace(layout, path),
  };
}

function parse(file: string, text: string): Layout {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    version: '1.2',
    merge: true,
    stringKeys: true,
    uniqueKeys: true,
    customTags: scalarTags,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  return { file, text, document, lines };
}

/**
 * YAML takes an unquoted `{{ x }}` for a mapping whose key is a mapping. Each is complained about once, and the file is
 * read again with a quiet value of the same length in its place, so that the rest of the file is still looked at.
 */
function parseForgiving(file: string, text: string): { layout: Layout; unquoted: Diagnostic[] } {
  const unquoted: Diagnostic[] = [];
  let layout = parse(file, text);
  for (;;) {
    const found = layout.document.errors.flatMap(error => unquotedTemplate(error, layout.text));
    if (found.length === 0) return { layout: { ...layout, text }, unquoted };
    let patched = layout.text;
    for (const { start, end, value } of found) {
      const hint = `quote the template: ${quoted(text.slice(start, end))}`;
      unquoted.push(
        errorAt('a value that begins with {{ must be quoted', placeAt(layout, start, end - start), hint),
      );
      patched = patched.slice(0, start) + standIn(end - start, value) + patched.slice(end);
    }
    layout = parse(file, patched);
  }
}

interface Unquoted {
  readonly start: number;
  readonly end: number;
  /** The whole value of a key or of a list's element, not a part of a flow collection or a key. */
  readonly value: boolean;
}

function unquotedTemplate({ code, pos }: YAMLError, text: string): Unquoted[] {
  const start = pos[0] - 1;
  if (code !== 'NON_STRING_KEY' || start < 0 || !text.startsWith('{{', start)) return [];
  const before = text.slice(text.lastIndexOf('\n', start) + 1, start);
  const rest = /^[^\n]*?(?=\s*(?:\n|$|\s#))/.exec(text.slice(start))?.[0] ?? '';
  const value = /^\s*(?:- +)*(?:[^#[{]*:\s+)?$/.test(before) && !/\}\}\s*:(?:\s|$)/.test(rest);
  const closed = /^.*?\}\}/.exec(rest)?.[0] ?? rest;
  return [{ start, end: start + (value ? rest : closed).length, value }];
}

function quoted(template: string): string {
  return template.includes('"') ? `'${template.replaceAll("'", "''")}'` : `"${template}"`;
}

/** A plain scalar, as a value one that counts as a template, so that it is welcome wherever one may stand. */
function standIn(length: number, value: boolean): string {
  return length < 6 || !value ? 'x'.repeat(length) : `x{{${'0'.repeat(length - 5)}}}`;
}

/** Syntax errors after which the rest of the text was read as something else. */
function loses({ code }: YAMLError): boolean {
  return ['MISSING_CHAR', 'UNEXPECTED_TOKEN', 'IMPOSSIBLE', 'MULTIPLE_DOCS'].includes(code);
}

function linesOf({ code, pos }: YAMLError, { lines }: Layout): number[] {
  if (['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'].includes(code)) return [];
  const first = lines.linePos(pos[0]).line;
  const last = lines.linePos(pos[1]).line;
  return Array.from({ length: Math.max(last - first, 0) + 1 }, (_, i) => first + i);
}

function reword({ code, pos, message }: YAMLError, layout: Layout): Diagnostic {
  const [start, end] = pos;
  const word = layout.text.slice(start, end);
  const say = (sentence: string, hint?: string) =>
    errorAt(sentence, placeAt(layout, start, lineLength(layout.text, start, end)), hint);
  switch (code) {
    case 'DUPLICATE_KEY':
      return errorAt(
        `the key "${wordAt(layout.text, start)}" is given twice`,
        placeAt(layout, start, wordAt(layout.text, start).length),
        'keep one of them',
      );
    case 'NON_STRING_KEY':
      return say('a key must be a string');
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return say('a key does not belong here', 'quote a value that holds ": ", and check the indentation');
    case 'TAB_AS_INDENT':
      return say('a tab cannot indent', 'use spaces');
    case 'TAG_RESOLVE_FAILED':
      return say(`the tag ${word} is unknown`);
    case 'BAD_SCALAR_START':
      return say(`a value cannot begin with ${word}`, 'quote it');
    case 'MISSING_CHAR':
      return /quote$/.test(message) ? unclosed(layout, end) : say(lowerFirst(message));
    case 'MULTIPLE_DOCS':
      return say('the file holds several YAML documents', 'keep one; "---" may stand at its beginning only');
    default:
      return say(lowerFirst(message));
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function unclosed(layout: Layout, end: number): Diagnostic {
  let start = end;
  visit(layout.document, {
    Scalar: (_key, { range }) => {
      if (range && range[0] < end && range[1] >= end - 1) start = range[0];
    },
  });
  return errorAt('a quoted value is not closed', placeAt(layout, start), 'the same quote must end it');
}

function wordAt(text: string, start: number): string {
  const rest = text.slice(start);
  return (
    (/^"((?:[^"\\\n]|\\.)*)"/.exec(rest) ??
      /^'([^'\n]*)'/.exec(rest) ??
      /^([^\n]*?)\s*(?::\s|:$|\n|$)/m.exec(rest))?.[1] ?? ''
  );
}

function lineLength(text: string, start: number, end: number): number {
  return text.slice(start, end).split('\n')[0]?.length ?? 1;
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics
    .filter(({ place }) => {
      const line = `${place?.line}:${place?.column}`;
      return !seen.has(line) && seen.add(line);
    })
    .toSorted(
      (a, b) =>
        (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
}
