/** Roles: those of a play's `roles`, import_role, which stands for a role's tasks, and include_role, met during the run. */
import { holdsTemplate } from '../core/arguments.ts';
import { DiagnosticError } from '../core/diagnostic.ts';
import type { IncludeNode, Node, Role } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Layer, type Value, type ValueMap } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import { compileLoop, compileLoopControl, refuseLoop } from './compile-loop.ts';
import { type Context, complain, complainAtKey, type Path, Report, written } from './context.ts';
import { inheritFrom, inheritFromPlay } from './inherit.ts';
import { kinds } from './keywords.ts';
import { layerOf, varsLayer } from './layers.ts';
import type { Action } from './module-key.ts';
import { findRole, RoleBook, type RoleFiles, roleFile, roleVars } from './roles.ts';
import { validateKeywords } from './validate.ts';
import { field, flag, given, writtenText } from './values.ts';

/** How a role is used, and where that is written. */
interface Use {
  readonly name: string;
  readonly path: Path;
  readonly files: RoleFiles;
  readonly vars: readonly Layer[];
  readonly params: readonly Layer[];
  /** What tells one use from another. */
  readonly key: string;
  readonly again: boolean;
}

/** The tasks of a play's roles, in order, those of their dependencies before them. */
export function compileRoles(roles: Value, path: Path, context: Context): readonly Node[] {
  if (!Array.isArray(roles)) return [];
  return roles.flatMap((entry, i) => compileEntry(entry, [...path, i], context));
}

function compileEntry(entry: Value, path: Path, context: Context): readonly Node[] {
  const use = readEntry(entry, path, context);
  if (!use) return [];
  const { vars = null, ...keywords } = isMap(entry) ? keywordsOf(entry) : {};
  validateKeywords('role', { ...keywords, vars }, path, context);
  const own = varsLayer('vars of the role', vars, [...path, 'vars'], context);
  return compileUse({ ...use, vars: own }, inheritFrom(keywords, path, context, ''));
}

/** What is no keyword is a parameter, as in Ansible. */
function keywordsOf(entry: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => Object.hasOwn(kinds.role, key)));
}

function readEntry(entry: Value, path: Path, context: Context): Use | undefined {
  if (typeof entry === 'string') {
    const [name = ''] = entry.split(',');
    return { name, path, files: {}, vars: [], params: [], key: '', again: false };
  }
  const name = isMap(entry) ? (given(entry, 'role') ?? given(entry, 'name')) : undefined;
  if (!isMap(entry) || typeof name !== 'string') {
    complain(context, 'a role is a name, or a mapping with "role"', path, '- role: web');
    return undefined;
  }
  const params = Object.fromEntries(Object.entries(entry).filter(([key]) => !Object.hasOwn(kinds.role, key)));
  const layer = layerOf('parameters of the role', written(context, params, path));
  const { role: _role, name: _name, ...use } = entry;
  return {
    name,
    path: [...path, 'role' in entry ? 'role' : 'name'],
    files: {},
    vars: [],
    params: Object.keys(params).length === 0 ? [] : [layer],
    key: JSON.stringify(use),
    again: false,
  };
}

/** @param context what the role's tasks inherit */
function compileUse(use: Use, context: Context): readonly Node[] {
  const role = openRole(use, context);
  return role ? tasksOf(role, use, context) : [];
}

interface Opened {
  readonly role: Role;
  readonly dependencies: readonly Node[];
}

/** The role with all that it defines, its dependencies worked out; undefined where it does nothing (again). */
function openRole(use: Use, context: Context): Opened | undefined {
  const { book } = context;
  if (holdsTemplate(use.name)) {
    complain(context, 'the name of a role cannot be a template here', use.path, 'use include_role');
    return undefined;
  }
  const folder = findRole(use.name, use.path, context);
  if (folder === undefined) return undefined;
  if (context.rolesAround.includes(folder)) {
    const around = [...context.rolesAround.slice(context.rolesAround.indexOf(folder)), folder];
    complain(context, `role "${use.name}" depends on itself`, use.path, around.join(' → '));
    return undefined;
  }
  const named = { name: use.name, folder };
  const meta = readMeta(named, use.path, context);
  const key = `${folder} ${use.key} ${JSON.stringify(use.files)}`;
  if (book.used.has(key) && !use.again && !meta.again) return undefined;
  book.used.add(key);
  const outer = context.inherited.role;
  const vars = [...use.vars, ...roleVars(named, 'vars', use.files.vars, use.path, context)];
  const defaults = roleVars(named, 'defaults', use.files.defaults, use.path, context);
  const own: Role = {
    ...named,
    defaults: [...(outer?.defaults ?? []), ...defaults],
    vars: [...(outer?.vars ?? []), ...vars],
    params: [...(outer?.params ?? []), ...use.params],
  };
  const inside = within(own, context);
  const before = { defaults: book.defaults.length, vars: book.vars.length };
  const dependencies = meta.document ? compileDependencies(meta.document, inside) : [];
  // What a role depends on defines variables for it, below its own.
  const role: Role = {
    ...own,
    defaults: [...book.defaults.slice(before.defaults), ...own.defaults],
    vars: [...book.vars.slice(before.vars), ...own.vars],
  };
  book.defaults.push(...defaults);
  book.vars.push(...vars);
  if (!book.names.includes(use.name)) book.names.push(use.name);
  return { role, dependencies };
}

