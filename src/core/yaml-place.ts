/** Finds where a value, a key or a character of a scalar stands in the text of a YAML file. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Place } from './diagnostic.ts';

type Path = readonly (string | number)[];

/** What the places of one file are worked out from. */
export interface Layout {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

export function placeAt({ file, lines }: Layout, start: number, length = 1): Place {
  const { line, col } = lines.linePos(start);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1), length: Math.max(length, 1) };
}

/** The value at `path`, or the nearest there is around it; an empty value stands where its key does. */
export function valuePlace(layout: Layout, path: Path, offset?: number): Place {
  const found = find(layout.document, path);
  const node = found.node;
  if (isScalar(node) && node.range && node.range[1] > node.range[0]) {
    return scalarPlace(layout, node, node.range[0], node.range[1], offset);
  }
  if (isScalar(node) && found.key) return nodePlace(layout, found.key);
  return node ? nodePlace(layout, node) : placeAt(layout, 0);
}

/** The key that ends `path`; for an element of a list, the element. */
export function keyPlace(layout: Layout, path: Path): Place {
  const { node, key } = find(layout.document, path);
  return key ? nodePlace(layout, key) : node ? nodePlace(layout, node) : placeAt(layout, 0);
}

function nodePlace(layout: Layout, node: Node): Place {
  const [start, end] = node.range ?? [0, 0];
  return placeAt(layout, start, isScalar(node) || isAlias(node) ? lengthOnLine(layout.text, start, end) : 1);
}

function lengthOnLine(text: string, start: number, end: number): number {
  const newline = text.indexOf('\n', start);
  return (newline < 0 || newline > end ? end : newline) - start;
}

interface Found {
  readonly node: Node | undefined;
  readonly key?: Node;
}

function find(document: Document, path: Path): Found {
  let found: Found = { node: document.contents ?? undefined };
  for (const part of path) {
    const next = child(document, found.node, part);
    if (!next) break;
    found = next;
  }
  return found;
}

function child(document: Document, parent: Node | undefined, part: string | number): Found | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq<Node>(node)) {
    const item = typeof part === 'number' ? node.items[part] : undefined;
    return item && { node: item };
  }
  if (!isMap<Node, Node>(node)) return undefined;
  const pair = node.items.find(({ key }) => keyText(key) === String(part));
  return pair ? { node: pair.value ?? pair.key, key: pair.key } : merged(document, node.items, part);
}

function merged(
  document: Document,
  pairs: readonly Pair<Node, Node>[],
  part: string | number,
): Found | undefined {
  for (const { key, value } of pairs) {
    if (!isMergeKey(key)) continue;
    const sources = isSeq<Node>(value) ? value.items : [value ?? undefined];
    for (const source of sources.toReversed()) {
      const found = child(document, source, part);
      if (found) return found;
    }
  }
  return undefined;
}

export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** A key as the text it is; undefined for what is no scalar. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}

/** Characters into the value as read → a place in the text as written. */
function scalarPlace(
  layout: Layout,
  node: Scalar,
  start: number,
  end: number,
  offset: number | undefined,
): Place {
  const raw = layout.text.slice(start, end);
  if (offset === undefined) return placeAt(layout, start, lengthOnLine(layout.text, start, end));
  return placeAt(layout, start + rawOffset(node, raw, offset));
}

function rawOffset({ type, value }: Scalar, raw: string, offset: number): number {
  switch (type) {
    case 'QUOTE_SINGLE':
      return flowOffset(raw.slice(1), /''|\s*\n\s*|[\s\S]/g, offset) + 1;
    case 'QUOTE_DOUBLE':
      return (
        flowOffset(raw.slice(1), /\\(?:x..|u.{4}|U.{8}|\n[ \t]*|[\s\S])|[ \t]*\n\s*|[\s\S]/g, offset) + 1
      );
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return typeof value === 'string' ? blockOffset(raw, value, offset, type === 'BLOCK_FOLDED') : 0;
    default:
      return flowOffset(raw, /[ \t]*\n\s*|[\s\S]/g, offset);
  }
}

/** Steps over pieces that stand for one character each: an escape, a folded line break, a plain character. */
function flowOffset(raw: string, piece: RegExp, offset: number): number {
  let read = 0;
  for (const match of raw.matchAll(piece)) {
    if (read >= offset) return match.index;
    read += widthRead(match[0]);
  }
  return 0;
}

function widthRead(piece: string): number {
  if (piece.startsWith('\\\n')) return 0;
  const breaks = piece.startsWith('\\') ? 0 : piece.split('\n').length - 1;
  return Math.max(breaks - 1, 1);
}

/** @param raw from the block's `|` or `>` on */
function blockOffset(raw: string, value: string, offset: number, folded: boolean): number {
  const lines = raw.split('\n');
  const indent = blockIndent(lines, value);
  let position = (lines[0]?.length ?? 0) + 1;
  let read = 0;
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const width = Math.max(line.length - indent, 0);
    if (offset <= read + width && (width > 0 || !folded))
      return position + Math.min(indent, line.length) + offset - read;
    read += folded ? foldedWidth(width, lines[index + 1]) : width + 1;
    position += line.length + 1;
  }
  return 0;
}

/** A line and the break after it; a break before an empty line is dropped, as the empty line's own counts. */
function foldedWidth(width: number, next: string | undefined): number {
  if (width === 0) return 1;
  return next !== undefined && next.trim() === '' ? width : width + 1;
}

function blockIndent(lines: readonly string[], value: string): number {
  const first = lines.slice(1).find(line => line.trim() !== '') ?? '';
  const own = /^ */.exec(value.replace(/^\n+/, ''))?.[0].length ?? 0;
  return Math.max((/^ */.exec(first)?.[0].length ?? 0) - own, 0);
}
