/** Lists of nodes on one host: blocks with their rescue and always, tasks that run once, handlers when they are due. */
import type { BlockNode, Node, TaskNode } from '../core/play.ts';
import { ConnectionError } from '../core/transport.ts';
import type { Layer } from '../core/value.ts';
import type { Frame } from './attempt.ts';
import { type Spot, spotWithin } from './barrier.ts';
import type { Failed, HostContext, OnceResult } from './context.ts';
import { shareResult } from './ending.ts';
import { runInclude } from './include.ts';
import { nodeScope } from './invocation.ts';
import { runMeta } from './meta.ts';
import { isAmong, type Leaf } from './nodes.ts';
import { Patience, PlayIsOver } from './patience.ts';
import { truth } from './prepare.ts';
import { runTask } from './run-task.ts';
import { isSelected } from './tags.ts';
import type { Rest } from './upcoming.ts';

/** What is around a list of nodes. */
export interface Surroundings {
  /** Loop variables and vars of the includes around. */
  readonly local: readonly Layer[];
  readonly next: Rest | undefined;
  /** A rescue section is around: a failure is not the host's. */
  readonly rescuable: boolean;
  readonly spot: Spot;
  /** Includes around. */
  readonly depth: number;
  /** In `always`: goes on though too much failed in the play. */
  readonly finishing: boolean;
  /** Set while handlers run. */
  readonly handler?: true;
  /** The handler was notified by what is uncertain. */
  readonly doubted?: boolean;
}

/** Runs nodes up to the first failure that nothing rescues. */
export async function runNodes(
  nodes: readonly Node[],
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { barrier, state } = context;
  for (const [i, node] of nodes.entries()) {
    if (isStopped(around, context)) break;
    const next: Rest = { nodes, from: i + 1, local: around.local, next: around.next };
    const spot = spotWithin(around.spot, i);
    const failed = await runNode(node, { ...around, next, spot }, context).catch(unlessOver);
    if (failed) return failed;
    barrier.pass(state, spot);
  }
  return undefined;
}

function unlessOver(error: unknown): undefined {
  if (!(error instanceof PlayIsOver)) throw error;
}

function isStopped({ finishing }: Surroundings, { state, outlook }: HostContext): boolean {
  const over = outlook.over();
  return !state.active || over === 'ended' || (over === 'fatal' && !finishing);
}

async function runNode(node: Node, around: Surroundings, context: HostContext): Promise<Failed | undefined> {
  context.run.signal.throwIfAborted();
  if (node.kind === 'block') return runBlock(node, around, context);
  if (!around.handler && !isDue(node, context)) return undefined;
  if (context.play.play.strategy === 'linear') await new Patience(around, context).wait();
  switch (node.kind) {
    case 'task':
      return runOneTask(node, around, context);
    case 'include':
      return runInclude(node, around, context, runNodes);
    case 'meta':
      return runMeta(node, around, context, flushHandlers);
  }
}

/** By its tags, and for --start-at-task. Handlers are always due when they were notified. */
function isDue(node: Leaf, context: HostContext): boolean {
  const { startAt, selection } = context.run;
  if (!isSelected(node, selection)) return false;
  if (!context.started && startAt !== undefined) {
    context.started = node.name?.value === startAt;
    if (node.kind === 'include' && isAmong(node.ahead ?? [], startAt)) return true;
  }
  return context.started || isGathering(node, context);
}

/** The gathering of facts that a play begins with, not a `setup` that somebody wrote. */
function isGathering(node: Leaf, { run, play }: HostContext): boolean {
  return node.kind === 'task' && node.module === run.setup && node.place === play.play.place;
}

async function runOneTask(
  node: TaskNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const patience = new Patience(around, context);
  if (node.runOnce === undefined) return runHere(node, around, patience, context);
  const scope = nodeScope(context, node, around.local, patience.arrived);
  const once = await patience.evaluate(() => truth(node.runOnce, scope));
  return once ? runOnce(node, around, patience, context) : runHere(node, around, patience, context);
}

