/** Reads the variables that stand in files beside an inventory or a playbook: group_vars/NAME.yml, host_vars/NAME/. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Diagnostic, errorAt } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Layer } from '../core/value.ts';
import { loadYaml } from '../core/yaml.ts';
import type { Folder } from './sources.ts';

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/** Name of a group or host → its layers, in the order of the files. */
type VarsByName = ReadonlyMap<string, readonly Layer[]>;

export interface VarsFiles {
  readonly groups: VarsByName;
  readonly hosts: VarsByName;
  readonly diagnostics: readonly Diagnostic[];
}

interface Names {
  readonly groups: readonly string[];
  readonly hosts: readonly string[];
}

/** The group_vars/ and host_vars/ of one folder, for the names of the inventory. */
export async function readVarsFiles(folder: Folder, names: Names): Promise<VarsFiles> {
  const [groups, hosts] = await Promise.all([
    readKind(folder, 'group_vars', names.groups),
    readKind(folder, 'host_vars', names.hosts),
  ]);
  return {
    groups: groups.layers,
    hosts: hosts.layers,
    diagnostics: [...groups.diagnostics, ...hosts.diagnostics],
  };
}

async function readKind(parent: Folder, kind: 'group_vars' | 'host_vars', names: readonly string[]) {
  const folder = below(parent, kind);
  const entries = await listFolder(folder.path);
  const diagnostics: Diagnostic[] = [];
  const layers = new Map<string, Layer[]>();
  for (const name of names) {
    const [entry, ...shadowed] = EXTENSIONS.map(extension => name + extension).filter(one =>
      entries.has(one),
    );
    if (entry === undefined) continue;
    for (const other of shadowed) diagnostics.push(warnOfShadow(folder, entry, other));
    for (const file of await filesAt(below(folder, entry))) {
      const { layer, problems } = await readVars(file);
      diagnostics.push(...problems);
      if (layer) layers.set(name, [...(layers.get(name) ?? []), layer]);
    }
  }
  diagnostics.push(...warnOfStrangers(folder, entries, names, kind === 'group_vars' ? 'group' : 'host'));
  return { layers, diagnostics };
}

function below({ shown, path }: Folder, name: string): Folder {
  return { shown: join(shown, name), path: join(path, name) };
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function listFolder(path: string): Promise<ReadonlySet<string>> {
  return new Set((await isFolder(path)) ? (await readdir(path)).toSorted() : []);
}

function warnOfShadow(folder: Folder, entry: string, other: string): Diagnostic {
  const message = `${join(folder.shown, other)} is not read, because ${join(folder.shown, entry)} stands before it`;
  return { severity: 'warning', message, hint: 'keep one of them' };
}

/** Files for names that this inventory does not have are usual; a near miss is a typing error, another number is not. */
function warnOfStrangers(
  folder: Folder,
  entries: ReadonlySet<string>,
  names: readonly string[],
  what: string,
): readonly Diagnostic[] {
  const known = new Set(names);
  return [...entries].flatMap((entry): readonly Diagnostic[] => {
    const extension = EXTENSIONS.slice(1).find(one => entry.endsWith(one)) ?? '';
    const name = entry.slice(0, entry.length - extension.length);
    const hint =
      known.has(name) || known.has(entry) || entry.startsWith('.') || entry.endsWith('~')
        ? undefined
        : didYouMean(
            name,
            names.filter(other => withoutDigits(other) !== withoutDigits(name)),
          );
    return hint === undefined
      ? []
      : [{ severity: 'warning', message: `${join(folder.shown, entry)} belongs to no ${what}`, hint }];
  });
}

function withoutDigits(name: string): string {
  return name.replace(/\d+/g, '');
}

/** A folder stands for all the files in it and below it, in the order of their names. */
async function filesAt(entry: Folder): Promise<readonly Folder[]> {
  if (!(await isFolder(entry.path))) return [entry];
  const names = [...(await listFolder(entry.path))].filter(
    name => !name.startsWith('.') && !name.endsWith('~'),
  );
  const files = await Promise.all(names.map(name => filesInFolder(below(entry, name))));
  return files.flat();
}

async function filesInFolder(entry: Folder): Promise<readonly Folder[]> {
  const extension = extname(entry.path);
  if (await isFolder(entry.path)) return extension === '' ? filesAt(entry) : [];
  return EXTENSIONS.includes(extension) ? [entry] : [];
}

async function readVars({
  shown,
  path,
}: Folder): Promise<{ layer?: Layer; problems: readonly Diagnostic[] }> {
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (text instanceof Error) return { problems: [errorAt(`${shown} cannot be read: ${text.message}`)] };
  if (text.startsWith('$ANSIBLE_VAULT;'))
    return { problems: [errorAt(`${shown} is encrypted with Ansible Vault, which is not read`)] };
  const document = loadYaml(shown, text);
  const { value, diagnostics, readable } = document;
  if (!readable || value === null) return { problems: diagnostics };
  if (!isMap(value)) {
    return {
      problems: [
        ...diagnostics,
        errorAt('a file of variables must be a map', document.place([]), 'write "name: value"'),
      ],
    };
  }
  const misplaced: Diagnostic[] =
    'ansible_group_priority' in value
      ? [
          {
            severity: 'warning',
            message: 'ansible_group_priority has no effect here',
            place: document.keyPlace(['ansible_group_priority']),
            hint: 'set it in the inventory itself',
          },
        ]
      : [];
  return {
    layer: { origin: shown, values: value, templated: true },
    problems: [...diagnostics, ...misplaced],
  };
}
