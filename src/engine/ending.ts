/** What follows from a task's verdict: its name on the host, the counts, what is registered, notified and told. */

import { holdsTemplate } from '../core/arguments.ts';
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Ending, Status, TaskRef } from '../core/event.ts';
import type { Inherited, TaskNode, Written } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, Unknown, type Value, type ValueMap } from '../core/value.ts';
import type { Scope } from '../template/template.ts';
import type { HostContext } from './context.ts';
import type { HostState } from './host.ts';
import { nodeScope } from './invocation.ts';
import { quietly, text, truth } from './prepare.ts';
import { NeedsEveryHost } from './scope.ts';
import { isExpected, type Verdict } from './verdict.ts';

/** What the verdict means here: ignore_errors and rescue change a failure's name. Counts it. */
export function settle(
  node: TaskNode,
  verdict: Verdict,
  rescuable: boolean,
  scope: Scope,
  { state }: HostContext,
): Ending {
  const status = settledStatus(node, verdict, rescuable, scope);
  const ending = toEnding(verdict, status, isHidden(node, scope), node.module.name === 'debug');
  const { counts } = state;
  if (status === 'ok' || status === 'changed' || status === 'ignored') counts.ok++;
  if (status !== 'ok') counts[status]++;
  if (status === 'failed' && isBusy(verdict)) state.busy++;
  if (status === 'ignored' && ending.changed) counts.changed++;
  return ending;
}

/** A module whose lock another run holds says so in its result; of a loop's failed rounds all must. */
function isBusy({ result }: Verdict): boolean {
  if (result instanceof Unknown) return false;
  if (!Array.isArray(result.results)) return result.busy === true;
  return result.results.filter(isMap).every(round => round.failed !== true || round.busy === true);
}

function settledStatus(
  node: TaskNode,
  { status, passedOver }: Verdict,
  rescuable: boolean,
  scope: Scope,
): Status {
  if (status !== 'failed') return status;
  if (passedOver || holdsOr(false, node.ignoreErrors, scope)) return 'ignored';
  return rescuable ? 'rescued' : 'failed';
}

/** Whether no_log hides it; when that cannot be told, it does. */
export function isHidden(node: Inherited, scope: Scope): boolean {
  return holdsOr(true, node.noLog, scope);
}

/** @param unclear what holds when the keyword is given but cannot be evaluated */
function holdsOr(unclear: boolean, written: Written<boolean | string> | undefined, scope: Scope): boolean {
  try {
    return truth(written, scope);
  } catch (error) {
    if (!isExpected(error) && !(error instanceof NeedsEveryHost)) throw error;
    return unclear;
  }
}

