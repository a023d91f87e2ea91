/** Packs a folder as a tar stream (ustar with GNU long names): the context of an image build. */
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';

const BLOCK = 512;

interface Header {
  readonly name: string;
  readonly type: '0' | '2' | '5' | 'L' | 'K';
  readonly size: number;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  readonly link?: string;
}

/** Everything below the folder in the order of names, owned by root; sockets, pipes and devices are left out. */
export async function* packFolder(folder: string): AsyncGenerator<Buffer> {
  yield* packBelow(folder, '');
  yield Buffer.alloc(2 * BLOCK);
}

async function* packBelow(root: string, below: string): AsyncGenerator<Buffer> {
  const names = (await readdir(path.join(root, below))).sort();
  for (const name of names) yield* packEntry(root, below === '' ? name : `${below}/${name}`);
}

async function* packEntry(root: string, name: string): AsyncGenerator<Buffer> {
  const full = path.join(root, name);
  const info = await lstat(full);
  const common = { mode: info.mode & 0o7777, mtime: Math.floor(info.mtimeMs / 1000) };
  if (info.isDirectory()) {
    yield headers({ ...common, name: `${name}/`, type: '5', size: 0 });
    yield* packBelow(root, name);
  } else if (info.isSymbolicLink()) {
    yield headers({ ...common, name, type: '2', size: 0, link: await readlink(full) });
  } else if (info.isFile()) {
    yield headers({ ...common, name, type: '0', size: info.size });
    yield* fileBlocks(full, info.size);
  }
}

/** Exactly as many bytes as the header promised, even when the file grows or shrinks meanwhile. */
async function* fileBlocks(file: string, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  let sent = 0;
  for await (const chunk of createReadStream(file, { end: size - 1 })) {
    if (!Buffer.isBuffer(chunk)) continue;
    sent += chunk.length;
    yield chunk;
  }
  yield Buffer.alloc(size - sent + padding(size));
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The header, after GNU's extra entries for a name or link target that does not fit. */
function headers(header: Header): Buffer {
  const long = [...longName('L', header.name), ...longName('K', header.link ?? '')];
  return Buffer.concat([...long, encode(header)]);
}

function longName(type: 'L' | 'K', text: string): readonly Buffer[] {
  const bytes = Buffer.from(`${text}\0`);
  if (bytes.length <= 101) return [];
  const header = encode({ name: '././@LongLink', type, size: bytes.length, mode: 0o644, mtime: 0 });
  return [header, bytes, Buffer.alloc(padding(bytes.length))];
}

function encode({ name, type, size, mode, mtime, link = '' }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    block.write(
      `${Math.max(0, value)
        .toString(8)
        .padStart(width - 1, '0')}\0`,
      at,
      'latin1',
    );
  block.set(Buffer.from(name).subarray(0, 100), 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.set(Buffer.from(link).subarray(0, 100), 157);
  block.write('ustar  \0', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
