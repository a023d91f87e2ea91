/** Everything a run says, as one union. The engine emits, renderers read and switch on `type` exhaustively. */
import type { Diagnostic } from './diagnostic.ts';
import type { Diff } from './step.ts';
import type { Value, ValueMap } from './value.ts';

export type Status = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'rescued' | 'ignored';

/** Which task on which host an event is about. `task` is the name shown, templates rendered. */
export interface TaskRef {
  readonly host: string;
  readonly play: string;
  readonly task: string;
  readonly module: string;
  /** `playbooks/x.yml:12` */
  readonly place: string;
  /** Counts up in the order of the play; the same on every host. */
  readonly id: number;
  /** Set for handlers. */
  readonly handler?: true;
  /** Host that really did it, when delegated. */
  readonly delegatedTo?: string;
}

export interface StepReport {
  readonly say: string;
  readonly diff?: Diff;
}

export interface HostCounts {
  readonly ok: number;
  readonly changed: number;
  readonly skipped: number;
  readonly failed: number;
  readonly unreachable: number;
  readonly rescued: number;
  readonly ignored: number;
  readonly exchanges: number;
}

/** How an item of a loop, or a whole task, ended. */
export interface Ending {
  readonly status: Status;
  readonly changed: boolean;
  /** Plan mode: what was seen, or is needed, may be different once earlier changes are made. */
  readonly uncertain?: boolean;
  /** Steps done; in plan mode, steps to do. */
  readonly steps: readonly StepReport[];
  /** Why it failed, was skipped or is uncertain; or what `debug` says. */
  readonly message?: string;
  readonly hint?: string;
  /** What `register` gets; left out with no_log. */
  readonly result?: ValueMap;
}

export type RunEvent =
  | {
      readonly type: 'run_start';
      readonly playbooks: readonly string[];
      readonly mode: 'run' | 'plan';
      readonly time: string;
      readonly version: string;
    }
  | {
      readonly type: 'play_start';
      readonly play: string;
      readonly hosts: readonly string[] /** Tasks as far as known before the run. */;
      readonly tasks: number;
    }
  | ({ readonly type: 'task_start' } & TaskRef)
  | ({
      readonly type: 'task_output';
      readonly line: string;
      readonly stream: 'stdout' | 'stderr' | 'progress';
    } & TaskRef)
  | ({
      readonly type: 'task_retry';
      readonly attempt: number;
      readonly retries: number;
      readonly delay: number;
    } & TaskRef)
  | ({ readonly type: 'item_end'; readonly item: Value; readonly label: string } & TaskRef & Ending)
  | ({
      readonly type: 'task_end' /** Seconds. */;
      readonly duration: number /** Items of a loop, when it was one. */;
      readonly items?: number;
    } & TaskRef &
      Ending)
  | { readonly type: 'host_connected'; readonly host: string; readonly seconds: number }
  | {
      readonly type: 'host_unreachable';
      readonly host: string;
      readonly play: string;
      readonly message: string;
      readonly hint?: string;
    }
  | { readonly type: 'host_end'; readonly host: string; readonly play: string; readonly exchanges: number }
  | { readonly type: 'play_end'; readonly play: string }
  | { readonly type: 'warning'; readonly message: string; readonly host?: string }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic; readonly frame: string }
  | { readonly type: 'interrupted'; readonly signal: string }
  | {
      readonly type: 'recap';
      readonly exit: number;
      readonly mode: 'run' | 'plan';
      readonly seconds: number;
      readonly hosts: Readonly<Record<string, HostCounts>>;
      /** What changed (plan: would change), in order. */
      readonly changes: readonly {
        readonly host: string;
        readonly task: string;
        readonly steps: readonly string[];
        readonly uncertain?: boolean;
      }[];
    };

export type Emit = (event: RunEvent) => void;

/** A renderer: a small listener. `close` is called once, after the recap or when the run was cut short. */
export interface Renderer {
  readonly on: Emit;
  close(): Promise<void>;
}
