/** Reads the body of Docker's answers: JSON, a stream of progress lines, or the multiplexed log of a container. */
import type { IncomingMessage } from 'node:http';
import type { DockerAnswer, DockerCall } from '../core/docker.ts';
import { isMap, type Value } from '../core/value.ts';

type OnLine = ((line: string) => void) | undefined;

export async function readAnswer(
  message: IncomingMessage,
  kind: NonNullable<DockerCall['answer']>,
  onLine: OnLine,
): Promise<DockerAnswer> {
  const status = message.statusCode ?? 0;
  if (status >= 400) return refusal(status, message);
  if (kind === 'progress') return progress(status, message, onLine);
  if (kind === 'log') return { status, body: await log(message, onLine) };
  const text = (await whole(message)).toString();
  return { status, body: kind === 'none' ? null : json(text) };
}

async function refusal(status: number, message: IncomingMessage): Promise<DockerAnswer> {
  const text = (await whole(message)).toString();
  const body = json(text);
  const said = isMap(body) && typeof body.message === 'string' ? body.message : text.trim();
  return { status, body, message: said || (message.statusMessage ?? `status ${status}`) };
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  assertComplete(message);
  return Buffer.concat(chunks);
}

/** A forwarded channel that is cut off ends like one that is done. */
function assertComplete(message: IncomingMessage): void {
  if (!message.complete) throw new Error('the answer was cut off');
}

/** Text that is no JSON (`OK` of /_ping) is itself. */
function json(text: string): Value {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function progress(status: number, message: IncomingMessage, onLine: OnLine): Promise<DockerAnswer> {
  const lines: Value[] = [];
  let error: string | undefined;
  for await (const line of linesOf(message)) {
    const value = json(line);
    lines.push(value);
    if (!isMap(value)) continue;
    if (typeof value.error === 'string') error = value.error;
    const said = readable(value);
    if (said !== '') onLine?.(said);
  }
  return error === undefined ? { status, body: lines } : { status: 500, body: lines, message: error };
}

/** A progress line for people: `3f4ca61aafcd: Downloading [==>   ]`, or a line of a build's output. */
function readable({ id, status, progress, stream, error }: Readonly<Record<string, Value>>): string {
  if (typeof error === 'string') return error.trimEnd();
  if (typeof stream === 'string') return stream.trimEnd();
  const words = [status, progress].filter(word => typeof word === 'string' && word !== '').join(' ');
  return typeof id === 'string' && id !== '' && words !== '' ? `${id}: ${words}` : words;
}

async function* linesOf(message: IncomingMessage): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of message) {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(0x0a); at >= 0; at = rest.indexOf(0x0a)) {
      const line = rest.toString('utf8', 0, at).trim();
      rest = rest.subarray(at + 1);
      if (line !== '') yield line;
    }
  }
  assertComplete(message);
  const last = rest.toString().trim();
  if (last !== '') yield last;
}

async function log(message: IncomingMessage, onLine: OnLine): Promise<string> {
  const raw = await whole(message);
  const text = (isMultiplexed(message, raw) ? demultiplex(raw) : raw).toString();
  if (onLine)
    for (const line of text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined)) onLine(line);
  return text;
}

/** Containers with a terminal have a plain log. Older daemons do not say which it is. */
function isMultiplexed(message: IncomingMessage, raw: Buffer): boolean {
  const type = message.headers['content-type'] ?? '';
  if (type.includes('multiplexed-stream')) return true;
  return raw.length >= 8 && (raw[0] ?? 9) <= 2 && raw[1] === 0 && raw[2] === 0 && raw[3] === 0;
}

/** Frames of eight bytes (stream, three zeros, length) and content. */
function demultiplex(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const end = at + 8 + raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts);
}
