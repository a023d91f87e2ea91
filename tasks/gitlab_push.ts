/** Sends an instance's backups to a remote, verifies them there, and removes old ones there; made by the host itself. */
import { type Static, Type } from 'typebox';
import { DATE, timeOf } from '../src/core/backup/manifest.ts';
import { type KeepPolicy, parseKeep, retain, type Verdict } from '../src/core/backup/retention.ts';
import { type Probe, ProbeError, probeOutcome } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { Outcome } from '../src/core/transport.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import { Duration, seconds, showBytes } from './docker/units.ts';
import { instanceDirectory } from './gitlab/gitlab.ts';
import { BUSY, followSteps, readResult } from './host-run/follow.ts';
import type { LockOwner } from './host-run/lock.ts';
import { runOf } from './host-run/run.ts';
import { pushScript } from './push/driver.ts';
import { type PushJob, runOfPush } from './push/job.ts';
import { type PushSurvey, pushSurvey, readPushSurvey } from './push/survey.ts';
import { driverOf } from './remotes/driver.ts';
import { readRemote, remoteArgument } from './remotes/read.ts';
import { REMOTE_KEEP, type Remote, type RemoteDriver } from './remotes/remote.ts';

const args = Type.Object(
  {
    number: Type.Integer({ description: 'Number of the instance', minimum: 1 }),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    remote: remoteArgument,
    host_name: Type.String({
      description: 'Name of the host, under which its backups lie on the remote: inventory_hostname',
      minLength: 1,
    }),
    up_to: Type.String({
      description:
        'Date of the newest backup to push: what a task before this one made, so that a plan knows that there will be one; empty: all',
      default: '',
    }),
    timeout: Duration(
      'How long the push is followed; past that the task fails, and the host goes on by itself',
      '24h',
    ),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

const directoryOf = ({ root, number }: Args) => instanceDirectory(root, number);

function check({ remote, up_to }: Args): readonly string[] {
  const read = readRemote(remote);
  return [
    ...('problems' in read ? read.problems : []),
    ...(up_to === '' || DATE.test(up_to)
      ? []
      : [`up_to must be a date such as 2026-11-22T08-48-00Z, not ${up_to}`]),
  ];
}

/** What `check` has let through. */
function remoteOf({ remote }: Args): Remote {
  const read = readRemote(remote);
  if ('problems' in read) throw new ProbeError(read.problems.join('; '));
  return read.remote;
}

function driverFor(given: Args): RemoteDriver {
  return driverOf(remoteOf(given), { host: given.host_name, instance: given.number });
}

/** Seconds for a remote to say what it has. */
const PATIENCE = 300;

function probe(given: Args): Probe<PushSurvey> {
  const script = pushSurvey(directoryOf(given), remoteOf(given).name, driverFor(given));
  const part = probeOutcome(script, readOutcome, PATIENCE);
  return {
    requests: part.requests,
    read: (answers, suppose) => supposed(part.read(answers, suppose), suppose),
  };
}

function readOutcome({ code, stdout, stderr }: Outcome): PushSurvey {
  if (code !== 0) throw new ProbeError(stderr.trim() || `the look at the remote ended with code ${code}`);
  return readPushSurvey(stdout);
}

/** In plan mode: an earlier task may set the remote up. */
function supposed(seen: PushSurvey, suppose: boolean | undefined): PushSurvey {
  return suppose ? { ...seen, objection: '', lacking: [] } : seen;
}

function plan(given: Args, seen: PushSurvey): Plan {
  const remote = remoteOf(given);
  const { busy, lacking, objection } = seen;
  if (!seen.instance)
    return refuse(`there is no instance ${given.number}: ${directoryOf(given)} is not there`);
  if (busy !== undefined) return refuse(busyWith(given, remote, busy), { result: { busy: true } });
  if (lacking.length > 0)
    return refuse(`${lacking.join(', ')} must be on this host to push to remote ${remote.name}`, {
      hint: 'the task gitlab_remote installs what a remote needs',
    });
  if (objection !== '') return refuse(`remote ${remote.name}: ${objection}`);
  const sending = chosen(given, seen);
  const going = remote.append_only ? [] : removed(given, seen);
  if (sending.length === 0 && going.length === 0 && !owesVerifying(seen)) return [];
  const job = jobOf(
    given,
    seen,
    going.map(({ date }) => date),
  );
  return [
    ...followSteps(
      runOfPush(job, pushScript(job)),
      sayPush(given, remote, seen, sending),
      seconds(given.timeout),
    ),
    ...going.map(verdict => removalStep(job, remote, verdict)),
  ];
}

function busyWith({ number }: Args, { name }: Remote, { since, pid }: LockOwner): string {
  return `another push of instance ${number} to remote ${name} runs since ${since}, pid ${pid}`;
}

/** Of the dates there, the last that is not still to come: a clock may have been wrong. */
function newestThere({ there, now }: PushSurvey): string {
  return there.findLast(date => timeOf(date) <= now.getTime()) ?? '';
}

/** Newer than what is there, oldest first; only the newest where nothing is there. The driver chooses again, under its lock. */
function chosen({ up_to }: Args, seen: PushSurvey): readonly string[] {
  const newest = newestThere(seen);
  const missing = seen.local.filter(
    date => date > newest && !seen.there.includes(date) && (up_to === '' || date <= up_to),
  );
  return newest === '' ? missing.slice(-1) : missing;
}

/** A push that died may have sent its last backup, and not verified it. */
function owesVerifying(seen: PushSurvey): boolean {
  const newest = newestThere(seen);
  return seen.local.includes(newest) && !seen.verified.includes(newest);
}

function policyOf({ keep }: Remote): KeepPolicy {
  const read = keep === undefined ? undefined : parseKeep(keep);
  return read !== undefined && 'policy' in read ? read.policy : REMOTE_KEEP;
}

/** What becomes of each backup on the remote once all is pushed. */
function decide(given: Args, seen: PushSurvey): readonly Verdict[] {
  const sending = chosen(given, seen);
  const dated = [...seen.there.filter(date => !sending.includes(date)), ...sending].map(date => ({
    date,
    verified: sending.includes(date) || seen.verified.includes(date),
  }));
  return retain(dated, policyOf(remoteOf(given)), seen.now, seen.lastFailure);
}

function removed(given: Args, seen: PushSurvey): readonly Verdict[] {
  return decide(given, seen).filter(({ date, stays }) => !stays && seen.there.includes(date));
}

function sayPush({ number }: Args, { name }: Remote, seen: PushSurvey, sending: readonly string[]): string {
  if (sending.length > 0)
    return `push ${sending.join(', ')} of instance ${number} to ${name} (${seen.there.length === 0 ? 'the first there' : `the last there is of ${seen.there.at(-1)}`})`;
  return owesVerifying(seen)
    ? `verify ${newestThere(seen)} of instance ${number} on ${name}`
    : `remove old backups of instance ${number} from ${name}`;
}

/** The driver removes it, after all that was pushed is verified; here it is asked what became of it. */
function removalStep({ directory, id }: PushJob, { name }: Remote, { date, reason }: Verdict): Step {
  return {
    say: `remove ${date} from ${name}: ${reason}`,
    action: {
      kind: 'script',
      text: sh`grep -x ${date} ${`${runOf(directory, id)}/removed`} || echo 'it stays: it has become the newest, or the last verified'`,
    },
  };
}

export function jobOf(given: Args, { id }: PushSurvey, remove: readonly string[]): PushJob {
  const remote = remoteOf(given);
  return {
    id,
    instance: given.number,
    directory: directoryOf(given),
    remote: remote.name,
    driver: driverFor(given),
    remove,
    appendOnly: remote.append_only,
    upTo: given.up_to,
    retries: remote.retries,
  };
}

function result(given: Args, seen: PushSurvey, outputs: readonly StepOutput[]): ValueMap {
  const [started, , told] = outputs;
  const remote = remoteOf(given);
  const {
    pushed = [],
    bytes = 0,
    duration = 0,
    pruned = remote.append_only ? 'skipped' : 0,
  } = readResult(told?.stdout ?? '') ?? {};
  return {
    number: given.number,
    remote: remote.name,
    busy: started?.code === BUSY,
    pushed,
    bytes,
    duration,
    pruned,
    retention: decide(given, seen).map(verdict => ({ ...verdict })),
    summary: `instance ${given.number}: ${pushedInWords(pushed, Number(bytes))} to ${remote.name}, ${prunedInWords(pruned)}`,
  };
}

function pushedInWords(pushed: Value, bytes: number): string {
  if (!Array.isArray(pushed) || pushed.length === 0) return 'nothing to push';
  return `pushed ${pushed.join(', ')} (${showBytes(bytes)})`;
}

function prunedInWords(pruned: Value): string {
  return pruned === 'skipped' ? 'pruning skipped: it is append-only' : `${pruned} removed there`;
}

export const gitlab_push = defineTask({
  name: 'gitlab_push',
  summary: "Push a GitLab instance's backups to a remote, verify them there, and remove old ones there",
  description: `Sends the local backups that are newer than the newest on the remote, oldest first; where the remote has none, the newest. Each of
them appears there whole or not at all, and is verified: by the hashes of all its files, or by the storage's own check. Then the
remote's backups that no rule of its \`keep\` keeps are removed (by default 42 hourly, 14 daily, 8 weekly and 12 monthly stay);
never after a failure (of the last backup neither), never the newest, never the last that was verified, and nothing at all with \`append_only\`.

The host does it by itself: it goes on when the connection is lost, and what is cut short is taken up by the next push. The
instance is not touched, and its backups and restores need not wait. See docs/remotes.md.`,
  args,
  examples: `
- name: Backups go to the other site
  gitlab_push:
    number: 1
    host_name: "{{ inventory_hostname }}"
    remote:
      name: nas
      driver: rsync
      host: nas.example.org
      user: backups
      path: /volume1/girofle
      key_file: /root/.ssh/girofle

- name: And to a disk
  gitlab_push:
    number: 1
    host_name: "{{ inventory_hostname }}"
    remote: { name: disk, driver: directory, path: /mnt/disk/girofle, keep: { last: 3, weekly: 52 } }
`,
  returns: {
    number: 'Number of the instance',
    remote: 'Name of the remote',
    busy: 'Whether it failed because another push of the instance to this remote runs',
    pushed: 'Dates of the backups that were sent and verified',
    bytes: 'Bytes of their files',
    duration: 'Seconds from beginning to end',
    pruned: 'How many backups were removed from the remote; `skipped` on one that is append-only',
    retention: 'A list of date, stays, reason: what becomes of each backup on the remote',
    summary: 'All this in a sentence',
  },
  check,
  probe,
  plan,
  result,
});
