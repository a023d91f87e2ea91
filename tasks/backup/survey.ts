/** What the host has for a backup: tools, clock, backups that are there, who holds the lock. One script, nothing written. */
import { readProof } from '../../src/core/backup/proof.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { journalLook } from '../host-run/journal.ts';
import { type LockOwner, lookAtLock, readBusy } from '../host-run/lock.ts';
import { homeOf } from '../host-run/run.ts';
import { type Footing, groundText, readGround } from './ground.ts';
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
  /** Oldest first; verified by a proof of their manifest as it is now. */
  readonly backups: readonly { readonly date: string; readonly verified: boolean }[];
  /** Bytes of the newest that has a manifest. */
  readonly newest: { readonly date: string; readonly bytes: number } | undefined;
  readonly bckups: 'folder' | 'link' | 'none';
  readonly busy: LockOwner | undefined;
  /** A run of ours that died has left the instance standing still. */
  readonly stranded: boolean;
  /** What the volumes lie on; undefined when nobody asked. */
  readonly footing: Footing | undefined;
}

/** GNU's own: their options are what the driver is written with. */
const GNU = ['find', 'sed', 'sort', 'join', 'comm', 'sha256sum', 'touch', 'mv'];
const ANY = ['awk', 'setsid', 'xargs', 'nice', 'timeout'];

/** @param footing whether to find out what the volumes lie on */
export function surveyScript(directory: string, footing = false): Sh {
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
for one in ${GNU}; do if ! $one --version 2>/dev/null | head -n 1 | grep -v 'not GNU' | grep -q GNU; then echo "lacking $one"; fi; done
for one in ${ANY}; do if ! command -v $one >/dev/null 2>&1; then echo "lacking $one"; fi; done
if [ -L ${bckups} ]; then echo 'bckups link'; elif [ -d ${bckups} ]; then echo 'bckups folder'; fi
newest=
for one in ${bckups}/[0-9]*Z; do
  if [ -L "$one" ] || [ ! -d "$one" ]; then continue; fi
  # What is no backup counts for no rule, and is left to people.
  if [ ! -f "$one/manifest.json" ]; then continue; fi
  echo "backup \${one##*/}"
  newest=$one
  if [ -f "$one/verified.json" ]; then
    echo "proof \${one##*/} $(sha256sum <"$one/manifest.json" | cut -c 1-64) $(head -c 4096 "$one/verified.json" | tr '\n' ' ')"
  fi
done
if [ -n "$newest" ]; then echo "newest \${newest##*/} $(sed -n 's/^"totals":.*"bytes":\([0-9]*\)}.*/\1/p' "$newest/manifest.json")"; fi`,
    lookAtLock(directory),
    journalLook,
    ...(footing
      ? [
          groundText,
          sh`volumes=${`${directory}/mapping-volumes`}
ground`,
        ]
      : []),
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
  const proven = new Set(all('proof').flatMap(provenDate));
  return {
    id: one('id'),
    now: new Date(Number(one('now')) * 1000),
    rsync: readRsync(one('rsync')),
    docker: docker === 'cli' || docker === 'curl' ? docker : '',
    lacking: all('lacking'),
    backups: all('backup')
      .sort()
      .map(date => ({ date, verified: proven.has(date) })),
    newest: readNewest(one('newest')),
    bckups: bckups === 'folder' || bckups === 'link' ? bckups : 'none',
    busy: lines.map(readBusy).find(owner => owner !== undefined),
    stranded: lines.includes('stranded'),
    footing: readFooting(one('ground'), one('unfit')),
  };
}

/** The date of `DATE HASH-OF-MANIFEST PROOF`, unless the manifest is another one by now. */
function provenDate(line: string): readonly string[] {
  const [, date = '', hash, text = ''] = /^(\S+) ([0-9a-f]{64}) (.*)$/.exec(line) ?? [];
  return hash !== undefined && readProof(text)?.manifest === hash ? [date] : [];
}

function readNewest(line: string): Survey['newest'] {
  const [, date, bytes] = /^(\S+) (\d+)$/.exec(line) ?? [];
  return date === undefined ? undefined : { date, bytes: Number(bytes) };
}

function readFooting(ground: string, unfit: string): Footing | undefined {
  return readGround(ground) ?? (unfit === '' ? undefined : { unfit });
}

/** Of `rsync --version`. */
export function readRsync(said: string): Rsync | undefined {
  const [, version, major, minor, patch] = /version v?((\d+)\.(\d+)(?:\.(\d+))?)/.exec(said) ?? [];
  if (version === undefined) return undefined;
  const rank = Number(major) * 10_000 + Number(minor) * 100 + Number(patch ?? 0);
  const can = (what: string) => new RegExp(`(?<!no )\\b${what}\\b`).test(said);
  return { version, exact: rank >= 30_103, acls: can('ACLs'), xattrs: can('xattrs') };
}
