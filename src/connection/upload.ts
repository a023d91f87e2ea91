/** Files too large for an exchange: a channel of their own, several for a large one, since each is capped at a window a round trip. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quote } from '../core/sh.ts';
import type { ExchangeOptions, Upload } from '../core/transport.ts';
import { start } from './become.ts';
import { orAbort } from './channel.ts';
import type { Wire } from './wire.ts';

const BLOCK = 1024 * 1024;
const LARGE = 8 * BLOCK;
const LANES = 4;

/** Rejects with a ConnectionError when the host is lost, with an Error that says what the host said when it cannot write. */
export async function upload(
  wire: Wire,
  { path, content }: Upload,
  { as, signal }: ExchangeOptions,
): Promise<void> {
  const size = 'file' in content ? (await stat(content.file)).size : content.length;
  const source = (from: number, to: number) => read(content, from, to);
  const send = (command: string, bytes: Readable) =>
    pour(wire, as, `umask 077;${command}`, bytes, path, signal);
  const target = quote(path);
  const fresh = `rm -f -- ${target}&&`;
  if (size <= LARGE) return send(`${fresh}exec cat > ${target}`, source(0, size));
  await send(`${fresh}: > ${target}`, Readable.from([]));
  const blocks = Math.ceil(size / BLOCK / LANES);
  const lanes = Array.from({ length: LANES }, (_, lane) => {
    const from = lane * blocks;
    const command = `exec dd of=${target} bs=${BLOCK} seek=${from} conv=notrunc`;
    return send(command, source(from * BLOCK, Math.min(size, (from + blocks) * BLOCK)));
  });
  await settleAll(lanes);
}

/** All must have ended before the first failure is told: nothing may write to the file any more. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find(end => end.status === 'rejected');
  if (failed) throw failed.reason;
}

function read(content: Upload['content'], from: number, to: number): Readable {
  if (from >= to) return Readable.from([]);
  if ('file' in content)
    return createReadStream(content.file, { start: from, end: to - 1, highWaterMark: BLOCK / 4 });
  return Readable.from([Buffer.from(content.buffer, content.byteOffset + from, to - from)]);
}

async function pour(
  wire: Wire,
  as: ExchangeOptions['as'],
  command: string,
  bytes: Readable,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const said: Buffer[] = [];
  const sink = { output: () => {}, errors: (chunk: Buffer) => said.push(chunk) };
  const { channel, begun } = await start(wire, as, command, sink, signal);
  try {
    // A command that ends early closes its input: its exit code says more than the broken pipe.
    let unread: Error | undefined;
    bytes.once('error', error => {
      unread = error;
    });
    const poured = pipeline(bytes, channel.input).catch(() => {});
    const end = await orAbort(channel.closed, signal);
    await poured;
    if (unread) throw unread;
    const lost = wire.lost();
    if (lost) throw lost;
    await begun;
    if (end.code === 0) return;
    const [first = ''] = Buffer.concat(said).toString().split('\n');
    const why = first.trim() || `exit code ${end.code ?? 'unknown'}`;
    throw new Error(`${wire.host}: cannot write ${path}: ${why}`);
  } finally {
    bytes.destroy();
    channel.destroy();
  }
}
