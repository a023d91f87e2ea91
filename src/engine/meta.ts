/** meta tasks: what a play says about its own course. */
import type { MetaNode } from '../core/play.ts';
import { spotWithin } from './barrier.ts';
import type { Failed, HostContext } from './context.ts';
import { nodeScope } from './invocation.ts';
import { Patience } from './patience.ts';
import { unmetCondition } from './prepare.ts';
import type { flushHandlers, Surroundings } from './run-nodes.ts';

export async function runMeta(
  node: MetaNode,
  around: Surroundings,
  context: HostContext,
  flush: typeof flushHandlers,
): Promise<Failed | undefined> {
  const patience = new Patience(around, context);
  if (concernsAll(node)) await decideForAll(node, around, patience, context);
  else if (await holds(node, around, patience, context)) await actHere(node, around, context, flush);
  return undefined;
}

function concernsAll({ action }: MetaNode): boolean {
  return action === 'end_play' || action === 'end_batch' || action === 'clear_host_errors';
}

/** As in Ansible: when all have come here, the first host's condition decides. */
async function decideForAll(
  node: MetaNode,
  around: Surroundings,
  patience: Patience,
  context: HostContext,
): Promise<void> {
  await context.barrier.once(context.state, around.spot, async () => {
    patience.mayBegin();
    await patience.wait();
    if (await holds(node, around, patience, context)) actForAll(node, context);
    return { result: {}, failed: undefined };
  });
}

function holds(
  node: MetaNode,
  { local }: Surroundings,
  patience: Patience,
  context: HostContext,
): Promise<boolean> {
  const scope = nodeScope(context, node, local, patience.arrived);
  return patience.evaluate(() => unmetCondition(node.when, scope) === undefined);
}

function actForAll({ action }: MetaNode, { outlook, play, run }: HostContext): void {
  if (action === 'end_play') outlook.end('play');
  if (action === 'end_batch') outlook.end('batch');
  if (action !== 'clear_host_errors') return;
  for (const host of play.hosts) {
    if (host.standing === 'unreachable') run.machine(host.name, play).reset();
    // They take part again from the next play on.
    if (host.standing !== 'active') host.standing = 'ended';
  }
}

async function actHere(
  { action }: MetaNode,
  { next, spot }: Surroundings,
  context: HostContext,
  flush: typeof flushHandlers,
): Promise<void> {
  const { state } = context;
  if (action === 'flush_handlers') await flush({ next, spot: spotWithin(spot, 'handlers') }, context);
  if (action === 'end_host') state.standing = 'ended';
  if (action === 'clear_facts') state.facts = {};
}