/** The first host runs it, for all. As in Ansible, its failure is everybody's, and so is its loss. */
async function runOnce(
  node: TaskNode,
  around: Surroundings,
  patience: Patience,
  context: HostContext,
): Promise<Failed | undefined> {
  const { state, barrier, flow } = context;
  let lost: unknown;
  const { result: shared, ran } = await barrier.once(state, around.spot, async () => {
    flow.refresh();
    patience.mayBegin();
    try {
      return await runForAll(node, around, patience, context);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      lost = error;
      const result = { changed: false, failed: true, unreachable: true, msg: error.message };
      return { result, failed: { name: node.name?.value ?? '', module: node.module.name, result } };
    }
  });
  if (lost !== undefined) throw lost;
  if (ran) return shared.failed;
  flow.refresh();
  if (shared.failed) return failed(shared.failed, around, node, context);
  shareResult(node, shared.result, context);
  return undefined;
}

async function runForAll(
  node: TaskNode,
  around: Surroundings,
  patience: Patience,
  context: HostContext,
): Promise<OnceResult> {
  const { outcome, failure } = await runAndJudge(node, around, patience, context);
  return { result: outcome.result, failed: failure };
}

async function runHere(
  node: TaskNode,
  around: Surroundings,
  patience: Patience,
  context: HostContext,
): Promise<Failed | undefined> {
  return (await runAndJudge(node, around, patience, context)).failure;
}

async function runAndJudge(node: TaskNode, around: Surroundings, patience: Patience, context: HostContext) {
  const frame: Frame = { ...around, rest: around.next, handler: around.handler === true, patience };
  const outcome = await runTask(node, frame, context);
  if (!outcome.failed) return { outcome, failure: undefined };
  const { ref, result } = outcome;
  const name = node.name === undefined ? '' : ref.task;
  const failure = failed({ name, module: ref.module, result }, around, node, context);
  return { outcome, failure };
}

/** A failure that no rescue section is there for is the host's. */
function failed(
  failure: Failed,
  { rescuable }: Surroundings,
  node: { readonly anyErrorsFatal?: boolean },
  { state, outlook }: HostContext,
): Failed {
  if (!rescuable) {
    state.standing = 'failed';
    outlook.onFailure(state, node);
  }
  return failure;
}

async function runBlock(
  node: BlockNode,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { barrier, state } = context;
  const spots = { block: spotWithin(around.spot, 'block'), rescue: spotWithin(around.spot, 'rescue') };
  const always: Rest = { nodes: node.always, from: 0, local: around.local, next: around.next };
  const rescuable = node.rescue.length > 0 || around.rescuable;
  const inside = { ...around, next: always };
  const failure = await runNodes(node.block, { ...inside, rescuable, spot: spots.block }, context);
  barrier.pass(state, spots.block);
  const remaining =
    failure && node.rescue.length > 0
      ? await runRescue(node, failure, { ...inside, spot: spots.rescue }, context)
      : failure;
  barrier.pass(state, spots.rescue);
  const afterwards = await runAlways(node, { ...around, spot: spotWithin(around.spot, 'always') }, context);
  return remaining ?? afterwards;
}

async function runRescue(
  node: BlockNode,
  failure: Failed,
  around: Surroundings,
  context: HostContext,
): Promise<Failed | undefined> {
  const { registered } = context.state;
  registered.ansible_failed_task = { name: failure.name, action: failure.module };
  registered.ansible_failed_result = failure.result;
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
  const failure = await runNodes(node.always, { ...around, finishing: true }, context);
  if (standing === 'failed') state.standing = standing;
  return failure;
}

/** Runs notified handlers in the order in which they are written, each once. */
export async function flushHandlers(
  { next, spot }: { readonly next: Rest | undefined; readonly spot: Spot },
  context: HostContext,
): Promise<void> {
  const { state, play } = context;
  const { standing } = state;
  if (standing === 'failed' && play.play.forceHandlers) state.standing = 'active';
  for (const [i, handler] of play.play.handlers.entries()) {
    const certain = handler.kind === 'task' ? state.notified.get(handler) : undefined;
    if (handler.kind !== 'task' || certain === undefined) continue;
    state.notified.delete(handler);
    const here = { local: [], next, rescuable: false, depth: 0, handler: true as const };
    const finishing = play.play.forceHandlers;
    await runNodes([handler], { ...here, finishing, spot: spotWithin(spot, i), doubted: !certain }, context);
  }
  context.barrier.pass(state, spot);
  if (standing === 'failed') state.standing = standing;
}
