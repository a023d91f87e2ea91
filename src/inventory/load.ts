/** Loads an inventory: reads every source, joins them, and works out the variables of each host, lowest precedence first. */
import { resolve } from 'node:path';
import { type Diagnostic, errorAt } from '../core/diagnostic.ts';
import type { Host, Inventory } from '../core/inventory.ts';
import type { Layer, ValueMap } from '../core/value.ts';
import { loadYaml } from '../core/yaml.ts';
import { withConnectionNames } from './connection-names.ts';
import type { Declaration, Draft } from './declarations.ts';
import { originIn } from './declarations.ts';
import { expandHosts, isProblem } from './host-names.ts';
import { parseIni } from './ini.ts';
import { type Folder, type Found, findSources, type SourceFile } from './sources.ts';
import { buildTree, depths, type GroupNode, groupsOf, type HostNode, hostsOf, type Tree } from './tree.ts';
import { readVarsFiles, type VarsFiles } from './vars-files.ts';
import { parseYaml } from './yaml.ts';

export interface LoadOptions {
  /** Where relative sources begin; default: the current folder. */
  readonly cwd?: string;
  /** Folder of the playbook: its group_vars/ and host_vars/ count as well. */
  readonly playbookFolder?: string;
}

export type Loaded =
  | { readonly inventory: Inventory; readonly warnings: readonly Diagnostic[] }
  | { readonly diagnostics: readonly Diagnostic[] };

/** Several sources are one inventory; a later one wins where they disagree. All that is wrong is told at once. */
export async function loadInventory(sources: readonly string[], options: LoadOptions = {}): Promise<Loaded> {
  const cwd = resolve(options.cwd ?? '.');
  const found = await findSources(sources, cwd);
  const drafts = found.parts.map(part => ('hosts' in part ? draftOfHosts(part.hosts) : draftOfFile(part)));
  const { tree, diagnostics: wrongTree } = buildTree(drafts.flatMap(({ declarations }) => declarations));
  const files = await readAllVars(tree, found.folders, options.playbookFolder, cwd);
  const diagnostics = [
    ...found.diagnostics,
    ...drafts.flatMap(draft => draft.diagnostics),
    ...wrongTree,
    ...[...files.beside, ...files.playbook].flatMap(one => one.diagnostics),
    ...warnOfSameName(tree),
  ];
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  return {
    inventory: inventoryOf(tree, files, found, absolute(sources, found, cwd), cwd),
    warnings: diagnostics,
  };
}

function draftOfFile({ file, text, format }: SourceFile): Draft {
  return format === 'yaml' ? parseYaml(loadYaml(file, text)) : parseIni(file, text);
}

/** `-i vm1,vm2:2222,`: hosts without a group. */
function draftOfHosts(entries: readonly string[]): Draft {
  const declarations: Declaration[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const entry of entries) {
    const hosts = expandHosts(entry);
    if (isProblem(hosts)) diagnostics.push(errorAt(`-i: ${hosts.problem}`, undefined, hosts.hint));
    else {
      const { names, ...port } = hosts;
      declarations.push(
        ...names.map(name => ({
          kind: 'host' as const,
          name,
          group: 'ungrouped',
          origin: originIn('-i', 'host', name),
          ...port,
        })),
      );
    }
  }
  return { declarations, diagnostics };
}

/** Variables from files: beside each source, and beside the playbook. */
interface AllVars {
  readonly beside: readonly VarsFiles[];
  readonly playbook: readonly VarsFiles[];
}

