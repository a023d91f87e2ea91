/** One round of a task: looked at, planned, applied and judged; again, where `until` asks for it. */
import type { TaskRef } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { ProbeError } from '../core/probe.ts';
import type { Step, StepOutput } from '../core/step.ts';
import { isRefusal, type PlanContext } from '../core/task-module.ts';
import type { Layer, Unknown, ValueMap } from '../core/value.ts';
import { apply } from './apply.ts';
import type { Spot } from './barrier.ts';
import type { HostContext } from './context.ts';
import { isHidden } from './ending.ts';
import { type Invocation, lookAhead, NEAR, see } from './invocation.ts';
import type { Patience } from './patience.ts';
import { allHold, count, type MakeScope, truth } from './prepare.ts';
import type { Rest } from './upcoming.ts';
import {
  failure,
  judged,
  plannedVerdict,
  refused,
  report,
  resultLayer,
  unsure,
  type Verdict,
  withFields,
  withoutFields,
} from './verdict.ts';
import { sleep } from './wait.ts';

/** Where a task stands while it runs: what is around it. */
export interface Frame {
  /** Loop variables and vars of the includes around. */
  readonly local: readonly Layer[];
  readonly rest: Rest | undefined;
  /** A rescue section is around: a failure is not the host's. */
  readonly rescuable: boolean;
  readonly handler: boolean;
  /** Plan mode: it is not certain that it runs at all. */
  readonly doubted?: boolean;
  readonly spot: Spot;
  readonly patience: Patience;
}

/** One round at work. */
export interface Round {
  readonly invocation: Invocation;
  /** The layers of all rounds of this task, and which of them this one is. */
  readonly layers: readonly (readonly Layer[])[];
  readonly round: number;
  readonly local: readonly Layer[];
  readonly frame: Frame;
  readonly makeScope: MakeScope;
  readonly ref: TaskRef;
  readonly context: HostContext;
}

export async function attempts(work: Round): Promise<Verdict> {
  const { invocation, local, frame, makeScope, ref, context } = work;
  const { node, scope, machine } = invocation;
  const { run, flow } = context;
  const evaluate = <T>(act: () => T) => frame.patience.evaluate(act);
  const planning = await evaluate(() => truth(node.checkMode, scope, run.variables.planning));
  const retries = node.until
    ? Math.max(0, Math.floor(await evaluate(() => count(node.retries, scope, 3))))
    : 0;
  for (let attempt = 1; ; attempt++) {
    const tried = await attemptOnce(work, planning);
    const verdict = await evaluate(() => judged(node, tried, local, makeScope));
    if (planning) return announced(machine, doubtOfFailure(node, verdict));
    if (node.until === undefined) return verdict;
    const { until } = node;
    const result = withFields(verdict.result, { attempts: attempt });
    const layers = [...local, resultLayer(node, result)];
    if (await evaluate(() => allHold(until, makeScope(layers)))) return { ...verdict, result };
    if (attempt > retries) return givenUp(verdict, result, attempt);
    const delay = Math.max(0, await evaluate(() => count(node.delay, scope, 5)));
    run.emit({ type: 'task_retry', ...ref, attempt, retries, delay });
    await sleep(delay, run.signal);
    flow.forget();
  }
}

function givenUp(verdict: Verdict, result: ValueMap | Unknown, attempt: number): Verdict {
  const message = verdict.message ?? `still not so after ${attempt} attempt${attempt === 1 ? '' : 's'}`;
  return { ...verdict, status: 'failed', message, result: withFields(result, { failed: true }) };
}

/** What follows a change that is only announced may see something else then. */
function announced(machine: Invocation['machine'], verdict: Verdict): Verdict {
  if (verdict.status === 'changed') machine.changePlanned = true;
  return verdict;
}

/** Where errors are ignored, what comes after cannot take it for granted that there was none. */
function doubtOfFailure(node: TaskNode, verdict: Verdict): Verdict {
  if (node.ignoreErrors === undefined || node.failedWhen !== undefined) return verdict;
  return { ...verdict, result: withoutFields(verdict.result, 'failed') };
}

/** Look, plan, apply: one attempt. What cannot be seen is a failure that `until` may try again. */
async function attemptOnce(work: Round, planning: boolean): Promise<Verdict> {
  const { invocation, frame, context } = work;
  const { machine, wanted } = invocation;
  context.flow.use(machine);
  if (!context.run.batching) context.flow.forget();
  const uncertain = planning && machine.changePlanned && wanted.length > 0;
  try {
    const seen = await frame.patience.evaluate(() => see(invocation, here(work), uncertain, context));
    return await decide(work, seen, planning, uncertain);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    if (!uncertain) return failure(error.message);
    return unsure(`cannot be seen before the changes above are made: ${error.message}`);
  }
}

/** What comes next, the rounds of this task's loop that are still to come included. */
function here({ invocation, layers, round, frame }: Round, done = 0): Rest {
  const rounds = { layers, from: round + done };
  return { nodes: [invocation.node], from: 0, local: frame.local, next: frame.rest, rounds };
}

async function decide(work: Round, seen: unknown, planning: boolean, uncertain: boolean): Promise<Verdict> {
  const { invocation, ref, context } = work;
  const { node, args } = invocation;
  const { verbosity } = context.run.variables;
  const planContext: PlanContext = { host: context.state.name, planning, verbosity };
  const plan = node.module.plan(args, seen, planContext);
  if (isRefusal(plan)) return refused(plan, uncertain);
  const result = (outputs: readonly StepOutput[]) =>
    node.module.result?.(args, seen, outputs, planContext) ?? {};
  if (plan.length === 0) return nothingToDo(result([]), uncertain);
  return planning ? plannedVerdict(ref.task, plan, uncertain) : applied(work, plan, result);
}

function nothingToDo(result: ValueMap, uncertain: boolean): Verdict {
  const full: ValueMap = { changed: false, failed: false, ...result };
  const more = uncertain ? { uncertain } : {};
  if (full.failed !== true)
    return { status: full.skipped === true ? 'skipped' : 'ok', steps: [], result: full, ...more };
  return { ...failure(typeof full.msg === 'string' ? full.msg : 'failed', { result: full }), ...more };
}

async function applied(
  work: Round,
  steps: readonly Step[],
  result: (outputs: readonly StepOutput[]) => ValueMap,
): Promise<Verdict> {
  const { invocation, frame, context, ref } = work;
  const { machine, as, env, node, scope } = invocation;
  const { run, flow } = context;
  const hidden = isHidden(node, scope);
  const next = await lookAhead(machine, here(work, 1), NEAR, context);
  const limit = count(node.timeout, scope, 0);
  frame.patience.begin();
  const done = await flow.changing(machine, () =>
    apply(machine, steps, next, {
      as,
      env,
      limit: limit > 0 ? limit : undefined,
      http: run.http,
      signal: run.signal,
      onLine: (line, stream) => {
        if (!hidden) run.emit({ type: 'task_output', ...ref, line, stream });
      },
    }),
  );
  const tried = steps.slice(0, done.outputs.length);
  const made = done.failure === undefined ? tried : tried.slice(0, -1);
  const changed = made.some(step => step.changes !== false);
  const full: ValueMap = { changed, failed: done.failure !== undefined, ...result(done.outputs) };
  const reports = tried.map(report);
  if (full.failed !== true)
    return { status: full.changed === true ? 'changed' : 'ok', steps: reports, result: full };
  const message = done.failure ?? (typeof full.msg === 'string' ? full.msg : 'failed');
  return failure(message, { steps: reports, result: full });
}
