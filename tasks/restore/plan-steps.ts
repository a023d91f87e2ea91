/** The steps of a restore: what is made ready for the driver, and the driver itself. */
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { Value } from '../../src/core/value.ts';
import { ownStopTimeout } from '../docker/converge.ts';
import { dig, digNumber, digText } from '../docker/dig.ts';
import { createStep, removeStep } from '../docker/life.ts';
import { pullStep } from '../docker/pull.ts';
import { seconds, showAge } from '../docker/units.ts';
import { instanceDirectory, LABELS, showPorts, volumes } from '../gitlab/gitlab.ts';
import { followSteps } from '../host-run/follow.ts';
import type { HostRun } from '../host-run/run.ts';
import type { RemoteDriver } from '../remotes/remote.ts';
import { restoreScript } from './driver.ts';
import { healthChecksText } from './health-checks.ts';
import type { RestoreJob, RestoreSource } from './job.ts';
import { versionOf } from './plan-image.ts';
import type { Restoration, Seen } from './restoration.ts';
import {
  directoryOf,
  isElsewhere,
  nameOf,
  numberOf,
  type RestoreArgs,
  sourceHostOf,
} from './restore-args.ts';

const REPOSITORIES = 10;
/** A container that was made for a restore and is older has no restore to come. */
const STALE = 600;

/** What comes before the driver; it takes no lock and changes nothing of an instance. */
export function preparation(
  given: RestoreArgs,
  seen: Seen,
  { image, target, body, networks }: Restoration,
): readonly Step[] {
  const name = nameOf(given);
  const made = madeName(name, seen);
  const { login } = given;
  return [
    ...(image.pull ? [pullStep(image.reference, login === undefined ? {} : { login })] : []),
    ...staleContainers(given, seen).map(left =>
      removeStep(left, { say: `remove container ${left}, left by a restore that never began`, force: true }),
    ),
    ...(seen.directories.get(target.number)?.whole === true ? [] : [directoryStep(target.directory)]),
    createStep(`create a container for ${name} (from ${image.reference}, on ${target.address})`, made, body),
    ...networks.map(
      ({ name: network, endpoint }): Step => ({
        say: `connect it to network ${network}`,
        action: {
          kind: 'docker',
          call: {
            method: 'POST',
            path: `/networks/${encodeURIComponent(network)}/connect`,
            body: { Container: made, EndpointConfig: endpoint },
            answer: 'none',
          },
        },
      }),
    ),
  ];
}

function madeName(name: string, { survey }: Seen): string {
  return `${name}.restoring-${survey.id}`;
}

function staleContainers(given: RestoreArgs, { containers, survey }: Seen): readonly string[] {
  const now = survey.now.getTime() / 1000;
  return containers
    .filter(
      container =>
        digText(container, 'Labels', LABELS.root) === directoryOf(given) &&
        dig(container, 'State') === 'created' &&
        now - digNumber(container, 'Created') > STALE,
    )
    .map(nameIn)
    .filter(name => /\.restoring-[0-9a-f]{8}$/.test(name));
}

function nameIn(container: Value): string {
  return digText(container, 'Names', 0).replace(/^\//, '');
}

function directoryStep(directory: string): Step {
  const inside = Object.keys(volumes).map(volume => `${directory}/mapping-volumes/${volume}`);
  const bckups = `${directory}/bckups`;
  return {
    say: `create ${directory}, with mapping-volumes/{data,config,log} and bckups`,
    action: {
      kind: 'script',
      text: sh`mkdir -p ${inside} && { [ -d ${bckups} ] || mkdir -m 0700 ${bckups}; }`,
      limit: 60,
    },
  };
}

export function driverSteps(
  given: RestoreArgs,
  seen: Seen,
  restoration: Restoration,
  driver: RemoteDriver | undefined,
): readonly Step[] {
  const job = jobOf(given, seen, restoration, driver);
  const { id, instance, directory } = job;
  const files = driver?.files;
  const run: HostRun = {
    id,
    instance,
    directory,
    what: 'restore',
    script: restoreScript(job),
    ...(files === undefined ? {} : { files }),
  };
  return followSteps(run, sayRestore(given, seen, restoration), seconds(given.timeout));
}

function sayRestore(given: RestoreArgs, { container }: Seen, { source, twin }: Restoration): string {
  const { manifest, date } = source;
  const whose =
    isElsewhere(given) || given.instance !== numberOf(given)
      ? ` of instance ${given.instance}${isElsewhere(given) ? ` of ${sourceHostOf(given)}` : ''}`
      : '';
  const what = manifest === undefined ? ', unverified' : ` (GitLab ${versionOf(manifest)})`;
  const where = given.from === 'local' ? '' : ` on remote ${given.from}`;
  const kept =
    container === null
      ? ''
      : `; what it is now is kept for ${showAge(seconds(given.keep_before))}, or until it is confirmed`;
  return `restore instance ${numberOf(given)} from the backup of ${date}${whose}${where}${what}${twin ? ', as a twin without CI jobs and mail' : ''}${kept}`;
}

export function jobOf(
  given: RestoreArgs,
  seen: Seen,
  { source, target, restart, unknown }: Restoration,
  driver: RemoteDriver | undefined,
): RestoreJob {
  const { survey, container } = seen;
  const docker = survey.docker === 'curl' ? 'curl' : 'cli';
  return {
    id: survey.id,
    instance: target.number,
    directory: target.directory,
    what: 'restore',
    date: source.date,
    source: sourceOf(given, source.date, driver),
    verified: source.manifest !== undefined,
    container: nameOf(given),
    made: madeName(nameOf(given), seen),
    restart,
    replaced: digText(container, 'Id'),
    note: `${target.address} ${showPorts(target.ports)}`,
    docker,
    socket: '/var/run/docker.sock',
    stopTimeout: container === null ? 300 : ownStopTimeout(container),
    readyTimeout: given.ready_timeout,
    keepBefore: Math.ceil(seconds(given.keep_before)),
    checks: checksText(docker),
    required: ['config/gitlab-secrets.json'],
    twins: unknown.map(({ instance, sha256 }) => ({ name: instance.container, sha256 })),
  };
}

function sourceOf(
  { root, instance, from }: RestoreArgs,
  date: string,
  driver: RemoteDriver | undefined,
): RestoreSource {
  return driver === undefined
    ? { kind: 'local', folder: `${instanceDirectory(root, instance)}/bckups/${date}` }
    : { kind: 'remote', name: from, text: driver.text };
}

function checksText(docker: 'cli' | 'curl') {
  return joinSh([
    healthChecksText({ docker, repositories: REPOSITORIES, scratch: false }),
    sh`if ! check_instance_health "$made" "$volumes"; then echo "$unhealthy" >&2; exit 1; fi
printf '%s\n' "$health"`,
  ]);
}
