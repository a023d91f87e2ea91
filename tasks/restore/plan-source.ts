/** Which backup is meant, and whether it may be restored: what is known of it before it is read whole. */
import { type Manifest, OLD_DATE } from '../../src/core/backup/manifest.ts';
import type { Found, Look } from '../backups/look.ts';
import { type RestoreArgs, sourceHostOf } from './restore-args.ts';
import type { HostLook, RemoteLook } from './survey.ts';

export interface Source {
  readonly date: string;
  /** Undefined for what the original scripts made. */
  readonly manifest?: Manifest;
  /** SHA-256 of its config/gitlab-secrets.json; '' where it has none, undefined where that is not known yet. */
  readonly identity: string | undefined;
}

export type Chosen = Source | { readonly problem: string };

export interface SeenSource {
  readonly local: Look;
  readonly host: HostLook;
  /** Undefined for a local backup. */
  readonly remote: RemoteLook | undefined;
}

export function chooseSource(given: RestoreArgs, seen: SeenSource): Chosen {
  return seen.remote === undefined ? chooseLocal(given, seen) : chooseRemote(given, seen.remote);
}

function chooseLocal({ instance, backup, unverified }: RestoreArgs, { local, host }: SeenSource): Chosen {
  const found = local.found.filter(one => one.instance === instance && one.kind !== 'leftover');
  const whole = found.filter(({ kind }) => kind === 'backup');
  const old = found.filter(({ kind }) => kind === 'old');
  const candidates = unverified ? [...whole, ...old] : whole;
  if (backup !== 'latest') {
    const named = found.find(({ name }) => name === backup);
    return named === undefined ? absent(backup, instance, whole) : judge(named, unverified, host);
  }
  const [newest] = candidates;
  return newest === undefined ? { problem: none(instance, old) } : judge(newest, unverified, host);
}

function absent(backup: string, instance: number, whole: readonly Found[]): Chosen {
  const [newest] = whole;
  const instead = newest === undefined ? 'it has none' : `the newest is of ${newest.name}`;
  return { problem: `instance ${instance} has no backup of ${backup} on this host: ${instead}` };
}

function none(instance: number, [old]: readonly Found[]): string {
  return old === undefined
    ? `instance ${instance} has no backup on this host`
    : `instance ${instance} has no backup on this host but those of the original scripts: name one, such as backup=${old.name}, with unverified=true`;
}

function judge({ name, kind, problem, manifest }: Found, unverified: boolean, { backups }: HostLook): Chosen {
  if (kind === 'broken') return { problem: `${name} is no backup: it ${problem}` };
  if (kind === 'old' && !unverified)
    return {
      problem: `${name} was made by the original scripts and has no manifest, so that nothing can be compared: restore it with unverified=true`,
    };
  return { date: name, identity: backups.get(name), ...(manifest === undefined ? {} : { manifest }) };
}

function chooseRemote(given: RestoreArgs, remote: RemoteLook): Chosen {
  const { instance, backup, from } = given;
  if ('objection' in remote) return { problem: `remote ${from} cannot be read: ${remote.objection}` };
  const whose = `instance ${instance} of ${sourceHostOf(given)}`;
  const newest = remote.dates.at(-1);
  if (newest === undefined) return { problem: `remote ${from} has no backup of ${whose}` };
  if (OLD_DATE.test(backup))
    return { problem: `${backup} was made by the original scripts: remotes have none of these` };
  const date = backup === 'latest' ? newest : backup;
  if (!remote.dates.includes(date))
    return { problem: `remote ${from} has no backup of ${date} of ${whose}: the newest is of ${newest}` };
  if (remote.manifest === undefined)
    return {
      problem: `the backup of ${date} on remote ${from}: ${remote.problem ?? 'its manifest cannot be had'}`,
    };
  return { date, manifest: remote.manifest, identity: undefined };
}
