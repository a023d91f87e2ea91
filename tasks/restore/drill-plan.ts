/** From what was asked and what was seen to a drill: refusals as a restore's, and the steps. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import type { Survey } from '../backup/survey.ts';
import { dig, digList, digMap, digNumber, digText } from '../docker/dig.ts';
import { createStep, removeStep } from '../docker/life.ts';
import { pullStep } from '../docker/pull.ts';
import { showBytes } from '../docker/units.ts';
import { followSteps } from '../host-run/follow.ts';
import type { LockOwner } from '../host-run/lock.ts';
import type { RemoteDriver } from '../remotes/remote.ts';
import { drillBody } from './drill-body.ts';
import { drillScript } from './drill-driver.ts';
import { DRILL_LABELS, type DrillJob, drillContainer, drillNetwork, pinOf } from './drill-job.ts';
import { architectureProblems, hasSELinux, hostProblems } from './host-problems.ts';
import { stagedOf } from './job.ts';
import { chooseImage, halfUpgraded, type Image, versionOf } from './plan-image.ts';
import { chooseSource, type SeenSource } from './plan-source.ts';
import { directoryOf, numberOf, type RestoreArgs, settingsGiven } from './restore-args.ts';
import { collectSecrets, declaredEnvironment, resolveSecrets } from './secrets.ts';

export interface DrillSeen extends SeenSource {
  readonly survey: Survey;
  /** The instance's own; it is only looked at. */
  readonly container: ValueMap | null;
  /** Of drills. */
  readonly containers: readonly Value[];
  readonly images: readonly Value[];
  readonly networks: readonly Value[];
  readonly info: ValueMap;
  /** Bytes that are free; 0 where the host does not say. */
  readonly memory: number;
  /** Another drill of the instance, at work. */
  readonly other: LockOwner | undefined;
}

/** What a drill is asked beside what a restore is. */
export interface DrillWishes {
  readonly repositories: number | 'all';
  /** Bytes. */
  readonly memoryNeeded: number;
  /** Seconds. */
  readonly lockWait: number;
  readonly timeout: number;
}

export interface Drill {
  readonly date: string;
  readonly manifest: Manifest;
  readonly image: Image;
  readonly body: ValueMap;
  /** Secrets of which the backup has the hash alone, and nobody here the value. */
  readonly unknown: readonly string[];
}

export function judgeDrill(
  given: RestoreArgs,
  wishes: DrillWishes,
  seen: DrillSeen,
  driver: RemoteDriver | undefined,
): { readonly problems: readonly string[] } | { readonly drill: Drill } {
  const source = chooseSource(given, seen);
  const host = hostProblems(seen, driver);
  if ('problem' in source) return { problems: [source.problem, ...host] };
  const { date, manifest, identity } = source;
  if (manifest === undefined)
    return { problems: [`${date} was made by the original scripts and has no manifest`, ...host] };
  const chosen = chooseImage(given.image, manifest, seen.images);
  const half = given.image === undefined ? halfUpgraded(manifest) : [];
  const problems = [
    ...host,
    ...(identity === ''
      ? [
          `the backup of ${date} has no config/gitlab-secrets.json: without it GitLab cannot read the passwords and tokens in its database`,
        ]
      : []),
    ...architectureProblems(manifest, seen.info),
    ...(half.length > 0 ? half : chosen.problems),
    ...memoryProblems(wishes, seen),
  ];
  if (problems.length > 0) return { problems };
  return { drill: { date, manifest, image: chosen.image, ...bodyOf(given, seen, manifest, chosen.image) } };
}

/** A host that runs out of memory ends processes of the instances that people use. */
function memoryProblems({ memoryNeeded }: DrillWishes, { memory }: DrillSeen): readonly string[] {
  return memory === 0 || memory >= memoryNeeded
    ? []
    : [
        `a drill starts a second GitLab beside the others: it wants ${showBytes(memoryNeeded)} of memory, and ${showBytes(memory)} are free (memory_needed)`,
      ];
}

function bodyOf(given: RestoreArgs, seen: DrillSeen, { configuration }: Manifest, image: Image) {
  const secrets = resolveSecrets(
    configuration,
    collectSecrets(
      digList(seen.container, 'Config', 'Env'),
      declaredEnvironment(settingsGiven(given), given.omnibus_config, given.env),
    ),
  );
  const { id } = seen.survey;
  const directory = directoryOf(given);
  const body = drillBody({
    configuration,
    env: secrets.env,
    image: image.reference,
    number: numberOf(given),
    directory,
    scratch: stagedOf({ what: 'drill', directory, id }),
    network: drillNetwork(id),
    selinux: hasSELinux(seen.info),
  });
  return { body, unknown: secrets.missing };
}

