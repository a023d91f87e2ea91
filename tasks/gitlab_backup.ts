/** One consistent backup of one GitLab instance, made by the host itself, beside the instance's volumes. */
import { type Static, Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { parseKeep } from '../src/core/backup/retention.ts';
import { all, type Probe, probe as probeScript } from '../src/core/probe.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { driverScript } from './backup/driver.ts';
import { configurationOf, imageOf, mountProblems, releaseOf } from './backup/identity.ts';
import type { BackupJob, Rsync } from './backup/job.ts';
import { knownOf, outcomeOf, type Subject } from './backup/outcome.ts';
import { pruneSteps, verdicts } from './backup/prune.ts';
import { readSurvey, type Survey, surveyScript } from './backup/survey.ts';
import { keepSchema } from './backups/keep.ts';
import { ownStopTimeout } from './docker/converge.ts';
import { dig, digText } from './docker/dig.ts';
import { probeContainer } from './docker/probe.ts';
import { Duration, seconds } from './docker/units.ts';
import { containerName, DEFAULT_NAME, instanceDirectory, LABEL, LABELS } from './gitlab/gitlab.ts';
import { followSteps } from './host-run/follow.ts';
import { busySentence } from './host-run/lock.ts';
import type { HostRun } from './host-run/run.ts';

const args = Type.Object(
  {
    number: Type.Integer({ description: 'Number of the instance', minimum: 1 }),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    name: Type.String({
      description: 'Name of the container; {number} is the number',
      default: DEFAULT_NAME,
    }),
    consistency: Choice(
      ['pause', 'stop', 'snapshot'],
      'How the instance stands still for the last pass: its processes frozen for seconds; stopped, which takes the minutes of a start; or frozen for the moment of a snapshot, where its volumes lie on btrfs, ZFS or LVM',
      'pause',
    ),
    max_pause: Duration(
      'How long it may stand still; past that it goes on, and the backup is discarded',
      '60s',
    ),
    keep: Type.Optional(keepSchema),
    expected_every: Type.Optional(
      Duration('How often a backup is expected; one that is older than twice that is warned of'),
    ),
    timeout: Duration(
      'How long the backup is followed; past that the task fails, and the host goes on by itself',
      '24h',
    ),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

export interface Seen {
  readonly container: ValueMap | null;
  readonly survey: Survey;
}

const nameOf = ({ name, number }: Args) => containerName(name, number);
const directoryOf = ({ root, number }: Args) => instanceDirectory(root, number);

function check({ max_pause, keep }: Args): readonly string[] {
  const policy = keep === undefined ? undefined : parseKeep(keep);
  return [
    ...(seconds(max_pause) < 1 ? ['max_pause must be a second at least'] : []),
    ...(policy !== undefined && 'problem' in policy ? [policy.problem] : []),
  ];
}

function probe(given: Args): Probe<Seen> {
  return all({
    container: probeContainer(nameOf(given)),
    survey: supposingRsync(
      probeScript(surveyScript(directoryOf(given), given.consistency === 'snapshot'), readSurvey),
    ),
  });
}

const TO_BE_INSTALLED: Rsync = { version: '3.1.3', exact: true, acls: true, xattrs: true };

/** In plan mode: rsync, where an earlier task would install it. */
function supposingRsync(part: Probe<Survey>): Probe<Survey> {
  return {
    requests: part.requests,
    read: (answers, suppose) => {
      const seen = part.read(answers, suppose);
      return suppose && seen.rsync === undefined ? { ...seen, rsync: TO_BE_INSTALLED } : seen;
    },
  };
}

function plan(given: Args, { container, survey }: Seen): Plan {
  const { busy, rsync } = survey;
  const known = knownOf(subjectOf(given), survey);
  if (busy !== undefined)
    return refuse(busySentence(given.number, busy), { result: { ...known, busy: true } });
  const name = nameOf(given);
  if (container === null)
    return refuse(`container ${name} is not there: there is nothing to back up`, { result: known });
  const problems = [...containerProblems(given, container, survey), ...hostProblems(given, survey)];
  if (problems.length > 0 || rsync === undefined) return refuse(problems.join('; '), { result: known });
  const job = jobOf(given, container, survey, rsync);
  const decided = decide(given, survey);
  const steps = followSteps(
    runOfBackup(job),
    `back up instance ${given.number} to ${directoryOf(given)}/bckups (${howOf(given, survey)})`,
    seconds(given.timeout),
  );
  return [...steps, ...pruneSteps(job, decided).map(tolerated)];
}

/** A backup that cannot be removed is warned of: the new one is good all the same. */
function tolerated(step: Step): Step {
  return step.action.kind === 'script' ? { ...step, action: { ...step.action, success: 'any' } } : step;
}

function howOf(given: Args, { backups }: Survey): string {
  const last = backups.at(-1);
  return `${stillness(given)} for ${seconds(given.max_pause)} s at most, ${last === undefined ? 'the first' : `the last is of ${last.date}`}`;
}

function decide({ keep }: Args, { backups, now }: Survey) {
  if (keep === undefined) return [];
  const policy = parseKeep(keep);
  return 'problem' in policy ? [] : verdicts(backups, policy.policy, now);
}

function containerProblems(given: Args, container: ValueMap, { stranded }: Survey): readonly string[] {
  const name = nameOf(given);
  if (digText(container, 'Config', 'Labels', LABELS.number) !== String(given.number))
    return [`container ${name} is not instance ${given.number}: it has no label ${LABEL}=${given.number}`];
  return [
    ...mountProblems(container, directoryOf(given)).map(problem => `container ${name}: ${problem}`),
    ...(stranded ? [] : stateProblems(name, container)),
  ];
}

function stateProblems(name: string, container: ValueMap): readonly string[] {
  if (dig(container, 'State', 'Paused') === true)
    return [`container ${name} is paused, and not by us: let it go on first (docker unpause ${name})`];
  if (dig(container, 'State', 'Running') !== true)
    return [`container ${name} is not running: start it, or copy its volumes by hand`];
  return [];
}

function hostProblems(given: Args, { rsync, docker, lacking, bckups, footing }: Survey): readonly string[] {
  const folder = `${directoryOf(given)}/bckups`;
  return [
    ...(rsync === undefined ? ['rsync is not on this host: install it (package: name=rsync)'] : []),
    ...(rsync !== undefined && !isRecent(rsync) ? [`rsync ${rsync.version} is too old: 3.1.0 at least`] : []),
    ...(docker === ''
      ? [
          "neither docker's command nor a curl that speaks to sockets is on this host: install one (package: name=curl)",
        ]
      : []),
    ...(lacking.length === 0
      ? []
      : [`GNU's ${lacking.join(', ')} must be on this host: install coreutils, findutils, sed`]),
    ...(bckups === 'link'
      ? [`${folder} is a symbolic link: backups go into a folder of the instance itself`]
      : []),
    ...(bckups === 'none' ? [`${folder} is not there`] : []),
    ...(footing !== undefined && 'unfit' in footing
      ? [`there can be no snapshot: ${footing.unfit}; take consistency: pause`]
      : []),
  ];
}

function isRecent({ version }: Rsync): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 1);
}

export function runOfBackup(job: BackupJob): HostRun {
  const { id, instance, directory } = job;
  return { id, instance, directory, what: 'backup', script: driverScript(job) };
}

/** What the driver on the host is told. */
export function jobOf(
  given: Args,
  container: ValueMap,
  { id, docker, footing }: Survey,
  rsync: Rsync,
): BackupJob {
  return {
    id,
    instance: given.number,
    container: nameOf(given),
    containerId: digText(container, 'Id'),
    directory: directoryOf(given),
    consistency: given.consistency,
    ...(footing !== undefined && 'kind' in footing ? { ground: footing } : {}),
    maxPause: Math.ceil(seconds(given.max_pause)),
    stopTimeout: ownStopTimeout(container),
    docker: docker === 'curl' ? 'curl' : 'cli',
    socket: '/var/run/docker.sock',
    rsync,
    image: imageOf(container),
    gitlab: releaseOf(container),
    configuration: configurationOf(container),
  };
}

function stillness({ consistency }: Args): string {
  return { pause: 'paused', stop: 'stopped', snapshot: 'paused for a snapshot,' }[consistency];
}

function subjectOf(given: Args): Subject {
  return {
    number: given.number,
    container: nameOf(given),
    directory: directoryOf(given),
    still: stillness(given),
    every: given.expected_every === undefined ? undefined : seconds(given.expected_every),
  };
}

export const gitlab_backup = defineTask({
  name: 'gitlab_backup',
  summary: 'Back up one GitLab instance, consistently, into a dated folder beside its volumes',
  description: `A first pass of rsync copies while the instance works, linked against the previous backup; then the container is paused (a guard on
the host lets it go on should anything die), a second pass copies what changed, and it goes on. With consistency: snapshot it is
paused for the moment in which btrfs, ZFS or LVM makes a snapshot, and the copy is made from that. What was copied is hashed, listed in
files.jsonl, described in manifest.json, and renamed from bckups/.partial-ID to bckups/DATE: a folder with a date is whole, or it is
not there. All of it runs on the host by itself: it goes on when the connection is lost. See docs/backups.md.`,
  args,
  examples: `
- name: A backup
  gitlab_backup:
    number: 1
    keep: { last: 6, daily: 7 }
  register: backup

- name: With a stop instead of a pause
  gitlab_backup:
    number: 1
    consistency: stop
    max_pause: 10m
`,
  returns: {
    number: 'Number of the instance',
    container: 'Name of its container',
    busy: 'Whether it failed because another run holds the instance',
    date: 'Name of the backup',
    directory: 'Its folder',
    bytes: 'Bytes of its files',
    files: 'Number of its files',
    pause: 'Seconds for which the instance stood still',
    previous: 'Date of the backup that unchanged files are linked to',
    linked: 'Number of files that are linked to it',
    summary: 'All this in a sentence',
    duration: 'Seconds from beginning to end',
    retention: 'With keep: a list of date, stays, reason',
    started: 'When it began, in UTC',
    finished: 'When it had ended, in UTC',
    verified: 'Date of the newest backup that is verified; empty for none',
    pruned: 'Number of old backups that were removed',
    warnings:
      'Sentences: half the size of the last backup, a last backup that is overdue (with expected_every), old backups that cannot be removed',
  },
  check,
  probe,
  plan,
  result: (given, { survey }, outputs) => outcomeOf(subjectOf(given), survey, decide(given, survey), outputs),
});