async function readAllVars(
  tree: Tree,
  folders: readonly Folder[],
  playbookFolder: string | undefined,
  cwd: string,
): Promise<AllVars> {
  const names = { groups: [...tree.groups.keys()], hosts: [...new Set([...tree.hosts.keys(), 'localhost'])] };
  const playbook =
    playbookFolder === undefined ? [] : [{ shown: playbookFolder, path: resolve(cwd, playbookFolder) }];
  // A folder that is named twice counts where it stands last.
  const beside = folders.filter(
    ({ path }, i) => ![...folders.slice(i + 1), ...playbook].some(later => later.path === path),
  );
  const [inventoryVars, playbookVars] = await Promise.all([
    Promise.all(beside.map(folder => readVarsFiles(folder, names))),
    Promise.all(playbook.map(folder => readVarsFiles(folder, names))),
  ]);
  return { beside: inventoryVars, playbook: playbookVars };
}

function warnOfSameName(tree: Tree): readonly Diagnostic[] {
  return [...tree.hosts.keys()]
    .filter(name => tree.groups.has(name))
    .map(name => ({
      severity: 'warning',
      message: `"${name}" is the name of a host and of a group`,
      hint: 'rename one of them',
    }));
}

/** Whatever is no path that was found names hosts. */
function absolute(sources: readonly string[], { parts, folders }: Found, cwd: string): readonly string[] {
  const paths = new Set([...folders, ...parts].flatMap(part => ('path' in part ? [part.path] : [])));
  return sources
    .filter(source => source !== '')
    .map(source => (paths.has(resolve(cwd, source)) ? resolve(cwd, source) : source));
}

function inventoryOf(
  tree: Tree,
  vars: AllVars,
  found: Found,
  sources: readonly string[],
  cwd: string,
): Inventory {
  const depthOf = depths(tree);
  const hosts = [...tree.hosts.values()].map(host => hostOf(host, groupsOf(tree, host, depthOf), vars));
  return {
    hosts,
    groups: Object.fromEntries([...tree.groups.keys()].map(name => [name, hostsOf(tree, name)])),
    folder: found.folders[0]?.path ?? cwd,
    files: found.parts.flatMap(part => ('hosts' in part ? [] : [part.path])),
    sources,
    localhost: hosts.find(({ name }) => name === 'localhost') ?? implicitLocalhost(tree, vars),
  };
}

function hostOf(host: HostNode, groups: readonly GroupNode[], vars: AllVars): Host {
  const written = layersOf(host.layers);
  const layers = layersInOrder(host.name, groups, written, vars);
  return { name: host.name, groups: groups.map(({ name }) => name), layers };
}

/** Belongs to no group, but sees what is set for all. */
function implicitLocalhost(tree: Tree, vars: AllVars): Host {
  const all = [...tree.groups.values()].filter(({ name }) => name === 'all');
  const written: Layer = {
    origin: 'implicit localhost',
    values: { ansible_connection: 'local' },
    templated: false,
  };
  return { name: 'localhost', groups: [], layers: layersInOrder('localhost', all, [written], vars) };
}

/** Ansible's order: what inventories say of groups, files of `all`, files of groups, the host itself, its files. */
function layersInOrder(
  name: string,
  groups: readonly GroupNode[],
  written: readonly Layer[],
  { beside, playbook }: AllVars,
): readonly Layer[] {
  const ofGroups = groups.flatMap(group => layersOf(group.layers));
  const inner = groups.filter(group => group.name !== 'all');
  const filesOf = (wanted: readonly GroupNode[]) => (files: VarsFiles) =>
    wanted.flatMap(group => files.groups.get(group.name) ?? []);
  const filesOfHost = (files: VarsFiles) => files.hosts.get(name) ?? [];
  const all = groups.filter(group => group.name === 'all');
  return withConnectionNames(
    [...ofGroups, ...written],
    [
      ...ofGroups,
      ...[...beside, ...playbook].flatMap(filesOf(all)),
      ...[...beside, ...playbook].flatMap(filesOf(inner)),
      ...written,
      ...[...beside, ...playbook].flatMap(filesOfHost),
    ],
  );
}

function layersOf(layers: ReadonlyMap<string, ValueMap>): readonly Layer[] {
  return [...layers].map(([origin, values]) => ({ origin, values, templated: true }));
}
