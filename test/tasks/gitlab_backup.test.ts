/** What gitlab_backup plans from what was seen, what it makes of the host's words, and what it keeps out of a manifest. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/core/probe.ts';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { driverScript } from '../../tasks/backup/driver.ts';
import { configurationOf, redactVariable, releaseOf } from '../../tasks/backup/identity.ts';
import type { BackupJob } from '../../tasks/backup/job.ts';
import { readRsync, readSurvey, surveyScript } from '../../tasks/backup/survey.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { gitlab_backup } from '../../tasks/gitlab_backup.ts';
import { judgeLook, readLook, sayProgress } from '../../tasks/host-run/follow.ts';
import { readJournal } from '../../tasks/host-run/journal.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { runShell } from '../support/shell.ts';

const directory = '/girofle/noeud-gitlab-2';
const name = 'conteneur-kytes.io.gitlab.2';
const mount = (volume: string, inside: string) => ({
  Type: 'bind',
  Source: `${directory}/mapping-volumes/${volume}`,
  Destination: inside,
});
const container: ValueMap = {
  Id: 'c0ffee',
  Name: `/${name}`,
  Image: 'sha256:1',
  State: { Running: true, Paused: false },
  Config: {
    Image: 'gitlab/gitlab-ce:17.5.2-ce.0',
    Labels: { 'io.girofle.instance': '2' },
    Env: [],
    StopTimeout: 300,
  },
  HostConfig: {},
  NetworkSettings: { Networks: {} },
  Mounts: [mount('data', '/var/opt/gitlab'), mount('config', '/etc/gitlab'), mount('log', '/var/log/gitlab')],
};
const HASH = 'a'.repeat(64);
const SURVEY = `id 0a1b2c3d
now 1795428000
rsync rsync  version 3.2.7  protocol version 31 ... ACLs, xattrs,
docker cli
bckups folder
backup 2026-11-20T00-00-00Z
backup 2026-11-21T00-00-00Z
backup 2026-11-22T00-00-00Z
proof 2026-11-20T00-00-00Z ${HASH} {"format":1,"utc":"2026-11-20T01:00:00Z","by":"verify","manifest":"${HASH}"}
proof 2026-11-21T00-00-00Z ${'b'.repeat(64)} {"format":1,"utc":"2026-11-21T01:00:00Z","by":"verify","manifest":"${HASH}"}
newest 2026-11-22T00-00-00Z 4194304`;

interface Case {
  readonly args?: ValueMap;
  readonly container?: ValueMap | null;
  /** Lines of the survey to replace, by their first word; or to add. */
  readonly survey?: Readonly<Record<string, string | null>>;
}

function planFor({ args = {}, container: seen = container, survey = {} }: Case): Plan {
  const kept = SURVEY.split('\n').filter(line => !Object.hasOwn(survey, line.split(' ')[0] ?? ''));
  const more = Object.values(survey).filter(line => line !== null);
  const observed = { container: seen, survey: readSurvey([...kept, ...more].join('\n')) };
  return gitlab_backup.plan(withDefaults(gitlab_backup, { number: 2, ...args }), observed, {
    host: 'h',
    planning: true,
    verbosity: 0,
  });
}

const says = (plan: Plan) => (isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say));
const state = (State: ValueMap): ValueMap => ({ ...container, State });
const steps = (how: string) => [
  `back up instance 2 to ${directory}/bckups (${how})`,
  'follow the backup of instance 2 to its end',
  'read what it says of itself',
];
const LAST = 'the last is of 2026-11-22T00-00-00Z';
const PAUSED = `container ${name} is paused, and not by us: let it go on first (docker unpause ${name})`;

