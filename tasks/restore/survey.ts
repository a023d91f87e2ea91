/** What the host has for a restore beside what a backup looks at: who is who, and what a remote holds. Nothing is kept of it. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import { type Probe, probe, probeOutcome } from '../../src/core/probe.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { readManifest } from '../backups/look.ts';
import { LABEL, LABELS } from '../gitlab/gitlab.ts';
import { basicsText } from '../host-run/run.ts';
import type { RemoteDriver } from '../remotes/remote.ts';

export interface HostLook {
  /** SHA-256 of config/gitlab-secrets.json, by instance directory. */
  readonly identities: ReadonlyMap<string, string>;
  /** The same of local backups, by date; of those that were looked at: the one that is named, or the newest. '' where it is missing. */
  readonly backups: ReadonlyMap<string, string>;
  /** Programs that were asked for and are not there. */
  readonly missing: readonly string[];
}

const SECRETS = 'config/gitlab-secrets.json';

/**
 * @param source directory of the instance whose backup it is
 * @param programs that a remote needs
 */
export function lookAtHost(
  root: string,
  source: string,
  backup: string,
  programs: readonly string[],
): Probe<HostLook> {
  return probe(hostScript(root, source, backup, programs), readHostLook);
}

function hostScript(root: string, source: string, backup: string, programs: readonly string[]): Sh {
  const folders = `${root.replace(/\/+$/, '')}/noeud-gitlab-`;
  const bckups = `${source}/bckups`;
  return sh`PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
identity() {
  if [ -f "$1/mapping-volumes/"${SECRETS} ]; then
    echo "identity $(sha256sum <"$1/mapping-volumes/"${SECRETS} | cut -c 1-64) $1"
  fi
}
for one in ${folders}*; do identity "$one"; done
# Instances of other fleets on this host.
docker ps --filter ${`label=${LABEL}`} --format ${`{{.Label "${LABELS.root}"}}`} 2>/dev/null | while IFS= read -r one; do
  case $one in ${folders}*|'') ;; *) identity "$one" ;; esac
done
backup=${backup}
if [ "$backup" = latest ]; then
  backup=
  for one in ${bckups}/[0-9]*Z; do if [ -f "$one/manifest.json" ]; then backup=\${one##*/}; fi; done
fi
one=${bckups}/$backup
if [ -n "$backup" ] && [ -d "$one" ] && [ ! -L "$one" ]; then
  if [ -f "$one/files.jsonl" ]; then
    hash=$(grep -m 1 -F ${`{"path":"${SECRETS}",`} "$one/files.jsonl" | sed -n 's/.*"sha256":"\([0-9a-f]*\)".*/\1/p')
  elif [ -f "$one/"${SECRETS} ] && [ ! -L "$one/"${SECRETS} ]; then
    hash=$(sha256sum <"$one/"${SECRETS} | cut -c 1-64)
  else
    hash=
  fi
  echo "backup $backup $hash"
fi
for one in ${programs}; do if ! command -v "$one" >/dev/null 2>&1; then echo "missing $one"; fi; done
exit 0`;
}

export function readHostLook(written: string): HostLook {
  const rows = written.split('\n').map(line => line.split(' '));
  const all = (key: string) => rows.filter(([first]) => first === key).map(([, ...rest]) => rest);
  return {
    identities: new Map(all('identity').map(([hash = '', ...path]) => [path.join(' '), hash])),
    backups: new Map(all('backup').map(([date = '', hash = '']) => [date, hash])),
    missing: all('missing').map(([program = '']) => program),
  };
}

export type RemoteLook =
  | {
      /** Oldest first. */
      readonly dates: readonly string[];
      /** Of the backup that is named, or of the newest. */
      readonly manifest?: Manifest;
      /** Why it cannot be had. */
      readonly problem?: string;
    }
  /** The remote cannot be read. */
  | { readonly objection: string };

/** Asks a remote by its own driver, in a folder of its own that only we may read and that is gone afterwards. */
export function lookAtRemote(driver: RemoteDriver, backup: string): Probe<RemoteLook> {
  return probeOutcome(
    remoteScript(driver, oneText(backup)),
    ({ code, stdout, stderr }) =>
      code === 0 ? readRemoteLook(stdout) : { objection: stderr.trim() || `exit code ${code}` },
    300,
  );
}

/** Every whole backup that a remote has of one instance, newest first; or why it cannot be read. */
export function lookAtAllOfRemote(
  driver: RemoteDriver,
): Probe<readonly Manifest[] | { readonly objection: string }> {
  const text = sh`remote_manifests >"$run/look-manifests" || { printf '%s\n' "$objection" >&2; exit 1; }
cat "$run/look-manifests"
exit 0`;
  return probeOutcome(
    remoteScript(driver, text),
    ({ code, stdout, stderr }) =>
      code === 0 ? readManifests(stdout) : { objection: stderr.trim() || `exit code ${code}` },
    300,
  );
}

function readManifests(written: string): readonly Manifest[] {
  return written
    .split('\x1e')
    .map(record => record.replace(/^\n/, '').split('\x1f'))
    .flatMap(([date = '', text = '']) => {
      const read = readManifest(text, date);
      return 'manifest' in read ? [read.manifest] : [];
    })
    .toSorted((a, b) => (a.date < b.date ? 1 : -1));
}

/** Secrets are written by the shell itself: no process has them among its words. */
function remoteScript({ text, files }: RemoteDriver, work: Sh): Sh {
  return joinSh([
    sh`umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
run=$(mktemp -d "\${TMPDIR:-/tmp}/girofle-look.XXXXXXXX") || exit 1
trap 'rm -rf "$run"' EXIT
trap 'exit 1' HUP INT TERM
bckups=/nonexistent objection=`,
    basicsText,
    ...Object.entries(files).map(([name, content]) => sh`printf '%s' ${content} >"$run/"${name} || exit 1`),
    text,
    work,
  ]);
}

function oneText(backup: string): Sh {
  return sh`remote_list >"$run/look-dates" || { printf '%s\n' "$objection" >&2; exit 1; }
date=${backup}
if [ "$date" = latest ]; then date=$(tail -n 1 "$run/look-dates"); fi
cat "$run/look-dates"
if [ -n "$date" ] && grep -qxF -e "$date" "$run/look-dates"; then
  if remote_manifest "$date" >"$run/look-manifest"; then
    printf '== manifest %s\n' "$date"
    head -c 4194304 "$run/look-manifest"
  else
    printf '== objection %s\n%s\n' "$date" "$objection"
  fi
fi
exit 0`;
}

export function readRemoteLook(written: string): RemoteLook {
  const [, list = '', kind, date = '', rest = ''] =
    /^([^=]*)(?:== (manifest|objection) (\S+)\n(.*))?$/s.exec(written) ?? [];
  const dates = list.split('\n').filter(line => line !== '');
  if (kind === undefined) return { dates };
  return { dates, ...(kind === 'objection' ? { problem: rest.trim() } : readManifest(rest, date)) };
}
