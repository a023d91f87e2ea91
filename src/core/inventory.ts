/** Hosts and groups as the engine sees them. `inventory/` loads them. */
import type { Layer } from './value.ts';

export interface Host {
  readonly name: string;
  /** Every group it is in, directly or not, `all` first, deepest last; as `group_names` but with `all`. */
  readonly groups: readonly string[];
  /** Lowest precedence first: group all, its group_vars, parent groups, children, host, host_vars. */
  readonly layers: readonly Layer[];
}

export interface Inventory {
  /** In the order of the files. localhost is not here unless it was named. */
  readonly hosts: readonly Host[];
  /** Group name → host names, in order; `all` and `ungrouped` included. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Folder of the first source: `inventory_dir`. */
  readonly folder: string;
  readonly files: readonly string[];
  /** What `-i` named, so that another run finds the same from anywhere: absolute paths, or hosts with commas. */
  readonly sources: readonly string[];
  /** What `localhost` means: the host named so, or else this machine, with what is set for all. */
  readonly localhost?: Host;
}