describe('the plan', () => {
  test.each<[string, Case, string | readonly string[]]>([
    ['a backup', {}, steps(`paused for 60 s at most, ${LAST}`)],
    [
      'the first',
      { survey: { proof: null, backup: null, newest: null } },
      steps('paused for 60 s at most, the first'),
    ],
    [
      'with a stop',
      { args: { consistency: 'stop', max_pause: '10m' } },
      steps(`stopped for 600 s at most, ${LAST}`),
    ],
    [
      'retention',
      { args: { keep: { last: 1 } } },
      [
        ...steps(`paused for 60 s at most, ${LAST}`),
        'remove the backup of 2026-11-22T00-00-00Z: no rule keeps it',
        'remove the backup of 2026-11-21T00-00-00Z: no rule keeps it',
      ],
    ],
    ['no container', { container: null }, `container ${name} is not there: there is nothing to back up`],
    [
      "somebody else's container",
      { container: { ...container, Config: {} } },
      `container ${name} is not instance 2: it has no label io.girofle.instance=2`,
    ],
    ['paused', { container: state({ Running: true, Paused: true }) }, PAUSED],
    [
      'paused by a run of ours that died: it is let go on first',
      { container: state({ Running: true, Paused: true }), survey: { stranded: 'stranded' } },
      steps(`paused for 60 s at most, ${LAST}`),
    ],
    [
      'stopped',
      { container: state({ Running: false }) },
      `container ${name} is not running: start it, or copy its volumes by hand`,
    ],
    [
      'volumes elsewhere',
      {
        container: {
          ...container,
          Mounts: [mount('config', '/etc/gitlab'), { ...mount('x', '/var/log/gitlab') }],
        },
      },
      `container ${name}: nothing is mounted at its /var/opt/gitlab, where ${directory}/mapping-volumes/data should be; container ${name}: its /var/log/gitlab is ${directory}/mapping-volumes/x, not ${directory}/mapping-volumes/log`,
    ],
    [
      'no rsync',
      { survey: { rsync: 'rsync' } },
      'rsync is not on this host: install it (package: name=rsync)',
    ],
    [
      'an old rsync',
      { survey: { rsync: 'rsync rsync  version 3.0.9  protocol version 30' } },
      'rsync 3.0.9 is too old: 3.1.0 at least',
    ],
    [
      'no way to Docker, tools of busybox, a link',
      { survey: { docker: null, lacking: 'lacking find\nlacking sed', bckups: 'bckups link' } },
      `neither docker's command nor a curl that speaks to sockets is on this host: install one (package: name=curl); GNU's find, sed must be on this host: install coreutils, findutils, sed; ${directory}/bckups is a symbolic link: backups go into a folder of the instance itself`,
    ],
    [
      'a snapshot',
      { args: { consistency: 'snapshot' }, survey: { ground: 'ground btrfs\tbtrfs\t/srv\t/srv\tg/x' } },
      steps(`paused for a snapshot, for 60 s at most, ${LAST}`),
    ],
    [
      'a snapshot of what cannot make one',
      {
        args: { consistency: 'snapshot' },
        survey: { unfit: 'unfit /girofle is on ext4 (/dev/vda), which is neither btrfs, ZFS nor LVM' },
      },
      'there can be no snapshot: /girofle is on ext4 (/dev/vda), which is neither btrfs, ZFS nor LVM; take consistency: pause',
    ],
    ['no folder for backups', { survey: { bckups: null } }, `${directory}/bckups is not there`],
    [
      'busy',
      { survey: { busy: 'busy 4711 2026-11-23T10:00:00Z a restore' } },
      'another run holds instance 2: a restore since 2026-11-23T10:00:00Z, pid 4711',
    ],
  ])('%s', (_, seen, expected) => {
    expect(says(planFor(seen))).toEqual(expected);
  });

  test('supposes rsync in plan mode where an earlier task would install it', () => {
    const args = withDefaults(gitlab_backup, { number: 2 });
    const probe = gitlab_backup.probe?.(args);
    const stdout = SURVEY.replace(/^rsync .*$/m, 'rsync');
    const answers: readonly Answer[] = [
      { via: 'docker', value: { status: 200, body: container } },
      { via: 'script', value: { code: 0, stdout, stderr: '' } },
    ];
    const context = { host: 'h', planning: true, verbosity: 0 };
    expect(says(gitlab_backup.plan(args, probe?.read(answers, true), context))).toEqual(
      steps(`paused for 60 s at most, ${LAST}`),
    );
    expect(isRefusal(gitlab_backup.plan(args, probe?.read(answers, false), context))).toBe(true);
  });

  test('a busy instance is told apart for the exit code', () => {
    const plan = planFor({ survey: { busy: 'busy 4711 2026-11-23T10:00:00Z a backup' } });
    expect(isRefusal(plan) && plan.result).toMatchObject({
      busy: true,
      number: 2,
      container: name,
      warnings: [],
    });
  });

  test.each<[ValueMap, string]>([
    [{ max_pause: '10ms' }, 'max_pause must be a second at least'],
    [{ keep: {} }, 'keep is empty: it would remove every backup'],
    [{ keep: { last: 1, within: 'soon' } }, 'keep.within must be a duration, not "soon"'],
  ])('refuses %o', (args, message) => {
    expect(() => planFor({ args })).toThrow(new ArgumentError([message]));
  });
});

