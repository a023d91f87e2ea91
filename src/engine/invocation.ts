/** One module with its arguments on one machine: what it needs to see, and seeing it. */
import type { Role, TaskNode } from '../core/play.ts';
import {
  type Answer,
  type ControllerRequest,
  known,
  type Probe,
  ProbeError,
  type Request,
} from '../core/probe.ts';
import { type Become, ConnectionError } from '../core/transport.ts';
import type { Layer, ValueMap } from '../core/value.ts';
import { renderText, type Scope } from '../template/template.ts';
import type { HostContext } from './context.ts';
import { HostState } from './host.ts';
import type { Machine } from './machine.ts';
import { isHostRequest, mayBeAskedAhead, observe, type Wanted, want } from './observe.ts';
import { environment, type MakeScope, prepareArgs, rounds, text, truth, unmetCondition } from './prepare.ts';
import { NeedsEveryHost, scopeFor } from './scope.ts';
import { searchFolders } from './search.ts';
import { isSelected } from './tags.ts';
import { type Coming, type Rest, type Rounds, upcoming } from './upcoming.ts';
import { isExpected } from './verdict.ts';

export interface Invocation {
  readonly node: TaskNode;
  readonly args: ValueMap;
  readonly scope: Scope;
  readonly machine: Machine;
  readonly as: Become | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly probe: Probe<unknown>;
  readonly wanted: readonly Wanted[];
  readonly delegatedTo: string | undefined;
}

/** The scope of a node on this host. */
export function nodeScope(
  { run, state, play }: HostContext,
  node: { readonly vars: readonly Layer[]; readonly role?: Role },
  local: readonly Layer[],
  everyHostArrived: () => boolean = () => false,
): Scope {
  return scopeFor(run.variables, state, play, node.role, node.vars, local, everyHostArrived);
}

/** Throws a DiagnosticError, UnknownValueError or NeedsEveryHost when the task cannot be worked out (yet). */
export async function makeInvocation(
  node: TaskNode,
  scope: Scope,
  context: HostContext,
): Promise<Invocation> {
  const { run, state, play } = context;
  const delegatedTo = text(node.delegateTo, scope);
  const machine = run.machine(delegatedTo ?? state.name, play);
  const as = becomeOf(
    node,
    delegatedTo === undefined ? scope : scopeThere(delegatedTo, node, context),
    scope,
    run.become,
  );
  const args = prepareArgs(node, scope);
  const probe = await refine(node.module.probe?.(args) ?? known<unknown>(undefined), node, scope, context);
  const wanted = probe.requests.filter(isHostRequest).map(request => want(request, as));
  return { node, args, scope, machine, as, env: environment(node, scope), probe, wanted, delegatedTo };
}

/** What to look at may depend on files of the controller. */
async function refine(
  probe: Probe<unknown>,
  node: TaskNode,
  scope: Scope,
  context: HostContext,
): Promise<Probe<unknown>> {
  if (probe.refine === undefined) return probe;
  return probe.refine.with(
    await Promise.all(probe.refine.requests.map(request => answerHere(request, node, scope, context))),
  );
}

/** Where a task is delegated, the settings for becoming another user are that host's. */
function scopeThere(name: string, node: TaskNode, { run, play }: HostContext): Scope {
  const there = run.variables.stateOf(name) ?? new HostState({ name, groups: [], layers: [] });
  return scopeFor(run.variables, there, play, node.role, node.vars, [], () => true);
}

function becomeOf(
  node: TaskNode,
  there: Scope,
  scope: Scope,
  resolve: HostContext['run']['become'],
): Become | undefined {
  const user = text(node.becomeUser, scope);
  const method = text(node.becomeMethod, scope);
  return resolve(there, {
    ...(node.become === undefined ? {} : { become: truth(node.become, scope) }),
    ...(user === undefined ? {} : { user }),
    ...(method === undefined ? {} : { method }),
  });
}

/**
 * Looks at what the invocation needs, asking for what comes next in the same exchange, and reads it.
 * @param suppose what is not there yet may be supposed (plan mode, after a change was announced)
 * Throws a ProbeError when it cannot be seen or understood, a ConnectionError when the host is lost.
 */
