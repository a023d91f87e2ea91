/** Finds a role's folder and reads its files; what a play knows of the roles that it has met. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Node, Role } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Layer } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import { type Context, complain, type Path, written } from './context.ts';
import { readYaml } from './files.ts';
import { complainAboutNames, layerOf, wantMap } from './layers.ts';

/** The roles of one play, as far as they are known before the run. */
export class RoleBook {
  /** Role and how it is used: the same again does nothing, unless the role allows it. */
  readonly used = new Set<string>();
  readonly names: string[] = [];
  readonly defaults: Layer[] = [];
  readonly vars: Layer[] = [];
  readonly handlers: Node[] = [];
}

/** Which file of each of a role's folders is meant: `main` by default. */
export interface RoleFiles {
  readonly tasks?: string;
  readonly vars?: string;
  readonly defaults?: string;
  readonly handlers?: string;
}

/** Where roles are looked for: beside the role that names it, in `roles` beside the playbook, and where Ansible keeps them. */
function searchPlaces({ document, chain, inherited }: Context): readonly string[] {
  const playbook = dirname(resolve(chain[0] ?? document.file));
  const beside = inherited.role ? [join(inherited.role.folder, 'roles'), dirname(inherited.role.folder)] : [];
  const own = [join(dirname(resolve(document.file)), 'roles'), join(playbook, 'roles')];
  return [
    ...new Set([
      ...beside,
      ...own,
      join(homedir(), '.ansible/roles'),
      '/usr/share/ansible/roles',
      '/etc/ansible/roles',
      playbook,
    ]),
  ];
}

/** The folder of a role, absolute; a role that is nowhere is complained about. */
export function findRole(name: string, path: Path, context: Context): string | undefined {
  const places = isAbsolute(name) ? [''] : searchPlaces(context);
  const found = places.map(place => join(place, name)).find(isFolder);
  if (found !== undefined) return found;
  const known = places.flatMap(place => (place.endsWith('/roles') ? foldersOf(place) : []));
  const fqcn = /^\w+\.\w+\.\w+$/.test(name)
    ? 'roles of collections are not supported in this version'
    : undefined;
  complain(
    context,
    `there is no role "${name}" in ${places.slice(0, inPlay(places)).join(', ')}`,
    path,
    fqcn ?? didYouMean(name, known),
  );
  return undefined;
}

/** The places of the user's own: the others are Ansible's, and the same for everybody. */
function inPlay(places: readonly string[]): number {
  return places.findIndex(place => place.endsWith('/.ansible/roles'));
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function foldersOf(path: string): readonly string[] {
  return isFolder(path) ? readdirSync(path).filter(name => isFolder(join(path, name))) : [];
}

const ENDINGS = ['', '.yml', '.yaml', '.json'];

/** A file of one of the role's folders; undefined when there is none, which is complained about where it was named. */
export function roleFile(
  role: Pick<Role, 'name' | 'folder'>,
  subfolder: string,
  named: string | undefined,
  path: Path,
  context: Context,
): YamlDocument | undefined {
  const folder = join(role.folder, subfolder);
  const file = ENDINGS.map(ending => join(folder, `${named ?? 'main'}${ending}`)).find(
    candidate => existsSync(candidate) && !isFolder(candidate),
  );
  if (file !== undefined) return readYaml(file, context.report, context.document.place(path));
  if (named !== undefined)
    complain(
      context,
      `role "${role.name}" has no ${subfolder}/${named}`,
      path,
      didYouMean(named, stems(folder)),
    );
  return undefined;
}

function stems(folder: string): readonly string[] {
  return isFolder(folder) ? readdirSync(folder).map(name => name.replace(/\.(yml|yaml|json)$/, '')) : [];
}

/** Variables of `defaults` or `vars`; as in Ansible a folder `main` holds several files. */
export function roleVars(
  role: Pick<Role, 'name' | 'folder'>,
  subfolder: 'defaults' | 'vars',
  named: string | undefined,
  path: Path,
  context: Context,
): readonly Layer[] {
  const folder = join(role.folder, subfolder, named ?? 'main');
  const names = isFolder(folder)
    ? readdirSync(folder)
        .filter(name => /\.(yml|yaml|json)$/.test(name))
        .sort()
        .map(name => join(named ?? 'main', name))
    : [named];
  return names.flatMap(name => readVars(role, subfolder, name, path, context));
}

function readVars(
  role: Pick<Role, 'name' | 'folder'>,
  subfolder: string,
  named: string | undefined,
  path: Path,
  context: Context,
): readonly Layer[] {
  const document = roleFile(role, subfolder, named, path, context);
  if (!document) return [];
  const inside = { ...context, document };
  if (!wantMap(document.value, `${subfolder} of a role`, [], inside)) return [];
  complainAboutNames(document.value, [], inside);
  return [layerOf(`${subfolder} of role ${role.name}`, written(inside, document.value, []))];
}