describe('the look at the host', () => {
  test('is read whole', () => {
    expect(readSurvey(SURVEY)).toEqual({
      id: '0a1b2c3d',
      now: new Date(1_795_428_000_000),
      rsync: { version: '3.2.7', exact: true, acls: true, xattrs: true },
      docker: 'cli',
      lacking: [],
      backups: [
        { date: '2026-11-20T00-00-00Z', verified: true },
        { date: '2026-11-21T00-00-00Z', verified: false },
        { date: '2026-11-22T00-00-00Z', verified: false },
      ],
      newest: { date: '2026-11-22T00-00-00Z', bytes: 4_194_304 },
      bckups: 'folder',
      busy: undefined,
      stranded: false,
      footing: undefined,
    });
  });

  test.each(['sh', 'busybox sh'] as const)(
    'works in %s on a host that has nothing, and writes nothing',
    async shell => {
      const { code, stdout, stderr } = await runShell(surveyScript('/nowhere').text, { shell });
      const { id, bckups, backups, busy, stranded, lacking } = readSurvey(stdout);
      expect([code, stderr]).toEqual([0, '']);
      expect(id).toMatch(/^[0-9a-f]{8}$/);
      expect([bckups, backups, busy, stranded]).toEqual(['none', [], undefined, false]);
      expect(lacking).toEqual(shell === 'sh' ? [] : expect.arrayContaining(['find', 'sed', 'sort', 'mv']));
    },
  );

  test.each([
    [
      'rsync  version 3.1.2  protocol version 31',
      { version: '3.1.2', exact: false, acls: false, xattrs: false },
    ],
    ['rsync  version 3.1.3  no ACLs, xattrs', { version: '3.1.3', exact: true, acls: false, xattrs: true }],
    ['rsync  version v3.4.1  ACLs, no xattrs', { version: '3.4.1', exact: true, acls: true, xattrs: false }],
    ['openrsync: protocol version 29', undefined],
  ])('rsync: %s', (said, expected) => {
    expect(readRsync(said)).toEqual(expected);
  });
});

