/** What playbooks/restorable.yml found, typed: instances, and their backups newest first. */

import { timeIn } from '../../tasks/backups/look.ts';
import { dig, digList, digNumber, digText } from '../../tasks/docker/dig.ts';
import { showBytes } from '../../tasks/docker/units.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import type { Looked } from './restore-look.ts';

export interface Instance {
  readonly host: string;
  readonly number: number;
  readonly container: string;
  readonly directory: string;
  readonly address: string;
  readonly url: string;
  readonly state: string;
}

export interface Backup {
  readonly instance: number;
  readonly date: string;
  readonly from: string;
  readonly old: boolean;
  /** Bytes; undefined where it is not known. */
  readonly size: number | undefined;
  readonly version: string;
  readonly verified: string;
}

export function instancesIn({ hosts }: Looked): readonly Instance[] {
  return hosts.flatMap(({ host, result }) =>
    maps(result, 'instances').map(one => ({
      host,
      number: digNumber(one, 'number'),
      container: digText(one, 'container'),
      directory: digText(one, 'directory'),
      address: digText(one, 'address'),
      url: digText(one, 'url'),
      state: digText(one, 'state'),
    })),
  );
}

/** Newest first; what a remote has as well as the host stands below the host's. */
export function backupsIn(result: ValueMap, instance: number): readonly Backup[] {
  return maps(result, 'backups')
    .map(readBackup)
    .filter(one => one.instance === instance)
    .toSorted((a, b) => timeIn(b.date) - timeIn(a.date) || rank(a) - rank(b));
}

const rank = ({ from }: Backup) => (from === 'local' ? 0 : 1);

function readBackup(one: ValueMap): Backup {
  const size = dig(one, 'size');
  return {
    instance: digNumber(one, 'instance'),
    date: digText(one, 'date'),
    from: digText(one, 'from'),
    old: digText(one, 'kind') === 'old',
    size: typeof size === 'number' ? size : undefined,
    version: digText(one, 'version'),
    verified: digText(one, 'verified'),
  };
}

export function sentences(result: ValueMap, key: string): readonly string[] {
  return digList(result, key).map(String);
}

function maps(result: ValueMap, key: string): readonly ValueMap[] {
  return digList(result, key).filter((one: Value): one is ValueMap => isMap(one));
}

/** `2026-11-22T08-48-00Z  1.2 GiB  GitLab 17.5.2  verified 2026-11-23T03:00:00Z (drill)`, and where it is. */
export function describeBackup({ date, from, old, size, version, verified }: Backup): string {
  const where = from === 'local' ? 'local' : `on ${from}`;
  if (old) return `${date}  made by the original scripts, without a manifest  ${where}`;
  const proof = verified !== '' ? `verified ${verified}` : from === 'local' ? 'not verified' : '';
  return [
    date,
    size === undefined ? '' : showBytes(size),
    version === '' ? '' : `GitLab ${version}`,
    proof,
    where,
  ]
    .filter(part => part !== '')
    .join('  ');
}
