/** What the parts of the engine share while a playbook runs. */

import type { Emit } from '../core/event.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Become } from '../core/transport.ts';
import type { Scope } from '../template/template.ts';
import type { Barrier } from './barrier.ts';
import type { ControllerFiles } from './controller.ts';
import type { HostState, PlayState } from './host.ts';
import type { Machine } from './machine.ts';
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
  /** The machine that a host name stands for; named in the inventory or not (delegate_to). */
  readonly machine: (host: string, play: PlayState) => Machine;
  readonly become: (
    scope: Scope,
    keywords: { become?: boolean; user?: string; method?: string },
  ) => Become | undefined;
  /** Tasks before the one with this name are left out. */
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

/** One host at work in one play. */
export interface HostContext {
  readonly run: RunContext;
  readonly play: PlayState;
  readonly state: HostState;
  readonly barrier: Barrier;
  /** Says whether the play was given up (any_errors_fatal, max_fail_percentage, end_play). */
  readonly isOver: () => boolean;
  /** Counts a failure against the play's tolerance. */
  readonly onFailure: (node: { readonly anyErrorsFatal?: boolean }) => void;
  readonly endPlay: () => void;
  /** Number of a node, the same on every host. */
  readonly idOf: (node: object) => number;
}
