/** One task on one host: each round of its loop judged; then told, counted and registered. */
import type { TaskRef } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { ConnectionError } from '../core/transport.ts';
import { type Layer, Unknown, type ValueMap } from '../core/value.ts';
import type { Scope } from '../template/template.ts';
import { attempts, type Frame } from './attempt.ts';
import type { HostContext } from './context.ts';
import { handlersOf, isHidden, keep, settle, shareFacts, toEnding } from './ending.ts';
import { makeInvocation, nodeScope } from './invocation.ts';
import {
  count,
  type MakeScope,
  quietly,
  type Round,
  rounds,
  text,
  truth,
  unmetCondition,
} from './prepare.ts';
import {
  failure,
  isExpected,
  joinRounds,
  skipped,
  type Verdict,
  verdictOfError,
  withFields,
} from './verdict.ts';
import { sleep } from './wait.ts';

export interface TaskOutcome {
  readonly failed: boolean;
  readonly result: ValueMap | Unknown;
  readonly ref: TaskRef;
}

/** One task at work. */
interface Work {
  readonly node: TaskNode;
  readonly frame: Frame;
  readonly context: HostContext;
  readonly ref: TaskRef;
  readonly makeScope: MakeScope;
  readonly scope: Scope;
  /** Plan mode: something was read that may turn out otherwise. */
  readonly doubt: { found: boolean };
}

/** Rejects with a ConnectionError when the host is lost, and when interrupted. */
export async function runTask(node: TaskNode, frame: Frame, context: HostContext): Promise<TaskOutcome> {
  const work = await begin(node, frame, context);
  const { ref, scope, doubt } = work;
  const started = Date.now();
  context.run.emit({ type: 'task_start', ...ref });
  const { verdict: found, items, changed } = await judgeTask(work);
  const { verdict, handlers } = withHandlers(
    doubted(found, doubt.found || frame.doubted === true),
    changed ?? [scope],
    work,
  );
  const ending = settle(node, verdict, frame.rescuable, scope, context);
  context.run.emit({
    type: 'task_end',
    ...ref,
    ...ending,
    duration: (Date.now() - started) / 1000,
    ...(items === undefined ? {} : { items }),
  });
  keep(node, verdict, ending, ref, handlers, context);
  return { failed: ending.status === 'failed' || ending.status === 'rescued', result: verdict.result, ref };
}

async function begin(node: TaskNode, frame: Frame, context: HostContext): Promise<Work> {
  const doubt = { found: false };
  const { doubtful } = context.state;
  const makeScope = (local: readonly Layer[]) =>
    noticing(nodeScope(context, node, local, frame.patience.arrived), doubtful, doubt);
  const scope = makeScope(frame.local);
  const ref = taskRef(node, scope, frame, context);
  // What the name or a keyword reads does not make the outcome doubtful.
  doubt.found = false;
  return { node, frame, context, ref, makeScope, scope, doubt };
}

/** The same scope; notes when a name in `doubtful` is read. */
function noticing(scope: Scope, doubtful: ReadonlySet<string>, doubt: { found: boolean }): Scope {
  if (doubtful.size === 0) return scope;
  return {
    ...scope,
    lookup: name => {
      if (doubtful.has(name)) doubt.found = true;
      return scope.lookup(name);
    },
  };
}

function doubted(verdict: Verdict, uncertain: boolean): Verdict {
  return uncertain ? { ...verdict, uncertain } : verdict;
}

/** Tasks of a role say so, as Ansible's do. */
function titled({ role }: TaskNode, name: string): string {
  return role === undefined ? name : `${role.name} : ${name}`;
}

function taskRef(node: TaskNode, scope: Scope, { handler }: Frame, { play, state }: HostContext): TaskRef {
  const delegatedTo = quietly(() => text(node.delegateTo, scope));
  return {
    host: state.name,
    play: play.play.name,
    task: titled(node, quietly(() => text(node.name, scope)) ?? node.name?.value ?? node.module.name),
    module: node.module.name,
    place: `${node.place.file}:${node.place.line}`,
    id: play.idOf(node),
    ...(handler ? { handler: true as const } : {}),
    ...(delegatedTo === undefined ? {} : { delegatedTo }),
  };
}

/**
 * A change whose handlers cannot be told fails: else they would be missed in silence.
 * @param scopes of the rounds that changed something: the names may be templates of the item
 */
function withHandlers(
  verdict: Verdict,
  scopes: readonly Scope[],
  { node, context }: Work,
): { verdict: Verdict; handlers: readonly TaskNode[] } {
  if (verdict.status !== 'changed' || node.notify.length === 0) return { verdict, handlers: [] };
  try {
    return { verdict, handlers: scopes.flatMap(scope => handlersOf(node, scope, context)) };
  } catch (error) {
    if (!isExpected(error)) throw error;
    const result = withFields(verdict.result, { failed: true, msg: error.message });
    return { verdict: { ...verdict, status: 'failed', message: error.message, result }, handlers: [] };
  }
}

