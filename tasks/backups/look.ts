/** What lies in the `bckups` folders of a host's instances: backups, what is no backup, and what was left behind. */
import { DATE, type Manifest, OLD_DATE, timeOf } from '../../src/core/backup/manifest.ts';
import { type Proof, readProof } from '../../src/core/backup/proof.ts';
import { type Probe, probe } from '../../src/core/probe.ts';
import { type Sh, sh } from '../../src/core/sh.ts';
import { isMap } from '../../src/core/value.ts';

/**
 * `backup`: with a manifest that can be read; `old`: of the original scripts, without one; `broken`: named as a backup, and
 * is none; `leftover`: of a backup that was never finished, or a removal.
 */
export type Kind = 'backup' | 'old' | 'broken' | 'leftover';

export interface Found {
  readonly instance: number;
  /** The folder's name; a backup's date. */
  readonly name: string;
  readonly kind: Kind;
  /** Why it is broken. */
  readonly problem?: string;
  readonly manifest?: Manifest;
  readonly proof?: Proof;
}

export interface Look {
  /** Numbers of the instances that have a directory. */
  readonly instances: readonly number[];
  /** By instance, then newest first. */
  readonly found: readonly Found[];
}

export function instanceDirectory(root: string, instance: number | string): string {
  return `${root.replace(/\/+$/, '')}/noeud-gitlab-${instance}`;
}

/** @param instance only this one; 0: all */
export function look(root: string, instance: number): Probe<Look> {
  const base = root.replace(/\/+$/, '') || '/';
  return probe(lookScript(base, instance), text => readLook(text));
}

/** Records end with RS, their fields are separated by US: instance, name, whole, manifest, its hash, proof. */
function lookScript(root: string, instance: number): Sh {
  const folders = instance === 0 ? sh`${`${root}/noeud-gitlab-`}*` : sh`${instanceDirectory(root, instance)}`;
  return sh`if [ -d ${root} ] && ! { [ -r ${root} ] && [ -x ${root} ]; }; then echo ${`${root} may not be read by this user`} >&2; exit 1; fi
for folder in ${folders}; do
  number=\${folder##*-}
  bckups=$folder/bckups
  case $number in ''|*[!0-9]*) continue ;; esac
  if [ ! -d "$folder" ]; then continue; fi
  printf '%s\037\036' "$number"
  if [ -L "$bckups" ]; then echo "$bckups is a symbolic link: backups behind it are not looked at" >&2; exit 1; fi
  if [ ! -d "$bckups" ]; then continue; fi
  if ! { [ -r "$bckups" ] && [ -x "$bckups" ]; }; then echo "$bckups may not be read by this user" >&2; exit 1; fi
  for one in "$bckups"/[0-9]* "$bckups"/.partial-* "$bckups"/.deleting-*; do
    if [ -L "$one" ] || [ ! -d "$one" ]; then continue; fi
    lacks=
    for part in data config log; do if [ -L "$one/$part" ] || [ ! -d "$one/$part" ]; then lacks="$lacks $part"; fi; done
    printf '%s\037%s\037%s\037' "$number" "\${one##*/}" "$lacks"
    if [ -f "$one/manifest.json" ] && [ ! -L "$one/manifest.json" ]; then
      head -c 4194304 "$one/manifest.json"
      printf '\037'
      sha256sum <"$one/manifest.json" | cut -c 1-64 | tr -d '\n'
    else
      printf '\037'
    fi
    printf '\037'
    if [ -f "$one/verified.json" ] && [ ! -L "$one/verified.json" ]; then head -c 65536 "$one/verified.json"; fi
    printf '\036'
  done
done
exit 0`;
}

export function readLook(text: string): Look {
  const records = text
    .split('\x1e')
    .slice(0, -1)
    .map(record => record.split('\x1f'));
  const instances = records.filter(([, name]) => name === '').map(([number]) => Number(number));
  const found = records.filter(([, name]) => name !== '').map(describe);
  return {
    instances: instances.toSorted((a, b) => a - b),
    found: found.toSorted((a, b) => a.instance - b.instance || byAge(a, b)),
  };
}

function byAge(a: Found, b: Found): number {
  return timeIn(b.name) - timeIn(a.name) || (a.name < b.name ? -1 : 1);
}

/** Milliseconds; 0 for what has no date. */
export function timeIn(name: string): number {
  const [, day, month, year, time] = /^(\d{2})-(\d{2})-(\d{4})-time-(\d{2}-\d{2}-\d{2})/.exec(name) ?? [];
  const date = year === undefined ? name.replace(/^\.deleting-/, '') : `${year}-${month}-${day}T${time}Z`;
  return DATE.test(date) ? timeOf(date) || 0 : 0;
}

function describe([
  number,
  name = '',
  lacks = '',
  text = '',
  hash = '',
  proven = '',
]: readonly string[]): Found {
  const found = { instance: Number(number), name };
  if (name.startsWith('.')) return { ...found, kind: 'leftover' };
  const lacking = lacks.trim() === '' ? undefined : `has no ${lacks.trim().split(' ').join(', no ')}`;
  if (OLD_DATE.test(name))
    return lacking ? { ...found, kind: 'broken', problem: lacking } : { ...found, kind: 'old' };
  const manifest = readManifest(text, name);
  if ('problem' in manifest) return { ...found, kind: 'broken', problem: manifest.problem };
  if (lacking !== undefined) return { ...found, kind: 'broken', problem: lacking, ...manifest };
  const proof = readProof(proven);
  return { ...found, kind: 'backup', ...manifest, ...(proof?.manifest === hash ? { proof } : {}) };
}

/** A manifest as it is written, or why it is none of a backup of that date. */
export function readManifest(
  text: string,
  date: string,
): { readonly manifest: Manifest } | { readonly problem: string } {
  if (!DATE.test(date)) return { problem: 'its name is no date' };
  if (text.trim() === '') return { problem: 'has no manifest' };
  const value = parsed(text);
  if (!isManifest(value)) return { problem: 'its manifest cannot be read' };
  return value.date === date ? { manifest: value } : { problem: `its manifest is that of ${value.date}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What we read of it is there, and of its kind. */
function isManifest(value: unknown): value is Manifest {
  if (!isMap(value) || value.format !== 1 || typeof value.date !== 'string') return false;
  const { files, totals, gitlab, previous, pause } = value;
  return (
    isMap(files) &&
    typeof files.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(files.sha256) &&
    typeof files.lines === 'number' &&
    isMap(totals) &&
    typeof totals.bytes === 'number' &&
    typeof totals.files === 'number' &&
    isMap(gitlab) &&
    typeof gitlab.disk === 'string' &&
    typeof previous === 'string' &&
    typeof pause === 'number'
  );
}
