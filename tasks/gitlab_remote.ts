/** A remote for backups is set up from a host: its programs installed, the remote itself made, and proven by a canary. */
import { type Static, Type } from 'typebox';
import { type Probe, probe } from '../src/core/probe.ts';
import type { Sh } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { refreshScript } from './docker/engine.ts';
import { driverOf } from './remotes/driver.ts';
import { readRemote, remoteArgument } from './remotes/read.ts';
import type { Remote, RemoteDriver } from './remotes/remote.ts';
import { isRecent, OLDEST, RELEASE, resticScript } from './remotes/restic-install.ts';
import {
  checkScript,
  filesEnv,
  type HostLook,
  lookScript,
  noteOf,
  packagesScript,
  readHostLook,
  settingsHash,
  setUpScript,
} from './remotes/setup.ts';

const args = Type.Object(
  {
    remote: remoteArgument,
    host_name: Type.String({
      description: 'What this host is called on the remote: inventory_hostname',
      minLength: 1,
    }),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

/** Its arguments were checked: there is always one. */
function remoteOf({ remote }: Args): Remote {
  const read = readRemote(remote);
  if ('problems' in read) throw new Error(read.problems.join('; '));
  return read.remote;
}

const driverFor = (given: Args) => driverOf(remoteOf(given), { host: given.host_name, instance: 0 });

function look(given: Args): Probe<HostLook> {
  const programs = driverFor(given).needs.map(({ program }) => program);
  return probe(lookScript(noteOf(given.root, remoteOf(given).name), programs), readHostLook);
}

function plan(given: Args, seen: HostLook): Plan {
  const remote = remoteOf(given);
  const driver = driverFor(given);
  const packages = missing(remote, driver, seen);
  if (packages.length > 0 && seen.manager === '')
    return refuse(
      `${packages.join(', ')} must be on this host for remote ${remote.name}, and it has no package manager that we know: install it by hand`,
    );
  return [...installSteps(remote, packages, seen), useStep(given, remote, driver, seen)];
}

/** Packages that are wanted beside restic, which has ways of its own. */
function missing({ driver: kind }: Remote, driver: RemoteDriver, { lacking }: HostLook): readonly string[] {
  const wanted = driver.needs.filter(({ program }) => lacking.includes(program));
  return wanted.flatMap(({ program, package: name }) =>
    kind === 'restic' && program === 'restic' ? [] : [name],
  );
}

function installSteps(remote: Remote, packages: readonly string[], seen: HostLook): readonly Step[] {
  const { manager, lists, restic } = seen;
  const wanted = remote.driver === 'restic' && !isRecent(restic);
  const fetches = manager !== '' && !lists && (packages.length > 0 || (wanted && restic === ''));
  return [
    ...(fetches ? [script('fetch the package lists', refreshScript({ manager, packages: [] }), 600)] : []),
    ...(packages.length > 0 && manager !== ''
      ? [script(`install ${packages.join(', ')}`, packagesScript(manager, packages), 1800)]
      : []),
    ...(wanted ? [script(sayRestic(seen), resticScript(manager), 3000)] : []),
  ];
}

function sayRestic({ restic, manager }: HostLook): string {
  const binary = `the official binary ${RELEASE.version}`;
  if (restic !== '') return `install restic: ${binary}, for ${restic} is older than ${OLDEST}`;
  return manager === ''
    ? `install restic: ${binary}`
    : `install restic: ${manager}'s package, or ${binary} where that is none or older than ${OLDEST}`;
}

function script(say: string, text: Sh, limit: number): Step {
  return { say, streams: true, action: { kind: 'script', text, limit } };
}

function useStep(given: Args, remote: Remote, driver: RemoteDriver, { noted, since }: HostLook): Step {
  const known = noted === settingsHash(remote);
  const text = known
    ? checkScript(driver, remote, given.root, since)
    : setUpScript(driver, remote, given.root);
  return {
    say: known
      ? `look whether remote ${remote.name} (${remote.driver}) is there`
      : `set up remote ${remote.name} (${remote.driver}): make it where it is not there, write a canary and read it back`,
    changes: !known,
    action: { kind: 'script', text, env: filesEnv(driver), limit: known ? 300 : 3600 },
  };
}

function result(given: Args, _: HostLook, outputs: readonly StepOutput[]): ValueMap {
  const { name, driver } = remoteOf(given);
  const told = (outputs.at(-1)?.stdout ?? '').split('\n').filter(line => line !== '');
  return { name, driver, created: told.includes('it was made'), told };
}

export const gitlab_remote = defineTask({
  name: 'gitlab_remote',
  summary: 'Set up a remote for backups: a folder, another machine, or a repository of restic',
  description: `Installs what the driver needs on this host (rsync and ssh; restic as a package, or the official binary with a pinned checksum
where there is none or one that is older than 0.14), makes the remote where it is not there at all, and writes a canary to it that is read back
and compared, for a storage can take what it does not give back. A repository that cannot be opened is never made anew. What
passed is noted in ROOT/.girofle/remotes; from then on it is only looked at, until its settings change.`,
  args,
  examples: `
- name: A repository of restic behind SSH
  gitlab_remote:
    remote:
      name: offsite
      driver: restic
      repository: sftp:backup@storage.example.org:/srv/girofle
      password_file: /etc/girofle/restic-password
    host_name: "{{ inventory_hostname }}"

- name: A mounted disk
  gitlab_remote:
    remote: { name: nas, driver: directory, path: /mnt/nas/girofle }
    host_name: "{{ inventory_hostname }}"
`,
  returns: {
    name: 'Name of the remote',
    driver: 'directory, rsync or restic',
    created: 'Whether it was made just now',
    told: 'What the driver had to say: a canary that stays in an append-only storage',
  },
  check: ({ remote }) => {
    const read = readRemote(remote);
    return 'problems' in read ? read.problems : [];
  },
  probe: look,
  plan,
  result,
});