async function judgeTask(
  work: Work,
): Promise<{ verdict: Verdict; items?: number; changed?: readonly Scope[] }> {
  const { node, frame, context, scope } = work;
  try {
    const loop = await frame.patience.evaluate(() => unroll(work));
    if (loop === undefined) return { verdict: modest(node, await judgeRound([frame.local], 0, work)) };
    if ('status' in loop) return { verdict: modest(node, loop) };
    const verdicts = await judgeRounds(loop, work);
    const changed = loop.flatMap(({ layer }, i) =>
      verdicts[i]?.status === 'changed' ? [work.makeScope([...frame.local, layer])] : [],
    );
    return { verdict: joinRounds(node, loop, verdicts), items: loop.length, changed };
  } catch (error) {
    if (!(error instanceof ConnectionError) || context.run.signal.aborted) throw error;
    if (!(await frame.patience.evaluate(() => truth(node.ignoreUnreachable, scope)))) throw error;
    return { verdict: unreachable(error) };
  }
}

/** Plan mode: a module that changes no host announces no change, even where its outcome cannot be known. */
function modest({ module, changedWhen }: TaskNode, verdict: Verdict): Verdict {
  const doubtful = verdict.status === 'changed' && verdict.uncertain && verdict.result instanceof Unknown;
  if (!module.looksOnly || !doubtful || changedWhen !== undefined) return verdict;
  return { ...verdict, status: 'ok', result: withFields(verdict.result, { changed: false }) };
}

/** What ignore_unreachable makes of a lost host: this task is skipped over. */
function unreachable({ message, hint }: ConnectionError): Verdict {
  const result = { changed: false, unreachable: true, msg: message };
  return { ...failure(message, hint === undefined ? {} : { hint }), passedOver: true, result };
}

async function judgeRounds(loop: readonly Round[], work: Work): Promise<readonly Verdict[]> {
  const layers = loop.map(({ layer }) => [...work.frame.local, layer]);
  const verdicts: Verdict[] = [];
  for (const [i, round] of loop.entries()) {
    const verdict = modest(work.node, await judgeRound(layers, i, work));
    verdicts.push(verdict);
    if (work.node.module.name === 'set_fact')
      shareFacts(work.node, verdict.result, work.context, verdict.uncertain);
    emitItem(round, verdict, work);
  }
  return verdicts;
}

/** The rounds of the loop; a verdict when it cannot be worked out; undefined without loop. */
function unroll({ node, frame, makeScope, context }: Work): readonly Round[] | Verdict | undefined {
  const { run } = context;
  try {
    return rounds(node, makeScope, frame.local);
  } catch (error) {
    const unmet = quietly(() => unmetCondition(node.when, makeScope(frame.local)));
    if (unmet !== undefined) return skipped(unmet);
    return verdictOfError(error, run.variables.planning, run.signal.aborted);
  }
}

function emitItem({ item, label }: Round, verdict: Verdict, { node, scope, ref, context }: Work): void {
  const hidden = isHidden(node, scope);
  context.run.emit({
    type: 'item_end',
    ...ref,
    ...toEnding(verdict, verdict.status, hidden),
    item: hidden ? null : item,
    label: hidden ? '(hidden by no_log)' : label,
  });
}

async function judgeRound(
  layers: readonly (readonly Layer[])[],
  round: number,
  work: Work,
): Promise<Verdict> {
  const local = layers[round] ?? [];
  const { node, frame, context, ref, makeScope } = work;
  const { run } = context;
  const scope = makeScope(local);
  try {
    const unmet = await frame.patience.evaluate(() => unmetCondition(node.when, scope));
    if (unmet !== undefined) return skipped(unmet);
    if (round > 0) await pause(work);
    const invocation = await frame.patience.evaluate(() => makeInvocation(node, scope, context));
    return await attempts({ invocation, layers, round, local, frame, makeScope, ref, context });
  } catch (error) {
    const verdict = verdictOfError(error, run.variables.planning, run.signal.aborted);
    if (verdict.status === 'changed') run.machine(context.state.name, context.play).changePlanned = true;
    return verdict;
  }
}

/** Between rounds; what was seen before is old afterwards. */
async function pause({ node, scope, context, frame }: Work): Promise<void> {
  const { run, flow } = context;
  if (node.loopControl.pause === undefined || run.variables.planning) return;
  const seconds = await frame.patience.evaluate(() => count(node.loopControl.pause, scope, 0));
  if (seconds <= 0) return;
  await sleep(seconds, run.signal);
  flow.forget();
}