/** What comes before the driver: it changes nothing of the instance. */
export function drillPreparation(
  given: RestoreArgs,
  seen: DrillSeen,
  { image, body, date }: Drill,
): readonly Step[] {
  const { id } = seen.survey;
  const { login } = given;
  return [
    ...(image.pull ? [pullStep(image.reference, login === undefined ? {} : { login })] : []),
    ...leftovers(given, seen),
    {
      say: `create network ${drillNetwork(id)}, with no way out`,
      action: {
        kind: 'docker',
        call: {
          method: 'POST',
          path: '/networks/create',
          body: {
            Name: drillNetwork(id),
            CheckDuplicate: true,
            Driver: 'bridge',
            Internal: true,
            // Internal alone leaves the host itself within reach, and with it what other instances publish.
            Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
            Labels: labelsOf(given),
          },
        },
      },
    },
    createStep(
      `create a scratch container for the backup of ${date} (from ${image.reference})`,
      drillContainer(numberOf(given), id),
      body,
    ),
  ];
}

function labelsOf(given: RestoreArgs): ValueMap {
  return {
    [DRILL_LABELS.number]: String(numberOf(given)),
    [DRILL_LABELS.root]: directoryOf(given),
  };
}

/** Seconds. What is older and was not started has no drill to come: one that had begun takes its own away. */
const STALE = 600;

function leftovers(given: RestoreArgs, { containers, networks, survey }: DrillSeen): readonly Step[] {
  const now = survey.now.getTime() / 1000;
  const ours = (one: Value) => digText(one, 'Labels', DRILL_LABELS.root) === directoryOf(given);
  const names = containers
    .filter(ours)
    .map(one => ({ one, name: digText(one, 'Names', 0).replace(/^\//, '') }));
  const dead = names.filter(
    ({ one }) => dig(one, 'State') === 'created' && now - digNumber(one, 'Created') > STALE,
  );
  const alive = names.filter(one => !dead.includes(one)).map(({ name }) => name.slice(-8));
  const empty = networks
    .filter(ours)
    .filter(one => now - Date.parse(digText(one, 'Created')) / 1000 > STALE)
    .map(one => digText(one, 'Name'))
    .filter(name => !alive.includes(name.slice(-8)));
  return [
    ...dead.map(({ name }) =>
      removeStep(name, { say: `remove container ${name}, left by a drill that never began`, force: true }),
    ),
    ...empty.map(
      (name): Step => ({
        say: `remove network ${name}, left by a drill that never began`,
        action: {
          kind: 'docker',
          call: { method: 'DELETE', path: `/networks/${encodeURIComponent(name)}`, answer: 'none' },
          success: [404],
        },
      }),
    ),
  ];
}

export function drillSteps(
  given: RestoreArgs,
  wishes: DrillWishes,
  seen: DrillSeen,
  drill: Drill,
  driver: RemoteDriver | undefined,
): readonly Step[] {
  const job = drillJob(given, wishes, seen, drill, driver);
  const { id, instance, directory } = job;
  const files = driver?.files;
  return followSteps(
    {
      id,
      instance,
      directory,
      what: 'drill',
      script: drillScript(job),
      ...(files === undefined ? {} : { files }),
    },
    sayDrill(given, wishes, drill),
    wishes.timeout,
  );
}

function sayDrill(
  given: RestoreArgs,
  { repositories }: DrillWishes,
  { date, manifest, unknown }: Drill,
): string {
  const where = given.from === 'local' ? '' : ` on remote ${given.from}`;
  const much = repositories === 'all' ? 'all repositories' : `${repositories} repositories`;
  const without = unknown.length === 0 ? '' : `; without the value of ${unknown.join(', ')}`;
  return `try the backup of ${date}${where} out beside instance ${numberOf(given)} (GitLab ${versionOf(manifest)}, ${much})${without}`;
}

function drillJob(
  given: RestoreArgs,
  { repositories, lockWait }: DrillWishes,
  { survey }: DrillSeen,
  { date, manifest }: Drill,
  driver: RemoteDriver | undefined,
): DrillJob {
  const directory = directoryOf(given);
  const made = drillContainer(numberOf(given), survey.id);
  return {
    id: survey.id,
    instance: numberOf(given),
    directory,
    what: 'drill',
    date,
    source:
      driver === undefined
        ? { kind: 'local', folder: pinOf(directory, survey.id) }
        : { kind: 'remote', name: given.from, text: driver.text },
    verified: true,
    container: made,
    made,
    restart: 'no',
    replaced: '',
    note: '',
    docker: survey.docker === 'curl' ? 'curl' : 'cli',
    socket: '/var/run/docker.sock',
    stopTimeout: digNumber(digMap(manifest.configuration, 'Config'), 'StopTimeout') || 60,
    readyTimeout: given.ready_timeout,
    checks: sh``,
    required: ['config/gitlab-secrets.json'],
    from: given.from,
    network: drillNetwork(survey.id),
    repositories,
    lockWait,
  };
}
