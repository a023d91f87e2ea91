/** What `girofle-run restore` asks of a host before anything is decided: instances, backups, and whether two words fit them. */
import { type Static, Type } from 'typebox';
import type { Manifest } from '../src/core/backup/manifest.ts';
import { all, known, type Probe, probe as probeScript } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import { didYouMean } from '../src/core/suggest.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import { type Found, type Look, look } from './backups/look.ts';
import { digText } from './docker/dig.ts';
import { probeContainersWith, probeNames } from './docker/probe.ts';
import { type Commissioned, commissioned, isBelow, LABEL, LABELS } from './gitlab/gitlab.ts';
import { driverOf } from './remotes/driver.ts';
import { readRemotes, remotesArgument } from './remotes/read.ts';
import { lookAtAllOfRemote } from './restore/survey.ts';

const args = Type.Object(
  {
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    remotes: remotesArgument,
    host_name: Type.String({ description: 'Name of this host in the inventory', default: '' }),
    instance: Type.Integer({
      description: 'Look for backups of this one on the remotes; 0: do not',
      default: 0,
    }),
    container: Type.String({ description: 'Name of a container to be judged', default: '' }),
    directory: Type.String({ description: 'Directory of it, to be judged', default: '' }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

type OnRemote = readonly Manifest[] | { readonly objection: string };

interface Seen {
  readonly local: Look;
  /** Names of all containers, whoever made them. */
  readonly names: readonly string[];
  readonly containers: readonly Value[];
  /** What of the directory is there, a word each. */
  readonly directory: readonly string[];
  readonly remote: readonly { readonly name: string; readonly backups: OnRemote }[];
}

function probe(given: Args): Probe<Seen> {
  return all({
    local: look(given.root, 0),
    names: probeNames(),
    containers: probeContainersWith(LABEL),
    directory: given.directory === '' ? known([]) : probeScript(lookAt(given.directory), words),
    remote: onRemotes(given),
  });
}

function onRemotes({ remotes, instance, host_name }: Args): Probe<Seen['remote']> {
  const read = readRemotes(remotes);
  const listed = 'remotes' in read && instance > 0 ? read.remotes : [];
  const probes = listed.map(remote => lookAtAllOfRemote(driverOf(remote, { host: host_name, instance })));
  const together = all(
    Object.fromEntries(probes.map((each, i): [string, Probe<OnRemote>] => [String(i), each])),
  );
  return {
    requests: together.requests,
    read: (answers, suppose) => {
      const seen = together.read(answers, suppose);
      return listed.map(({ name }, i) => ({ name, backups: seen[String(i)] ?? [] }));
    },
  };
}

const words = (stdout: string) => stdout.split('\n').filter(line => line !== '');

function lookAt(directory: string) {
  return sh`if [ ! -d ${directory} ]; then exit 0; fi
echo directory
cd ${directory} || exit 1
if [ -d mapping-volumes ]; then echo mapping-volumes; fi
for one in data config log; do if [ -d mapping-volumes/$one ]; then echo $one; fi; done
if [ -d bckups ]; then echo bckups; fi
for one in bckups/*; do
  if [ -d "$one/data" ] && [ -d "$one/config" ] && [ -d "$one/log" ]; then echo backup; break; fi
done
exit 0`;
}

/** The conditions of the original restore.sh, a sentence for each that is not met. */
function problems({ container, directory }: Args, seen: Seen): readonly string[] {
  if (container === '') return [];
  return [
    ...containerProblems(container, seen),
    ...directoryProblems(directory, seen),
    ...pairProblems(container, directory, seen),
  ];
}

function containerProblems(container: string, { names, containers }: Seen): readonly string[] {
  if (!names.includes(container)) {
    const hint = didYouMean(
      container,
      commissioned(containers).map(one => one.container),
    );
    return [`there is no container ${container} (docker ps -a)${hint === undefined ? '' : `: ${hint}`}`];
  }
  return instanceOf(container, containers) === undefined
    ? [`container ${container} is no instance of girofle: it has no label ${LABEL}`]
    : [];
}

function instanceOf(container: string, containers: readonly Value[]): Commissioned | undefined {
  return commissioned(containers).find(one => one.container === container);
}

function directoryProblems(directory: string, seen: Seen): readonly string[] {
  const has = (word: string) => seen.directory.includes(word);
  if (!has('directory')) return [`there is no directory ${directory}`];
  const lacking = ['data', 'config', 'log'].filter(volume => !has(volume));
  return [
    ...(has('mapping-volumes') ? [] : [`${directory} has no directory mapping-volumes`]),
    ...(has('mapping-volumes') && lacking.length > 0
      ? [`${directory}/mapping-volumes has no directory ${lacking.join(', no ')}`]
      : []),
    ...(has('bckups') ? [] : [`${directory} has no directory bckups`]),
    ...(has('bckups') && !has('backup')
      ? [`${directory}/bckups has no backup, that is no directory with data, config and log`]
      : []),
  ];
}

function pairProblems(container: string, directory: string, { containers }: Seen): readonly string[] {
  const own = instanceOf(container, containers)?.directory ?? '';
  return own === '' || own === plain(directory)
    ? []
    : [`container ${container} belongs to ${own}, not to ${directory}`];
}

const plain = (directory: string) => directory.replace(/\/+/g, '/').replace(/\/$/, '');

function describeInstance(instance: Commissioned, containers: readonly Value[]): ValueMap {
  const { number, container, address, directory } = instance;
  const inDocker = containers.find(one => digText(one, 'Names', 0) === `/${container}`);
  return {
    number,
    container,
    address,
    directory,
    url: digText(inDocker, 'Labels', LABELS.url),
    state: digText(inDocker, 'State'),
  };
}

function describeLocal({ instance, name, kind, manifest, proof }: Found): ValueMap {
  const verified = proof === undefined ? '' : `${proof.utc} (${proof.by})`;
  return { ...describeBackup(instance, name, 'local', manifest), kind, verified };
}

function describeBackup(
  instance: number,
  date: string,
  from: string,
  manifest: Manifest | undefined,
): ValueMap {
  const gitlab = manifest?.gitlab;
  return {
    instance,
    date,
    from,
    kind: 'backup',
    size: manifest?.totals.bytes ?? null,
    version: gitlab === undefined ? '' : gitlab.disk || gitlab.release,
    verified: '',
  };
}

function result(given: Args, seen: Seen): ValueMap {
  const { local, names, containers, remote } = seen;
  const far = remote.flatMap(({ name, backups }) =>
    'objection' in backups ? [] : backups.map(one => describeBackup(given.instance, one.date, name, one)),
  );
  const here = local.found.filter(({ kind }) => kind === 'backup' || kind === 'old').map(describeLocal);
  return {
    instances: commissioned(containers)
      .filter(isBelow(given.root))
      .map(one => describeInstance(one, containers)),
    backups: [...here, ...far],
    unread: remote.flatMap(({ name, backups }) =>
      'objection' in backups ? [`remote ${name} cannot be read: ${backups.objection}`] : [],
    ),
    found: names.includes(given.container),
    problems: [...problems(given, seen)],
  };
}

export const gitlab_restorable = defineTask({
  name: 'gitlab_restorable',
  looksOnly: true,
  summary: 'Look at what could be restored on a host',
  description:
    'Changes nothing. `girofle-run restore` asks by it. With a container and a directory it also says what speaks against restoring these two.',
  args,
  examples: `
- name: What there is to restore
  gitlab_restorable:
    container: conteneur-kytes.io.gitlab.2
    directory: /girofle/noeud-gitlab-2
  register: found
`,
  returns: {
    instances: 'A list of maps: number, container, address, directory, url, state',
    backups:
      'A list of maps: instance, date, from (local, or a remote), kind (backup, or old: made by the original scripts), size (bytes), version, verified (when and by what, or empty)',
    unread: 'A sentence for each remote that cannot be read',
    found: 'Whether the container is there',
    problems: 'A sentence for each thing that is not as it must be',
  },
  check: ({ remotes, container, directory }: Args) => {
    const read = readRemotes(remotes);
    return [
      ...('problems' in read ? read.problems : []),
      ...((container === '') === (directory === '') ? [] : ['container and directory go together']),
    ];
  },
  probe,
  plan: () => [],
  result,
});
