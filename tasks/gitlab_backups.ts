/** The backups of a host's instances, as data and as a table. */
import { type Static, Type } from 'typebox';
import { defineTask } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { type Found, type Look, look, timeIn } from './backups/look.ts';
import { showBytes } from './docker/units.ts';
import { columns } from './gitlab/table.ts';

const args = Type.Object(
  {
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    instance: Type.Integer({ description: 'Only this instance; 0: all', default: 0, minimum: 0 }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

function describe({ instance, name, kind, problem = '', manifest, proof }: Found): ValueMap {
  const time = timeIn(name);
  return {
    instance,
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

const HEAD = ['instance', 'date', 'size', 'files', 'version', 'previous', 'verified'];

function row(found: Found): readonly string[] {
  const { instance, name, manifest, proof } = found;
  const start = [String(instance), name];
  if (found.kind !== 'backup' || !manifest) return [...start, '-', '-', '-', '-', remark(found)];
  const { totals, gitlab, previous } = manifest;
  return [
    ...start,
    showBytes(totals.bytes),
    String(totals.files),
    gitlab.disk || gitlab.release || '-',
    previous || '-',
    proof ? `${proof.utc} (${proof.by})` : 'no',
  ];
}

function remark({ kind, name, problem }: Found): string {
  if (kind === 'old') return 'no manifest: made by the original scripts';
  if (kind === 'broken') return `NO BACKUP: ${problem}`;
  return name.startsWith('.deleting-') ? 'left by a removal' : 'left by a backup that was not finished';
}

function table({ instances, found }: Look, wanted: number): string {
  if (found.length === 0) return nothing(instances, wanted);
  return columns([HEAD, ...found.map(row)]);
}

function nothing(instances: readonly number[], wanted: number): string {
  if (instances.length === 0) return wanted === 0 ? 'there is no instance' : `there is no instance ${wanted}`;
  return wanted === 0 ? 'there is no backup' : `instance ${wanted} has no backup`;
}

export const gitlab_backups = defineTask({
  name: 'gitlab_backups',
  summary: 'List the local backups of the GitLab instances on a host',
  description:
    'Changes nothing. Newest first for each instance. Beside whole backups it lists what the original scripts made (without a manifest), what has the name of a backup and is none, and what interrupted runs left behind.',
  args,
  examples: `
- name: What backups there are
  gitlab_backups:
    instance: 2
  register: found

- name: Show them
  debug:
    msg: "{{ found.table }}"
`,
  returns: {
    backups:
      'A list of maps: instance, date, kind (backup, old, broken, leftover), problem, utc, size (bytes), files, version, edition, previous, pause (seconds), verified (when, or empty), verified_by (verify, drill)',
    table: 'The same as text',
  },
  probe: ({ root, instance }: Args) => look(root, instance),
  plan: () => [],
  result: ({ instance }, seen) => ({ backups: seen.found.map(describe), table: table(seen, instance) }),
});
