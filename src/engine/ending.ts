/** What follows from a task's verdict: its name on the host, the counts, what is registered, notified and told. */
import type { Ending, Status, TaskRef } from '../core/event.ts';
import type { TaskNode } from '../core/play.ts';
import { isMap, Unknown, type Value, type ValueMap } from '../core/value.ts';
import type { Scope } from '../template/template.ts';
import type { HostContext } from './context.ts';
import { quietly, text, truth } from './prepare.ts';
import type { Verdict } from './verdict.ts';

/** What the verdict means here: ignore_errors and rescue change a failure's name. Counts it. */
export function settle(
  node: TaskNode,
  verdict: Verdict,
  rescuable: boolean,
  scope: Scope,
  { state }: HostContext,
): Ending {
  const status = settledStatus(node, verdict, rescuable, scope);
  const { counts } = state;
  if (status === 'ok' || status === 'changed' || status === 'ignored') counts.ok++;
  if (status !== 'ok') counts[status]++;
  return toEnding(verdict, status, truth(node.noLog, scope), node.module.name === 'debug');
}

function settledStatus(node: TaskNode, { status }: Verdict, rescuable: boolean, scope: Scope): Status {
  if (status !== 'failed') return status;
  if (truth(node.ignoreErrors, scope)) return 'ignored';
  return rescuable ? 'rescued' : 'failed';
}

export function toEnding(verdict: Verdict, status: Status, hidden: boolean, tells = false): Ending {
  const { steps, hint, uncertain, result } = verdict;
  const changed = result instanceof Unknown ? result.known.changed === true : result.changed === true;
  if (hidden)
    return {
      status,
      changed,
      steps: [],
      ...(status === 'failed' ? { message: 'the output is hidden by no_log' } : {}),
      ...(uncertain ? { uncertain } : {}),
    };
  const message = verdict.message ?? (tells && !(result instanceof Unknown) ? told(result) : undefined);
  return {
    status,
    changed,
    steps,
    ...(message === undefined ? {} : { message }),
    ...(hint === undefined ? {} : { hint }),
    ...(uncertain ? { uncertain } : {}),
    ...(result instanceof Unknown ? {} : { result }),
  };
}

/** What `debug` says: its message, or the variable shown. */
function told({ changed, failed, ...rest }: ValueMap): string | undefined {
  const values = Object.entries(rest);
  if (values.length === 0) return undefined;
  const [[name, value]] = values as [[string, Value]];
  if (name === 'msg' && typeof value === 'string') return value;
  return name === 'msg' ? JSON.stringify(value, null, 2) : `${name}: ${JSON.stringify(value, null, 2)}`;
}

/** Registers, takes over facts, notifies handlers, and notes what changed for the recap. */
export function keep(
  node: TaskNode,
  { result, uncertain }: Verdict,
  ending: Ending,
  ref: TaskRef,
  context: HostContext,
  scope: Scope,
): void {
  const { state, run } = context;
  if (node.register !== undefined) state.registered[node.register] = result;
  if (!(result instanceof Unknown)) takeFacts(node, result, context, scope);
  if (ending.status !== 'changed') return;
  run.journal.changes.push({
    host: ref.host,
    task: ref.task,
    steps: ending.steps.map(({ say }) => say),
    ...(uncertain ? { uncertain } : {}),
  });
  for (const topic of node.notify) notify(text(topic, scope) ?? '', context, scope);
}

function takeFacts(node: TaskNode, result: ValueMap, { state, run }: HostContext, scope: Scope): void {
  const results = Array.isArray(result.results) ? result.results.filter(isMap) : [result];
  const target = node.delegateFacts
    ? (run.variables.stateOf(text(node.delegateTo, scope) ?? state.name) ?? state)
    : state;
  for (const { ansible_facts: facts } of results) {
    if (!isMap(facts)) continue;
    if (node.module.name === 'set_fact') Object.assign(target.registered, facts);
    else target.facts = { ...target.facts, ...facts };
  }
}

function notify(topic: string, { play, state, run }: HostContext, scope: Scope): void {
  const handlers = play.play.handlers.flatMap(node => (node.kind === 'task' ? [node] : []));
  const meant = handlers.filter(
    handler =>
      (quietly(() => text(handler.name, scope)) ?? handler.name?.value) === topic ||
      handler.listen.includes(topic),
  );
  if (meant.length === 0)
    run.emit({
      type: 'warning',
      host: state.name,
      message: `no handler is named "${topic}" or listens to it`,
    });
  for (const handler of meant) state.notified.add(handler);
}
