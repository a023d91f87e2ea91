/** What a run is given by the command line. */
import type { Program } from '../core/cron/job.ts';
import type { Emit } from '../core/event.ts';
import type { Host, Inventory } from '../core/inventory.ts';
import type { Play, Playbook } from '../core/play.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Become, Connect, ConnectionSettings } from '../core/transport.ts';
import type { Layer, Value } from '../core/value.ts';
import type { HttpRequest } from './observe.ts';

/** A variable's value for a host, or undefined. */
type Vars = (name: string) => Value | undefined;

export interface BecomeKeywords {
  readonly become?: boolean;
  readonly user?: string;
  readonly method?: string;
  readonly password?: string;
}

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
  /** How another process starts this program: `girofle_program`. */
  readonly program?: Program;
  readonly setup: AnyTaskModule;
  readonly connect: Connect;
  readonly connectionSettings: (
    name: string,
    vars: Vars,
    play: { remoteUser?: string; port?: number; connection?: string },
  ) => { settings: ConnectionSettings } | { problem: string; hint?: string };
  readonly becomeSettings: (
    vars: Vars,
    keywords: BecomeKeywords,
  ) => { become?: Become } | { problem: string; hint?: string };
  readonly http: HttpRequest;
  readonly loadVars: (path: string) => Layer;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}
