/**
 * A run that the host makes by itself, detached from us: a backup, a restore, a push, a drill. It has a folder
 * `.girofle/runs/ID` in the instance's directory with its script `driver.sh`, and a journal `.girofle/journals/ID.jsonl`.
 *
 * Every driver answers to three words: none (does its work), `repair PID` (brings what it left half done to an end, while
 * process PID holds the lock) and, where it makes the instance stand still, `guard`.
 */
import { type Sh, sh } from '../../src/core/sh.ts';

export type RunKind = 'backup' | 'restore' | 'push' | 'drill';

/** What every driver is told. */
export interface RunJob {
  /** Eight hex digits. */
  readonly id: string;
  readonly instance: number;
  /** The instance's own, with mapping-volumes and bckups. */
  readonly directory: string;
}

/** What is to be started. */
export interface HostRun extends RunJob {
  readonly what: RunKind;
  /** The driver. */
  readonly script: Sh;
  /** Further files for the run's folder, mode 0600: name to content. They never stand in a command line. */
  readonly files?: Readonly<Record<string, string>>;
}

/** How the host's shell reaches Docker. */
export interface DockerWay {
  readonly docker: 'cli' | 'curl';
  readonly socket: string;
}

/** Where an instance keeps what is ours. */
export const homeOf = (directory: string) => `${directory}/.girofle`;
export const runOf = (directory: string, id: string) => `${homeOf(directory)}/runs/${id}`;
export const journalOf = (directory: string, id: string) => `${homeOf(directory)}/journals/${id}.jsonl`;

/** The variables of every driver. */
export function runSettings({ id, instance, directory }: RunJob): Sh {
  return sh`umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
id=${id} instance=${instance}
directory=${directory}
volumes=$directory/mapping-volumes bckups=$directory/bckups
home=${homeOf(directory)} run=${runOf(directory, id)} journal=${journalOf(directory, id)}
lock=$home/lock`;
}

/** Clock, processes, text: what all parts use. `clock` sets `uptime` (seconds) and `ticks` (hundredths). */
export const basicsText: Sh = sh`clock() {
  read -r uptime _ </proc/uptime
  ticks=\${uptime%.*}\${uptime#*.}
}
utc() { date -u +%Y-%m-%dT%H:%M:%SZ; }
# A sentence as the inside of a JSON string.
text() { printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\40-\176' | sed 's/[\\"]/\\&/g'; }
# Onto the disk: files and folders by name, or a file system as a whole. Only here a disk that fails says so; a sync that takes
# no names is asked for everything.
persist() { sync "$@" 2>/dev/null || blind_sync; }
flush() { sync -f "$1" 2>/dev/null || blind_sync; }
blind_sync() { if sync -f /proc 2>/dev/null; then return 1; else sync; fi; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
# Sets started to the start time of a living process, in ticks since the boot.
start_of() {
  started=
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- \${stat##*) }
  case $1 in [ZX]) return 1 ;; esac
  started=\${20}
}
boot() { cat /proc/sys/kernel/random/boot_id; }
sha_of() { sha256sum <"$1" | cut -c 1-64; }
# Whether the process of a run, by its folder, is still there.
run_lives() {
  run_pid= run_start=
  { read -r run_pid run_start <"$1/pid"; } 2>/dev/null
  [ -n "$run_pid" ] && start_of "$run_pid" && [ "$started" = "$run_start" ]
}
# Two lines that people see while they wait: what is done, and how far it is.
tell() { printf '%s\n%s\n' "$1" "$2" >"$run/progress.new" 2>/dev/null && mv -f "$run/progress.new" "$run/progress"; }`;
