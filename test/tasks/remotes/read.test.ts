/** Remotes as users write them: what is accepted, what is missing is filled in, and each mistake has a sentence. */
import { describe, expect, test } from 'vitest';
import type { Value } from '../../../src/core/value.ts';
import { readRemote, readRemotes } from '../../../tasks/remotes/read.ts';

describe('remotes are read', () => {
  test('of each driver, with defaults', () => {
    expect(
      readRemotes([
        { name: 'disk', driver: 'directory', path: '/mnt/disk', keep: { last: 3 } },
        {
          name: 'nas',
          driver: 'rsync',
          host: 'nas.example.org',
          path: '/v',
          port: '2222',
          append_only: 'yes',
        },
        { name: 'off', driver: 'restic', repository: 'sftp:a@b:/c', password_file: '/etc/p' },
      ]),
    ).toEqual({
      remotes: [
        {
          name: 'disk',
          driver: 'directory',
          path: '/mnt/disk',
          keep: { last: 3 },
          append_only: false,
          retries: 3,
        },
        {
          name: 'nas',
          driver: 'rsync',
          host: 'nas.example.org',
          path: '/v',
          port: 2222,
          user: 'root',
          append_only: true,
          retries: 3,
        },
        {
          name: 'off',
          driver: 'restic',
          repository: 'sftp:a@b:/c',
          password_file: '/etc/p',
          append_only: false,
          retries: 3,
          check_parts: 20,
        },
      ],
    });
  });

  test.each([[undefined], [null], [[]]])('%s: there is none', value => {
    expect(readRemotes(value)).toEqual({ remotes: [] });
  });
});

const directory = { name: 'disk', driver: 'directory', path: '/mnt/disk' };
const rsync = { name: 'nas', driver: 'rsync', host: 'nas', path: '/v' };
const restic = { name: 'off', driver: 'restic', repository: '/r', password: 'x' };

test.each<[Value, readonly string[]]>([
  ['disk', ['remotes must be a list of maps, each with a name and a driver']],
  [[3], ['remote 1 must be a map with a name and a driver']],
  [[{ name: 'disk' }], ['remote disk has no driver: it is one of directory, rsync, restic']],
  [
    [{ ...directory, driver: 'directry' }],
    [
      'remote disk: driver must be one of directory, rsync, restic, not "directry": did you mean "directory"?',
    ],
  ],
  [[{ driver: 'directory', path: '/mnt' }], ['missing key "name" of remote 1']],
  [[{ name: 'disk', driver: 'directory' }], ['missing key "path" of remote disk']],
  [
    [{ name: 'disk', driver: 'directory', paht: '/mnt' }],
    ['unknown key "paht" of remote disk: did you mean "path"?'],
  ],
  [
    [{ ...directory, name: 'Disk 1' }],
    ['remote Disk 1: "name" cannot be "Disk 1": Its name: what `from=` of a restore takes'],
  ],
  [
    [{ ...directory, path: 'mnt' }],
    ['remote disk: "path" cannot be "mnt": The folder; a file .girofle-remote in it says that it is mounted'],
  ],
  [[{ ...directory, path: '/' }], ['remote disk: path must be a folder below /, not / itself']],
  [[{ ...directory, path: '/mnt/../etc' }], ['remote disk: path must be plain, not "/mnt/../etc"']],
  [
    [{ ...directory, keep: {} }],
    ['remote disk: keep is empty: it would remove every backup: give at least one rule, such as last: 6'],
  ],
  [[{ ...directory, keep: { lats: 3 } }], ['unknown key "keep.lats" of remote disk: did you mean "last"?']],
  [[{ ...directory, retries: -1 }], ['remote disk: "retries" must be at least 0, not -1']],
  [[{ ...rsync, port: 'ssh' }], ['remote nas: "port" must be a whole number, not "ssh"']],
  [[{ ...rsync, host: '-oProxyCommand=id' }], ['remote nas: host cannot be "-oProxyCommand=id"']],
  [[{ ...rsync, user: 'a b' }], ['remote nas: user cannot be "a b"']],
  [
    [{ name: 'off', driver: 'restic', repository: '/r' }],
    ["remote off: give the repository's password by one of password, password_file, password_command"],
  ],
  [
    [{ ...restic, password_file: '/p' }],
    ['remote off: it takes one of password, password_file, password_command, not password and password_file'],
  ],
  [[directory, rsync, directory], ['two remotes have the name disk']],
  [
    [{ name: 'disk' }, { ...rsync, hots: 'x' }],
    [
      'remote disk has no driver: it is one of directory, rsync, restic',
      'unknown key "hots" of remote nas: did you mean "host"?',
    ],
  ],
])('%j is refused', (written, problems) => {
  expect(readRemotes(written)).toEqual({ problems });
});

test('one remote that is no map', () => {
  expect(readRemote('disk')).toEqual({ problems: ['the remote must be a map with a name and a driver'] });
});
