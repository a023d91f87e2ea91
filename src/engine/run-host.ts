/** One host through one play: its sections in order, blocks and includes, handlers when they are due. */

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DiagnosticError } from '../core/diagnostic.ts';
import type { BlockNode, IncludeNode, MetaNode, Node, TaskNode } from '../core/play.ts';
import { ConnectionError } from '../core/transport.ts';
import { type Layer, type Unknown, UnknownValueError, type ValueMap } from '../core/value.ts';
import { TemplateError } from '../template/template.ts';
import type { HostContext } from './context.ts';
import { nodeScope } from './invocation.ts';
import { rounds, text, truth, unmetCondition } from './prepare.ts';
import { type Frame, runTask } from './run-task.ts';
import { NeedsEveryHost } from './scope.ts';
import { isSelected } from './tags.ts';
import type { Rest } from './upcoming.ts';

/** What is around a list of nodes. */
interface Surroundings {
  readonly local: readonly Layer[];
  readonly next: Rest | undefined;
  readonly rescuable: boolean;
  readonly handler: boolean;
}

/** A failure that ends a list of tasks; `result` is what a rescue section sees. */
interface Failed {
  readonly task: string;
  readonly result: ValueMap | Unknown;
}

/** Runs the play on its host. Failures end in the host's standing; rejects only when interrupted or by a bug. */
export async function runHost(context: HostContext): Promise<void> {
  const { run, state, play } = context;
  try {
    await runSections(context);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    state.standing = 'unreachable';
    state.counts.unreachable++;
    run.emit({
      type: 'host_unreachable',
      host: state.name,
      play: play.play.name,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    context.onFailure(play.play);
  } finally {
    context.barrier.leave(state);
  }
}

async function runSections(context: HostContext): Promise<void> {
  const { play } = context.play;
  const gathering = play.gatherFacts ? [gatheringNode(context)] : [];
  const sections = [[...gathering, ...play.preTasks], play.tasks, play.postTasks];
  for (const [i, nodes] of sections.entries()) {
    const next = restOf(sections.slice(i + 1));
    const failed = await runNodes(nodes, { local: [], next, rescuable: false, handler: false }, context);
    if (failed && !play.forceHandlers) return;
    await flushHandlers(next, context);
    if (failed || !context.state.active) return;
  }
}

function restOf(sections: readonly (readonly Node[])[]): Rest | undefined {
  return sections.reduceRight<Rest | undefined>(
    (next, nodes) => ({ nodes, from: 0, local: [], next }),
    undefined,
  );
}

function gatheringNode({ run, play }: HostContext): TaskNode {
  const { source, place, inherited, gatherSubset } = play.play;
  const args: ValueMap = gatherSubset === undefined ? {} : { gather_subset: gatherSubset };
  return {
    ...inherited,
    kind: 'task',
    name: { value: 'Gathering Facts', source, path: [] },
    place,
    module: run.setup,
    args: { value: args, source, path: [] },
    tags: [...inherited.tags, 'always'],
    loopControl: { loopVar: 'item' },
    notify: [],
    listen: [],
  };
}

/** Runs nodes up to the first failure that nothing rescues. */
async function runNodes(
  nodes: readonly Node[],
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  for (const [i, node] of nodes.entries()) {
    if (!context.state.active || context.isOver()) return undefined;
    const next: Rest = { nodes, from: i + 1, local: around.local, next: around.next };
    const failed = await runNode(node, { ...around, next }, context);
    context.barrier.pass(context.state, node);
    if (failed) return failed;
  }
  return undefined;
}

async function runNode(node: Node, around: Surroundings, context: HostContext): Promise<Failed | undefined> {
  context.run.signal.throwIfAborted();
  if (node.kind === 'block') return runBlock(node, around, context);
  if (!isSelected(node, context.run.selection) || isBeforeStart(node, context)) return undefined;
  switch (node.kind) {
    case 'task':
      return runOneTask(node, around, context);
    case 'include':
      return runInclude(node, around, context);
    case 'meta':
      return runMeta(node, around, context);
  }
}

/** --start-at-task: everything before the task of that name is left out, on every host. */
function isBeforeStart(node: Exclude<Node, BlockNode>, { run }: HostContext): boolean {
  if (run.startAt === undefined || node.tags.includes('always')) return false;
  if (node.name?.value !== run.startAt) return true;
  run.startAt = undefined;
  return false;
}

async function runOneTask(
  node: TaskNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { state, barrier } = context;
  if (!truth(node.runOnce, nodeScope(context, node, around.local))) return runHere(node, around, context);
  let failed: Failed | undefined;
  const { result, ran } = await barrier.once(state, node, async () => {
    failed = await runHere(node, around, context);
    return sharedResult(node, state.registered, state.facts, failed !== undefined);
  });
  if (ran) return failed;
  result.apply(state);
  if (!result.failed) return undefined;
  state.standing = 'failed';
  state.counts.failed++;
  return { task: node.name?.value ?? node.module.name, result: {} };
}

function sharedResult(
  node: TaskNode,
  registered: HostContext['state']['registered'],
  facts: ValueMap,
  failed: boolean,
) {
  const names =
    node.module.name === 'set_fact'
      ? Object.keys(node.args.value)
      : node.register === undefined
        ? []
        : [node.register];
  const shared = names.flatMap(name => {
    const value = registered[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    failed,
    apply: (state: HostContext['state']) => {
      Object.assign(state.registered, Object.fromEntries(shared));
      if (node.module.name === 'setup') state.facts = { ...state.facts, ...facts };
    },
  };
}

/** Runs the task, waiting for the other hosts when it turns out to read what they know. */
async function runHere(
  node: TaskNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { state, barrier, play } = context;
  const frame: Frame = {
    local: around.local,
    rest: around.next,
    rescuable: around.rescuable,
    handler: around.handler,
    everyHostArrived: play.batch.length === 1,
  };
  const outcome = await runTask(node, frame, context).catch(async error => {
    if (!(error instanceof NeedsEveryHost)) throw error;
    await barrier.arrive(state, node);
    return runTask(node, { ...frame, everyHostArrived: true }, context);
  });
  if (!outcome.failed) return undefined;
  if (!around.rescuable) {
    state.standing = 'failed';
    context.onFailure(node);
  }
  return { task: outcome.ref.task, result: outcome.result };
}

async function runBlock(
  node: BlockNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const rescuable = node.rescue.length > 0 || around.rescuable;
  const always: Rest = { nodes: node.always, from: 0, local: around.local, next: around.next };
  const failed = await runNodes(node.block, { ...around, next: always, rescuable }, context);
  const remaining =
    failed && node.rescue.length > 0
      ? await runRescue(node, failed, { ...around, next: always }, context)
      : failed;
  const afterwards = await runAlways(node, around, context);
  return remaining ?? afterwards;
}

async function runRescue(
  node: BlockNode,
  failed: Failed,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { registered } = context.state;
  registered.ansible_failed_task = { name: failed.task };
  registered.ansible_failed_result = failed.result;
  return runNodes(node.rescue, around, context);
}

/** `always` runs on a host that just failed, too; it stays failed. */
async function runAlways(
  node: BlockNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { state } = context;
  const { standing } = state;
  if (standing === 'failed') state.standing = 'active';
  const failed = await runNodes(node.always, around, context);
  if (standing === 'failed') state.standing = standing;
  return failed;
}

async function runInclude(
  node: IncludeNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const makeScope = (local: readonly Layer[]) => nodeScope(context, node, local, true);
  try {
    const loop = rounds(node, makeScope, around.local);
    const locals = loop?.map(({ layer }) => [...around.local, layer]) ?? [around.local];
    for (const local of locals) {
      const scope = makeScope(local);
      if (unmetCondition(node.when, scope) !== undefined) continue;
      const file = text(node.file, scope) ?? '';
      const nodes = await node.load(resolve(dirname(node.place.file), file));
      const failed = await runNodes(
        nodes,
        {
          ...around,
          local: [...local, ...node.vars.map(({ origin, values }) => dataLayerOf(origin, values))],
        },
        context,
      );
      if (failed) return failed;
    }
  } catch (error) {
    return includeFailure(node, error, around, context);
  }
  return undefined;
}

function dataLayerOf(origin: string, values: Layer['values']): Layer {
  return { origin, values, templated: true };
}

/** A file that cannot be included fails the host at that place; in plan mode it may be for want of a result. */
function includeFailure(
  node: IncludeNode,
  error: unknown,
  around: Surroundings,
  context: HostContext,
): Failed | undefined {
  if (
    !(
      error instanceof DiagnosticError ||
      error instanceof TemplateError ||
      error instanceof UnknownValueError
    )
  )
    throw error;
  const { run, state, play } = context;
  const unknown = error instanceof UnknownValueError && run.variables.planning;
  const status = unknown ? 'changed' : around.rescuable ? 'rescued' : 'failed';
  state.counts[status]++;
  run.emit({
    type: 'task_end',
    host: state.name,
    play: play.play.name,
    task: node.name?.value ?? `include ${node.file.value}`,
    module: 'include_tasks',
    place: `${node.place.file}:${node.place.line}`,
    id: context.idOf(node),
    status,
    changed: unknown,
    steps: [],
    message: error.message,
    duration: 0,
    ...(unknown ? { uncertain: true } : {}),
  });
  if (unknown) return undefined;
  if (!around.rescuable) state.standing = 'failed';
  return { task: node.name?.value ?? 'include_tasks', result: { failed: true, msg: error.message } };
}

async function runMeta(
  node: MetaNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { state } = context;
  if (unmetCondition(node.when, nodeScope(context, node, around.local)) !== undefined) return undefined;
  switch (node.action) {
    case 'flush_handlers':
      await flushHandlers(around.next, context);
      return undefined;
    case 'end_host':
      state.standing = 'ended';
      return undefined;
    case 'end_play':
    case 'end_batch':
      context.endPlay();
      return undefined;
    case 'clear_facts':
      state.facts = {};
      return undefined;
    case 'clear_host_errors':
    case 'noop':
      return undefined;
  }
}

/** Runs notified handlers in the order in which they are written, each once. */
async function flushHandlers(next: Rest | undefined, context: HostContext): Promise<void> {
  const { state, play } = context;
  const { standing } = state;
  if (standing === 'failed' && play.play.forceHandlers) state.standing = 'active';
  for (const handler of play.play.handlers) {
    if (handler.kind !== 'task' || !state.notified.delete(handler)) continue;
    await runNodes([handler], { local: [], next, rescuable: false, handler: true }, context);
  }
  if (standing === 'failed') state.standing = standing;
}

/** vars_files whose names depend on the host: the first of each list that exists. */
export function hostVarsFiles(context: HostContext, load: (path: string) => Layer): readonly Layer[] {
  const { play, state } = context;
  const scope = nodeScope(context, { vars: [] }, []);
  return play.play.varsFiles.map(written => {
    const names = (Array.isArray(written.value) ? written.value : [written.value]).map(
      name => text({ ...written, value: String(name) }, scope) ?? '',
    );
    const found = names.map(name => resolve(dirname(play.playbookFile), name)).find(path => existsSync(path));
    if (found === undefined)
      throw new DiagnosticError({
        severity: 'error',
        message: `none of ${names.join(', ')} exists for ${state.name}`,
        place: written.source.place(written.path),
      });
    return load(found);
  });
}
