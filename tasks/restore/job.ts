/** What a restore on the host, or a drill, is told beforehand. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { type DockerWay, homeOf, type RunJob, runSettings } from '../host-run/run.ts';

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
   * Name (gitlab_restore: a step of the same plan makes it, so that no plan can know its id: ask Docker for the id first) or id
   * of the container that was made for it and not started: `CONTAINER.restoring-ID`; of a drill, `girofle-drill-N-ID`. A driver that ends before it started it removes it.
   */
  readonly made: string;
  /** What the made container gets once it has shown itself healthy, as docker's --restart has it; until then it has `no`. */
  readonly restart: string;
  /** Id of the container that has the name now; '' for none. It is stopped, renamed to `CONTAINER.before-ID`, and kept. */
  readonly replaced: string;
  /** What is noted in the instance's directory: `ADDRESS HTTP,HTTPS,SSH`; '' leaves the note. */
  readonly note: string;
  /** Seconds that Docker waits for a container to stop. */
  readonly stopTimeout: number;
  /** Seconds until the restored instance must be healthy. */
  readonly readyTimeout: number;
  /** Seconds for which the old tree and container stay; seven days by default. */
  readonly keepBefore?: number;
  /**
   * Shell text of the checks after it is ready, run in a subshell: the container's id is `$made`. What is wrong goes to
   * stderr, the last line a sentence, with an exit code other than 0; see tasks/restore/health-checks.ts.
   */
  readonly checks: Sh;
  /** Files that the backup must have: lines of files.jsonl, or without a manifest files of the folder: `config/gitlab-secrets.json`. */
  readonly required?: readonly string[];
  /** Other running instances of this host: a backup whose config/gitlab-secrets.json has such a SHA-256 is a twin, and refused. */
  readonly twins?: readonly { readonly name: string; readonly sha256: string }[];
  /** For tests only: the driver stays in this state until a file `go` is in its run's folder. */
  readonly hold?: string;
  /** For tests only: nobody watches over the driver. */
  readonly unwatched?: boolean;
  /** For tests only: seconds for which an answer of Docker is awaited. */
  readonly patience?: number;
}

export type RestoreSource =
  /** A folder of this host, with data, config and log; never changed. */
  | { readonly kind: 'local'; readonly folder: string }
  /** A remote's functions (tasks/remotes/remote.ts): `remote_fetch` brings the backup. */
  | { readonly kind: 'remote'; readonly name: string; readonly text: Sh };

/** Names of what a restore leaves beside `mapping-volumes` until it is confirmed. */
export const beforeOf = (directory: string, id: string) => `${directory}/.before-${id}`;
export const stagingOf = (directory: string, id: string) => `${directory}/.restore-${id}`;

/** Where the backup is made ready: of a drill, what its container has its volumes from. */
export const stagedOf = ({ what, directory, id }: Pick<RestoreJob, 'what' | 'directory' | 'id'>) =>
  what === 'restore' ? stagingOf(directory, id) : `${homeOf(directory)}/drill-${id}`;

const WEEK = 7 * 86_400;

/** The driver's variables, of a restore and of a drill. */
export function restoreSettings(job: RestoreJob): Sh {
  return joinSh([
    runSettings(job),
    sh`container=${job.container} made=${job.made} replaced=${job.replaced}
container_id=$made
date=${job.date} verified=${job.verified ? 'yes' : ''}
staging=${stagedOf(job)} before=${beforeOf(job.directory, job.id)}
old_container=$container.before-$id new_container=$container.restoring-$id
restart=${job.restart} note=${job.note}
stop_timeout=${job.stopTimeout} ready_timeout=${job.readyTimeout} keep_before=${job.keepBefore ?? WEEK}
patience=${job.patience ?? 120}
unwatched=${job.unwatched ? 'yes' : ''}
socket=${job.socket}
required=${(job.required ?? []).join(' ')}
twins=${(job.twins ?? []).map(({ name, sha256 }) => `${sha256} ${name}`).join('\n')}
work=$run/work tab=$(printf '\t')
objection= reader=`,
  ]);
}
