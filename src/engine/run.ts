/** A run from its first play to the recap: hosts and machines live here, and end here. */
import { setMaxListeners } from 'node:events';
import { DiagnosticError, headline } from '../core/diagnostic.ts';
import type { Emit, HostCounts, RunEvent } from '../core/event.ts';
import type { Host } from '../core/inventory.ts';
import type { Play } from '../core/play.ts';
import { render, type Scope } from '../template/template.ts';
import type { Journal, RunContext } from './context.ts';
import { ControllerFiles } from './controller.ts';
import { HostState } from './host.ts';
import { Changes } from './machine.ts';
import { becomeFor, Machines } from './machines.ts';
import type { RunOptions } from './options.ts';
import { runPlay } from './run-play.ts';
import { type RunVariables, scopeFor } from './scope.ts';

/**
 * @returns the exit code, as README.md lists them. Rejects with a DiagnosticError when the first play's own words make no sense, and
 * with what a renderer threw, after everything on the hosts was ended.
 */
export async function run(options: RunOptions): Promise<number> {
  const started = Date.now();
  const sink = new Sink(options.emit);
  const signal = AbortSignal.any([options.signal, sink.broken]);
  // One signal serves all hosts, each listening for it several times.
  setMaxListeners(0, signal);
  const session = new Session({ ...options, emit: sink.emit, signal });
  sink.emit({
    type: 'run_start',
    playbooks: options.playbooks.map(({ file }) => file),
    mode: options.planning ? 'plan' : 'run',
    time: new Date(started).toISOString(),
    version: options.version,
  });
  try {
    await session.runPlays();
  } catch (error) {
    if (options.signal.aborted) sink.emit({ type: 'interrupted', signal: nameOf(options.signal.reason) });
    else if (!sink.broken.aborted) session.blame(error);
  } finally {
    await session.machines.close();
  }
  if (sink.broken.aborted) throw sink.broken.reason;
  const recap = session.recap((Date.now() - started) / 1000, options.signal.aborted);
  sink.emit(recap);
  return recap.exit;
}

function nameOf(reason: unknown): string {
  return reason instanceof Error && 'signal' in reason ? String(reason.signal) : 'abort';
}

/** Passes events on. When the renderer throws, the run must end in order all the same: hosts must not be left at work. */
class Sink {
  readonly #broken = new AbortController();
  readonly #emit: Emit;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  readonly emit: Emit = event => {
    if (this.#broken.signal.aborted) return;
    try {
      this.#emit(event);
    } catch (error) {
      this.#broken.abort(error);
    }
  };
}

/** What lives as long as a run. */
class Session {
  readonly machines: Machines;
  readonly #options: RunOptions;
  readonly #states = new Map<string, HostState>();
  readonly #journal: Journal = { changes: [] };
  readonly #context: RunContext;
  #blamed = false;

  constructor(options: RunOptions) {
    this.#options = options;
    const variables: RunVariables = {
      ...pick(options, [
        'inventory',
        'extra',
        'planning',
        'diff',
        'verbosity',
        'tags',
        'skipTags',
        'version',
      ]),
      limit: options.limit,
      program: options.program,
      stateOf: name => this.#stateOf(name),
    };
    this.machines = new Machines(options, variables);
    this.#context = {
      ...pick(options, ['http', 'setup', 'emit', 'signal']),
      startAt: options.startAt,
      variables,
      selection: options,
      batching: options.batching ?? true,
      files: new ControllerFiles(),
      journal: this.#journal,
      changes: new Changes(),
      machine: (name, play) => this.machines.get(name, play),
      become: (scope, keywords) => becomeFor(scope, keywords, options),
    };
  }

  async runPlays(): Promise<void> {
    const { playbooks, startAt, emit } = this.#options;
    for (const { file, plays } of playbooks) {
      for (const play of plays) if (!(await this.#runPlay(play, file))) return;
    }
    if (startAt !== undefined && this.#context.startAt !== undefined)
      emit({ type: 'warning', message: `no task is named "${startAt}": nothing was run` });
  }

  async #runPlay(play: Play, playbookFile: string): Promise<boolean> {
    const { hostsOf, forks, loadVars, signal } = this.#options;
    signal.throwIfAborted();
    const scope = playScope(play, playbookFile, this.#context);
    const hosts = hostsOf(play, patternOf(play, scope)).map(host => this.#stateFor(host));
    return runPlay({ play, playbookFile, hosts, forks, scope, loadVars }, this.#context);
  }

  /** A later play's own words make no sense: what was done before is still told. */
  blame(error: unknown): void {
    const begun = [...this.#states.values()].some(({ tookPart }) => tookPart);
    if (!(error instanceof DiagnosticError) || !begun) throw error;
    this.#blamed = true;
    for (const diagnostic of error.diagnostics) {
      this.#options.emit({ type: 'diagnostic', diagnostic, frame: headline(diagnostic) });
    }
  }

  recap(seconds: number, interrupted: boolean): Extract<RunEvent, { type: 'recap' }> {
    const { planning, detailedExitCode } = this.#options;
    const { changes } = this.#journal;
    const exchanges = this.machines.exchanges();
    const taking = [...this.#states.values()].filter(({ tookPart }) => tookPart);
    const hosts = Object.fromEntries(
      taking.map(({ name, counts }): [string, HostCounts] => [
        name,
        { ...counts, exchanges: exchanges.get(name) ?? 0 },
      ]),
    );
    const code = interrupted ? 130 : this.#exitCode(taking);
    const exit = code === 0 && planning && detailedExitCode && changes.length > 0 ? 2 : code;
    return { type: 'recap', exit, mode: planning ? 'plan' : 'run', seconds, hosts, changes };
  }

  #exitCode(states: readonly HostState[]): number {
    const failed = states.filter(({ counts }) => counts.failed > 0);
    if (this.#blamed || failed.some(({ counts, busy }) => counts.failed > busy)) return 1;
    if (failed.length > 0) return 5;
    return states.some(({ counts }) => counts.unreachable > 0) ? 3 : 0;
  }

  #stateOf(name: string): HostState | undefined {
    const known = this.#states.get(name);
    if (known) return known;
    const { hosts, localhost } = this.#options.inventory;
    const host = hosts.find(one => one.name === name) ?? (isThisMachine(name) ? localhost : undefined);
    return host && this.#stateFor(host);
  }

  #stateFor(host: Host): HostState {
    const state = this.#states.get(host.name) ?? new HostState(host);
    this.#states.set(host.name, state);
    return state;
  }
}

function isThisMachine(name: string): boolean {
  return name === 'localhost' || name === '127.0.0.1' || name === '::1';
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map(name => [name, from[name]])) as Pick<T, K>;
}

/** What a play's own keywords (`hosts`, `serial`) can read: its vars and -e, no host's. */
function playScope(play: Play, playbookFile: string, { variables }: RunContext): Scope {
  const nobody = new HostState({ name: '', groups: [], layers: [] });
  return scopeFor(
    variables,
    nobody,
    { play, playbookFile, hosts: [], batch: [] },
    undefined,
    [],
    [],
    () => true,
  );
}

function patternOf({ hosts }: Play, scope: Scope): string | readonly string[] {
  const value = render(hosts.value, scope, hosts);
  return Array.isArray(value) ? value.map(String) : String(value);
}
