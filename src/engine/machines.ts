/** The machines of a run: one for each way to reach a host, opened on first use and closed at the end. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Play, Written } from '../core/play.ts';
import { type Become, ConnectionError, type ConnectionSettings } from '../core/transport.ts';
import type { Value } from '../core/value.ts';
import { render, type Scope } from '../template/template.ts';
import { HostState, type PlayState } from './host.ts';
import { Machine } from './machine.ts';
import type { BecomeKeywords, RunOptions } from './options.ts';
import { type RunVariables, scopeFor } from './scope.ts';

export class Machines {
  readonly #options: RunOptions;
  readonly #variables: RunVariables;
  /** By host and settings: a play with another `remote_user` has another connection. */
  readonly #machines = new Map<string, Machine>();
  readonly #ofPlays = new WeakMap<PlayState, Map<string, Machine>>();

  constructor(options: RunOptions, variables: RunVariables) {
    this.#options = options;
    this.#variables = variables;
  }

  /** The machine that a host name stands for in a play; named in the inventory or not. */
  get(name: string, play: PlayState): Machine {
    const ofPlay = this.#ofPlays.get(play) ?? new Map<string, Machine>();
    this.#ofPlays.set(play, ofPlay);
    const known = ofPlay.get(name);
    if (known) return known;
    try {
      const machine = this.#machineFor(name, this.#settings(name, play));
      ofPlay.set(name, machine);
      return machine;
    } catch (error) {
      // Not kept: a variable that is missing now may be set later.
      return new Machine(name, () => Promise.reject(error));
    }
  }

  /** Exchanges by host name. */
  exchanges(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { name, exchanges } of this.#machines.values()) {
      sums.set(name, (sums.get(name) ?? 0) + exchanges);
    }
    return sums;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#machines.values()].map(machine => machine.close()));
  }

  #machineFor(name: string, settings: ConnectionSettings): Machine {
    const key = JSON.stringify([name, settings]);
    const machine = this.#machines.get(key) ?? new Machine(name, () => this.#open(name, settings));
    this.#machines.set(key, machine);
    return machine;
  }

  async #open(name: string, settings: ConnectionSettings) {
    const { connect, signal, emit } = this.#options;
    const started = Date.now();
    const opened = await connect(settings, signal);
    emit({ type: 'host_connected', host: name, seconds: (Date.now() - started) / 1000 });
    return opened;
  }

  #settings(name: string, play: PlayState): ConnectionSettings {
    const state = this.#variables.stateOf(name) ?? new HostState({ name, groups: [], layers: [] });
    const scope = scopeFor(this.#variables, state, play, undefined, [], [], () => true);
    const found = this.#options.connectionSettings(name, resolved(scope), keywordsOf(play.play, scope));
    if ('problem' in found) throw new ConnectionError(found.problem, found.hint);
    return found.settings;
  }
}

function keywordsOf({ remoteUser, port, connection }: Play, scope: Scope) {
  const keyword = (written: Written<string> | Written<number | string>) =>
    String(render(written.value, scope, written));
  return {
    ...(remoteUser === undefined ? {} : { remoteUser: keyword(remoteUser) }),
    ...(port === undefined ? {} : { port: Number(keyword(port)) }),
    ...(connection === undefined ? {} : { connection: keyword(connection) }),
  };
}

/** Variables rendered on demand. */
function resolved(scope: Scope): (name: string) => Value | undefined {
  return name => (scope.lookup(name) === undefined ? undefined : render(`{{ ${name} }}`, scope));
}

/** Who a task becomes. Throws a DiagnosticError for settings that make no sense. */
export function becomeFor(
  scope: Scope,
  keywords: BecomeKeywords,
  { becomeSettings, becomePassword, become, becomeUser }: RunOptions,
): Become | undefined {
  const found = becomeSettings(resolved(scope), {
    ...(become ? { become } : {}),
    ...(becomeUser === undefined ? {} : { user: becomeUser }),
    ...(becomePassword === undefined ? {} : { password: becomePassword }),
    ...keywords,
  });
  if ('problem' in found) throw new DiagnosticError(errorAt(found.problem, undefined, found.hint));
  return found.become;
}
