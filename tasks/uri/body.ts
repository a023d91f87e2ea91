/** The body of a request in the forms that the uri module knows, and the type that goes with each. */
import { createHash } from 'node:crypto';
import { isMap, type Value } from '../../src/core/value.ts';

export interface Body {
  readonly text: string;
  /** Undefined: the user's headers say it, or nobody. */
  readonly type?: string;
}

export type BodyFormat = 'raw' | 'json' | 'form-urlencoded' | 'form-multipart';

/** The body, undefined without one, or a sentence about why there can be none. */
export function encodeBody(format: BodyFormat, body: Value | undefined): Body | string | undefined {
  if (body === undefined || body === null) return undefined;
  switch (format) {
    case 'raw':
      return { text: typeof body === 'string' ? body : JSON.stringify(body) };
    case 'json':
      return { text: typeof body === 'string' ? body : JSON.stringify(body), type: 'application/json' };
    case 'form-urlencoded':
      return urlencoded(body);
    case 'form-multipart':
      return multipart(body);
  }
}

function urlencoded(body: Value): Body | string {
  const type = 'application/x-www-form-urlencoded';
  if (typeof body === 'string') return { text: body, type };
  const pairs = isMap(body) ? Object.entries(body) : pairsOf(body);
  if (pairs === undefined)
    return 'with body_format: form-urlencoded, body must be a string, a map or a list of pairs';
  const form = new URLSearchParams();
  for (const [name, value] of pairs)
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, textOf(one));
  return { text: form.toString(), type };
}

function pairsOf(body: Value): readonly (readonly [string, Value])[] | undefined {
  if (!Array.isArray(body)) return undefined;
  const pairs = body.map(pair =>
    Array.isArray(pair) && pair.length === 2
      ? ([textOf(pair[0] ?? null), pair[1] ?? null] as const)
      : undefined,
  );
  return pairs.every(pair => pair !== undefined) ? pairs : undefined;
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Each field is a text, or a map of `content`, `filename` and `mime_type`. */
function multipart(body: Value): Body | string {
  if (!isMap(body)) return 'with body_format: form-multipart, body must be a map';
  const parts: string[] = [];
  for (const [name, field] of Object.entries(body)) {
    const part = multipartField(name, field);
    if (part === undefined) return `the field ${name} of the form needs content: files are not read for it`;
    parts.push(part);
  }
  // The same body has the same boundary: a plan is a pure function.
  const boundary = `girofle-${createHash('sha256').update(parts.join()).digest('hex').slice(0, 32)}`;
  const text = `${parts.map(part => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
  return { text, type: `multipart/form-data; boundary=${boundary}` };
}

function multipartField(name: string, field: Value): string | undefined {
  if (!isMap(field))
    return `Content-Disposition: form-data; name="${escapeQuoted(name)}"\r\n\r\n${textOf(field)}`;
  const { content, filename, mime_type: type } = field;
  if (typeof content !== 'string') return undefined;
  const file =
    typeof filename === 'string' ? `; filename="${escapeQuoted(filename.replace(/^.*\//, ''))}"` : '';
  const mime = typeof type === 'string' ? type : file === '' ? 'text/plain' : 'application/octet-stream';
  return `Content-Disposition: form-data; name="${escapeQuoted(name)}"${file}\r\nContent-Type: ${mime}\r\n\r\n${content}`;
}

function escapeQuoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
