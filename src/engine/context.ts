/** What the parts of the engine share while a playbook runs. */

import type { Emit } from '../core/event.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Become } from '../core/transport.ts';
import type { Unknown, ValueMap } from '../core/value.ts';
import type { Scope } from '../template/template.ts';
import type { Barrier } from './barrier.ts';
import type { ControllerFiles } from './controller.ts';
import type { HostState, PlayState } from './host.ts';
import type { Changes, Flow, Machine } from './machine.ts';
import type { HttpRequest } from './observe.ts';
import type { RunVariables } from './scope.ts';
import type { Selection } from './tags.ts';

export interface RunContext {
  readonly variables: RunVariables;
  readonly selection: Selection;
  /** False: every task's probes travel alone (for the law that batching is invisible). */
  readonly batching: boolean;
  readonly files: ControllerFiles;
  readonly http: HttpRequest;
  readonly setup: AnyTaskModule;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly journal: Journal;
  readonly changes: Changes;
  /** The machine that a host name stands for; named in the inventory or not (delegate_to). */
  readonly machine: (host: string, play: PlayState) => Machine;
  readonly become: (
    scope: Scope,
    keywords: { become?: boolean; user?: string; method?: string },
  ) => Become | undefined;
  /** Tasks before the one with this name are left out; undefined once a play that has it is through. */
  startAt: string | undefined;
}

/** What the recap is made of. */
export interface Journal {
  readonly changes: {
    readonly host: string;
    readonly task: string;
    readonly steps: readonly string[];
    readonly uncertain?: boolean;
  }[];
}

/** A failure that ends a list of tasks; `result` is what a rescue section sees. */
export interface Failed {
  /** '' when it has none. */
  readonly name: string;
  readonly module: string;
  readonly result: ValueMap | Unknown;
}

/** What a task that ran once gave, for the hosts that did not run it. */
export interface OnceResult {
  readonly result: ValueMap | Unknown;
  readonly failed: Failed | undefined;
}

/** Whether a play goes on. */
export interface Outlook {
  /** `ended` by a meta task; `fatal` when too much failed: then what `always` says is still done. */
  readonly over: () => 'ended' | 'fatal' | undefined;
  /** Counts a host's failure against the play's tolerance. */
  readonly onFailure: (state: HostState, node: { readonly anyErrorsFatal?: boolean }) => void;
  /** For all hosts, or those of this batch only. */
  readonly end: (what: 'play' | 'batch') => void;
  /** A task that all depend on failed. */
  readonly giveUp: () => void;
}

/** One host at work in one play. */
export interface HostContext {
  readonly run: RunContext;
  readonly play: PlayState;
  readonly state: HostState;
  readonly barrier: Barrier<OnceResult>;
  readonly outlook: Outlook;
  readonly flow: Flow;
  /** False while tasks are left out for --start-at-task. */
  started: boolean;
}
