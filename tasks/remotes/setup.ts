/** Setting a remote up from a host: what must be installed, what is noted of it, and the script that makes and tries it. */
import { createHash } from 'node:crypto';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { type Installer, installScript } from '../docker/engine.ts';
import { basicsText } from '../host-run/run.ts';
import type { Remote, RemoteDriver } from './remote.ts';

export interface HostLook {
  readonly manager: Installer['manager'] | '';
  /** The package manager has lists. */
  readonly lists: boolean;
  /** `0.14`, or ''. */
  readonly restic: string;
  /** Programs of the driver's needs that are not there. */
  readonly lacking: readonly string[];
  /** Of the settings with which the remote was set up here; '' when it was not. */
  readonly noted: string;
  /** When that was. */
  readonly since: string;
}

/** Where a host notes that a remote was set up: a file for each. */
export const noteOf = (root: string, name: string) =>
  `${root.replace(/\/+$/, '')}/.girofle/remotes/${name}.json`;

/** Of what decides where the backups lie and how they are reached: how many stay there is no reason to try it again. */
export function settingsHash(remote: Remote): string {
  const { keep: _, retries: __, ...settings } = remote;
  const sorted = Object.entries({ ...settings, check_parts: 0 }).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

export function lookScript(note: string, programs: readonly string[]): Sh {
  return sh`PATH=/usr/local/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin
for name in apt-get dnf yum apk; do if command -v $name >/dev/null 2>&1; then echo "manager $name"; break; fi; done
for list in /var/lib/apt/lists/*_Packages*; do if [ -e "$list" ]; then echo 'lists yes'; break; fi; done
echo "restic $(restic version 2>/dev/null | sed -n 's/^restic \([0-9]*\.[0-9]*\).*/\1/p')"
for name in ${programs}; do if ! command -v "$name" >/dev/null 2>&1; then echo "lacking $name"; fi; done
if [ -r ${note} ]; then sed -n 's/.*"settings":"\([0-9a-f]*\)","utc":"\([^"]*\)".*/noted \1\nsince \2/p' ${note}; fi
exit 0`;
}

export function readHostLook(written: string): HostLook {
  const all = (key: string) =>
    written.split('\n').flatMap(line => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const one = (key: string) => all(key)[0] ?? '';
  const managers: readonly Installer['manager'][] = ['apt-get', 'dnf', 'yum', 'apk'];
  const manager = managers.find(name => name === one('manager')) ?? '';
  return {
    manager,
    lists: manager !== 'apt-get' || one('lists') === 'yes',
    restic: one('restic'),
    lacking: all('lacking'),
    noted: one('noted'),
    since: one('since'),
  };
}

/** Names of packages that not every distribution calls as Debian does. */
export function packagesScript(manager: Installer['manager'], packages: readonly string[]): Sh {
  const own = packages.map(name =>
    name === 'openssh-client' && (manager === 'dnf' || manager === 'yum') ? 'openssh-clients' : name,
  );
  return installScript({ manager, packages: own });
}

/** The content of the driver's files, for the environment of `workScript`. */
export function filesEnv({ files }: RemoteDriver): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.values(files).map((content, i) => [`GIROFLE_FILE_${i}`, content]));
}

/** A folder of our own that only we may read, with the driver's files in it, gone afterwards; then the driver's functions. */
export function scratchText({ text, files }: RemoteDriver, root: string): Sh {
  return joinSh([
    sh`umask 077
LC_ALL=C
export LC_ALL
PATH=/usr/local/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin
root=${root.replace(/\/+$/, '')}
run=$(mktemp -d) || exit 1
trap 'rm -rf "$run"' EXIT
trap 'exit 130' INT TERM HUP
home= directory= bckups=/nonexistent objection=`,
    basicsText,
    ...Object.keys(files).map(
      (name, i) => sh`printf '%s' "$GIROFLE_FILE_${i}" >"$run/"${name} || exit 1
unset GIROFLE_FILE_${i}`,
    ),
    text,
  ]);
}

const failText = sh`give_up() {
  echo "remote $1: $objection$2" >&2
  exit 1
}`;

/** What is there is checked, what is not is made, a canary goes there and back; then it is noted. */
export function setUpScript(driver: RemoteDriver, remote: Remote, root: string): Sh {
  const note = noteOf(root, remote.name);
  return joinSh([
    scratchText(driver, root),
    failText,
    sh`if remote_check; then echo 'it was there'; else
  objection=
  remote_create || give_up ${remote.name}
  echo 'it was made'
fi
remote_canary || give_up ${remote.name}
mkdir -p ${note.slice(0, note.lastIndexOf('/'))} || exit 1
printf '{"settings":"%s","utc":"%s"}\n' ${settingsHash(remote)} "$(utc)" >${`${note}.new`} && mv -f ${`${note}.new`} ${note}`,
  ]);
}

/** A remote that was set up before is never made anew: what is not there now may be not mounted, or lost. */
export function checkScript(driver: RemoteDriver, remote: Remote, root: string, since: string): Sh {
  return joinSh([
    scratchText(driver, root),
    failText,
    sh`remote_check || give_up ${remote.name} ${`; it was set up on ${since}. To set it up anew, remove ${noteOf(root, remote.name)} first`}`,
  ]);
}
