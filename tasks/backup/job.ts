/** What a backup on the host is told beforehand. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { type DockerWay, type RunJob, runSettings } from '../host-run/run.ts';
import type { Ground } from './ground.ts';

export interface BackupJob extends RunJob, DockerWay {
  /** Name and id of the container; another container under that name is not this one. */
  readonly container: string;
  readonly containerId: string;
  readonly consistency: 'pause' | 'stop' | 'snapshot';
  /** With a snapshot: what makes it. */
  readonly ground?: Ground;
  /** Seconds for which the instance may stand still. */
  readonly maxPause: number;
  /** Seconds that Docker waits for it to stop. */
  readonly stopTimeout: number;
  readonly rsync: Rsync;
  /** Parts of the manifest that are known beforehand; no secrets. */
  readonly image: ValueMap;
  readonly gitlab: { readonly release: string; readonly edition: string };
  readonly configuration: ValueMap;
  /** For tests only. */
  readonly hooks?: Hooks;
}

export interface Rsync {
  readonly version: string;
  /** Compares nanoseconds (3.1.3 and later). */
  readonly exact: boolean;
  readonly acls: boolean;
  readonly xattrs: boolean;
}

/** Ways for tests to catch the driver in the act. */
export interface Hooks {
  /** It stays in this state until a file `go` is in its run's folder. */
  readonly hold?: string;
  /** More options for rsync's hot pass. */
  readonly hot?: readonly string[];
  /** And for its frozen pass. */
  readonly frozen?: readonly string[];
}

/** The lock of all that makes an instance of this host stand still. */
function turnOf(directory: string): string {
  return `${directory.slice(0, directory.lastIndexOf('/'))}/.girofle/pausing`;
}

/** The driver's variables. */
export function settingsText(job: BackupJob): Sh {
  return joinSh([
    runSettings(job),
    sh`container=${job.container} container_id=${job.containerId}
partial=$bckups/.partial-$id
turn=${turnOf(job.directory)}
consistency=${job.consistency}
method=${job.consistency === 'stop' ? 'stop' : 'pause'} max_pause=${job.maxPause} stop_timeout=${job.stopTimeout}
socket=${job.socket}
held=
guard=
copier=
noting=
since=`,
  ]);
}