export async function see(
  invocation: Invocation,
  rest: Rest | undefined,
  suppose: boolean,
  context: HostContext,
): Promise<unknown> {
  const { machine, wanted, probe } = invocation;
  const { run } = context;
  while (wanted.some(({ key }) => !machine.seen.has(key))) {
    await observe(machine, wanted, await lookAhead(machine, rest, FAR, context), run.http, run.signal);
  }
  const answers = await Promise.all(probe.requests.map(request => answer(request, invocation, context)));
  return probe.read(answers, suppose);
}

async function answer(
  request: Request,
  { machine, as, scope, node }: Invocation,
  context: HostContext,
): Promise<Answer | Error> {
  if (!isHostRequest(request)) return answerHere(request, node, scope, context).catch(asProbeError);
  return machine.seen.get(want(request, as).key) ?? new ProbeError('it was not looked at');
}

function asProbeError(error: unknown): ProbeError {
  if (error instanceof ProbeError) return error;
  if (isSystemError(error)) return new ProbeError(`on the controller: ${error.message}`);
  throw error;
}

/** What the operating system refused: a folder that may not be read, a folder instead of a file. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Answers what the controller is asked. Throws a ProbeError for a template that is not there. */
async function answerHere(
  request: ControllerRequest,
  node: TaskNode,
  scope: Scope,
  { run, play }: HostContext,
): Promise<Answer> {
  const folders = searchFolders(node.role, play.playbookFile, node.place.file);
  switch (request.via) {
    case 'file':
      return { via: 'file', value: await run.files.file(request.path, request.subfolder, folders) };
    case 'tree':
      return {
        via: 'tree',
        value: await run.files.tree(request.path, request.subfolder, folders, request.follow ?? false),
      };
    case 'render': {
      const path = await run.files.find(request.path, 'templates', folders);
      if (path === undefined)
        throw new ProbeError(
          `no template ${request.path} on the controller: it was looked for in ${folders.map(folder => `${folder}/templates`).join(', ')} and beside them`,
        );
      return { via: 'render', value: renderText(await run.files.text(path), scope, request.options, path) };
    }
  }
}

/** How many tasks, or rounds of loops, to look ahead: with a look that must be had, and with a change, which may be followed by another. */
export const FAR = 2000;
export const NEAR = 100;

/** What later tasks will look at on this machine, as far as that can be told now. */
export async function lookAhead(
  machine: Machine,
  rest: Rest | undefined,
  most: number,
  context: HostContext,
): Promise<readonly Wanted[]> {
  if (!context.run.batching) return [];
  const ahead: Ahead = { wanted: [], left: most };
  for (const coming of upcoming(rest)) {
    if (ahead.left <= 0) break;
    if (isSelected(coming.node, context.run.selection)) await guess(coming, machine, ahead, context);
  }
  return ahead.wanted;
}

/** What was found by looking ahead, and how many guesses are left. */
interface Ahead {
  readonly wanted: Wanted[];
  left: number;
}

/** A guess that fails is nobody's business: the task says it again when it is reached, and then it counts. */
async function guess(coming: Coming, machine: Machine, ahead: Ahead, context: HostContext): Promise<void> {
  const { node } = coming;
  const makeScope = (layers: readonly Layer[]) => nodeScope(context, node, layers);
  try {
    const { layers, from } = coming.rounds ?? roundsOf(coming, makeScope);
    for (let i = from; i < layers.length && ahead.left-- > 0; i++) {
      const found = await guessRound(node, makeScope(layers[i] ?? []), machine, context);
      ahead.wanted.push(...found.filter(mayBeAskedAhead));
    }
  } catch (error) {
    if (isExpected(error) || error instanceof ConnectionError || error instanceof NeedsEveryHost) return;
    throw error;
  }
}

function roundsOf({ node, local }: Coming, makeScope: MakeScope): Rounds {
  const layers = rounds(node, makeScope, local)?.map(({ layer }) => [...local, layer]) ?? [local];
  return { layers, from: 0 };
}

async function guessRound(
  node: TaskNode,
  scope: Scope,
  machine: Machine,
  context: HostContext,
): Promise<readonly Wanted[]> {
  if (unmetCondition(node.when, scope) !== undefined) return [];
  const invocation = await makeInvocation(node, scope, context);
  return invocation.machine === machine ? invocation.wanted : [];
}
