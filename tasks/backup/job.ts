/** What a backup on the host is told beforehand, and the shell's words for it that every part of the driver shares. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { ValueMap } from '../../src/core/value.ts';

export interface BackupJob {
  /** Eight hex digits. */
  readonly id: string;
  readonly instance: number;
  /** Name and id of the container; another container under that name is not this one. */
  readonly container: string;
  readonly containerId: string;
  /** The instance's own, with mapping-volumes and bckups. */
  readonly directory: string;
  readonly consistency: 'pause' | 'stop';
  /** Seconds for which the instance may stand still. */
  readonly maxPause: number;
  /** Seconds that Docker waits for it to stop. */
  readonly stopTimeout: number;
  /** How the host's shell reaches Docker. */
  readonly docker: 'cli' | 'curl';
  readonly socket: string;
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

/** Where an instance keeps what is ours. */
export const homeOf = (directory: string) => `${directory}/.girofle`;
export const runOf = (directory: string, id: string) => `${homeOf(directory)}/runs/${id}`;
export const journalOf = (directory: string, id: string) => `${homeOf(directory)}/journals/${id}.jsonl`;

/** The driver's variables. */
export function settingsText(job: BackupJob): Sh {
  const { id, directory } = job;
  return sh`umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
id=${id} instance=${job.instance} container=${job.container} container_id=${job.containerId}
directory=${directory}
volumes=$directory/mapping-volumes bckups=$directory/bckups
home=${homeOf(directory)} run=${runOf(directory, id)} journal=${journalOf(directory, id)}
partial=$bckups/.partial-$id
lock=$home/lock
method=${job.consistency} max_pause=${job.maxPause} stop_timeout=${job.stopTimeout}
socket=${job.socket}
held=
guard=
copier=
since=`;
}

/** Clock, processes, text: what all parts use. `clock` sets `uptime` (seconds) and `ticks` (hundredths). */
export const basicsText: Sh = joinSh([
  sh`clock() {
  read -r uptime _ </proc/uptime
  ticks=\${uptime%.*}\${uptime#*.}
}
utc() { date -u +%Y-%m-%dT%H:%M:%SZ; }
# A sentence as the inside of a JSON string.
text() { printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\40-\176' | sed 's/[\\"]/\\&/g'; }
# Onto the disk; without names where sync takes none.
persist() { sync "$@" 2>/dev/null || sync; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
# Sets started to the start time of a living process, in ticks since the boot.
start_of() {
  started=
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- \${stat##*) }
  case $1 in [ZX]) return 1 ;; esac
  started=\${20}
}
boot() { cat /proc/sys/kernel/random/boot_id; }`,
]);
