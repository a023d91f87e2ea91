/** What a drill on the host is told beforehand, and its fixed names. */
import type { HealthCheckSettings } from './health-checks.ts';
import type { RestoreJob } from './job.ts';

export interface DrillJob extends RestoreJob {
  readonly what: 'drill';
  /** `local`, or the name of the remote. */
  readonly from: string;
  /** Docker's network of the scratch container. */
  readonly network: string;
  readonly repositories: HealthCheckSettings['repositories'];
  /** Seconds for which another run may hold the instance before the drill gives up. */
  readonly lockWait: number;
}

export const drillContainer = (instance: number, id: string) => `girofle-drill-${instance}-${id}`;
export const drillNetwork = (id: string) => `girofle-drill-${id}`;

/** A local backup under a second name, of hard links: it may be pruned meanwhile. */
export const pinOf = (directory: string, id: string) => `${directory}/bckups/.drill-${id}`;

/** Labels of container and network; a scratch container has none of an instance's. */
export const DRILL_LABELS = { number: 'io.girofle.drill', root: 'io.girofle.drill.root' } as const;
