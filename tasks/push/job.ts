/** What a push of backups to a remote is told beforehand, and where it keeps what it knows of that remote. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { type HostRun, homeOf, type RunJob, runSettings } from '../host-run/run.ts';
import type { RemoteDriver } from '../remotes/remote.ts';

export interface PushJob extends RunJob {
  /** Name of the remote. */
  readonly remote: string;
  readonly driver: RemoteDriver;
  /** Dates on the remote that no rule keeps: removed once all is pushed and verified. */
  readonly remove: readonly string[];
  readonly appendOnly: boolean;
  /** The newest local backup to push; '' for all that there are. */
  readonly upTo: string;
  /** How often a failure that may pass is tried again. */
  readonly retries: number;
  /** For tests only. */
  readonly hooks?: PushHooks;
}

export interface PushHooks {
  /** It stays in this state until a file `go` is in its run's folder. */
  readonly hold?: string;
  /** Seconds before the first of the retries. */
  readonly backOff?: number;
}

/** A folder for each remote, with the lock of pushes to it, what is being pushed, and the dates that were verified there. */
export const stateOf = (directory: string, remote: string) => `${homeOf(directory)}/remotes/${remote}`;

export function pushSettings(job: PushJob): Sh {
  return joinSh([
    runSettings(job),
    sh`name=${job.remote} state=${stateOf(job.directory, job.remote)}
lock=$state/lock
append_only=${job.appendOnly ? 'yes' : ''} up_to=${job.upTo} retries=${job.retries} back_off=${job.hooks?.backOff ?? 5}
remove=${job.remove.join(' ')}
objection=`,
  ]);
}

/** @param script of driver.ts */
export function runOfPush({ id, instance, directory, driver: { files } }: PushJob, script: Sh): HostRun {
  return { id, instance, directory, what: 'push', script, files };
}
