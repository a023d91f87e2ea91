/** Every template and expression of a compiled playbook, with its place and how surely it will be evaluated. */
import { isExpression } from '../core/args.ts';
import type { Inherited, LoopControl, Node, Play, TaskNode, Written } from '../core/play.ts';
import type { Layer, Value } from '../core/value.ts';
import { isMap } from '../core/value.ts';
import { whereWritten } from './layers.ts';

export type TemplateKind = 'template' | 'expression';

export interface Site extends Written {
  readonly kind: TemplateKind;
  /**
   * `sure`: evaluated whenever its task is met. `perhaps`: a condition, or a rescue, may make a mistake in it harmless.
   * `never`: a mistake in it stops nothing, as in the name of a task.
   */
  readonly evaluated: 'sure' | 'perhaps' | 'never';
}

/** A variable of a play, block or task: evaluated when something reads it. */
export interface VariableSite extends Site {
  readonly variable: string;
}

export interface Sites {
  readonly sites: readonly Site[];
  readonly variables: readonly VariableSite[];
}

export function sitesOf(plays: readonly Play[]): Sites {
  const layers = new Set<Layer>();
  const sites = plays.flatMap(play => playSites(play, layers));
  return { sites, variables: [...layers].flatMap(variableSites) };
}

type Maybe<T extends Value> = Written<T> | undefined;

function site(
  written: Maybe<Value>,
  evaluated: Site['evaluated'],
  kind: TemplateKind = 'template',
): readonly Site[] {
  return written === undefined ? [] : [{ ...written, kind, evaluated }];
}

function expressions(list: readonly Written[] | undefined, evaluated: Site['evaluated']): readonly Site[] {
  return (list ?? []).flatMap(written => site(written, evaluated, 'expression'));
}

function playSites(play: Play, layers: Set<Layer>): readonly Site[] {
  for (const layer of [...play.vars, ...play.roleDefaults, ...play.roleVars]) layers.add(layer);
  const { hosts, remoteUser, port, connection, serial, varsFiles } = play;
  return [
    ...[hosts, remoteUser, port, connection, serial].flatMap(written => site(written, 'sure')),
    ...varsFiles.flatMap(written => site(written, 'perhaps')),
    ...inheritedSites(play.inherited, 'perhaps', layers),
    ...[play.preTasks, play.tasks, play.postTasks].flatMap(nodes => nodeSites(nodes, true, layers)),
    ...nodeSites(play.handlers, false, layers),
  ];
}

/** @param met false where a task may not be met: among handlers, in a rescue, below one */
function nodeSites(nodes: readonly Node[], met: boolean, layers: Set<Layer>): readonly Site[] {
  return nodes.flatMap(node => {
    if (node.kind === 'block') {
      const inside = met && node.rescue.length === 0;
      const parts = [
        nodeSites(node.block, inside, layers),
        nodeSites(node.rescue, false, layers),
        nodeSites(node.always, met, layers),
      ];
      return [...parts.flat(), ...site(node.name, 'never')];
    }
    const surely = met && !mayBeSkipped(node) ? 'sure' : 'perhaps';
    const own =
      node.kind === 'task'
        ? taskSites(node, surely)
        : node.kind === 'include'
          ? includeSites(node, met, layers)
          : [];
    const conditions = node.when.flatMap((when, i) =>
      site(when, met && i === 0 ? 'sure' : 'perhaps', 'expression'),
    );
    return [...conditions, ...site(node.name, 'never'), ...inheritedSites(node, surely, layers), ...own];
  });
}

function mayBeSkipped({ when, tags, ignoreErrors }: Inherited): boolean {
  return when.length > 0 || tags.includes('never') || ignoreErrors !== undefined;
}

function inheritedSites(node: Inherited, evaluated: Site['evaluated'], layers: Set<Layer>): readonly Site[] {
  for (const layer of [...node.vars, ...(node.role?.params ?? [])]) layers.add(layer);
  const {
    become,
    becomeUser,
    delegateTo,
    runOnce,
    checkMode,
    timeout,
    noLog,
    ignoreErrors,
    ignoreUnreachable,
  } = node;
  const single = [
    become,
    becomeUser,
    delegateTo,
    runOnce,
    checkMode,
    timeout,
    noLog,
    ignoreErrors,
    ignoreUnreachable,
  ];
  return [...single, ...node.environment].flatMap(written => site(written, evaluated));
}

function includeSites(
  node: Extract<Node, { kind: 'include' }>,
  met: boolean,
  layers: Set<Layer>,
): readonly Site[] {
  const evaluated = met && !mayBeSkipped(node) ? 'sure' : 'perhaps';
  const children = nodeSites(node.ahead ?? [], evaluated === 'sure', layers);
  const names = [node.file, ...(node.from ?? [])].flatMap(name => site(name, evaluated));
  return [...names, ...loopSites(node, evaluated), ...children];
}

function loopSites(
  { loop, loopControl }: { loop?: TaskNode['loop'] | undefined; loopControl: LoopControl },
  evaluated: Site['evaluated'],
): readonly Site[] {
  return [
    ...site(loop, evaluated),
    ...site(loopControl.label, 'perhaps'),
    ...site(loopControl.pause, 'perhaps'),
  ];
}

function taskSites(node: TaskNode, evaluated: Site['evaluated']): readonly Site[] {
  return [
    ...argumentSites(node, evaluated),
    ...loopSites(node, evaluated),
    ...node.notify.flatMap(written => site(written, 'perhaps')),
    ...expressions(node.changedWhen, evaluated),
    ...expressions(node.failedWhen, evaluated),
    ...expressions(node.until, evaluated),
    ...site(node.retries, 'perhaps'),
    ...site(node.delay, 'perhaps'),
  ];
}

function argumentSites({ args, module }: TaskNode, evaluated: Site['evaluated']): readonly Site[] {
  const schemas: Readonly<Record<string, unknown>> = module.args.properties;
  return Object.entries(args.value).flatMap(([name, value]) => {
    const path = [...args.path, name];
    const kind = holdsExpressions(schemas[name]) ? 'expression' : 'template';
    // `debug` shows an undefined variable as such.
    const surely = module.name === 'debug' && kind === 'expression' ? 'never' : evaluated;
    if (kind === 'template' || !Array.isArray(value))
      return site({ value, source: args.source, path }, surely, kind);
    return value.flatMap((item, i) =>
      site({ value: item, source: args.source, path: [...path, i] }, surely, kind),
    );
  });
}

function holdsExpressions(schema: unknown): boolean {
  if (isExpression(schema)) return true;
  return typeof schema === 'object' && schema !== null && 'items' in schema && isExpression(schema.items);
}

function variableSites(layer: Layer): readonly VariableSite[] {
  const from = whereWritten(layer);
  if (!from || !isMap(from.value)) return [];
  return Object.entries(from.value).map(([variable, value]) => ({
    variable,
    value,
    source: from.source,
    path: [...from.path, variable],
    kind: 'template',
    evaluated: 'perhaps',
  }));
}
