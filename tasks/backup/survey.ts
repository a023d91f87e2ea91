/** What the host has for a backup: tools, clock, backups that are there, who holds the lock. One script, nothing written. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { journalLook } from '../host-run/journal.ts';
import { type LockOwner, lookAtLock, readBusy } from '../host-run/lock.ts';
import { homeOf } from '../host-run/run.ts';
import type { Rsync } from './job.ts';

export interface Survey {
  /** Eight hex digits, new at each look. */
  readonly id: string;
  /** By the host's clock. */
  readonly now: Date;
  readonly rsync: Rsync | undefined;
  readonly docker: 'cli' | 'curl' | '';
  /** Tools that are not there, or not GNU's. */
  readonly lacking: readonly string[];
  readonly backups: readonly { readonly date: string; readonly verified: boolean }[];
  readonly bckups: 'folder' | 'link' | 'none';
  readonly busy: LockOwner | undefined;
  /** A run of ours that died has left the instance standing still. */
  readonly stranded: boolean;
}

/** GNU's own: their options are what the driver is written with. */
const GNU = ['find', 'sed', 'sort', 'join', 'comm', 'sha256sum', 'touch', 'mv'];
const ANY = ['awk', 'setsid', 'xargs', 'nice', 'timeout'];

export function surveyScript(directory: string): Sh {
  const bckups = `${directory}/bckups`;
  return joinSh([
    sh`PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
export LC_ALL
echo "id $(od -An -N 4 -t x1 /dev/urandom | tr -d ' ')"
echo "now $(date +%s)"
echo "rsync $(rsync --version 2>/dev/null | tr '\n' ' ')"
if command -v docker >/dev/null 2>&1; then echo 'docker cli'
elif curl --help all 2>/dev/null | grep -q unix-socket || curl --help 2>/dev/null | grep -q unix-socket; then echo 'docker curl'; fi
for one in ${GNU}; do if ! $one --version 2>/dev/null | grep -v 'not GNU' | grep -q GNU; then echo "lacking $one"; fi; done
for one in ${ANY}; do if ! command -v $one >/dev/null 2>&1; then echo "lacking $one"; fi; done
if [ -L ${bckups} ]; then echo 'bckups link'; elif [ -d ${bckups} ]; then echo 'bckups folder'; fi
for one in ${bckups}/*Z; do
  if [ -f "$one/verified.json" ]; then echo "verified \${one##*/}"; elif [ -d "$one" ]; then echo "backup \${one##*/}"; fi
done`,
    lookAtLock(directory),
    journalLook,
    sh`home=${homeOf(directory)}
unfinished | while IFS= read -r one; do if stranded "$one"; then echo 'stranded'; fi; done
exit 0`,
  ]);
}

export function readSurvey(written: string): Survey {
  const lines = written.split('\n');
  const all = (key: string) =>
    lines.filter(line => line.startsWith(`${key} `)).map(line => line.slice(key.length + 1).trim());
  const one = (key: string) => all(key)[0] ?? '';
  const [docker, bckups] = [one('docker'), one('bckups')];
  const dates = [
    ...all('backup').map(date => ({ date, verified: false })),
    ...all('verified').map(date => ({ date, verified: true })),
  ];
  return {
    id: one('id'),
    now: new Date(Number(one('now')) * 1000),
    rsync: readRsync(one('rsync')),
    docker: docker === 'cli' || docker === 'curl' ? docker : '',
    lacking: all('lacking'),
    backups: dates.filter(({ date }) => /^\d{4}-/.test(date)).sort((a, b) => (a.date < b.date ? -1 : 1)),
    bckups: bckups === 'folder' || bckups === 'link' ? bckups : 'none',
    busy: lines.map(readBusy).find(owner => owner !== undefined),
    stranded: lines.includes('stranded'),
  };
}

/** Of `rsync --version`. */
export function readRsync(said: string): Rsync | undefined {
  const [, version, major, minor, patch] = /version v?((\d+)\.(\d+)(?:\.(\d+))?)/.exec(said) ?? [];
  if (version === undefined) return undefined;
  const rank = Number(major) * 10_000 + Number(minor) * 100 + Number(patch ?? 0);
  const can = (what: string) => new RegExp(`(?<!no )\\b${what}\\b`).test(said);
  return { version, exact: rank >= 30_103, acls: can('ACLs'), xattrs: can('xattrs') };
}
