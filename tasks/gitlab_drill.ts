/** A backup of one GitLab instance tried out beside it: restored into a scratch container, checked, and taken away again. */
import { type Static, Type } from 'typebox';
import { all, known, type Probe, probe as probeScript } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import type { StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../src/core/value.ts';
import { readSurvey, surveyScript } from './backup/survey.ts';
import { look } from './backups/look.ts';
import {
  probeContainer,
  probeContainersWith,
  probeImages,
  probeInfo,
  probeNetworks,
} from './docker/probe.ts';
import { bytes, Duration, Size, seconds } from './docker/units.ts';
import { BUSY, readResult } from './host-run/follow.ts';
import { busySentence, lookAtLock, readBusy } from './host-run/lock.ts';
import { driverOf } from './remotes/driver.ts';
import type { RemoteDriver } from './remotes/remote.ts';
import { DRILL_LABELS } from './restore/drill-job.ts';
import {
  type DrillWishes,
  drillPreparation,
  drillSteps,
  judgeDrill,
  type DrillSeen as Seen,
} from './restore/drill-plan.ts';
import {
  checkRestore,
  directoryOf,
  nameOf,
  type RestoreArgs,
  remoteOf,
  restoreArgs,
} from './restore/restore-args.ts';
import { lookAtHost, lookAtRemote } from './restore/survey.ts';

/** Said of a restore and of a drill in the same words. */
const { root, name, backup, from, remotes, host_name, image, login, settings, omnibus_config, env } =
  restoreArgs.properties;

const args = Type.Object(
  {
    number: Type.Integer({ description: 'Number of the instance', minimum: 1 }),
    root,
    name,
    backup,
    from,
    remotes,
    host_name,
    repositories: Type.Union([Type.Integer({ minimum: 1 }), Type.Literal('all')], {
      description: 'How many repositories git fsck looks at, taken by chance: a number, or all',
      default: 100,
    }),
    image,
    login,
    settings,
    omnibus_config,
    env,
    memory_needed: Size('Memory that must be free for a second GitLab beside the others', '4g'),
    ready_timeout: Type.Integer({ description: 'Seconds until it must be healthy', default: 900 }),
    lock_wait: Duration('How long a backup or restore that holds the instance is waited for', '1h'),
    timeout: Duration(
      'How long the drill is followed; past that the task fails, and the host goes on by itself',
      '24h',
    ),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

/** A drill is a restore of the instance from the same source: what is read and refused is the same. */
function asRestore(given: Args): RestoreArgs {
  const { number, repositories: _, memory_needed: _memory, lock_wait: _wait, ...common } = given;
  return {
    ...common,
    instance: number,
    source_runs: false,
    replace: false,
    unverified: false,
    twin: 'refuse',
    keep_before: '1h',
  };
}

function driverFor(given: Args): RemoteDriver | undefined {
  const remote = remoteOf(asRestore(given));
  return remote && driverOf(remote, { host: given.host_name, instance: given.number });
}

const memory = sh`awk '/^MemAvailable:/ { printf "%.0f\n", $2 * 1024 }' /proc/meminfo`;

function probe(given: Args): Probe<Seen> {
  const asked = asRestore(given);
  const driver = driverFor(given);
  const directory = directoryOf(asked);
  const programs = driver?.needs.map(({ program }) => program) ?? [];
  return all({
    survey: probeScript(surveyScript(directory), readSurvey),
    host: lookAtHost(given.root, directory, driver === undefined ? given.backup : '', programs),
    local: driver === undefined ? look(given.root, given.number) : known({ instances: [], found: [] }),
    remote: driver === undefined ? known(undefined) : lookAtRemote(driver, given.backup),
    container: probeContainer(nameOf(asked)),
    containers: probeContainersWith(DRILL_LABELS.root),
    images: probeImages(),
    networks: probeNetworks(),
    info: probeInfo(),
    memory: probeScript(memory, text => Number(text.trim())),
    other: probeScript(lookAtLock(directory, 'drill-lock'), text => readBusy(text.trim())),
  });
}

function wishesOf({ repositories, memory_needed, lock_wait, timeout }: Args): DrillWishes {
  return {
    repositories,
    memoryNeeded: bytes(memory_needed),
    lockWait: seconds(lock_wait),
    timeout: seconds(timeout),
  };
}

function plan(given: Args, seen: Seen): Plan {
  const [asked, wishes, driver] = [asRestore(given), wishesOf(given), driverFor(given)];
  if (seen.other !== undefined)
    return refuse(busySentence(given.number, seen.other), { result: { busy: true } });
  const judged = judgeDrill(asked, wishes, seen, driver);
  if ('problems' in judged)
    return refuse(judged.problems.join('; '), { result: { problems: [...judged.problems] } });
  const { drill } = judged;
  return [...drillPreparation(asked, seen, drill), ...drillSteps(asked, wishes, seen, drill, driver)];
}

function result(given: Args, seen: Seen, outputs: readonly StepOutput[]): ValueMap {
  const asked = asRestore(given);
  const judged = judgeDrill(asked, wishesOf(given), seen, driverFor(given));
  if ('problems' in judged) return {};
  const { drill } = judged;
  const [started, , told] = outputs.slice(drillPreparation(asked, seen, drill).length);
  const facts = readResult(told?.stdout ?? '');
  const common = {
    number: given.number,
    date: drill.date,
    from: given.from,
    busy: started?.code === BUSY,
    unknown_secrets: [...drill.unknown],
  };
  if (facts === undefined) return common;
  const checks = isMap(facts.checks) ? facts.checks : {};
  return {
    ...common,
    checks,
    seconds: facts.seconds ?? 0,
    summary: `instance ${given.number}: the backup of ${drill.date}${given.from === 'local' ? '' : ` on ${given.from}`} came up, in ${facts.seconds} s: ${Object.entries(checks).map(sayCheck).join(', ')}`,
  };
}

const sayCheck = ([name, outcome]: [string, Value]) => `${name} ${String(outcome)}`;

export const gitlab_drill = defineTask({
  name: 'gitlab_drill',
  summary: 'Prove that a backup of one GitLab instance restores, beside the instance',
  description: `The backup is verified byte by byte, restored into a scratch folder, and started in a container on a Docker network of its own that has
no way out, without published ports. Once it is healthy it is checked: GitLab's own checks and whether its secrets can be read, where the
image has gitlab-rake; PostgreSQL by pg_amcheck and pg_checksums, where the image has them; the repositories by git fsck. What could not be run is
told, and does not count as passed. Then all of it is removed. A backup that stood the test gets a verified.json (of a remote: a line in
.girofle/remotes/NAME/proofs.jsonl); each drill is a line in .girofle/history.jsonl. The instance is neither paused nor touched, and backups by
the clock go on meanwhile. See docs/restore.md.`,
  args,
  examples: `
- name: The newest backup restores
  gitlab_drill:
    number: 1

- name: So does the one on the NAS, with every repository
  gitlab_drill:
    number: 1
    from: nas
    remotes: "{{ gitlab_remotes }}"
    host_name: "{{ inventory_hostname }}"
    repositories: all
`,
  returns: {
    number: 'Number of the instance',
    date: 'Date of the backup',
    from: 'local, or the name of the remote',
    busy: 'Whether it failed because another drill of the instance runs',
    problems: 'Of a refusal: a sentence for each reason',
    unknown_secrets: 'Settings whose value is not known here: in their place the drill had its hash',
    checks: 'A map: name of a check to passed, failed: why, or not run: why',
    seconds: 'Seconds from beginning to end',
    summary: 'All this in a sentence',
  },
  check: given => checkRestore(asRestore(given)),
  probe,
  plan,
  result,
});
