/**
 * Storages for backups, as the inventory names them (`gitlab_remotes`), and what a driver of one gives to the scripts that
 * run on the host. A driver knows how to reach a storage; what is pushed, kept and fetched, and when, is others' business.
 */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../../src/core/args.ts';
import type { Sh } from '../../src/core/sh.ts';
import { keepSchema } from '../backups/keep.ts';

const common = {
  name: Type.String({
    description: 'Its name: what `from=` of a restore takes',
    pattern: '^[a-z0-9][a-z0-9_-]*$',
  }),
  keep: Type.Optional(keepSchema),
  append_only: Flag('It lets nothing be removed: pruning is reported as skipped', false),
  retries: Type.Integer({ description: 'How often a failed push is tried again', default: 3, minimum: 0 }),
};

const text = (description: string) => Type.Optional(Type.String({ description }));

export const directoryRemote = Type.Object(
  {
    ...common,
    driver: Choice(['directory'], 'A folder of the host: a mounted disk, or NFS'),
    path: Type.String({
      description: 'The folder; a file .girofle-remote in it says that it is mounted',
      pattern: '^/',
    }),
  },
  { additionalProperties: false },
);

export const rsyncRemote = Type.Object(
  {
    ...common,
    driver: Choice(['rsync'], 'A folder of another machine, over SSH'),
    host: Type.String({
      description: 'Name or address of that machine, as the host of the instances sees it',
    }),
    port: Type.Integer({ description: 'Port of its SSH server', default: 22, minimum: 1, maximum: 65535 }),
    user: Type.String({ description: 'User there', default: 'root' }),
    path: Type.String({ description: 'The folder there', pattern: '^/' }),
    key_file: text('Private key, a file of the host of the instances'),
    known_hosts_file: text(
      'Keys of machines, a file of the host of the instances; default: what its root user knows',
    ),
  },
  { additionalProperties: false },
);

export const resticRemote = Type.Object(
  {
    ...common,
    driver: Choice(['restic'], 'A repository of restic, on any storage that it knows'),
    repository: Type.String({
      description: 'As restic -r takes it: sftp:user@host:/path, s3:https://host/bucket',
    }),
    password: text('Password of the repository; it is written to a file of the run that only root may read'),
    password_file: text('File of the host that holds the password'),
    password_command: text('Command on the host that prints the password'),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "Credentials of the storage, as restic's documentation names them: AWS_ACCESS_KEY_ID",
      }),
    ),
    options: Type.Optional(
      Type.Array(Type.String(), { description: "restic's -o: sftp.command=..., s3.bucket-lookup=path" }),
    ),
    cacert: text('File of the host with the certificate of the authority that signed the storage'),
    check_parts: Type.Integer({
      description: 'After each push one of so many parts of the data is read back, in rotation',
      default: 20,
      minimum: 1,
      maximum: 256,
    }),
  },
  { additionalProperties: false },
);

export const remoteSchema = Type.Union([directoryRemote, rsyncRemote, resticRemote]);

export type DirectoryRemote = Static<typeof directoryRemote>;
export type RsyncRemote = Static<typeof rsyncRemote>;
export type ResticRemote = Static<typeof resticRemote>;
export type Remote = Static<typeof remoteSchema>;

/** Whose backups: a remote holds those of several hosts. */
export interface Origin {
  /** Name of the host in the inventory. */
  readonly host: string;
  readonly instance: number;
}

/** For remotes by default. */
export const REMOTE_KEEP = { hourly: 42, daily: 14, weekly: 8, monthly: 12 } as const;

/**
 * What a driver gives to a script on the host. `text` defines shell functions; they expect `basicsText`, `run` (a folder for
 * their own files, 0700) and, where a backup is read, `bckups`. Each gives 0, or leaves a sentence in `objection` and gives
 * 1 (what may pass: no connection, a lock; worth trying again) or 2 (what will not: wrong password, damage).
 *
 *   remote_check             it is there and ours, and can be used; changes nothing, creates nothing
 *   remote_create            makes it where it is not there at all; never over something that cannot be opened
 *   remote_canary            writes a random file, reads it back, compares, removes it
 *   remote_list              prints DATE of every whole backup of the origin, oldest first
 *   remote_manifest DATE     prints manifest.json of one
 *   remote_manifests         prints for each: DATE, US (037), manifest.json, RS (036)
 *   remote_push DATE BEFORE  sends $bckups/DATE; BEFORE is the newest that is there, or ''. It appears whole or not at all
 *   remote_verify DATE       what was sent is what lies there: hashes, or the storage's own check
 *   remote_remove DATE...    removes these, and frees their space
 *   remote_fetch DATE FOLDER brings data, config, log, manifest.json and files.jsonl into an empty folder
 */
export interface RemoteDriver {
  readonly text: Sh;
  /** Secrets, for the run's folder: the functions read them from `$run/NAME`. */
  readonly files: Readonly<Record<string, string>>;
  /** Programs that the host must have for it, with the package that brings each. */
  readonly needs: readonly { readonly program: string; readonly package: string }[];
}
