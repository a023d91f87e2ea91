/** How a round of a task, or the whole task, ended, before ignore_errors and rescue have their say. */
import { type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { StepReport } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { ProbeError } from '../core/probe.ts';
import type { Step } from '../core/step.ts';
import type { Refusal } from '../core/task-module.ts';
import { ConnectionError } from '../core/transport.ts';
import { type Layer, Unknown, UnknownValueError, type Value, type ValueMap } from '../core/value.ts';
import { type Scope, TemplateError } from '../template/template.ts';
import { PlayIsOver } from './patience.ts';
import { allHold, type MakeScope, type Round } from './prepare.ts';
import { dataLayer, NeedsEveryHost } from './scope.ts';

export interface Verdict {
  readonly status: 'ok' | 'changed' | 'skipped' | 'failed';
  readonly steps: readonly StepReport[];
  readonly message?: string;
  readonly hint?: string;
  readonly uncertain?: boolean;
  /** A failure that ignore_unreachable lets pass. */
  readonly passedOver?: true;
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

/** What a task's own words, or what it looks at, can be at fault for; all else is a lost host, or a bug of ours. */
export type Expected = DiagnosticError | ProbeError | TemplateError | UnknownValueError;

export function isExpected(error: unknown): error is Expected {
  return (
    error instanceof DiagnosticError ||
    error instanceof ProbeError ||
    error instanceof TemplateError ||
    error instanceof UnknownValueError
  );
}

/** A bug is reported where it happened, and does not disturb other hosts. */
export function bugIn(error: unknown): Diagnostic {
  const [first = String(error), at] = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return errorAt(
    `girofle itself is at fault: ${first}`,
    undefined,
    `please report it${at ? `: ${at.trim()}` : ''}`,
  );
}

function passesOn(error: unknown): boolean {
  return [ConnectionError, NeedsEveryHost, PlayIsOver].some(kind => error instanceof kind);
}

/** Failures that a task can have become a verdict; a lost host, an interruption and NeedsEveryHost go on up. */
export function verdictOfError(error: unknown, planning: boolean, interrupted: boolean): Verdict {
  if (error instanceof UnknownValueError && planning) return unsure(error.message);
  if (error instanceof DiagnosticError) {
    const [first] = error.diagnostics;
    return failure(error.message, first?.hint === undefined ? {} : { hint: first.hint });
  }
  if (isExpected(error)) return failure(error.message);
  if (interrupted || passesOn(error)) throw error;
  const { message, hint } = bugIn(error);
  return failure(message, hint === undefined ? {} : { hint });
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
export function unsure(message: string): Verdict {
  const result = promiseOf('a task that was only planned');
  return { status: 'changed', uncertain: true, message, steps: [], result };
}

/** The result of what has not run; that it will not have failed can be taken for granted by what comes after it. */
export function promiseOf(origin: string, known: Readonly<ValueMap> = {}): Unknown {
  return new Unknown(origin, { failed: false, ...known });
}

export function withFields(result: ValueMap | Unknown, fields: ValueMap): ValueMap | Unknown {
  if (result instanceof Unknown) return new Unknown(result.origin, { ...result.known, ...fields });
  return { ...result, ...fields };
}

/** The same without what is not certain any more. */
export function withoutFields(result: ValueMap | Unknown, ...names: readonly string[]): ValueMap | Unknown {
  if (!(result instanceof Unknown)) return result;
  const known = Object.entries(result.known).filter(([name]) => !names.includes(name));
  return new Unknown(result.origin, Object.fromEntries(known));
}

export function refused(plan: Refusal, uncertain: boolean): Verdict {
  if (uncertain) return unsure(`cannot be decided before the changes above are made: ${plan.refusal}`);
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
    result: promiseOf(`the result of "${task}"`, { changed: changes, skipped: false }),
    ...(uncertain ? { uncertain } : {}),
  };
}

export function report({ say, diff }: Step): StepReport {
  return { say, ...(diff ? { diff } : {}) };
}

/** `failed_when` and `changed_when` have the last word; where they cannot be evaluated the task fails, with its steps. */
export function judged(
  node: TaskNode,
  verdict: Verdict,
  local: readonly Layer[],
  makeScope: MakeScope,
): Verdict {
  if (verdict.status === 'skipped') return verdict;
  try {
    return judgedBy(node, verdict, makeScope([...local, resultLayer(node, verdict.result)]));
  } catch (error) {
    if (!isExpected(error)) throw error;
    const result = withFields(verdict.result, { failed: true, msg: error.message });
    return { ...verdict, status: 'failed', message: error.message, result };
  }
}

function judgedBy(node: TaskNode, verdict: Verdict, scope: Scope): Verdict {
  const { failedWhen, changedWhen } = node;
  const fails = failedWhen && (ifKnown(() => allHold(failedWhen, scope)) ?? false);
  const failed = fails ?? verdict.status === 'failed';
  const changes =
    verdict.result instanceof Unknown
      ? verdict.result.known.changed
      : verdict.status === 'changed' || verdict.result.changed === true;
  const changed = changedWhen ? ifKnown(() => allHold(changedWhen, scope)) : changes;
  const fields = { failed, ...(fails === undefined ? {} : { failed_when_result: fails }) };
  const result =
    changed === undefined
      ? withFields(withoutFields(verdict.result, 'changed'), fields)
      : withFields(verdict.result, { ...fields, changed });
  if (failed)
    return { ...verdict, status: 'failed', message: verdict.message ?? 'failed_when says so', result };
  const status = (changed ?? (changedWhen !== undefined || verdict.status === 'changed')) ? 'changed' : 'ok';
  const uncertain = verdict.uncertain || (changedWhen !== undefined && changed === undefined);
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
  { name, module }: TaskNode,
  loop: readonly Round[],
  verdicts: readonly Verdict[],
): Verdict {
  const status = joinStatuses(verdicts.map(verdict => verdict.status));
  const hint = verdicts.find(verdict => verdict.hint !== undefined)?.hint;
  const message = joinedMessage(status, loop, verdicts);
  return {
    status,
    steps: verdicts.flatMap(verdict => verdict.steps),
    result: joinResults(name?.value ?? module.name, status, loop, verdicts),
    ...(message === undefined ? {} : { message }),
    ...(hint === undefined ? {} : { hint }),
    ...(verdicts.some(verdict => verdict.uncertain) ? { uncertain: true } : {}),
  };
}

/** As Ansible registers a loop: each result with its item under the loop variable's name. */
function joinResults(
  task: string,
  status: Verdict['status'],
  loop: readonly Round[],
  verdicts: readonly Verdict[],
): ValueMap | Unknown {
  if (loop.length === 0)
    return { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] };
  const changes = verdicts.map(({ result }) => fieldOf(result, 'changed'));
  const known = { failed: status === 'failed', skipped: status === 'skipped' };
  const changed = changes.includes(true);
  const results = verdicts.flatMap(({ result }, i) =>
    result instanceof Unknown ? [] : [{ ...result, ...loop[i]?.result }],
  );
  if (results.length === verdicts.length) return { ...known, changed, results, msg: MESSAGES[status] };
  const unsureOfChange =
    !changed && changes.some((change, i) => change === undefined && verdicts[i]?.result instanceof Unknown);
  return new Unknown(`the result of "${task}"`, unsureOfChange ? known : { ...known, changed });
}

function fieldOf(result: ValueMap | Unknown, name: string): Value | undefined {
  return result instanceof Unknown ? result.known[name] : result[name];
}

const MESSAGES: Readonly<Record<Verdict['status'], string>> = {
  ok: 'All items completed',
  changed: 'All items completed',
  failed: 'One or more items failed',
  skipped: 'All items skipped',
};

function joinedMessage(
  status: Verdict['status'],
  loop: readonly Round[],
  verdicts: readonly Verdict[],
): string | undefined {
  const failures = verdicts.flatMap((verdict, i) =>
    verdict.status === 'failed' ? [`${loop[i]?.label}: ${verdict.message}`] : [],
  );
  if (failures.length > 0) return failures.join('\n');
  if (status !== 'skipped') return undefined;
  return loop.length === 0 ? 'nothing to loop over' : 'no item was due';
}

function joinStatuses(statuses: readonly Verdict['status'][]): Verdict['status'] {
  if (statuses.includes('failed')) return 'failed';
  if (statuses.includes('changed')) return 'changed';
  return statuses.every(status => status === 'skipped') ? 'skipped' : 'ok';
}
