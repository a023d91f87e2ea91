/** The arguments of gitlab_restore, and the names that follow from them. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../../src/core/args.ts';
import { DATE, OLD_DATE } from '../../src/core/backup/manifest.ts';
import { isMap, type ValueMap } from '../../src/core/value.ts';
import { login, scalars } from '../docker/container-args.ts';
import { isPinned } from '../docker/reference.ts';
import { Duration } from '../docker/units.ts';
import { containerName, DEFAULT_NAME, instanceDirectory } from '../gitlab/gitlab.ts';
import { readRemotes, remotesArgument } from '../remotes/read.ts';
import type { Remote } from '../remotes/remote.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));
const port = (description: string) =>
  Type.Optional(Type.Integer({ description, minimum: 1, maximum: 65535 }));

export const restoreArgs = Type.Object(
  {
    instance: Type.Integer({ description: 'Number of the instance whose backup it is', minimum: 1 }),
    number: Type.Optional(
      Type.Integer({ description: 'Number of the restored instance; the same by default', minimum: 1 }),
    ),
    backup: Type.String({
      description: 'Date of the backup, as girofle-run backups shows it, or latest',
      default: 'latest',
    }),
    from: Type.String({
      description: "Where the backup is: local, in the instance's bckups; or the name of a remote",
      default: 'local',
    }),
    remotes: remotesArgument,
    host_name: Type.String({
      description: 'Name of this host in the inventory: remotes keep backups by it',
      default: '',
    }),
    source_host: text('Name of the host whose backup it is; this host by default'),
    source_runs: Flag('Whether the instance runs on source_host: then there would be two of it', false),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    name: Type.String({
      description: 'Name of the container; {number} is the number',
      default: DEFAULT_NAME,
    }),
    address: text('IPv4 address for it; by default that of the instance, as it is now or as it was'),
    hostname: text('Host name of the container; as it was by default'),
    external_url: Type.Optional(
      Type.String({
        description: 'URL that its users type; one that was made of address or host name follows these',
        pattern: '^https?://',
      }),
    ),
    http_port: port('Port on the address for 80; as it was by default'),
    https_port: port('Port on the address for 443; as it was by default'),
    ssh_port: port('Port on the address for git over SSH; as it was by default'),
    image: text("Image of the same GitLab version and edition; the backup's by default"),
    login,
    settings: Type.Optional(
      Type.Unsafe<ValueMap | readonly ValueMap[]>({
        type: ['object', 'array'],
        description:
          'Settings of the inventory, one map or several, for their passwords: a backup holds only the hashes of these',
      }),
    ),
    omnibus_config: Type.String({ description: 'Ruby of the inventory, for the same', default: '' }),
    env: scalars('Environment variables of the inventory, for the same'),
    replace: Flag(
      'Put it in the place of an instance that is not known to be the same; what is replaced is kept for keep_before',
      false,
    ),
    unverified: Flag(
      'Also restore what the original scripts made: there is no manifest to compare it with',
      false,
    ),
    twin: Choice(
      ['refuse', 'allow'],
      'While another running instance has the same identity; allow: the restored one takes no CI jobs and reads no mail',
      'refuse',
    ),
    keep_before: Duration('How long what was replaced is kept, unless it is confirmed before', '168h'),
    ready_timeout: Type.Integer({
      description: 'Seconds until it must be healthy; else what was there before is put back',
      default: 900,
    }),
    timeout: Duration(
      'How long the restore is followed; past that the task fails, and the host goes on by itself',
      '24h',
    ),
  },
  { additionalProperties: false },
);

export type RestoreArgs = Static<typeof restoreArgs>;

export const numberOf = ({ number, instance }: RestoreArgs) => number ?? instance;
export const nameOf = (given: RestoreArgs) => containerName(given.name, numberOf(given));
export const directoryOf = (given: RestoreArgs) => instanceDirectory(given.root, numberOf(given));
export const isElsewhere = ({ source_host, host_name }: RestoreArgs) =>
  source_host !== undefined && source_host !== host_name;
export const sourceHostOf = ({ source_host, host_name }: RestoreArgs) => source_host ?? host_name;

/** The remote that the backup is on; undefined for a local one. */
export function remoteOf({ from, remotes }: RestoreArgs): Remote | undefined {
  const read = readRemotes(remotes);
  return 'remotes' in read ? read.remotes.find(({ name }) => name === from) : undefined;
}

export function checkRestore(given: RestoreArgs): readonly string[] {
  const { backup, image } = given;
  const named = backup === 'latest' || DATE.test(backup) || OLD_DATE.test(backup);
  return [
    ...(named ? [] : [`"${backup}" is no date of a backup: write 2026-11-22T08-48-00Z, or latest`]),
    ...remoteProblems(given),
    ...(image === undefined || isPinned(image)
      ? []
      : [`image ${image} is not pinned: name a version tag or a digest`]),
  ];
}

function remoteProblems(given: RestoreArgs): readonly string[] {
  const { from, host_name } = given;
  const read = readRemotes(given.remotes);
  if ('problems' in read) return read.problems;
  if (from === 'local') {
    return isElsewhere(given)
      ? [`the local backups of ${given.source_host} are on ${given.source_host}: name a remote with from`]
      : [];
  }
  if (remoteOf(given) === undefined) {
    const names = read.remotes.map(({ name }) => name);
    const known = names.length === 0 ? 'gitlab_remotes names none' : `gitlab_remotes has ${names.join(', ')}`;
    return [`from: there is no remote ${from} (${known}; local is the host itself)`];
  }
  return host_name === '' && given.source_host === undefined
    ? ['host_name is needed with a remote: the name of this host in the inventory']
    : [];
}

/** The settings of the inventory, each map for itself. */
export function settingsGiven({ settings }: Pick<RestoreArgs, 'settings'>): readonly ValueMap[] {
  return [settings ?? []].flat().filter(isMap);
}
