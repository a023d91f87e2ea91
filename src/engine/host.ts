/** One host in a run: what it knows, what became of it, and the variables that its tasks see. */
import type { Host } from '../core/inventory.ts';
import type { Play, TaskNode } from '../core/play.ts';
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
  /** Handlers notified and not yet run. */
  readonly notified = new Set<TaskNode>();
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
}
