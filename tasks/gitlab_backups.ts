/** The backups of a host's instances, here and on the remotes, as data and as a table. */
import { type Static, Type } from 'typebox';
import type { StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { type Found, type Look, look, timeIn } from './backups/look.ts';
import { type FoundThere, lookStep, readLookStep } from './backups/remote-look.ts';
import { showBytes } from './docker/units.ts';
import { columns } from './gitlab/table.ts';
import { readRemotes, remotesArgument } from './remotes/read.ts';
import type { Remote } from './remotes/remote.ts';

const args = Type.Object(
  {
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    instance: Type.Integer({ description: 'Only this instance; 0: all', default: 0, minimum: 0 }),
    remotes: remotesArgument,
    host_name: Type.String({
      description: 'What this host is called on the remotes: inventory_hostname',
      default: '',
    }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

/** `local`, or the name of a remote. */
type Anywhere = (Found & { readonly where: 'local' }) | FoundThere;

function remotesOf({ remotes }: Args): readonly Remote[] {
  const read = readRemotes(remotes);
  return 'problems' in read ? [] : read.remotes;
}

/** Of an instance that is asked for by its number a remote may have backups where this host has nothing of it any more. */
function wanted({ instance }: Args, { instances }: Look): readonly number[] {
  return instance === 0 ? instances : [instance];
}

function plan(given: Args, seen: Look): Plan {
  const instances = wanted(given, seen);
  return instances.length === 0
    ? []
    : remotesOf(given).map(remote => lookStep(remote, given.host_name, given.root, instances));
}

function everything(given: Args, seen: Look, outputs: readonly StepOutput[]): readonly Anywhere[] {
  const instances = wanted(given, seen);
  const there = remotesOf(given).flatMap((remote, i) => readLookStep(remote, instances, outputs[i]));
  const all: readonly Anywhere[] = [
    ...seen.found.map(one => ({ ...one, where: 'local' as const })),
    ...there,
  ];
  return all.toSorted((a, b) => a.instance - b.instance || timeIn(b.name) - timeIn(a.name));
}

const proofOf = (found: Anywhere) => ('proof' in found ? found.proof : undefined);

function describe(found: Anywhere): ValueMap {
  const { instance, where, name, kind, problem = '', manifest } = found;
  const time = timeIn(name);
  const proof = proofOf(found);
  return {
    instance,
    where,
    date: name,
    kind,
    problem,
    utc: time === 0 ? '' : new Date(time).toISOString(),
    size: manifest?.totals.bytes ?? null,
    files: manifest?.totals.files ?? null,
    version: manifest ? manifest.gitlab.disk || manifest.gitlab.release : '',
    edition: manifest?.gitlab.edition ?? '',
    previous: manifest?.previous ?? '',
    pause: manifest?.pause ?? null,
    verified: proof?.utc ?? '',
    verified_by: proof?.by ?? '',
  };
}

const HEAD = ['instance', 'where', 'date', 'size', 'files', 'version', 'previous', 'verified'];

function row(found: Anywhere): readonly string[] {
  const { instance, where, name, manifest } = found;
  const start = [String(instance), where, name || '-'];
  if (found.kind !== 'backup' || !manifest) return [...start, '-', '-', '-', '-', remark(found)];
  const { totals, gitlab, previous } = manifest;
  return [
    ...start,
    showBytes(totals.bytes),
    String(totals.files),
    gitlab.disk || gitlab.release || '-',
    previous || '-',
    verified(found),
  ];
}

/** What a remote's driver has verified it does not tell: `-`. */
function verified(found: Anywhere): string {
  const proof = proofOf(found);
  if (proof !== undefined) return `${proof.utc} (${proof.by})`;
  return found.where === 'local' ? 'no' : '-';
}

function remark({ kind, name, problem }: Anywhere): string {
  if (kind === 'unknown') return `NOT KNOWN: ${problem}`;
  if (kind === 'old') return 'no manifest: made by the original scripts';
  if (kind === 'broken') return `NO BACKUP: ${problem}`;
  return name.startsWith('.deleting-') ? 'left by a removal' : 'left by a backup that was not finished';
}

function table(given: Args, { instances }: Look, found: readonly Anywhere[]): string {
  if (found.length === 0) return nothing(instances, given.instance, remotesOf(given).length > 0);
  return columns([HEAD, ...found.map(row)]);
}

function nothing(instances: readonly number[], instance: number, remotes: boolean): string {
  if (instances.length === 0 && instance === 0)
    return remotes
      ? 'there is no instance; what remotes have is shown for a number: girofle-run backups 1'
      : 'there is no instance';
  if (instances.length === 0)
    return `there is no instance ${instance}${remotes ? ', and no remote has a backup of it' : ''}`;
  return instance === 0 ? 'there is no backup' : `instance ${instance} has no backup`;
}

export const gitlab_backups = defineTask({
  name: 'gitlab_backups',
  summary: 'List the backups of the GitLab instances of a host, local ones and those on remotes',
  description:
    'Changes nothing. Newest first for each instance. Beside whole backups it lists what the original scripts made (without a manifest), what has the name of a backup and is none, and what interrupted runs left behind. A remote that does not answer has a row that says so.',
  args,
  looksOnly: true,
  examples: `
- name: What backups there are
  gitlab_backups:
    instance: 2
    remotes: "{{ gitlab_remotes | default([]) }}"
    host_name: "{{ inventory_hostname }}"
  register: found

- name: Show them
  debug:
    msg: "{{ found.table }}"
`,
  returns: {
    backups:
      'A list of maps: instance, where (local, or the name of a remote), date, kind (backup, old, broken, leftover, unknown), problem, utc, size (bytes), files, version, edition, previous, pause (seconds), verified (when, or empty), verified_by (verify, drill)',
    table: 'The same as text',
  },
  check: given => {
    const read = readRemotes(given.remotes);
    if ('problems' in read) return read.problems;
    return read.remotes.length > 0 && given.host_name === ''
      ? ['host_name is needed with remotes: what this host is called there']
      : [];
  },
  probe: ({ root, instance }: Args) => look(root, instance),
  plan,
  result: (given, seen, outputs) => {
    const found = everything(given, seen, outputs);
    return { backups: found.map(describe), table: table(given, seen, found) };
  },
});
