/** What a restore on the host, or a drill, is told beforehand. */
import type { Sh } from '../../src/core/sh.ts';
import type { DockerWay, RunJob } from '../host-run/run.ts';

/**
 * A restore puts a backup in the place of an instance's volumes and starts the container that was made for it. A drill does
 * the same beside the instance, in a scratch folder and container, and takes both away again.
 */
export interface RestoreJob extends RunJob, DockerWay {
  readonly what: 'restore' | 'drill';
  /** Name of the backup: a date, or what the original scripts called it. */
  readonly date: string;
  readonly source: RestoreSource;
  /** Without a manifest there is nothing to compare with: the user has said `unverified`. */
  readonly verified: boolean;
  /** Name of the container that is to be the instance's. */
  readonly container: string;
  /**
   * Id of the container that was made for it and not started, under the name `CONTAINER.restoring-ID`; of a drill,
   * `girofle-drill-N-ID`.
   */
  readonly made: string;
  /** Id of the container that has the name now; '' for none. It is stopped, renamed to `CONTAINER.before-ID`, and kept. */
  readonly replaced: string;
  /** What is noted in the instance's directory: `ADDRESS HTTP,HTTPS,SSH`; '' leaves the note. */
  readonly note: string;
  /** Seconds that Docker waits for a container to stop. */
  readonly stopTimeout: number;
  /** Seconds until the restored instance must be healthy. */
  readonly readyTimeout: number;
  /** Shell text of the checks after it is ready: see tasks/restore/health-checks.ts. */
  readonly checks: Sh;
  /** For tests only: the driver stays in this state until a file `go` is in its run's folder. */
  readonly hold?: string;
}

export type RestoreSource =
  /** A folder of this host, with data, config and log; never changed. */
  | { readonly kind: 'local'; readonly folder: string }
  /** A remote's functions (tasks/remotes/remote.ts): `remote_fetch` brings the backup. */
  | { readonly kind: 'remote'; readonly name: string; readonly text: Sh };

/** Names of what a restore leaves beside `mapping-volumes` until it is confirmed. */
export const beforeOf = (directory: string, id: string) => `${directory}/.before-${id}`;
export const stagingOf = (directory: string, id: string) => `${directory}/.restore-${id}`;