describe('the driver', () => {
  const job: BackupJob = {
    id: '0a1b2c3d',
    instance: 2,
    container: name,
    containerId: 'c0ffee',
    directory: "/it's here",
    consistency: 'pause',
    maxPause: 60,
    stopTimeout: 300,
    docker: 'cli',
    socket: '/var/run/docker.sock',
    rsync: { version: '3.1.2', exact: false, acls: false, xattrs: false },
    image: {},
    gitlab: { release: '', edition: '' },
    configuration: { Env: ["it's"] },
  };

  test.each(['dash', 'busybox sh', 'bash --posix'])('is grammatical for %s', shell => {
    for (const docker of ['cli', 'curl'] as const) {
      const input = driverScript({ ...job, docker }).text;
      const { status, stderr } = spawnSync('sh', ['-c', `${shell} -n`], { input, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
  });

  test('compares all content where rsync does not see nanoseconds, and stays in no state for tests', () => {
    const { text } = driverScript(job);
    expect(text).toMatch(/hurried rsync -aHS --numeric-ids --checksum --delete/);
    expect(text).not.toContain('$run/go');
    const exact = driverScript({
      ...job,
      rsync: { version: '3.2.7', exact: true, acls: true, xattrs: true },
    });
    expect(exact.text).toMatch(/hurried rsync -aHSAX --numeric-ids --modify-window=-1 +--delete/);
  });
});

describe('following', () => {
  test.each<[readonly string[], string]>([
    [[], 'starting'],
    [['hashing'], 'hashing'],
    [['pause', 'the instance stands still'], 'pause: the instance stands still'],
    [
      ['hot copy', '  1,238,099  99%  146.38kB/s    0:00:08 (xfr#5, to-chk=169/396)'],
      'hot copy: 1,238,099 bytes, 5 files copied, 169 of 396 to look at, 146.38kB/s, 0:00:08 left',
    ],
    [
      ['hot copy', '     32,768   0%   31.25MB/s    0:00:00'],
      'hot copy: 32,768 bytes, 31.25MB/s, 0:00:00 left',
    ],
  ])('%o', (progress, said) => {
    expect(sayProgress(progress)).toBe(said);
  });

  const journal = '{"state":"hot-copied","utc":"2026-11-23T10:00:00Z","uptime":12.5,"rsync":0}\n';
  test.each([
    ['alive yes\n== progress\nhashing\n== result\n', { again: 'hashing' }],
    ['alive yes\n== progress\nhashing\n== result\n{"ok":true}', { again: 'hashing' }],
    ['alive no\n== progress\n== result\n{"ok":true}', { done: true }],
    ['alive no\n== progress\n== result\n{"ok":false,"failure":"no"}', { failed: 'no' }],
    [
      'alive no\n{"state":"failed","utc":"2026-11-23T10:00:00Z","uptime":12.5,"failure":"full"}\n== progress\n== result\n',
      { failed: 'full' },
    ],
    [
      `alive no\n${journal}== progress\n== result\n`,
      {
        failed:
          "the backup's own process on the host was killed after state hot-copied; the next backup clears up after it",
      },
    ],
  ])('%j', (look, verdict) => {
    expect(judgeLook(readLook(look), 'backup')).toEqual(verdict);
  });

  test('the journal, but for a line that the host did not finish', () => {
    expect(readJournal(`${journal}{"state":"pau`)).toEqual([
      { state: 'hot-copied', utc: '2026-11-23T10:00:00Z', uptime: 12.5, facts: { rsync: 0 } },
    ]);
  });
});

describe('what a manifest says of the container', () => {
  const hash = (secret: string) => `sha256:${createHash('sha256').update(secret).digest('hex')}`;
  test.each([
    ['PATH=/bin', 'PATH=/bin'],
    ['MONKEY=banana', 'MONKEY=banana'],
    ['SMTP_PASSWORD=a=b', `SMTP_PASSWORD=${hash('a=b')}`],
    ['AWS_SECRET_ACCESS_KEY=x', `AWS_SECRET_ACCESS_KEY=${hash('x')}`],
    [
      "GITLAB_OMNIBUS_CONFIG=external_url 'http://git'\ngitlab_rails['smtp_password'] = 'it\\'s'",
      `GITLAB_OMNIBUS_CONFIG=external_url 'http://git'\ngitlab_rails['smtp_password'] = '${hash("it\\'s")}'`,
    ],
    [
      "GITLAB_OMNIBUS_CONFIG=gitlab_rails['backup_upload_connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 's', 'region' => 'eu' }",
      `GITLAB_OMNIBUS_CONFIG=gitlab_rails['backup_upload_connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => '${hash('s')}', 'region' => 'eu' }`,
    ],
    [
      "GITLAB_OMNIBUS_CONFIG=gitlab_rails['url'] = 'postgres://kim:geheim@db/x'",
      `GITLAB_OMNIBUS_CONFIG=gitlab_rails['url'] = 'postgres://kim:${hash('geheim')}@db/x'`,
    ],
    [
      "GITLAB_OMNIBUS_CONFIG=  password: word\n  token: 'x'\n  label: y",
      `GITLAB_OMNIBUS_CONFIG=  password: ${hash('word')}\n  token: '${hash('x')}'\n  label: y`,
    ],
    [
      "GITLAB_OMNIBUS_CONFIG=[{ app_secret: 'x', label: 'y' }]",
      `GITLAB_OMNIBUS_CONFIG=[{ app_secret: '${hash('x')}', label: 'y' }]`,
    ],
  ])('%s', (variable, redacted) => {
    expect(redactVariable(variable)).toBe(redacted);
  });

  test.each([
    ['gitlab/gitlab-ce:17.5.2-ce.0', {}, { release: '17.5.2', edition: 'ce' }],
    ['registry:5000/gitlab-ee:16.11.10-ee.0@sha256:ab', {}, { release: '16.11.10', edition: 'ee' }],
    [
      'gitlab/gitlab-ee@sha256:ab',
      { 'org.opencontainers.image.version': '17.0' },
      { release: '17.0', edition: 'ee' },
    ],
    ['mine', {}, { release: '', edition: '' }],
  ])('version of %s', (Image, Labels, expected) => {
    expect(releaseOf({ Config: { Image, Labels } })).toEqual(expected);
  });

  test('networks without what Docker gave them', () => {
    const Networks = {
      web: {
        IPAMConfig: { IPv4Address: '10.0.0.2' },
        Aliases: ['git'],
        IPAddress: '10.0.0.2',
        NetworkID: 'x',
      },
    };
    const configuration = configurationOf({ ...container, NetworkSettings: { Networks } });
    expect(dig(configuration, 'Networks')).toEqual({
      web: { IPAMConfig: { IPv4Address: '10.0.0.2' }, Links: null, Aliases: ['git'], DriverOpts: null },
    });
    expect(dig(configuration, 'Name')).toBe(name);
  });
});
