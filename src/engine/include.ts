/** include_tasks and include_role: tasks found when they are reached, for each round of a loop. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Ending } from '../core/event.ts';
import type { IncludeNode } from '../core/play.ts';
import type { Layer } from '../core/value.ts';
import { UnknownValueError } from '../core/value.ts';
import { spotWithin } from './barrier.ts';
import type { Failed, HostContext } from './context.ts';
import { nodeScope } from './invocation.ts';
import { Patience } from './patience.ts';
import { rounds, text, unmetCondition } from './prepare.ts';
import type { runNodes, Surroundings } from './run-nodes.ts';
import { upcoming } from './upcoming.ts';
import { isExpected, promiseOf } from './verdict.ts';

const DEEPEST = 50;

export async function runInclude(
  node: IncludeNode,
  around: Surroundings,
  context: HostContext,
  run: typeof runNodes,
): Promise<Failed | undefined> {
  const patience = new Patience(around, context);
  const orFailure = <T>(act: () => T | Promise<T>) =>
    patience.evaluate(act).then(
      value => ({ value }),
      error => ({ failed: includeFailure(node, error, around, context) }),
    );
  const locals = await orFailure(() => localsOf(node, around, patience, context));
  if ('failed' in locals) return locals.failed;
  let due = false;
  for (const [i, local] of locals.value.entries()) {
    const nodes = await orFailure(() => nodesFor(node, local, around, patience, context));
    if ('failed' in nodes) return nodes.failed;
    if (nodes.value) tell(node, { status: 'ok', message: `included ${nodes.value.file}` }, context);
    due ||= nodes.value !== undefined;
    const spot = spotWithin(around.spot, i);
    const inside = { ...around, local: [...local, ...ownVars(node)], spot, depth: around.depth + 1 };
    const failed = nodes.value && (await run(nodes.value.nodes, inside, context));
    if (failed) return failed;
    context.barrier.pass(context.state, spot);
  }
  if (!due) tell(node, { status: 'skipped', message: 'not due' }, context);
  return undefined;
}

/** As for a task: that it was due or not, counted as Ansible counts it. */
function tell(
  node: IncludeNode,
  ending: Pick<Ending, 'status' | 'message'> & { readonly uncertain?: true },
  { run, state, play }: HostContext,
): void {
  const { status } = ending;
  const ref = {
    host: state.name,
    play: play.play.name,
    task: titleOf(node),
    module: `include_${node.what}`,
    place: `${node.place.file}:${node.place.line}`,
    id: play.idOf(node),
  };
  // As in Ansible, a role that is included does not count by itself.
  if (node.what === 'tasks' || status !== 'ok') state.counts[status]++;
  if (status === 'changed') state.counts.ok++;
  run.emit({ type: 'task_start', ...ref });
  run.emit({ type: 'task_end', ...ref, ...ending, changed: status === 'changed', steps: [], duration: 0 });
}

function titleOf({ name, what, file, role }: IncludeNode): string {
  const own = name?.value ?? (what === 'role' ? `include_role : ${file.value}` : 'include_tasks');
  return role === undefined ? own : `${role.name} : ${own}`;
}

/** The layers around each round of its loop. */
function localsOf(
  node: IncludeNode,
  { local }: Surroundings,
  patience: Patience,
  context: HostContext,
): readonly (readonly Layer[])[] {
  const makeScope = (layers: readonly Layer[]) => nodeScope(context, node, layers, patience.arrived);
  return rounds(node, makeScope, local)?.map(({ layer }) => [...local, layer]) ?? [local];
}

async function nodesFor(
  node: IncludeNode,
  local: readonly Layer[],
  { depth }: Surroundings,
  patience: Patience,
  context: HostContext,
) {
  const scope = nodeScope(context, node, local, patience.arrived);
  if (unmetCondition(node.when, scope) !== undefined) return undefined;
  const file = text(node.file, scope) ?? '';
  if (depth >= DEEPEST)
    throw new DiagnosticError(errorAt(`${file} is included ${DEEPEST} times within itself`, node.place));
  const from = (node.from ?? []).map(name => text(name, scope) ?? '');
  return { file, nodes: await context.play.load(node, file, from) };
}

/** Its own `vars`, without those of the blocks around: as in Ansible they win over what was registered. */
function ownVars({ vars }: IncludeNode): readonly Layer[] {
  const own = vars.at(-1);
  return own?.origin === 'task vars' ? [own] : [];
}

/** A file that cannot be included fails the host at that place; in plan mode it may be for want of a result. */
function includeFailure(
  node: IncludeNode,
  error: unknown,
  around: Surroundings,
  context: HostContext,
): Failed | undefined {
  const { run, state, outlook } = context;
  if (!isExpected(error)) throw error;
  const unknown = error instanceof UnknownValueError && run.variables.planning;
  const status = unknown ? 'changed' : around.rescuable ? 'rescued' : 'failed';
  tell(node, { status, message: error.message, ...(unknown ? { uncertain: true } : {}) }, context);
  if (unknown) return promiseInside(node, titleOf(node), context);
  if (!around.rescuable) {
    state.standing = 'failed';
    outlook.onFailure(state, node);
  }
  const result = { changed: false, failed: true, msg: error.message };
  return { name: node.name?.value ?? '', module: `include_${node.what}`, result };
}

/** Plan mode: what its tasks would register is not known, nor what they change. */
function promiseInside(node: IncludeNode, task: string, { run, state, play }: HostContext): undefined {
  for (const { node: inner } of upcoming({ nodes: node.ahead ?? [], from: 0, local: [], next: undefined })) {
    if (inner.register !== undefined) state.registered[inner.register] = promiseOf(`the result of "${task}"`);
  }
  run.machine(state.name, play).changePlanned = true;
  run.journal.changes.push({ host: state.name, task, steps: [], uncertain: true });
  return undefined;
}
