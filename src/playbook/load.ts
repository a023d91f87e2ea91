/** Loads, validates and compiles a playbook and what it imports: all that is wrong is found at once, before the run. */
import { modules } from '../../tasks/index.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Play, Playbook } from '../core/play.ts';
import { isMap, type Layer, type Value, type ValueMap } from '../core/value.ts';
import { compileNodes } from './compile-nodes.ts';
import { compilePlay } from './compile-play.ts';
import { type Context, complain, complainAtKey, type Path, type Registry, Report } from './context.ts';
import { besideFile, readYaml } from './files.ts';
import { inheritFromPlay, nothingInherited } from './inherit.ts';
import { varsLayer } from './layers.ts';
import { RoleBook } from './roles.ts';
import { validateKeywords } from './validate.ts';
import { given } from './values.ts';

export interface LoadedPlaybook {
  readonly playbook: Playbook;
  readonly warnings: readonly Diagnostic[];
}

export interface BrokenPlaybook {
  readonly diagnostics: readonly Diagnostic[];
  /** What could be made sense of: never to be run, but its templates can be checked too, so that all is said at once. */
  readonly partial: Playbook;
}

/** @param registry the modules that tasks may use */
export async function loadPlaybook(
  file: string,
  registry: Registry = modules,
): Promise<LoadedPlaybook | BrokenPlaybook> {
  const report = new Report();
  const plays = loadPlays(file, { report, registry });
  const playbook: Playbook = { file, plays };
  const { errors, warnings } = report;
  return errors.length > 0
    ? { diagnostics: [...errors, ...warnings], partial: playbook }
    : { playbook, warnings };
}

type Start = Pick<Context, 'report' | 'registry'>;

function loadPlays(file: string, start: Start): readonly Play[] {
  const document = readYaml(file, start.report);
  if (!document) return [];
  const context: Context = {
    ...start,
    document,
    inherited: nothingInherited,
    notify: [],
    defaults: [],
    handlers: false,
    chain: [file],
    book: new RoleBook(),
    rolesAround: [],
    compileNodes,
  };
  return compilePlays(document.value, context, []);
}

function compilePlays(plays: Value, context: Context, imported: readonly Layer[]): readonly Play[] {
  if (!Array.isArray(plays) || plays.length === 0) {
    const message =
      plays === null || Array.isArray(plays) ? 'the playbook is empty' : 'a playbook must be a list of plays';
    complain(context, message, [], 'begin with "- hosts:"');
    return [];
  }
  return plays.flatMap((play, i) => compileEntry(play, [i], context, imported));
}

function compileEntry(
  play: Value,
  path: Path,
  context: Context,
  imported: readonly Layer[],
): readonly Play[] {
  if (!isMap(play)) {
    complain(context, 'a play must be a mapping', path, 'begin with "- hosts:"');
    return [];
  }
  const bare = Object.fromEntries(
    Object.entries(play).map(([key, value]) => [
      key.replace(/^ansible\.builtin\.(?=import_playbook$)/, ''),
      value,
    ]),
  );
  if ('import_playbook' in bare) return importPlays(bare, path, context, imported);
  return looksLikeTask(play, path, context) ? [] : [compilePlay(play, path, context, imported)];
}

/** A file of tasks given as a playbook would give an error for every key. */
function looksLikeTask(play: ValueMap, path: Path, context: Context): boolean {
  const name = Object.keys(play).find(key => context.registry.has(key.replace(/^ansible\.builtin\./, '')));
  if (name === undefined || 'hosts' in play || 'tasks' in play) return false;
  complainAtKey(
    context,
    `"${name}" is a task: a playbook is a list of plays`,
    [...path, name],
    'put it below "tasks:" of a play with "hosts:"',
  );
  return true;
}

function importPlays(
  entry: ValueMap,
  path: Path,
  context: Context,
  imported: readonly Layer[],
): readonly Play[] {
  const { document, chain, report } = context;
  const name = given(entry, 'import_playbook');
  if (!validateKeywords('importPlaybook', entry, path, context) || name === undefined) return [];
  const at = [...path, 'import_playbook'];
  const file = besideFile(document.file, String(name));
  if (chain.includes(file)) {
    complain(context, `${file} imports itself`, at, [...chain.slice(chain.indexOf(file)), file].join(' → '));
    return [];
  }
  const read = readYaml(file, report, document.place(at));
  if (!read) return [];
  const inside = { ...inheritFromPlay(entry, path, context), document: read, chain: [...chain, file] };
  const vars = varsLayer('vars of import_playbook', entry.vars, [...path, 'vars'], context);
  return compilePlays(read.value, inside, [...vars, ...imported]);
}