function within(role: Role, context: Context): Context {
  return {
    ...context,
    inherited: { ...context.inherited, role },
    rolesAround: [...context.rolesAround, role.folder],
  };
}

function tasksOf({ role, dependencies }: Opened, use: Use, context: Context): readonly Node[] {
  const inside = within(role, context);
  const handlers = roleFile(role, 'handlers', use.files.handlers, use.path, context);
  if (handlers) context.book.handlers.push(...compileFile(handlers, { ...inside, handlers: true }));
  const tasks = roleFile(role, 'tasks', use.files.tasks, use.path, context);
  return [...dependencies, ...(tasks ? compileFile(tasks, inside) : [])];
}

function compileFile(document: YamlDocument, context: Context): readonly Node[] {
  const inside = { ...context, document, chain: [...context.chain, document.file] };
  if (document.value !== null && !Array.isArray(document.value))
    complain(inside, 'a file of tasks must be a list', []);
  return context.compileNodes(document.value, [], inside);
}

/** meta/main.yml; what is for Galaxy is nobody's business here. */
function readMeta(
  role: Pick<Role, 'name' | 'folder'>,
  path: Path,
  context: Context,
): { readonly document?: YamlDocument; readonly again: boolean } {
  const document = roleFile(role, 'meta', undefined, path, context);
  if (!document || !isMap(document.value)) return { again: false };
  return { document, again: flag(document.value, 'allow_duplicates') ?? false };
}

function compileDependencies(document: YamlDocument, context: Context): readonly Node[] {
  const { value } = document;
  const inside = { ...context, document };
  const list = isMap(value) ? (given(value, 'dependencies') ?? null) : null;
  if (list !== null && !Array.isArray(list))
    complain(inside, '"dependencies" must be a list of roles', ['dependencies']);
  return compileRoles(list, ['dependencies'], inside);
}

const FILES = ['tasks_from', 'vars_from', 'defaults_from', 'handlers_from'] as const;
const IMPORT = ['name', ...FILES, 'allow_duplicates', 'rolespec_validate'] as const;
const INCLUDE = [...IMPORT, 'apply', 'public'] as const;

interface Named {
  readonly args: ValueMap;
  readonly name: string;
  readonly placeOf: (key: string) => Path;
}

function readRoleAction(
  action: Action,
  keywords: ValueMap,
  known: readonly string[],
  path: Path,
  context: Context,
): Named | undefined {
  const { args: direct, path: at, name: what } = action;
  const beside = given(keywords, 'args');
  const args: ValueMap = { ...(isMap(beside) ? beside : {}), ...(isMap(direct) ? direct : {}) };
  const placeOf = (key: string): Path =>
    isMap(direct) && key in direct
      ? [...at, key]
      : isMap(beside) && key in beside
        ? [...path, 'args', key]
        : at;
  const names: ValueMap = Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key === 'role' ? 'name' : key, value]),
  );
  for (const key of Object.keys(names))
    if (!known.includes(key))
      complainAtKey(context, `unknown argument "${key}" of ${what}`, placeOf(key), didYouMean(key, known));
  const { name } = names;
  if (typeof name === 'string')
    return { args: names, name, placeOf: key => placeOf(key === 'name' && 'role' in args ? 'role' : key) };
  complainAtKey(context, `${what} needs the name of a role`, at, `${what}: {name: web}`);
  return undefined;
}

function filesOf({ args }: Named): RoleFiles {
  const word = (key: string) => (typeof args[key] === 'string' ? args[key] : undefined);
  return {
    ...field('tasks', word('tasks_from')),
    ...field('vars', word('vars_from')),
    ...field('defaults', word('defaults_from')),
    ...field('handlers', word('handlers_from')),
  };
}

