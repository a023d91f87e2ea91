/** A run from its first play to the recap: hosts and machines live here, and end here. */
import type { Emit, HostCounts, RunEvent } from '../core/event.ts';
import type { Host, Inventory } from '../core/inventory.ts';
import type { Play, Playbook } from '../core/play.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Become, Connect, ConnectionSettings } from '../core/transport.ts';
import { ConnectionError } from '../core/transport.ts';
import type { Layer, Value } from '../core/value.ts';
import { render, type Scope } from '../template/template.ts';
import type { Journal, RunContext } from './context.ts';
import { ControllerFiles } from './controller.ts';
import { HostState, type PlayState } from './host.ts';
import { Machine } from './machine.ts';
import type { HttpRequest } from './observe.ts';
import { runPlay } from './run-play.ts';
import { type RunVariables, scopeFor } from './scope.ts';

/** A variable's value for a host, or undefined. */
type Vars = (name: string) => Value | undefined;
type Keywords = {
  readonly become?: boolean;
  readonly user?: string;
  readonly method?: string;
  readonly password?: string;
};

export interface RunOptions {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  /** Hosts of a play, limit applied; throws a DiagnosticError for a pattern that makes no sense. */
  readonly hostsOf: (play: Play, pattern: string | readonly string[]) => readonly Host[];
  readonly extra: Layer;
  readonly planning: boolean;
  readonly diff: boolean;
  readonly verbosity: number;
  readonly forks: number;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly limit?: string;
  readonly startAt?: string;
  readonly becomePassword?: string;
  readonly become?: boolean;
  readonly becomeUser?: string;
  /** False: probes travel one task at a time. Default true. */
  readonly batching?: boolean;
  /** Plan mode: exit with 2 when changes are pending. */
  readonly detailedExitCode?: boolean;
  readonly version: string;
  readonly setup: AnyTaskModule;
  readonly connect: Connect;
  readonly connectionSettings: (
    name: string,
    vars: Vars,
    play: { remoteUser?: string; port?: number; connection?: string },
  ) => { settings: ConnectionSettings } | { problem: string; hint?: string };
  readonly becomeSettings: (
    vars: Vars,
    keywords: Keywords,
  ) => { become?: Become } | { problem: string; hint?: string };
  readonly http: HttpRequest;
  readonly loadVars: (path: string) => Layer;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** @returns the exit code of DESIGN.md §9. Rejects with a DiagnosticError when a play's own words make no sense. */
export async function run(options: RunOptions): Promise<number> {
  const started = Date.now();
  const { emit, planning } = options;
  const states = new Map<string, HostState>();
  const machines = new Map<string, Machine>();
  const journal: Journal = { changes: [] };
  const context = makeContext(options, states, machines, journal);
  emit({
    type: 'run_start',
    playbooks: options.playbooks.map(({ file }) => file),
    mode: planning ? 'plan' : 'run',
    time: new Date(started).toISOString(),
    version: options.version,
  });
  try {
    await runPlays(options, context, states);
  } catch (error) {
    if (!options.signal.aborted) throw error;
    emit({
      type: 'interrupted',
      signal: String(
        options.signal.reason instanceof Error && 'signal' in options.signal.reason
          ? options.signal.reason.signal
          : 'abort',
      ),
    });
  } finally {
    await Promise.all([...machines.values()].map(machine => machine.close()));
    for (const [name, machine] of machines) countExchanges(states.get(name), machine);
  }
  const recap = makeRecap(options, states, journal, (Date.now() - started) / 1000);
  emit(recap);
  return recap.exit;
}

function countExchanges(state: HostState | undefined, { exchanges }: Machine): void {
  if (state) state.counts.exchanges = exchanges;
}

function makeContext(
  options: RunOptions,
  states: Map<string, HostState>,
  machines: Map<string, Machine>,
  journal: Journal,
): RunContext {
  const variables: RunVariables = {
    inventory: options.inventory,
    extra: options.extra,
    planning: options.planning,
    diff: options.diff,
    verbosity: options.verbosity,
    tags: options.tags,
    skipTags: options.skipTags,
    limit: options.limit,
    version: options.version,
    stateOf: name => states.get(name) ?? addState(states, options.inventory, name),
  };
  const context: RunContext = {
    variables,
    selection: options,
    batching: options.batching ?? true,
    files: new ControllerFiles(),
    http: options.http,
    setup: options.setup,
    emit: options.emit,
    signal: options.signal,
    journal,
    startAt: options.startAt,
    machine: (name, play) => {
      const known = machines.get(name);
      if (known) return known;
      const machine = new Machine(name, () => open(name, play, options, variables));
      machines.set(name, machine);
      return machine;
    },
    become: (scope, keywords) => becomeFor(scope, keywords, options),
  };
  return context;
}

function addState(states: Map<string, HostState>, inventory: Inventory, name: string): HostState | undefined {
  const host = inventory.hosts.find(one => one.name === name);
  if (host === undefined) return undefined;
  const state = new HostState(host);
  states.set(name, state);
  return state;
}

async function runPlays(
  { playbooks, hostsOf, forks, loadVars }: RunOptions,
  context: RunContext,
  states: Map<string, HostState>,
): Promise<void> {
  for (const playbook of playbooks) {
    for (const play of playbook.plays) {
      context.signal.throwIfAborted();
      const scope = playScope(play, playbook.file, context);
      const hosts = hostsOf(play, patternOf(play, scope)).map(host => stateFor(host, states));
      await runPlay({ play, playbookFile: playbook.file, hosts, forks, scope, loadVars }, context);
    }
  }
}

function stateFor(host: Host, states: Map<string, HostState>): HostState {
  const known = states.get(host.name);
  if (known) return known;
  const state = new HostState(host);
  states.set(host.name, state);
  return state;
}

/** What a play's own keywords (`hosts`, `serial`) can read: its vars and -e, no host's. */
function playScope(play: Play, playbookFile: string, { variables }: RunContext): Scope {
  const nobody = new HostState({ name: '', groups: [], layers: [] });
  const state: PlayState = { play, playbookFile, hosts: [], batch: [] };
  return scopeFor(variables, nobody, state, [], true);
}

function patternOf({ hosts }: Play, scope: Scope): string | readonly string[] {
  const value = render(hosts.value, scope, hosts);
  return Array.isArray(value) ? value.map(String) : String(value);
}

async function open(name: string, play: PlayState, options: RunOptions, variables: RunVariables) {
  const state = variables.stateOf(name) ?? new HostState({ name, groups: [], layers: [] });
  const vars = resolved(scopeFor(variables, state, play, [], true));
  const { remoteUser, port, connection } = play.play;
  const keyword = (written: typeof remoteUser | typeof port) =>
    written === undefined
      ? undefined
      : render(written.value, scopeFor(variables, state, play, [], true), written);
  const found = options.connectionSettings(name, vars, {
    ...(remoteUser === undefined ? {} : { remoteUser: String(keyword(remoteUser)) }),
    ...(port === undefined ? {} : { port: Number(keyword(port)) }),
    ...(connection === undefined ? {} : { connection: String(keyword(connection)) }),
  });
  if ('problem' in found) throw new ConnectionError(found.problem, found.hint);
  const started = Date.now();
  const opened = await options.connect(found.settings, options.signal);
  options.emit({ type: 'host_connected', host: name, seconds: (Date.now() - started) / 1000 });
  return opened;
}

/** Variables rendered on demand. */
function resolved(scope: Scope): Vars {
  return name => {
    const found = scope.lookup(name);
    if (found === undefined) return undefined;
    return render(`{{ ${name} }}`, scope);
  };
}

function becomeFor(
  scope: Scope,
  keywords: Keywords,
  { becomeSettings, becomePassword, become, becomeUser }: RunOptions,
): Become | undefined {
  const found = becomeSettings(resolved(scope), {
    ...(become ? { become } : {}),
    ...(becomeUser === undefined ? {} : { user: becomeUser }),
    ...(becomePassword === undefined ? {} : { password: becomePassword }),
    ...keywords,
  });
  if ('problem' in found) throw new ConnectionError(found.problem, found.hint);
  return found.become;
}

function makeRecap(
  { planning, signal, detailedExitCode }: RunOptions,
  states: Map<string, HostState>,
  { changes }: Journal,
  seconds: number,
): Extract<RunEvent, { type: 'recap' }> {
  const all = [...states.values()];
  const hosts = Object.fromEntries(
    all.map(({ name, counts }): [string, HostCounts] => [name, { ...counts }]),
  );
  const code = exitCode(all, signal);
  const exit = code === 0 && planning && detailedExitCode && changes.length > 0 ? 2 : code;
  return { type: 'recap', exit, mode: planning ? 'plan' : 'run', seconds, hosts, changes };
}

function exitCode(states: readonly HostState[], signal: AbortSignal): number {
  if (signal.aborted) return 130;
  if (states.some(({ counts }) => counts.failed > 0)) return 1;
  return states.some(({ counts }) => counts.unreachable > 0) ? 3 : 0;
}
