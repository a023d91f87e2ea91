/** One GitLab instance restored from a backup: planned and checked here, done by the host itself, put back if anything fails. */
import { all, known, type Probe, probe as probeScript } from '../src/core/probe.ts';
import type { StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { readSurvey, surveyScript } from './backup/survey.ts';
import { look } from './backups/look.ts';
import {
  probeContainer,
  probeContainersWith,
  probeImages,
  probeInfo,
  probeNetworks,
} from './docker/probe.ts';
import {
  containerName,
  instanceDirectory,
  LABEL,
  probeAddresses,
  probeDirectories,
} from './gitlab/gitlab.ts';
import { BUSY, readResult } from './host-run/follow.ts';
import { busySentence } from './host-run/lock.ts';
import { driverOf } from './remotes/driver.ts';
import type { RemoteDriver } from './remotes/remote.ts';
import { judgeRestore } from './restore/plan-restore.ts';
import { driverSteps, preparation } from './restore/plan-steps.ts';
import type { Seen } from './restore/restoration.ts';
import {
  type RestoreArgs as Args,
  checkRestore,
  directoryOf,
  nameOf,
  numberOf,
  remoteOf,
  restoreArgs,
  sourceHostOf,
} from './restore/restore-args.ts';
import { lookAtHost, lookAtRemote } from './restore/survey.ts';
import { MUTED } from './restore/twin.ts';

function driverFor(given: Args): RemoteDriver | undefined {
  const remote = remoteOf(given);
  return remote && driverOf(remote, { host: sourceHostOf(given), instance: given.instance });
}

function probe(given: Args): Probe<Seen> {
  const driver = driverFor(given);
  const source = instanceDirectory(given.root, given.instance);
  const programs = driver?.needs.map(({ program }) => program) ?? [];
  return all({
    survey: probeScript(surveyScript(directoryOf(given)), readSurvey),
    host: lookAtHost(given.root, source, driver === undefined ? given.backup : '', programs),
    local: driver === undefined ? look(given.root, given.instance) : known({ instances: [], found: [] }),
    remote: driver === undefined ? known(undefined) : lookAtRemote(driver, given.backup),
    container: probeContainer(nameOf(given)),
    original: probeContainer(containerName(given.name, given.instance)),
    containers: probeContainersWith(LABEL),
    images: probeImages(),
    networks: probeNetworks(),
    directories: probeDirectories(given.root),
    addresses: probeAddresses(),
    info: probeInfo(),
    supposed: { requests: [], read: (_answers, suppose) => suppose === true },
  });
}

function plan(given: Args, seen: Seen): Plan {
  const { busy } = seen.survey;
  if (busy !== undefined) return refuse(busySentence(numberOf(given), busy), { result: { busy: true } });
  const driver = driverFor(given);
  const judged = judgeRestore(given, seen, driver);
  if ('problems' in judged)
    return refuse(judged.problems.join('; '), { result: { problems: [...judged.problems] } });
  const { restoration } = judged;
  return [...preparation(given, seen, restoration), ...driverSteps(given, seen, restoration, driver)];
}

function result(given: Args, seen: Seen, outputs: readonly StepOutput[]): ValueMap {
  const judged = judgeRestore(given, seen, driverFor(given));
  if ('problems' in judged) return {};
  const { source, target, image, twin } = judged.restoration;
  const [started, followed, told] = outputs.slice(preparation(given, seen, judged.restoration).length);
  const facts = readResult(told?.stdout ?? '');
  const common = {
    number: target.number,
    container: nameOf(given),
    directory: target.directory,
    date: source.date,
    from: given.from,
    busy: started?.code === BUSY,
  };
  if (facts === undefined) return common;
  const { downtime = 0, before = '' } = facts;
  const duration = Math.round(((started?.duration ?? 0) + (followed?.duration ?? 0)) * 10) / 10;
  return {
    ...common,
    before,
    address: target.address,
    url: target.url,
    image: image.reference,
    downtime,
    duration,
    checks: facts.checks ?? {},
    muted: twin ? [...MUTED] : [],
    summary: `instance ${target.number}: back from ${source.date} at ${target.url}, down for ${downtime} s${twin ? `; a twin: ${MUTED.join(', ')}, until it is provisioned again` : ''}`,
  };
}

export const gitlab_restore = defineTask({
  name: 'gitlab_restore',
  summary:
    'Restore one GitLab instance from a backup: in its place, under another number, or on another host',
  description: `Everything is checked before anything is touched: the backup, the image, versions, architecture, address and ports, secrets, and
whether another running instance has the same identity. Then the host does it by itself: the backup is brought, verified byte by byte
against its manifest and made ready beside the instance; the instance is stopped, its volumes and container are renamed, the new ones take
their place, and it is started. When it does not become healthy, or anything else fails, what was there before is put back and started.
What was replaced stays until \`girofle-run restore confirm\`, or until keep_before is over. See docs/restore.md.`,
  args: restoreArgs,
  examples: `
- name: Back to the newest backup
  gitlab_restore:
    instance: 1

- name: Here, from a remote, what was instance 2 of another host
  gitlab_restore:
    instance: 2
    from: nas
    remotes: "{{ gitlab_remotes }}"
    host_name: "{{ inventory_hostname }}"
    source_host: vm2
    address: 192.0.2.12
`,
  returns: {
    number: 'Number of the restored instance',
    container: 'Name of its container',
    directory: 'Its directory',
    date: 'Date of the backup',
    from: 'local, or the name of the remote',
    busy: 'Whether it failed because another run holds the instance',
    problems: 'Of a refusal: a sentence for each reason',
    before: 'Folder with the volumes that were replaced',
    address: 'Its address',
    url: 'URL that its users type',
    image: 'Its image',
    downtime: 'Seconds for which it could not be used',
    duration: 'Seconds from beginning to end',
    checks: 'What was checked once it was healthy, and the outcome of each',
    muted: 'Of a twin: what it was kept from',
    summary: 'All this in a sentence',
  },
  check: checkRestore,
  probe,
  plan,
  result,
});
