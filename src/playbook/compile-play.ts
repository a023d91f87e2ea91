/** One play. */
import type { Node, Play, VarsPrompt, Written } from '../core/play.ts';
import { isMap, type Layer, type Value, type ValueMap } from '../core/value.ts';
import { rolesOf } from './compile-roles.ts';
import { type Context, complain, complainAtKey, type Path, written } from './context.ts';
import { inheritFromPlay } from './inherit.ts';
import { varsLayer } from './layers.ts';
import { notSupported, refusedInPlays } from './refused.ts';
import { RoleBook } from './roles.ts';
import { validateKeywords } from './validate.ts';
import { field, flag, given, writtenNumber, writtenText, writtenValue } from './values.ts';
import { compileVarsFiles } from './vars-files.ts';

/** @param imported variables given with import_playbook: they win over a play's own, but not over its vars_files */
export function compilePlay(play: ValueMap, path: Path, outer: Context, imported: readonly Layer[]): Play {
  const context = { ...outer, book: new RoleBook() };
  const { document, book } = context;
  validateKeywords('play', withoutRefused(play, path, context), path, context);
  checkHosts(play, path, context);
  const inside = inheritFromPlay(play, path, context);
  const { layers, varsFiles } = compileVarsFiles(play, path, context);
  const own = varsLayer('play vars', play.vars, [...path, 'vars'], context);
  const tasks = tasksOf(play, path, inside);
  return {
    ...described(play, path, context),
    place: document.place(path),
    source: document,
    vars: [...own, ...imported, ...layers],
    varsFiles,
    varsPrompt: promptsOf(play),
    ...connectionOf(play, path, context),
    ...orderOf(play, path, context),
    ...tasks,
    roleDefaults: book.defaults,
    roleVars: book.vars,
    roles: book.names,
    inherited: inside.inherited,
  };
}

function withoutRefused(play: ValueMap, path: Path, context: Context): ValueMap {
  const refused = Object.keys(play).filter(name => Object.hasOwn(refusedInPlays, name));
  for (const name of refused)
    complainAtKey(context, notSupported(name), [...path, name], refusedInPlays[name]);
  if ('collections' in play)
    context.report.warn(
      '"collections" is ignored: modules are known by their bare names',
      context.document.keyPlace([...path, 'collections']),
    );
  return Object.fromEntries(Object.entries(play).filter(([name]) => !refused.includes(name)));
}

function checkHosts({ hosts }: ValueMap, path: Path, context: Context): void {
  const empty = hosts === null || hosts === '' || (Array.isArray(hosts) && hosts.length === 0);
  if (empty) complain(context, '"hosts" is empty', [...path, 'hosts'], 'name a host, a group, or all');
}

function described(
  play: ValueMap,
  path: Path,
  context: Context,
): Pick<Play, 'name' | 'hosts' | 'gatherFacts' | 'gatherSubset'> {
  const hosts: Written = written(context, play.hosts ?? null, [...path, 'hosts']);
  const pattern = Array.isArray(hosts.value) ? hosts.value.join(',') : String(hosts.value ?? '');
  return {
    name: String(given(play, 'name') ?? pattern),
    hosts,
    gatherFacts: flag(play, 'gather_facts') ?? true,
    ...field('gatherSubset', given(play, 'gather_subset')),
  };
}

function promptsOf({ vars_prompt: prompts }: ValueMap): readonly VarsPrompt[] {
  return asMaps(prompts ?? null).map(prompt => ({
    name: String(prompt.name),
    ...field('prompt', asText(given(prompt, 'prompt'))),
    ...field('default', asText(given(prompt, 'default'))),
    private: flag(prompt, 'private') ?? true,
    confirm: flag(prompt, 'confirm') ?? false,
  }));
}

function asMaps(value: Value): readonly ValueMap[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

function asText(value: Value | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function connectionOf(
  play: ValueMap,
  path: Path,
  context: Context,
): Pick<Play, 'remoteUser' | 'port' | 'connection'> {
  return {
    ...field('remoteUser', writtenText(play, 'remote_user', path, context)),
    ...field('port', writtenNumber(play, 'port', path, context)),
    ...field('connection', writtenText(play, 'connection', path, context)),
  };
}

type Order = Pick<
  Play,
  'serial' | 'strategy' | 'anyErrorsFatal' | 'maxFailPercentage' | 'forceHandlers' | 'schedule'
>;

function orderOf(play: ValueMap, path: Path, context: Context): Order {
  const percentage = given(play, 'max_fail_percentage');
  return {
    ...field('serial', writtenValue(play, 'serial', path, context)),
    strategy: play.strategy === 'linear' ? 'linear' : 'free',
    anyErrorsFatal: flag(play, 'any_errors_fatal') ?? false,
    ...field('maxFailPercentage', typeof percentage === 'number' ? percentage : undefined),
    forceHandlers: flag(play, 'force_handlers') ?? false,
    ...field('schedule', writtenText(play, 'schedule', path, context)),
  };
}

function tasksOf(
  play: ValueMap,
  path: Path,
  context: Context,
): Record<'preTasks' | 'tasks' | 'postTasks' | 'handlers', readonly Node[]> {
  const list = (key: string, inside: Context): readonly Node[] => {
    const tasks: Value = play[key] ?? null;
    return context.compileNodes(tasks, [...path, key], inside);
  };
  const parts = {
    preTasks: list('pre_tasks', context),
    tasks: [...rolesOf(play, path, context), ...list('tasks', context)],
    postTasks: list('post_tasks', context),
  };
  const handlers = list('handlers', { ...context, handlers: true });
  return { ...parts, handlers: [...context.book.handlers, ...handlers] };
}
