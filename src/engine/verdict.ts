/** How a round of a task, or the whole task, ended, before ignore_errors and rescue have their say. */
import { DiagnosticError } from '../core/diagnostic.ts';
import type { StepReport } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { ProbeError } from '../core/probe.ts';
import type { Step } from '../core/step.ts';
import type { Refusal } from '../core/task-module.ts';
import { type Layer, Unknown, UnknownValueError, type ValueMap } from '../core/value.ts';
import { TemplateError } from '../template/template.ts';
import { allHold, type MakeScope, type Round } from './prepare.ts';
import { dataLayer } from './scope.ts';

export interface Verdict {
  readonly status: 'ok' | 'changed' | 'skipped' | 'failed';
  readonly steps: readonly StepReport[];
  readonly message?: string;
  readonly hint?: string;
  readonly uncertain?: boolean;
  readonly result: ValueMap | Unknown;
}

export function skipped(condition: string): Verdict {
  const result = {
    changed: false,
    skipped: true,
    skip_reason: 'Conditional result was False',
    false_condition: condition,
  };
  return { status: 'skipped', steps: [], message: `not when ${condition}`, result };
}

/** Expected failures become a verdict; all else goes on up. */
export function verdictOfError(error: unknown, planning: boolean): Verdict {
  if (error instanceof UnknownValueError && planning) return unsure(error.message, []);
  if (error instanceof DiagnosticError) {
    const [first] = error.diagnostics;
    return failure(error.message, first?.hint === undefined ? {} : { hint: first.hint });
  }
  if (error instanceof TemplateError || error instanceof ProbeError || error instanceof UnknownValueError)
    return failure(error.message);
  throw error;
}

export function failure(
  message: string,
  more: { hint?: string; steps?: readonly StepReport[]; result?: ValueMap } = {},
): Verdict {
  const { hint, steps = [], result = {} } = more;
  const full = { changed: false, failed: true, msg: message, ...result };
  return { status: 'failed', message, steps, result: full, ...(hint === undefined ? {} : { hint }) };
}

/** Plan mode: it may change something, and only the run will tell. */
export function unsure(message: string, steps: readonly StepReport[]): Verdict {
  return {
    status: 'changed',
    uncertain: true,
    message,
    steps,
    result: promised('a task that was only planned', true),
  };
}

function promised(origin: string, changed: boolean): Unknown {
  return new Unknown(origin, { changed, failed: false, skipped: false });
}

export function withFields(result: ValueMap | Unknown, fields: ValueMap): ValueMap | Unknown {
  return result instanceof Unknown ? result : { ...result, ...fields };
}

export function refused(plan: Refusal, uncertain: boolean): Verdict {
  if (uncertain) return unsure(`cannot be decided before the changes above are made: ${plan.refusal}`, []);
  return failure(plan.refusal, {
    ...(plan.hint === undefined ? {} : { hint: plan.hint }),
    ...(plan.result ? { result: plan.result } : {}),
  });
}

export function plannedVerdict(task: string, steps: readonly Step[], uncertain: boolean): Verdict {
  const changes = steps.some(step => step.changes !== false);
  return {
    status: changes ? 'changed' : 'ok',
    steps: steps.map(report),
    result: promised(`the result of "${task}"`, changes),
    ...(uncertain ? { uncertain } : {}),
  };
}

export function report({ say, diff }: Step): StepReport {
  return { say, ...(diff ? { diff } : {}) };
}

/** `failed_when` and `changed_when` have the last word. */
export function judged(
  node: TaskNode,
  verdict: Verdict,
  local: readonly Layer[],
  makeScope: MakeScope,
): Verdict {
  if (verdict.status === 'skipped') return verdict;
  const scope = makeScope([...local, resultLayer(node, verdict.result)]);
  const failed =
    node.failedWhen === undefined
      ? verdict.status === 'failed'
      : (ifKnown(() => allHold(node.failedWhen ?? [], scope)) ?? false);
  const changes =
    verdict.status === 'changed' ||
    (verdict.result instanceof Unknown ? false : verdict.result.changed === true);
  const changed =
    node.changedWhen === undefined ? changes : ifKnown(() => allHold(node.changedWhen ?? [], scope));
  const result = withFields(verdict.result, { failed, changed: changed ?? true });
  if (failed)
    return { ...verdict, status: 'failed', message: verdict.message ?? 'failed_when says so', result };
  const status = (changed ?? true) ? 'changed' : 'ok';
  const uncertain = verdict.uncertain || changed === undefined;
  const { message, ...rest } = verdict;
  return {
    ...rest,
    status,
    result,
    ...(verdict.status === 'failed' || message === undefined ? {} : { message }),
    ...(uncertain ? { uncertain } : {}),
  };
}

/** Undefined when it depends on what only a run will tell. */
function ifKnown(act: () => boolean): boolean | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof UnknownValueError) return undefined;
    throw error;
  }
}

export function resultLayer({ register }: TaskNode, result: ValueMap | Unknown): Layer {
  return dataLayer('the result', register === undefined ? {} : { [register]: result });
}

export function joinRounds(
  { name }: TaskNode,
  loop: readonly Round[],
  verdicts: readonly Verdict[],
): Verdict {
  const statuses = verdicts.map(({ status }) => status);
  const status = joinStatuses(statuses);
  const failures = verdicts.flatMap((verdict, i) =>
    verdict.status === 'failed' ? [`${loop[i]?.label}: ${verdict.message}`] : [],
  );
  const hint = verdicts.find(verdict => verdict.hint !== undefined)?.hint;
  const uncertain = verdicts.some(verdict => verdict.uncertain);
  const unknown = verdicts.find(({ result }) => result instanceof Unknown);
  const known = {
    changed: statuses.includes('changed'),
    failed: status === 'failed',
    skipped: status === 'skipped',
  };
  const results = verdicts.flatMap(({ result }, i) =>
    result instanceof Unknown ? [] : [{ ...result, item: loop[i]?.item ?? null, ansible_loop_var: 'item' }],
  );
  return {
    status,
    steps: verdicts.flatMap(verdict => verdict.steps),
    result: unknown
      ? new Unknown(`the result of "${name?.value ?? 'a loop'}"`, known)
      : { ...known, results, msg: joinedMessage(status) },
    ...(failures.length > 0
      ? { message: failures.join('\n') }
      : status === 'skipped'
        ? { message: loop.length === 0 ? 'nothing to loop over' : 'no item was due' }
        : {}),
    ...(hint === undefined ? {} : { hint }),
    ...(uncertain ? { uncertain } : {}),
  };
}

function joinedMessage(status: Verdict['status']): string {
  return status === 'failed'
    ? 'One or more items failed'
    : status === 'skipped'
      ? 'All items skipped'
      : 'All items completed';
}

function joinStatuses(statuses: readonly Verdict['status'][]): Verdict['status'] {
  if (statuses.includes('failed')) return 'failed';
  if (statuses.includes('changed')) return 'changed';
  return statuses.every(status => status === 'skipped') ? 'skipped' : 'ok';
}