export function toEnding(verdict: Verdict, status: Status, hidden: boolean, tells = false): Ending {
  const { steps, hint, uncertain, result } = verdict;
  const changed = result instanceof Unknown ? result.known.changed === true : result.changed === true;
  if (hidden)
    return {
      status,
      changed,
      steps: [],
      ...(['failed', 'ignored', 'rescued'].includes(status)
        ? { message: 'the output is hidden by no_log' }
        : {}),
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

/** The handlers that the task notifies. Throws a DiagnosticError for a name that no handler has. */
export function handlersOf(node: TaskNode, scope: Scope, { play }: HostContext): readonly TaskNode[] {
  const handlers = play.play.handlers.flatMap(one => (one.kind === 'task' ? [one] : []));
  const lists = inLists(handlers);
  return node.notify.flatMap(written => {
    const topic = text(written, scope) ?? '';
    const named = lists.flatMap(
      list => list.find(handler => namesOf(handler, scope).includes(topic)) ?? [],
    )[0];
    const meant = [...(named ? [named] : []), ...handlers.filter(({ listen }) => listen.includes(topic))];
    if (meant.length > 0) return meant;
    const names = handlers.flatMap(({ name, listen }) => [...(name ? [name.value] : []), ...listen]);
    const message = `no handler is named "${topic}" or listens to it`;
    throw new DiagnosticError(errorAt(message, written.source.place(written.path), didYouMean(topic, names)));
  });
}

/** The play's own before those of its roles, the last role first: of each list the first of a name counts. */
function inLists(handlers: readonly TaskNode[]): readonly (readonly TaskNode[])[] {
  const lists = new Map<string, TaskNode[]>();
  for (const handler of handlers) {
    const owner = handler.role?.folder ?? '';
    lists.set(owner, [...(lists.get(owner) ?? []), handler]);
  }
  return [...lists.values()].reverse();
}

/** A handler of a role is also called `ROLE : NAME`. */
function namesOf({ name, role }: TaskNode, scope: Scope): readonly (string | undefined)[] {
  const own = quietly(() => text(name, scope)) ?? name?.value;
  return role === undefined ? [own] : [own, `${role.name} : ${own}`];
}

/** Registers, takes over facts, notifies handlers, and notes what changed for the recap. */
export function keep(
  node: TaskNode,
  verdict: Verdict,
  ending: Ending,
  ref: TaskRef,
  handlers: readonly TaskNode[],
  context: HostContext,
): void {
  const { state, run } = context;
  shareResult(node, verdict.result, context, verdict.uncertain);
  if (ending.status !== 'changed') return;
  const { uncertain } = verdict;
  run.journal.changes.push({
    host: ref.host,
    task: ref.task,
    steps: ending.steps.map(({ say }) => say),
    ...(uncertain ? { uncertain } : {}),
  });
  for (const handler of handlers) state.notified.set(handler, state.notified.get(handler) || !uncertain);
}

/** What a result leaves behind on a host: of its own task, or of one that ran once for all. */
export function shareResult(
  node: TaskNode,
  result: ValueMap | Unknown,
  context: HostContext,
  uncertain = false,
): void {
  const { state } = context;
  if (node.register !== undefined) remember(state, node.register, result, uncertain);
  shareFacts(node, result, context, uncertain);
}

/** The facts of a result; of a round of set_fact at once, for the rounds after it. */
export function shareFacts(
  node: TaskNode,
  result: ValueMap | Unknown,
  context: HostContext,
  uncertain = false,
): void {
  if (result instanceof Unknown) promiseFacts(node, result, context);
  else takeFacts(node, result, context, uncertain);
}

function remember(state: HostState, name: string, value: Value | Unknown, uncertain: boolean): void {
  state.registered[name] = value;
  if (uncertain) state.doubtful.add(name);
  else state.doubtful.delete(name);
}

function takeFacts(node: TaskNode, result: ValueMap, context: HostContext, uncertain: boolean): void {
  const target = ownerOfFacts(node, context);
  const results = Array.isArray(result.results) ? result.results.filter(isMap) : [result];
  for (const { ansible_facts: facts } of results) {
    if (!isMap(facts)) continue;
    if (node.module.name !== 'set_fact') target.facts = { ...target.facts, ...facts };
    else for (const [name, value] of Object.entries(facts)) remember(target, name, value, uncertain);
  }
}

/** Plan mode: facts that could not be worked out yet will be there, with a value that is not known. */
function promiseFacts(node: TaskNode, { origin }: Unknown, context: HostContext): void {
  if (node.module.name !== 'set_fact') return;
  const target = ownerOfFacts(node, context);
  const names = Object.keys(node.args.value).filter(name => name !== 'cacheable' && !holdsTemplate(name));
  for (const name of names) target.registered[name] = new Unknown(origin);
}

function ownerOfFacts({ delegateTo, delegateFacts, vars }: TaskNode, context: HostContext): HostState {
  const { state, run } = context;
  if (!delegateFacts || delegateTo === undefined) return state;
  const name = quietly(() =>
    text(
      delegateTo,
      nodeScope(context, { vars }, [], () => true),
    ),
  );
  return (name === undefined ? undefined : run.variables.stateOf(name)) ?? state;
}
