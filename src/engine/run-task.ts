/** One task on one host: each round of its loop looked at, planned, applied and judged; then told and registered. */
import type { TaskRef } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { ProbeError } from '../core/probe.ts';
import type { Step, StepOutput } from '../core/step.ts';
import { isRefusal } from '../core/task-module.ts';
import type { Layer, Unknown, ValueMap } from '../core/value.ts';
import type { Scope } from '../template/template.ts';
import { apply, sleep } from './apply.ts';
import type { HostContext } from './context.ts';
import { keep, settle, toEnding } from './ending.ts';
import { type Invocation, lookAhead, makeInvocation, nodeScope, see } from './invocation.ts';
import {
  allHold,
  count,
  type MakeScope,
  quietly,
  type Round,
  rounds,
  text,
  truth,
  unmetCondition,
} from './prepare.ts';
import type { Rest } from './upcoming.ts';
import {
  failure,
  joinRounds,
  judged,
  plannedVerdict,
  refused,
  report,
  resultLayer,
  skipped,
  unsure,
  type Verdict,
  verdictOfError,
  withFields,
} from './verdict.ts';

/** Where a task stands while it runs: what is around it. */
export interface Frame {
  /** Loop variables of the includes around. */
  readonly local: readonly Layer[];
  readonly rest: Rest | undefined;
  /** A rescue section is around: a failure is not the host's. */
  readonly rescuable: boolean;
  readonly handler: boolean;
  readonly everyHostArrived: boolean;
}

export interface TaskOutcome {
  readonly failed: boolean;
  readonly result: ValueMap | Unknown;
  readonly ref: TaskRef;
}

/** Rejects with a ConnectionError when the host is lost, and with NeedsEveryHost before anything was done. */
export async function runTask(node: TaskNode, frame: Frame, context: HostContext): Promise<TaskOutcome> {
  const makeScope = (local: readonly Layer[]) => nodeScope(context, node, local, frame.everyHostArrived);
  const scope = makeScope(frame.local);
  const ref = taskRef(node, scope, frame, context);
  const started = Date.now();
  context.run.emit({ type: 'task_start', ...ref });
  const { verdict, items } = await judgeTask(node, frame, makeScope, ref, context);
  const ending = settle(node, verdict, frame.rescuable, scope, context);
  context.run.emit({
    type: 'task_end',
    ...ref,
    ...ending,
    duration: (Date.now() - started) / 1000,
    ...(items === undefined ? {} : { items }),
  });
  keep(node, verdict, ending, ref, context, scope);
  return { failed: ending.status === 'failed' || ending.status === 'rescued', result: verdict.result, ref };
}

function taskRef(
  node: TaskNode,
  scope: Scope,
  { handler }: Frame,
  { play, state, idOf }: HostContext,
): TaskRef {
  const delegatedTo = quietly(() => text(node.delegateTo, scope));
  return {
    host: state.name,
    play: play.play.name,
    task: quietly(() => text(node.name, scope)) ?? node.name?.value ?? node.module.name,
    module: node.module.name,
    place: `${node.place.file}:${node.place.line}`,
    id: idOf(node),
    ...(handler ? { handler: true as const } : {}),
    ...(delegatedTo === undefined ? {} : { delegatedTo }),
  };
}

async function judgeTask(
  node: TaskNode,
  frame: Frame,
  makeScope: MakeScope,
  ref: TaskRef,
  context: HostContext,
): Promise<{ verdict: Verdict; items?: number }> {
  const loop = unroll(node, frame, makeScope, context);
  if (loop === undefined)
    return { verdict: await judgeRound(node, frame.local, frame, makeScope, ref, context) };
  if ('status' in loop) return { verdict: loop };
  const verdicts: Verdict[] = [];
  for (const [i, round] of loop.entries()) {
    if (i > 0 && node.loopControl.pause)
      await sleep(count(node.loopControl.pause, makeScope(frame.local), 0), context.run.signal);
    const verdict = await judgeRound(node, [...frame.local, round.layer], frame, makeScope, ref, context);
    verdicts.push(verdict);
    emitItem(node, round, verdict, ref, makeScope(frame.local), context);
  }
  return { verdict: joinRounds(node, loop, verdicts), items: loop.length };
}

/** The rounds of the loop; a verdict when it cannot be worked out; undefined without loop. */
function unroll(
  node: TaskNode,
  frame: Frame,
  makeScope: MakeScope,
  context: HostContext,
): readonly Round[] | Verdict | undefined {
  try {
    return rounds(node, makeScope, frame.local);
  } catch (error) {
    const unmet = quietly(() => unmetCondition(node.when, makeScope(frame.local)));
    return unmet === undefined ? verdictOfError(error, context.run.variables.planning) : skipped(unmet);
  }
}

function emitItem(
  node: TaskNode,
  { item, label }: Round,
  verdict: Verdict,
  ref: TaskRef,
  scope: Scope,
  { run }: HostContext,
): void {
  const hidden = truth(node.noLog, scope);
  const ending = toEnding(verdict, verdict.status, hidden);
  run.emit({
    type: 'item_end',
    ...ref,
    ...ending,
    item: hidden ? null : item,
    label: hidden ? '(hidden by no_log)' : label,
  });
}

