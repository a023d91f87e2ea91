/** Files of the controller that modules ask for: found by the play's search path, read and hashed once for each state. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ControllerFile, TreeEntry } from '../core/probe.ts';

/** Files up to this many bytes are kept in memory. */
const KEPT = 1024 * 1024;

export class ControllerFiles {
  /** By path, with the state in which it was read: tasks on this machine may write files that later tasks copy. */
  readonly #files = new Map<
    string,
    { readonly state: string; readonly file: Promise<ControllerFile | null> }
  >();

  /** @param folders where to look, nearest first; each also in its `subfolder` */
  async find(path: string, subfolder: string, folders: readonly string[]): Promise<string | undefined> {
    for (const candidate of candidates(path, subfolder, folders)) {
      if (await exists(candidate)) return candidate;
    }
    return undefined;
  }

  async file(path: string, subfolder: string, folders: readonly string[]): Promise<ControllerFile | null> {
    const found = await this.find(path, subfolder, folders);
    return found === undefined ? null : this.#read(found);
  }

  /** The text of a template. */
  text(path: string): Promise<string> {
    return readFile(path, 'utf8');
  }

  /**
   * Null when there is no such folder. Sorted by path, each folder before what it holds.
   * @param follow links are told as what they point to, but for dangling ones and those that lead back up
   */
  async tree(
    path: string,
    subfolder: string,
    folders: readonly string[],
    follow: boolean,
  ): Promise<readonly TreeEntry[] | null> {
    const found = await this.find(path, subfolder, folders);
    if (found === undefined || !(await stat(found)).isDirectory()) return null;
    return this.#walk(found, '', follow);
  }

  async #read(path: string): Promise<ControllerFile | null> {
    const { ino, size, mode, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const state = [ino, size, mode, mtimeNs, ctimeNs].join(' ');
    const known = this.#files.get(path);
    if (known?.state === state) return known.file;
    const file = readControllerFile(path);
    this.#files.set(path, { state, file });
    return file;
  }

  async #walk(folder: string, prefix: string, follow: boolean): Promise<readonly TreeEntry[]> {
    const names = (await readdir(folder)).sort();
    const entries = await Promise.all(
      names.map(name => this.#entries(join(folder, name), `${prefix}${name}`, follow)),
    );
    return entries.flat();
  }

  async #entries(path: string, inTree: string, follow: boolean): Promise<readonly TreeEntry[]> {
    const isLink = (await lstat(path)).isSymbolicLink();
    if (isLink && !(follow && (await leadsElsewhere(path))))
      return [{ type: 'link', path: inTree, target: await readlink(path) }];
    const info = await stat(path);
    if (info.isDirectory())
      return [
        { type: 'directory', path: inTree, mode: octal(info.mode) },
        ...(await this.#walk(path, `${inTree}/`, follow)),
      ];
    const file = info.isFile() ? await this.#read(path) : null;
    return file === null ? [] : [{ type: 'file', ...file, relative: inTree }];
  }
}

/** Not to nothing, and not back to a folder that the link lies in. */
async function leadsElsewhere(link: string): Promise<boolean> {
  if (!(await exists(link))) return false;
  const [folder, target] = await Promise.all([realpath(dirname(link)), realpath(link)]);
  return !`${folder}/`.startsWith(`${target}/`);
}

function candidates(path: string, subfolder: string, folders: readonly string[]): readonly string[] {
  if (isAbsolute(path)) return [path];
  return folders.flatMap(folder => [
    ...(subfolder === '' ? [] : [resolve(folder, subfolder, path)]),
    resolve(folder, path),
  ]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readControllerFile(path: string): Promise<ControllerFile | null> {
  const { size, mode, isFile } = await stat(path).then(info => ({
    size: info.size,
    mode: info.mode,
    isFile: info.isFile(),
  }));
  if (!isFile) return null;
  if (size > KEPT)
    return { path, content: { file: path, size }, size, sha1: await hashFile(path), mode: octal(mode) };
  const content = await readFile(path);
  return {
    path,
    content,
    size: content.length,
    sha1: createHash('sha1').update(content).digest('hex'),
    mode: octal(mode),
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha1');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
