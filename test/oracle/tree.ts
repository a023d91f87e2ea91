/** What is below a folder, in words that do not depend on when it was made. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Path in the folder → type, mode, owner, number of names, and content or target. */
export type Tree = Readonly<Record<string, string>>;

export function treeOf(folder: string, prefix = ''): Tree {
  const entries = readdirSync(folder)
    .sort()
    .flatMap(name => {
      const path = join(folder, name);
      const info = lstatSync(path);
      const shown = `${prefix}${withoutMoment(name)}`;
      const below = info.isDirectory() ? Object.entries(treeOf(path, `${shown}/`)) : [];
      return [[shown, describe(path, info)] as const, ...below];
    });
  return Object.fromEntries(entries);
}

/** `app.conf.4711.2026-11-22@08:48:00~`, as `backup: true` names a file: the number is a process, then a time. */
function withoutMoment(name: string): string {
  return name.replace(/\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/, '.BACKUP~');
}

function describe(path: string, info: Stats): string {
  const mode = (info.mode & 0o7777).toString(8).padStart(4, '0');
  const owned = `${mode} ${info.uid}:${info.gid}`;
  if (info.isSymbolicLink()) return `link ${info.uid}:${info.gid} → ${readlinkSync(path)}`;
  if (info.isDirectory()) return `directory ${owned}`;
  if (!info.isFile()) return `special ${owned}`;
  const names = info.nlink > 1 ? ` (${info.nlink} names)` : '';
  return `file ${owned}${names} ${JSON.stringify(readFileSync(path, 'latin1'))}`;
}