export function compileImportRole(
  action: Action,
  keywords: ValueMap,
  path: Path,
  context: Context,
): readonly Node[] {
  refuseLoop(keywords, 'import_role', path, context, 'use include_role');
  const named = readRoleAction(action, keywords, IMPORT, path, context);
  if (!named) return [];
  const use = {
    name: named.name,
    path: named.placeOf('name'),
    files: filesOf(named),
    vars: varsLayer('vars of import_role', keywords.vars, [...path, 'vars'], context),
    params: [],
    key: JSON.stringify([path, context.document.file]),
    again: flag(named.args, 'allow_duplicates') ?? true,
  };
  return compileUse(use, inheritFrom({ ...keywords, vars: null }, path, context, ''));
}

export function compileIncludeRole(
  action: Action,
  keywords: ValueMap,
  path: Path,
  context: Context,
): readonly IncludeNode[] {
  if (context.handlers)
    complainAtKey(
      context,
      'include_role is not supported among handlers in this version',
      action.path,
      'use import_tasks',
    );
  const named = readRoleAction(action, keywords, INCLUDE, path, context);
  if (!named) return [];
  if (flag(named.args, 'public') === true)
    complainAtKey(
      context,
      notPublic,
      named.placeOf('public'),
      'use import_role, whose variables all tasks see',
    );
  const compile = (name: string, from: RoleFiles, inside: Context) =>
    compileUse(
      {
        name,
        path: named.placeOf('name'),
        files: from,
        vars: [],
        params: varsLayer('vars of include_role', keywords.vars, [...path, 'vars'], context),
        key: JSON.stringify([path, context.document.file]),
        again: true,
      },
      inside,
    );
  // Its variables are its own; what it brings to be notified is everybody's.
  const book = new RoleBook();
  const inside = { ...insideInclude(named, context), book };
  const files = filesOf(named);
  const fixed = !holdsTemplate(named.name) && !Object.values(files).some(holdsTemplate);
  const ahead = fixed ? compile(named.name, files, inside) : undefined;
  context.book.handlers.push(...book.handlers);
  return [
    {
      kind: 'include',
      what: 'role',
      ...inheritFrom(keywords, path, context, 'task vars').inherited,
      ...field('name', writtenText(keywords, 'name', path, context)),
      place: context.document.place(path),
      file: written(context, named.name, named.placeOf('name')),
      from: FILES.flatMap(key =>
        typeof named.args[key] === 'string' ? [written(context, named.args[key], named.placeOf(key))] : [],
      ),
      loop: compileLoop(keywords, path, context),
      loopControl: compileLoopControl(keywords, path, context),
      ...field('ahead', ahead),
      load: async (name, from) => ahead ?? compileNow(name, renamed(named, from), named, inside, compile),
    },
  ];
}

const notPublic =
  'the variables of an included role are seen by its own tasks only: public is not supported in this version';

/** The names of files once their templates are filled in, in the order in which they stand in `from`. */
function renamed({ args }: Named, from: readonly string[]): RoleFiles {
  const given = FILES.filter(key => typeof args[key] === 'string');
  return filesOf({
    args: Object.fromEntries(given.map((key, i) => [key, from[i] ?? ''])),
    name: '',
    placeOf: () => [],
  });
}

function insideInclude({ args, placeOf }: Named, context: Context): Context {
  const apply = args.apply ?? {};
  if (!isMap(apply)) {
    complain(context, '"apply" must be a mapping', placeOf('apply'));
    return context;
  }
  return validateKeywords('apply', apply, placeOf('apply'), context)
    ? inheritFrom(apply, placeOf('apply'), context, 'vars of apply')
    : context;
}

/** A role whose name is known during the run only: nothing could be notified that it would bring. */
async function compileNow(
  name: string,
  files: RoleFiles,
  { placeOf }: Named,
  context: Context,
  compile: (name: string, files: RoleFiles, context: Context) => readonly Node[],
): Promise<readonly Node[]> {
  const report = new Report();
  const book = new RoleBook();
  const inside = { ...context, report, book, chain: context.chain.slice(0, 1) };
  const nodes = compile(name, files, inside);
  if (book.handlers.length > 0)
    complain(
      inside,
      `role "${name}" has handlers, and its name is a template: they are not known before`,
      placeOf('name'),
      'write the name of the role, or use when',
    );
  if (report.errors.length > 0) throw new DiagnosticError(report.errors);
  return nodes;
}

/** A play's roles and what they bring; the play's own keywords reach them as they reach its tasks. */
export function rolesOf(play: ValueMap, path: Path, context: Context): readonly Node[] {
  return compileRoles(play.roles ?? null, [...path, 'roles'], inheritFromPlay({}, path, context));
}
