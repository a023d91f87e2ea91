/** One host in a run: what it knows, what became of it, and the variables that its tasks see. */
import type { Host } from '../core/inventory.ts';
import type { IncludeNode, Node, Play, TaskNode } from '../core/play.ts';
import type { Layer, Unknown, Value, ValueMap } from '../core/value.ts';

/** How a host stands. `failed`, `unreachable` and `ended` take no more part; `ended` only in this play. */
export type Standing = 'active' | 'failed' | 'unreachable' | 'ended';

export class HostState {
  readonly host: Host;
  standing: Standing = 'active';
  /** By Ansible's names without the prefix. */
  facts: ValueMap = {};
  /** Registered results and set_fact: data, never templates. */
  readonly registered: Record<string, Value | Unknown> = {};
  /** Plan mode: names of `registered` that may turn out otherwise once earlier changes are made. */
  readonly doubtful = new Set<string>();
  /** Handlers notified and not yet run; true when it is certain that they will be. */
  readonly notified = new Map<TaskNode, boolean>();
  /** Failures that say another run holds what the task needs. */
  busy = 0;
  /** It took part in a play: it belongs into the recap. */
  tookPart = false;
  readonly counts = {
    ok: 0,
    changed: 0,
    skipped: 0,
    failed: 0,
    unreachable: 0,
    rescued: 0,
    ignored: 0,
    exchanges: 0,
  };
  /** vars_files whose names depend on the host, for the current play. */
  playLayers: readonly Layer[] = [];

  constructor(host: Host) {
    this.host = host;
  }

  get name(): string {
    return this.host.name;
  }

  /** True while the host takes part in the current play. */
  get active(): boolean {
    return this.standing === 'active';
  }
}

/** What is the same for all hosts of a play while it runs. */
export interface PlayState {
  readonly play: Play;
  readonly playbookFile: string;
  /** All hosts of the play, and those of the batch at work. */
  readonly hosts: readonly HostState[];
  readonly batch: readonly HostState[];
  /** The implicit task that gathers facts, where the play wants it. */
  readonly gathering: TaskNode | undefined;
  /** Number of a node, the same on every host. */
  readonly idOf: (node: object) => number;
  /** The tasks of an included file: loaded once, so that they are the same nodes on every host. */
  readonly load: (node: IncludeNode, file: string, from: readonly string[]) => Promise<readonly Node[]>;
  /** vars_files whose name depends on the host. */
  readonly loadVars: (path: string) => Layer;
}
