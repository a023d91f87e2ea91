/** Writes the manifest and the list of files of a folder, from the contract alone (src/core/backup/manifest.ts). */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FileEntry, type Manifest, VOLUMES } from '../../src/core/backup/manifest.ts';

/** Makes `bckups/<date>` below an instance's directory; `make` is shell text, run where data, config and log are. */
export function writeBackup(
  directory: string,
  date: string,
  make: string,
  more: Partial<Manifest> = {},
): string {
  const folder = join(directory, 'bckups', date);
  for (const volume of VOLUMES) mkdirSync(join(folder, volume), { recursive: true });
  execFileSync('bash', ['-ec', make], { cwd: folder });
  return describeBackup(folder, date, more);
}

/** Writes files.jsonl and manifest.json for what lies there. */
export function describeBackup(folder: string, date: string, more: Partial<Manifest> = {}): string {
  const paths = VOLUMES.flatMap(volume => below(folder, Buffer.from(volume))).sort(Buffer.compare);
  const groups = new Map<string, number>();
  const entries = paths.map(path => entryOf(folder, path, groups));
  const inBackup = new Map<number, number>();
  for (const { group = 0 } of entries) inBackup.set(group, (inBackup.get(group) ?? 0) + 1);
  const lines = entries
    .map(({ group, ...entry }) =>
      inBackup.get(group ?? 0) === 1 || group === undefined ? entry : { ...entry, group },
    )
    .map(entry => `${JSON.stringify(entry)}\n`);
  const text = lines.join('');
  writeFileSync(join(folder, 'files.jsonl'), text);
  const files = entries.filter(({ type }) => type === 'file');
  const manifest: Manifest = {
    format: 1,
    id: '0123abcd',
    date,
    instance: 1,
    container: 'c1',
    host: 'h',
    started: { utc: '2026-11-22T08:47:00Z', uptime: 1 },
    finished: { utc: '2026-11-22T08:48:10Z', uptime: 71 },
    image: { reference: 'gitlab/gitlab-ce:17.5.2-ce.0', id: 'sha256:0', digests: [] },
    gitlab: { disk: '17.5.2', release: '17.5.2', edition: 'ce' },
    postgresql: '14',
    architecture: 'x86_64',
    configuration: {},
    consistency: 'pause',
    pause: 1.5,
    rsync: { version: '3.2.7', hot: 0, frozen: 0 },
    locks: [],
    excluded: [],
    totals: {
      files: files.length,
      directories: entries.filter(({ type }) => type === 'directory').length,
      links: entries.filter(({ type }) => type === 'link').length,
      bytes: files.reduce((sum, { size = 0 }) => sum + size, 0),
    },
    previous: '',
    files: { sha256: sha256(text), lines: lines.length },
    ...more,
  };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

function below(folder: string, path: Buffer): readonly Buffer[] {
  const whole = within(folder, path);
  if (!lstatSync(whole).isDirectory()) return [path];
  const names = readdirSync(whole, { encoding: 'buffer' });
  return [path, ...names.flatMap(name => below(folder, Buffer.concat([path, Buffer.from('/'), name])))];
}

function within(folder: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), path]);
}

function entryOf(folder: string, path: Buffer, groups: Map<string, number>): FileEntry {
  const whole = within(folder, path);
  const state = lstatSync(whole, { bigint: true });
  const type = typeOf(state);
  const nanoseconds = String(state.mtimeNs).padStart(10, '0');
  const inode = `${state.dev}:${state.ino}`;
  if (type !== 'directory' && state.nlink > 1n && !groups.has(inode)) groups.set(inode, groups.size + 1);
  const group = groups.get(inode);
  const xattrs = xattrsOf(whole);
  return {
    path: written(path),
    type,
    mode: (state.mode & 0o7777n).toString(8).padStart(4, '0'),
    uid: Number(state.uid),
    gid: Number(state.gid),
    ...(type === 'file' ? { size: Number(state.size) } : {}),
    mtime: `${nanoseconds.slice(0, -9)}.${nanoseconds.slice(-9)}`,
    ...(type === 'file' ? { sha256: sha256(readFileSync(whole)) } : {}),
    ...(type === 'link' ? { target: written(readlinkSync(whole, { encoding: 'buffer' })) } : {}),
    ...(group === undefined ? {} : { group }),
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

function typeOf(state: BigIntStats): FileEntry['type'] {
  if (state.isDirectory()) return 'directory';
  if (state.isSymbolicLink()) return 'link';
  if (state.isFIFO()) return 'fifo';
  if (state.isCharacterDevice()) return 'char';
  return state.isBlockDevice() ? 'block' : 'file';
}

/** What is UTF-8 stays, but for control characters; every other byte is \xNN. */
function written(bytes: Buffer): string {
  const out: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const size = [1, 2, 3, 4].find(length => isCharacter(bytes.subarray(i, i + length), length));
    const part = bytes.subarray(i, i + (size ?? 1));
    const text = part.toString();
    if (text === '\\') out.push('\\\\');
    else if (size === undefined || /[\x00-\x1f\x7f]/.test(text))
      out.push(`\\x${part.toString('hex').toUpperCase()}`);
    else out.push(text);
    i += size ?? 1;
  }
  return out.join('');
}

function isCharacter(part: Buffer, length: number): boolean {
  if (part.length !== length) return false;
  try {
    return [...new TextDecoder('utf-8', { fatal: true }).decode(part)].length === 1;
  } catch {
    return false;
  }
}

function xattrsOf(path: Buffer): string | undefined {
  // spawn takes no bytes for a word: the shell's own octal escapes do.
  const octal = [...path].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const script = `p=$(printf '${octal}x'); getfattr -h -d -m - --absolute-names -- "\${p%x}"`;
  const { stdout } = spawnSync('sh', ['-c', script]);
  const text = stdout.toString('latin1');
  return text === '' ? undefined : sha256(Buffer.from(text.slice(text.indexOf('\n') + 1), 'latin1'));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
