/** Finds what the `-i` arguments mean: files, folders of files, or hosts named right there. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Diagnostic, errorAt } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';

export interface SourceFile {
  /** As shown to people: what the user typed, and names below it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly format: 'yaml' | 'ini';
}

export interface Folder {
  readonly shown: string;
  readonly path: string;
}

export interface Found {
  readonly parts: readonly (SourceFile | { readonly hosts: readonly string[] })[];
  /** Where group_vars/ and host_vars/ may stand. */
  readonly folders: readonly Folder[];
  readonly diagnostics: readonly Diagnostic[];
}

const IGNORED =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)|~)$/;
const DATA = ['.yml', '.yaml', '.json', '.ini', '.cfg'];

export async function findSources(sources: readonly string[], cwd: string): Promise<Found> {
  const found = await Promise.all(
    sources.filter(source => source !== '').map(source => findSource(source, cwd)),
  );
  return joinFound(found);
}

function joinFound(found: readonly Found[]): Found {
  return {
    parts: found.flatMap(({ parts }) => parts),
    folders: found.flatMap(({ folders }) => folders),
    diagnostics: found.flatMap(({ diagnostics }) => diagnostics),
  };
}

async function findSource(source: string, cwd: string): Promise<Found> {
  const path = resolve(cwd, source);
  const kind = await kindOf(path);
  if (kind === 'folder') {
    const found = await findInFolder(source, path);
    return { ...found, folders: [{ shown: source, path }] };
  }
  if (kind === undefined && source.includes(',')) {
    const hosts = source
      .split(',')
      .map(host => host.trim())
      .filter(host => host !== '');
    return { parts: [{ hosts }], folders: [], diagnostics: [] };
  }
  if (kind === undefined)
    return complaint(`there is no inventory ${source}`, await missingHint(source, path));
  const folder = { shown: dirname(source), path: dirname(path) };
  return { ...(await readSource(source, path)), folders: [folder] };
}

function complaint(message: string, hint?: string): Found {
  return { parts: [], folders: [], diagnostics: [errorAt(message, undefined, hint)] };
}

async function missingHint(source: string, path: string): Promise<string> {
  const neighbours = await readdir(dirname(path)).catch(() => []);
  return (
    didYouMean(basename(path), neighbours) ?? `to name a host rather than a file, add a comma: -i ${source},`
  );
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}

async function findInFolder(shown: string, path: string): Promise<Found> {
  const names = (await readdir(path)).toSorted();
  const found = await Promise.all(
    names.filter(name => !IGNORED.test(name)).map(name => findEntry(join(shown, name), join(path, name))),
  );
  const all = joinFound([
    ...found,
    { parts: [], folders: [], diagnostics: names.flatMap(name => warnOfIgnored(shown, name)) },
  ]);
  const empty = all.parts.length === 0 && all.diagnostics.length === 0;
  return empty ? complaint(`the folder ${shown} holds no inventory`) : all;
}

async function findEntry(shown: string, path: string): Promise<Found> {
  return (await kindOf(path)) === 'folder' ? findInFolder(shown, path) : readSource(shown, path);
}

/** People expect these two to be read, and Ansible does not. */
function warnOfIgnored(folder: string, name: string): readonly Diagnostic[] {
  if (name.startsWith('.') || !/\.(?:ini|cfg)$/.test(name)) return [];
  const message = `${join(folder, name)} is not read: in a folder of inventories .ini and .cfg are ignored, as Ansible does`;
  return [
    {
      severity: 'warning',
      message,
      hint: `rename it to ${basename(name, extname(name))}, or name the file itself with -i`,
    },
  ];
}

async function readSource(file: string, path: string): Promise<Found> {
  const extension = extname(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (text instanceof Error) return complaint(`${file} cannot be read: ${text.message}`);
  const { mode } = await stat(path);
  if (text.startsWith('#!') || (!DATA.includes(extension) && (mode & 0o111) !== 0)) {
    return complaint(
      `${file} is a program, and dynamic inventory scripts are not run`,
      text.startsWith('#!') ? 'save what it prints as a YAML inventory' : `if it is data, chmod -x ${file}`,
    );
  }
  if (extension === '.toml') return complaint(`${file}: TOML inventories are not read`, 'write YAML or INI');
  if (text.startsWith('$ANSIBLE_VAULT;'))
    return complaint(`${file} is encrypted with Ansible Vault, which is not read`);
  const format = formatOf(extension, text);
  return { parts: [{ file, path, text: text.replace(/^\uFEFF/, ''), format }], folders: [], diagnostics: [] };
}

/** Without a telling extension, the first line that says something decides. */
function formatOf(extension: string, text: string): 'yaml' | 'ini' {
  if (['.yml', '.yaml', '.json'].includes(extension)) return 'yaml';
  if (['.ini', '.cfg'].includes(extension)) return 'ini';
  const first = text.split('\n').find(line => !/^\s*(?:[#;]|$)/.test(line)) ?? '';
  return /^(?:---|\{|[^\s[=]+:\s*(?:#.*)?$)/.test(first) ? 'yaml' : 'ini';
}
