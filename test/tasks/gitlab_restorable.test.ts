/** What could be restored, and what speaks against a container and a directory: by real folders, and Docker's lists. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerCall } from '../../src/core/docker.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { gitlab_restorable } from '../../tasks/gitlab_restorable.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { runModule } from '../support/run-module.ts';
import { shells } from '../support/shell.ts';
import { describeBackup, writeBackup } from '../support/write-backup.ts';

const DATE = '2026-11-22T08-48-00Z';
const OLD = '21-11-2026-time-08-48-00';
let root = '';
let disk = '';
const at = (path: string) => join(root, path);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'girofle-restorable-'));
  writeBackup(at('noeud-gitlab-1'), DATE, 'echo a >data/a');
  for (const volume of ['data', 'config', 'log']) {
    mkdirSync(at(`noeud-gitlab-1/mapping-volumes/${volume}`), { recursive: true });
    mkdirSync(at(`noeud-gitlab-1/bckups/${OLD}/${volume}`), { recursive: true });
  }
  mkdirSync(at('noeud-gitlab-2/mapping-volumes/data'), { recursive: true });
  mkdirSync(at(`noeud-gitlab-2/bckups/${OLD}/data`), { recursive: true });
  mkdirSync(at('noeud-gitlab-3/mapping-volumes'), { recursive: true });
  mkdirSync(at('bare'));
  disk = at('disk');
  mkdirSync(join(disk, 'vm1/noeud-gitlab-1'), { recursive: true });
  writeFileSync(join(disk, '.girofle-remote'), '');
  const far = join(disk, 'vm1/noeud-gitlab-1', '2026-11-20T00-00-00Z');
  for (const volume of ['data', 'config', 'log']) mkdirSync(join(far, volume), { recursive: true });
  describeBackup(far, '2026-11-20T00-00-00Z');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const listed = (name: string, number?: number) => ({
  Names: [`/${name}`],
  State: 'running',
  Labels:
    number === undefined
      ? {}
      : {
          'io.girofle.instance': String(number),
          'io.girofle.root': at(`noeud-gitlab-${number}`),
          'io.girofle.address': `192.0.2.${number}`,
          'io.girofle.url': `http://192.0.2.${number}`,
        },
});

function docker({ query }: DockerCall) {
  const ours = [listed('git.1', 1), listed('git.2', 2), listed('git.1.before-0123abcd', 1)];
  return { status: 200, body: query?.filters === undefined ? [...ours, listed('web')] : ours };
}

const look = async (args: ValueMap, shell: (typeof shells)[number] = 'sh') =>
  (await runModule(gitlab_restorable, { root, host_name: 'vm1', ...args }, { docker, shell })).result;
const judge = async (container: string, path: string) =>
  (await look({ container, directory: at(path) })).problems;

describe.each(shells)('gitlab_restorable, by %s,', shell => {
  test('tells instances and local backups', async () => {
    expect(await look({}, shell)).toEqual({
      changed: false,
      failed: false,
      found: false,
      problems: [],
      unread: [],
      instances: [1, 2].map(number => ({
        number,
        container: `git.${number}`,
        address: `192.0.2.${number}`,
        directory: at(`noeud-gitlab-${number}`),
        url: `http://192.0.2.${number}`,
        state: 'running',
      })),
      backups: [
        { instance: 1, date: DATE, from: 'local', kind: 'backup', size: 2, version: '17.5.2', verified: '' },
        { instance: 1, date: OLD, from: 'local', kind: 'old', size: null, version: '', verified: '' },
      ],
    });
  });

  test("and a remote's, of one instance; what cannot be read is said", async () => {
    const remotes = [
      { name: 'disk', driver: 'directory', path: disk },
      { name: 'gone', driver: 'directory', path: at('gone') },
    ];
    const { backups, unread } = await look({ instance: 1, remotes }, shell);
    expect(backups).toContainEqual({
      instance: 1,
      date: '2026-11-20T00-00-00Z',
      from: 'disk',
      kind: 'backup',
      size: 0,
      version: '17.5.2',
      verified: '',
    });
    expect(unread).toEqual([expect.stringMatching(/^remote gone cannot be read: .+/)]);
  });
});

describe('a container and a directory', () => {
  test('that belong together have no problem', async () => {
    expect(await judge('git.1', 'noeud-gitlab-1')).toEqual([]);
    expect((await look({ container: 'git.1', directory: `${at('noeud-gitlab-1')}/` })).problems).toEqual([]);
  });

  test.each<[string, string, (path: string) => readonly string[]]>([
    [
      'git.7',
      'gone',
      path => [
        'there is no container git.7 (docker ps -a): did you mean "git.1"?',
        `there is no directory ${path}`,
      ],
    ],
    [
      'nothing-like-it',
      'bare',
      path => [
        'there is no container nothing-like-it (docker ps -a)',
        `${path} has no directory mapping-volumes`,
        `${path} has no directory bckups`,
      ],
    ],
    [
      'web',
      'noeud-gitlab-1',
      () => ['container web is no instance of girofle: it has no label io.girofle.instance'],
    ],
    [
      'git.2',
      'noeud-gitlab-2',
      path => [
        `${path}/mapping-volumes has no directory config, no log`,
        `${path}/bckups has no backup, that is no directory with data, config and log`,
      ],
    ],
    [
      'git.1',
      'noeud-gitlab-3',
      path => [
        `${path}/mapping-volumes has no directory data, no config, no log`,
        `${path} has no directory bckups`,
        `container git.1 belongs to ${at('noeud-gitlab-1')}, not to ${path}`,
      ],
    ],
  ])('%s and %s: every violation, a sentence each', async (container, path, expected) => {
    expect(await judge(container, path)).toEqual(expected(at(path)));
  });

  test('go together', () => {
    expect(() => withDefaults(gitlab_restorable, { container: 'x' })).toThrow(
      new ArgumentError(['container and directory go together']),
    );
  });
});