async function judgeRound(
  node: TaskNode,
  local: readonly Layer[],
  frame: Frame,
  makeScope: MakeScope,
  ref: TaskRef,
  context: HostContext,
): Promise<Verdict> {
  try {
    const scope = makeScope(local);
    const unmet = unmetCondition(node.when, scope);
    if (unmet !== undefined) return skipped(unmet);
    const invocation = await makeInvocation(node, scope, context);
    return await attempts(invocation, local, frame, makeScope, ref, context);
  } catch (error) {
    return verdictOfError(error, context.run.variables.planning);
  }
}

async function attempts(
  invocation: Invocation,
  local: readonly Layer[],
  frame: Frame,
  makeScope: MakeScope,
  ref: TaskRef,
  context: HostContext,
): Promise<Verdict> {
  const { node, scope, machine } = invocation;
  const { run } = context;
  const tries = node.until ? 1 + count(node.retries, scope, 3) : 1;
  for (let attempt = 1; ; attempt++) {
    const verdict = judged(node, await attemptOnce(invocation, frame, ref, context), local, makeScope);
    if (node.until === undefined || isPlanning(node, scope, run.variables.planning)) return verdict;
    if (allHold(node.until, makeScope([...local, resultLayer(node, verdict.result)]))) return verdict;
    if (attempt === tries)
      return {
        ...failure(verdict.message ?? `still not so after ${tries} attempts`, { steps: verdict.steps }),
        result: withFields(verdict.result, { failed: true, attempts: attempt }),
      };
    const delay = count(node.delay, scope, 5);
    run.emit({ type: 'task_retry', ...ref, attempt, retries: tries - 1, delay });
    await sleep(delay, run.signal);
    machine.forget();
  }
}

function isPlanning(node: TaskNode, scope: Scope, planning: boolean): boolean {
  return truth(node.checkMode, scope, planning);
}

/** Look, plan, apply: one attempt. */
async function attemptOnce(
  invocation: Invocation,
  frame: Frame,
  ref: TaskRef,
  context: HostContext,
): Promise<Verdict> {
  const { node, args, machine, scope, wanted } = invocation;
  const { run } = context;
  const planning = isPlanning(node, scope, run.variables.planning);
  const uncertain = planning && machine.changePlanned && wanted.length > 0;
  const planContext = { host: context.state.name, planning, verbosity: run.variables.verbosity };
  let seen: unknown;
  try {
    seen = await see(invocation, here(node, frame), uncertain, context);
  } catch (error) {
    if (uncertain && error instanceof ProbeError)
      return announced(
        machine,
        unsure(`cannot be seen before the changes above are made: ${error.message}`, []),
      );
    throw error;
  }
  const plan = node.module.plan(args, seen, planContext);
  if (isRefusal(plan)) return refused(plan, uncertain);
  const result = (outputs: readonly StepOutput[]) =>
    node.module.result?.(args, seen, outputs, planContext) ?? {};
  if (plan.length === 0) {
    return {
      status: 'ok',
      steps: [],
      result: { changed: false, failed: false, ...result([]) },
      ...(uncertain ? { uncertain } : {}),
    };
  }
  if (planning) return announced(machine, plannedVerdict(ref.task, plan, uncertain));
  return applied(invocation, plan, result, frame, ref, context);
}

/** What comes next, this task's other rounds included. */
function here(node: TaskNode, { rest, local }: Frame): Rest {
  return { nodes: [node], from: 0, local, next: rest };
}

function announced(machine: Invocation['machine'], verdict: Verdict): Verdict {
  if (verdict.status === 'changed') machine.changePlanned = true;
  return verdict;
}

async function applied(
  { machine, as, env, node, scope }: Invocation,
  steps: readonly Step[],
  result: (outputs: readonly StepOutput[]) => ValueMap,
  frame: Frame,
  ref: TaskRef,
  context: HostContext,
): Promise<Verdict> {
  const { run } = context;
  const hidden = truth(node.noLog, scope);
  const done = await apply(machine, steps, await lookAhead(machine, here(node, frame), context), {
    as,
    env,
    limit: node.timeout === undefined ? undefined : count(node.timeout, scope, 0),
    http: run.http,
    signal: run.signal,
    onLine: (line, stream) => {
      if (!hidden) run.emit({ type: 'task_output', ...ref, line, stream });
    },
  });
  const tried = steps.slice(0, done.outputs.length);
  const changed = (done.failure === undefined ? tried : tried.slice(0, -1)).some(
    step => step.changes !== false,
  );
  const full: ValueMap = { changed, failed: done.failure !== undefined, ...result(done.outputs) };
  const reports = tried.map(report);
  if (full.failed !== true)
    return { status: full.changed === true ? 'changed' : 'ok', steps: reports, result: full };
  const message = done.failure ?? (typeof full.msg === 'string' ? full.msg : 'failed');
  return failure(message, { steps: reports, result: full });
}
