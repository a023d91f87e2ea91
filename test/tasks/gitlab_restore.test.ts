/** What gitlab_restore plans from what was seen, every sentence of its refusals, and the container that it makes. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/backup/manifest.ts';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { redactVariable } from '../../tasks/backup/identity.ts';
import { readSurvey } from '../../tasks/backup/survey.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { noDirectory } from '../../tasks/gitlab/gitlab.ts';
import { gitlab_restore } from '../../tasks/gitlab_restore.ts';
import { containerBody, moved, restartOf } from '../../tasks/restore/container-body.ts';
import type { Seen } from '../../tasks/restore/restoration.ts';
import { collectSecrets, declaredEnvironment, resolveSecrets } from '../../tasks/restore/secrets.ts';
import { readHostLook, readRemoteLook } from '../../tasks/restore/survey.ts';
import { identityOf, targetOf } from '../../tasks/restore/target.ts';
import { muted, unmuted } from '../../tasks/restore/twin.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const NAME = 'conteneur-kytes.io.gitlab.2';
const DIRECTORY = '/girofle/noeud-gitlab-2';
const DATE = '2026-11-22T08-48-00Z';
const OLDER = '2026-11-21T08-48-00Z';
const OLD = '20-11-2026-time-08-48-00';
const REFERENCE = 'gitlab/gitlab-ce:17.5.2-ce.0';
const SELF = 'a'.repeat(64);
const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const CONFIG = `GITLAB_OMNIBUS_CONFIG=external_url 'http://192.0.2.2'
gitlab_rails['gitlab_shell_ssh_port'] = 2222
gitlab_rails['smtp_password'] = 'geheim'`;
const labels = (number: number, address: string) => ({
  'io.girofle.instance': String(number),
  'io.girofle.root': `/girofle/noeud-gitlab-${number}`,
  'io.girofle.address': address,
  'io.girofle.ports': '80,443,2222',
  'io.girofle.url': `http://${address}`,
});
const config = (env: string): ValueMap => ({
  Image: REFERENCE,
  Hostname: 'gitlab-2',
  Env: ['PATH=/bin', env],
  Labels: labels(2, '192.0.2.2'),
  StopTimeout: 300,
});
const HOST_CONFIG: ValueMap = {
  Binds: [
    `${DIRECTORY}/mapping-volumes/data:/var/opt/gitlab`,
    `${DIRECTORY}/mapping-volumes/config:/etc/gitlab:Z`,
    '/etc/ssl/company:/etc/ssl/company:ro',
  ],
  PortBindings: {
    '80/tcp': [{ HostIp: '192.0.2.2', HostPort: '80' }],
    '5050/tcp': [{ HostIp: '192.0.2.2', HostPort: '5050' }],
  },
  RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
};
const configuration: ValueMap = {
  Name: NAME,
  Config: config(redactVariable(CONFIG)),
  HostConfig: HOST_CONFIG,
  Networks: { bridge: {} },
};
const manifest: Manifest = {
  format: 1,
  id: '0123abcd',
  date: DATE,
  instance: 2,
  container: NAME,
  host: 'vm2',
  started: { utc: '2026-11-22T08:47:00Z', uptime: 1 },
  finished: { utc: '2026-11-22T08:48:10Z', uptime: 71 },
  image: { reference: REFERENCE, id: 'sha256:1', digests: ['gitlab/gitlab-ce@sha256:d'] },
  gitlab: { disk: '17.5.2', release: '17.5.2', edition: 'ce' },
  postgresql: '14',
  architecture: 'x86_64',
  configuration,
  consistency: 'pause',
  pause: 1.5,
  rsync: { version: '3.2.7', hot: 0, frozen: 0 },
  locks: [],
  excluded: [],
  totals: { files: 1, directories: 3, links: 0, bytes: 1 },
  previous: '',
  files: { sha256: 'b'.repeat(64), lines: 4 },
};

const listed = (number: number, address: string, more: ValueMap = {}): ValueMap => ({
  Names: [`/conteneur-kytes.io.gitlab.${number}`],
  State: 'running',
  Created: 1_795_000_000,
  Labels: labels(number, address),
  ...more,
});
const container: ValueMap = {
  Id: 'c0ffee',
  Name: `/${NAME}`,
  Config: config(CONFIG),
  HostConfig: {},
  NetworkSettings: { Networks: {} },
};
const SURVEY = 'id 0a1b2c3d\nnow 1795428000\nrsync rsync  version 3.2.7\ndocker cli\nbckups folder';
const image = (reference: string, Id: string, Labels: ValueMap = {}): ValueMap => ({
  Id,
  RepoTags: [reference],
  RepoDigests: [],
  Labels,
});
const seen: Seen = {
  survey: readSurvey(SURVEY),
  host: {
    identities: new Map([[DIRECTORY, SELF]]),
    backups: new Map([[DATE, SELF]]),
    missing: [],
  },
  local: {
    instances: [2],
    found: [
      { instance: 2, name: DATE, kind: 'backup', manifest },
      { instance: 2, name: OLDER, kind: 'broken', problem: 'has no config, no log' },
      { instance: 2, name: OLD, kind: 'old' },
      { instance: 2, name: '.partial-0123abcd', kind: 'leftover' },
    ],
  },
  remote: undefined,
  container,
  original: container,
  containers: [listed(2, '192.0.2.2')],
  images: [image(REFERENCE, 'sha256:1')],
  networks: [],
  directories: new Map([[2, { ...noDirectory, whole: true, used: true, note: '192.0.2.2 80,443,2222' }]]),
  addresses: [
    { device: 'eth0', address: '192.0.2.2' },
    { device: 'eth1', address: '192.0.2.3' },
  ],
  info: { Architecture: 'x86_64' },
  supposed: false,
};

/** Without the container and its directory: another host. */
const bare: Partial<Seen> = {
  container: null,
  original: null,
  containers: [],
  directories: new Map(),
  host: { identities: new Map(), backups: new Map(), missing: [] },
};
const nas = { name: 'nas', driver: 'directory', path: '/mnt/nas' };
const away: ValueMap = { source_host: 'vm2', host_name: 'vm7', from: 'nas', remotes: [nas] };
const there: Partial<Seen> = { ...bare, remote: { dates: [OLDER, DATE], manifest } };
const settings = { gitlab_rails: { smtp_password: 'geheim' } };
const withManifest = (more: Partial<Manifest>): Partial<Seen> => ({
  local: {
    instances: [2],
    found: [{ instance: 2, name: DATE, kind: 'backup', manifest: { ...manifest, ...more } }],
  },
});

function planFor(args: ValueMap, more: Partial<Seen>): Plan {
  const given = withDefaults(gitlab_restore, { instance: 2, host_name: 'vm2', ...args });
  return gitlab_restore.plan(given, { ...seen, ...more }, { host: 'h', planning: true, verbosity: 0 });
}
const says = (plan: Plan) => (isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say));

const steps = (first: string, ...before: readonly string[]) => [
  ...before,
  `create a container for ${NAME} (from ${REFERENCE}, on 192.0.2.2)`,
  first,
  'follow the restore of instance 2 to its end',
  'read what it says of itself',
];
const KEPT = '; what it is now is kept for 7 days, or until it is confirmed';
const TWIN = (who: string) =>
  `${who} with the identity of this backup: two of it would take each other's CI jobs and mail. Stop or decommission it first, or say twin=allow`;
const MAKE = `create ${DIRECTORY}, with mapping-volumes/{data,config,log} and bckups`;

describe('the plan', () => {
  test.each<[string, ValueMap, Partial<Seen>, string | readonly string[]]>([
    [
      'in its place, from the newest that is whole',
      {},
      {},
      steps(`restore instance 2 from the backup of ${DATE} (GitLab 17.5.2)${KEPT}`),
    ],
    [
      'on another host, from a remote',
      { ...away, settings },
      there,
      steps(
        `restore instance 2 from the backup of ${DATE} of instance 2 of vm2 on remote nas (GitLab 17.5.2)`,
        MAKE,
      ),
    ],
    [
      'an image that has to be pulled',
      {},
      { images: [] },
      steps(`restore instance 2 from the backup of ${DATE} (GitLab 17.5.2)${KEPT}`, `pull ${REFERENCE}`),
    ],
    [
      'a container that a restore left which never began, but for one of a moment ago',
      {},
      {
        containers: [
          listed(2, '192.0.2.2'),
          listed(2, '192.0.2.2', { Names: [`/${NAME}.restoring-0badcafe`], State: 'created' }),
          listed(2, '192.0.2.2', {
            Names: [`/${NAME}.restoring-1badcafe`],
            State: 'created',
            Created: 1_795_427_990,
          }),
          listed(2, '192.0.2.2', { Names: [`/${NAME}.before-2badcafe`], State: 'exited' }),
        ],
      },
      steps(
        `restore instance 2 from the backup of ${DATE} (GitLab 17.5.2)${KEPT}`,
        `remove container ${NAME}.restoring-0badcafe, left by a restore that never began`,
      ),
    ],
    [
      'what the original scripts made',
      { backup: OLD, unverified: true },
      { host: { ...seen.host, backups: new Map([[OLD, SELF]]) } },
      steps(`restore instance 2 from the backup of ${OLD}, unverified${KEPT}`),
    ],
    [
      'a twin that is meant',
      { ...away, settings, source_runs: true, twin: 'allow' },
      there,
      steps(
        `restore instance 2 from the backup of ${DATE} of instance 2 of vm2 on remote nas (GitLab 17.5.2), as a twin without CI jobs and mail`,
        MAKE,
      ),
    ],
    [
      'the same instance coming back to a host that still has it',
      { ...away, number: 2, replace: true },
      { remote: { dates: [DATE], manifest }, host: { ...seen.host, backups: new Map() } },
      steps(
        `restore instance 2 from the backup of ${DATE} of instance 2 of vm2 on remote nas (GitLab 17.5.2)${KEPT}`,
      ),
    ],
    [
      'busy',
      {},
      { survey: readSurvey(`${SURVEY}\nbusy 4711 2026-11-23T10:00:00Z a backup`) },
      'another run holds instance 2: a backup since 2026-11-23T10:00:00Z, pid 4711',
    ],
    [
      'a date that is not there',
      { backup: '2026-01-01T00-00-00Z' },
      {},
      `instance 2 has no backup of 2026-01-01T00-00-00Z on this host: the newest is of ${DATE}`,
    ],
    ['a folder that is no backup', { backup: OLDER }, {}, `${OLDER} is no backup: it has no config, no log`],
    [
      'the original scripts, unasked',
      { backup: OLD },
      {},
      `${OLD} was made by the original scripts and has no manifest, so that nothing can be compared: restore it with unverified=true`,
    ],
    [
      'no backup at all',
      {},
      { local: { instances: [], found: [] } },
      'instance 2 has no backup on this host',
    ],
    [
      'a remote without any',
      away,
      { ...bare, remote: { dates: [] } },
      'remote nas has no backup of instance 2 of vm2',
    ],
    [
      'a remote that has another',
      { ...away, backup: '2026-01-01T00-00-00Z' },
      there,
      `remote nas has no backup of 2026-01-01T00-00-00Z of instance 2 of vm2: the newest is of ${DATE}`,
    ],
    [
      'a remote that cannot be read, and a host that lacks something',
      away,
      {
        ...bare,
        remote: { objection: '/mnt/nas is not mounted' },
        survey: readSurvey('id 0a1b2c3d\nlacking sed'),
      },
      "remote nas cannot be read: /mnt/nas is not mounted; neither docker's command nor a curl that speaks to sockets is on this host: install one (package: name=curl); GNU's sed must be on this host: install coreutils, findutils, sed",
    ],
    [
      'a manifest that a remote does not give',
      away,
      { ...bare, remote: { dates: [DATE], problem: 'its manifest cannot be read' } },
      `the backup of ${DATE} on remote nas: its manifest cannot be read`,
    ],
    [
      'another architecture and another network',
      {},
      withManifest({
        architecture: 'aarch64',
        configuration: { ...configuration, Networks: { web: { Aliases: ['git'] } } },
      }),
      "the backup is of a machine of architecture aarch64, and this host is x86_64: PostgreSQL's files cannot be read there; the instance was in Docker's network web, which this host does not have: make it (docker_network)",
    ],
    [
      'another version',
      { image: 'gitlab/gitlab-ce:17.6.0-ce.0' },
      {},
      'image gitlab/gitlab-ce:17.6.0-ce.0 is GitLab 17.6.0, and the backup is of 17.5.2: GitLab, and the PostgreSQL in it, start only with the same version',
    ],
    [
      'another edition',
      { image: 'gitlab/gitlab-ee:17.5.2-ee.0' },
      {},
      'image gitlab/gitlab-ee:17.5.2-ee.0 is GitLab Enterprise Edition, and the backup is of Community Edition',
    ],
    [
      'an image that does not say what it is',
      { image: 'mine:1st' },
      {},
      'image mine:1st: neither its tag nor its label says which GitLab it holds, and the backup is of 17.5.2',
    ],
    [
      'another PostgreSQL',
      { image: 'mine:17.5.2-ce' },
      { images: [image('mine:17.5.2-ce', 'sha256:2', { 'io.girofle.postgresql': '16' })] },
      "image mine:17.5.2-ce has PostgreSQL 16, and the backup's data is of PostgreSQL 14",
    ],
    [
      'an image that no registry has',
      {},
      {
        ...withManifest({ image: { reference: 'mine:17.5.2-ce', id: 'sha256:9', digests: [] } }),
        images: [],
      },
      'image mine:17.5.2-ce is not on this host, and no registry has it: it was made on the host of the backup (bring it by docker save and docker load, or name another of the same version with image)',
    ],
    [
      'a backup made amid an upgrade',
      {},
      withManifest({ gitlab: { disk: '17.4.0', release: '17.5.2', edition: 'ce' } }),
      `the backup was made amid an upgrade: its data is of GitLab 17.4.0, its image ${REFERENCE} is 17.5.2 (name an image of 17.4.0 with image)`,
    ],
    [
      'an address that the host does not have',
      { address: '192.0.2.9' },
      {},
      'this host does not have the address 192.0.2.9 (it has 192.0.2.2, 192.0.2.3)',
    ],
    [
      "another instance's address",
      { address: '192.0.2.3' },
      { containers: [listed(2, '192.0.2.2'), listed(3, '192.0.2.3')] },
      '192.0.2.3, port 80, 443, 2222: taken by instance 3 (conteneur-kytes.io.gitlab.3)',
    ],
    [
      'no secrets in the backup',
      {},
      { host: { ...seen.host, backups: new Map([[DATE, '']]) } },
      `the backup of ${DATE} has no config/gitlab-secrets.json: without it GitLab cannot read the passwords and tokens in its database`,
    ],
    [
      'a password that is nowhere',
      away,
      there,
      "the backup holds only the hash of gitlab_rails['smtp_password'] in GITLAB_OMNIBUS_CONFIG, and neither a container of this instance nor the arguments have its value: give it by settings, omnibus_config or env",
    ],
    [
      'a second one beside it',
      { number: 5, address: '192.0.2.3' },
      { container: null },
      TWIN(`instance 2 runs here (container ${NAME})`),
    ],
    [
      'a second one on another host',
      { ...away, settings, source_runs: true },
      there,
      TWIN('instance 2 runs on vm2'),
    ],
    [
      'a number that is taken on another host',
      { ...away, settings },
      { remote: { dates: [DATE], manifest }, host: { ...seen.host, backups: new Map() } },
      `number 2 is taken on this host (container ${NAME}), by an instance that is not known to be the same: give another number (free: 1, 3, 4), or replace=true to put the backup in its place`,
    ],
    [
      'a directory with data and no container',
      { ...away, settings, number: 4 },
      { ...there, directories: new Map([[4, { ...noDirectory, used: true }]]) },
      'number 4 is taken on this host (/girofle/noeud-gitlab-4 holds data), by an instance that is not known to be the same: give another number (free: 1, 2, 3), or replace=true to put the backup in its place',
    ],
    [
      "somebody else's container",
      {},
      { container: { ...container, Config: {} } },
      `container ${NAME} is there, and is not instance 2: it has no label io.girofle.instance=2`,
    ],
    [
      'another name',
      { name: 'git' },
      { container: null, original: container },
      `instance 2 has a container already, named ${NAME}: give name=${NAME}`,
    ],
    [
      'old, and nothing says how the container was made',
      { backup: OLD, unverified: true },
      { ...bare, local: seen.local },
      'there is neither a manifest nor a container that would say how instance 2 was made: give image and address',
    ],
  ])('%s', (_, args, more, expected) => {
    expect(says(planFor(args, more))).toEqual(expected);
  });

  test('all that speaks against it is said at once', () => {
    const plan = planFor(
      { address: '192.0.2.9', image: 'gitlab/gitlab-ce:16.0.0-ce.0' },
      { info: { Architecture: 'aarch64' } },
    );
    expect(isRefusal(plan) && plan.result).toEqual({
      problems: [
        "the backup is of a machine of architecture x86_64, and this host is aarch64: PostgreSQL's files cannot be read there",
        'image gitlab/gitlab-ce:16.0.0-ce.0 is GitLab 16.0.0, and the backup is of 17.5.2: GitLab, and the PostgreSQL in it, start only with the same version',
        'this host does not have the address 192.0.2.9 (it has 192.0.2.2, 192.0.2.3)',
      ],
    });
  });

  test('what an earlier task will bring is supposed to be there in plan mode', () => {
    const made = withManifest({ image: { reference: REFERENCE, id: 'sha256:9', digests: [] } });
    const nothing: Partial<Seen> = { ...made, images: [], survey: readSurvey('id 0a1b2c3d') };
    expect(isRefusal(planFor({}, nothing))).toBe(true);
    expect(isRefusal(planFor({}, { ...nothing, supposed: true }))).toBe(false);
  });

  test('what only the backup itself can tell is left to the driver', () => {
    const other = listed(3, '192.0.2.3');
    const plan = planFor(
      { ...away, settings },
      {
        ...there,
        containers: [other],
        host: { ...seen.host, identities: new Map([['/girofle/noeud-gitlab-3', SELF]]) },
      },
    );
    const script = isRefusal(plan) ? '' : JSON.stringify(plan.map(({ action }) => action));
    expect(script).toContain(SELF);
    expect(script).toContain('config/gitlab-secrets.json');
  });

  test.each(['dash', 'busybox sh', 'bash --posix'])('its scripts are grammatical for %s', shell => {
    const plan = planFor({ ...away, settings }, there);
    if (isRefusal(plan)) throw new Error(plan.refusal);
    for (const { action } of plan) {
      if (action.kind !== 'script') continue;
      const { status, stderr } = spawnSync('sh', ['-c', `${shell} -n`], {
        input: action.text.text,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
    }
  });

  test.each<[ValueMap, readonly string[]]>([
    [{ backup: 'yesterday' }, ['"yesterday" is no date of a backup: write 2026-11-22T08-48-00Z, or latest']],
    [{ source_host: 'vm9' }, ['the local backups of vm9 are on vm9: name a remote with from']],
    [{ from: 'nas' }, ['from: there is no remote nas (gitlab_remotes names none; local is the host itself)']],
    [
      { from: 'nsa', remotes: [nas] },
      ['from: there is no remote nsa (gitlab_remotes has nas; local is the host itself)'],
    ],
    [
      { from: 'nas', remotes: [nas], host_name: '' },
      ['host_name is needed with a remote: the name of this host in the inventory'],
    ],
    [{ image: 'gitlab/gitlab-ce' }, ['image gitlab/gitlab-ce is not pinned: name a version tag or a digest']],
  ])('refuses %o', (args, problems) => {
    expect(() => planFor(args, {})).toThrow(new ArgumentError(problems));
  });
});

describe('the container', () => {
  const was = identityOf(config(CONFIG));
  const at = (more: Partial<Parameters<typeof targetOf>[0]>) =>
    targetOf({ number: 2, directory: DIRECTORY, ports: {}, ...more }, was, undefined);

  test('is as the manifest has it, at its new place, and is not started by Docker yet', () => {
    const target = at({
      number: 5,
      directory: '/g/noeud-gitlab-5',
      address: '192.0.2.3',
      ports: { http: 8080 },
    });
    const body = containerBody({
      configuration,
      env: ['PATH=/bin', CONFIG],
      image: REFERENCE,
      was,
      target,
      adjust: unmuted,
      selinux: false,
    });
    expect(body).toEqual({
      Image: REFERENCE,
      Hostname: 'gitlab-5',
      StopTimeout: 300,
      Env: [
        'PATH=/bin',
        `GITLAB_OMNIBUS_CONFIG=external_url 'http://192.0.2.3:8080'
nginx['listen_port'] = 80
gitlab_rails['gitlab_shell_ssh_port'] = 2222
gitlab_rails['smtp_password'] = 'geheim'`,
      ],
      Labels: {
        'io.girofle.instance': '5',
        'io.girofle.root': '/g/noeud-gitlab-5',
        'io.girofle.address': '192.0.2.3',
        'io.girofle.ports': '8080,443,2222',
        'io.girofle.url': 'http://192.0.2.3:8080',
      },
      HostConfig: {
        RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
        Binds: [
          '/g/noeud-gitlab-5/mapping-volumes/data:/var/opt/gitlab',
          '/g/noeud-gitlab-5/mapping-volumes/config:/etc/gitlab:Z',
          '/etc/ssl/company:/etc/ssl/company:ro',
          '/g/noeud-gitlab-5/mapping-volumes/log:/var/log/gitlab',
        ],
        PortBindings: {
          '80/tcp': [{ HostIp: '192.0.2.3', HostPort: '8080' }],
          '443/tcp': [{ HostIp: '192.0.2.3', HostPort: '443' }],
          '22/tcp': [{ HostIp: '192.0.2.3', HostPort: '2222' }],
          '5050/tcp': [{ HostIp: '192.0.2.3', HostPort: '5050' }],
        },
      },
    });
  });

  test('is labelled for SELinux where the host wants it, and joins the networks that somebody made', () => {
    const Networks = {
      bridge: {},
      web: {
        Aliases: ['git', '0123456789ab'],
        IPAMConfig: { IPv4Address: '10.0.0.2' },
        Links: null,
        DriverOpts: null,
      },
    };
    const body = containerBody({
      configuration: { ...configuration, Networks },
      env: [],
      image: REFERENCE,
      was,
      target: at({}),
      adjust: unmuted,
      selinux: true,
    });
    expect(dig(body, 'HostConfig', 'Binds', 0)).toBe(`${DIRECTORY}/mapping-volumes/data:/var/opt/gitlab:Z`);
    expect(dig(body, 'NetworkingConfig')).toEqual({
      EndpointsConfig: { web: { Aliases: ['git'], IPAMConfig: { IPv4Address: '10.0.0.2' } } },
    });
  });

  test.each<[string, Parameters<typeof at>[0], string, string]>([
    ['unmoved', {}, 'http://192.0.2.2', 'gitlab-2'],
    ['a new address', { address: '192.0.2.3' }, 'http://192.0.2.3', 'gitlab-2'],
    ['a new host name', { hostname: 'git.example.org' }, 'http://git.example.org', 'git.example.org'],
    ['a URL of its own', { address: '192.0.2.3', url: 'https://git' }, 'https://git', 'gitlab-2'],
  ])('%s has the URL that follows', (_, more, url, hostname) => {
    expect(at(more)).toMatchObject({ url, hostname });
  });

  test('a URL that somebody chose stays, and so does what he wrote himself', () => {
    const chosen = { ...was, url: 'https://git.example.org' };
    const target = targetOf(
      { number: 2, directory: DIRECTORY, ports: {}, address: '192.0.2.3' },
      chosen,
      undefined,
    );
    expect(target.url).toBe('https://git.example.org');
    const written = "external_url 'http://other'\nnginx['listen_port'] = 80";
    expect(moved(written, chosen, target)).toBe(written);
  });

  test('an instance that moved since the backup stays where it is', () => {
    const now = { ...was, address: '192.0.2.3', url: 'http://192.0.2.3' };
    expect(targetOf({ number: 2, directory: DIRECTORY, ports: {} }, was, now)).toMatchObject({
      address: '192.0.2.3',
      url: 'http://192.0.2.3',
    });
  });

  test.each<[ValueMap, string]>([
    [{ Name: 'always', MaximumRetryCount: 0 }, 'always'],
    [{ Name: 'on-failure', MaximumRetryCount: 3 }, 'on-failure:3'],
    [{ Name: '', MaximumRetryCount: 0 }, 'no'],
  ])('restart policy %o is %s', (RestartPolicy, expected) => {
    expect(restartOf({ HostConfig: { RestartPolicy } })).toBe(expected);
  });
});

describe('secrets', () => {
  const resolve = (variables: readonly string[], ...known: readonly string[]) =>
    resolveSecrets({ Config: { Env: variables.map(redactVariable) } }, collectSecrets(known));

  test.each([
    'PATH=/bin',
    'SMTP_PASSWORD=a=b',
    "GITLAB_OMNIBUS_CONFIG=gitlab_rails['smtp_password'] = 'it\\'s'",
    'GITLAB_OMNIBUS_CONFIG=gitlab_rails[\'smtp_password\'] = "two\\nlines"',
    "GITLAB_OMNIBUS_CONFIG=x['c'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 's', 'region' => 'eu' }",
    "GITLAB_OMNIBUS_CONFIG=gitlab_rails['url'] = 'postgres://kim:geheim@db/x'",
    "GITLAB_OMNIBUS_CONFIG=  password: word\n  token: 'x'\n  label: y",
  ])('come back from where they stand: %s', variable => {
    expect(resolve([variable], variable)).toEqual({ env: [variable], missing: [] });
  });

  test.each([
    ['SMTP_PASSWORD=x', ['SMTP_PASSWORD']],
    [
      "GITLAB_OMNIBUS_CONFIG=a\ngitlab_rails['smtp_password'] = 'x'",
      ["gitlab_rails['smtp_password'] in GITLAB_OMNIBUS_CONFIG"],
    ],
    [
      "GITLAB_OMNIBUS_CONFIG=x['c'] = { 'secret' => 's', 'region' => 'eu' }",
      ["x['c'] (secret) in GITLAB_OMNIBUS_CONFIG"],
    ],
    ['GITLAB_OMNIBUS_CONFIG=  password: word', ['password in GITLAB_OMNIBUS_CONFIG']],
  ])('that are nowhere are named: %s', (variable, missing) => {
    expect(resolve([variable]).missing).toEqual(missing);
  });

  test('a hash that somebody wrote himself is no secret', () => {
    const variable = `IMAGE=${hash('x')}`;
    expect(resolve([variable])).toEqual({ env: [variable], missing: [] });
  });

  test('the inventory has them as settings, as Ruby, or as variables', () => {
    const declared = declaredEnvironment(
      [{ gitlab_rails: { smtp_password: "it's" } }],
      'gitlab_rails[\'api_key\'] = "k"',
      { SMTP_TOKEN: 't' },
    );
    const all = [
      "GITLAB_OMNIBUS_CONFIG=gitlab_rails['smtp_password'] = 'it\\'s'\ngitlab_rails['api_key'] = \"k\"",
      'SMTP_TOKEN=t',
    ];
    expect(resolve(all, ...declared)).toEqual({ env: all, missing: [] });
  });
});

test('a twin is muted once, and unmuted whole', () => {
  const plain = "external_url 'http://git'\nputs 1";
  expect(unmuted(muted(plain))).toBe(plain);
  expect(muted(muted(plain))).toBe(muted(plain));
  expect(unmuted(plain)).toBe(plain);
});

describe('what the host says', () => {
  test('is read whole', () => {
    const written = `identity ${SELF} /girofle/with space\nbackup ${DATE} ${SELF}\nmissing restic\n`;
    expect(readHostLook(written)).toEqual({
      identities: new Map([['/girofle/with space', SELF]]),
      backups: new Map([[DATE, SELF]]),
      missing: ['restic'],
    });
    expect(readHostLook(`backup ${DATE} \n`).backups).toEqual(new Map([[DATE, '']]));
  });

  test('and a remote', () => {
    expect(readRemoteLook('')).toEqual({ dates: [] });
    expect(readRemoteLook(`${OLDER}\n${DATE}\n== manifest ${DATE}\n${JSON.stringify(manifest)}`)).toEqual({
      dates: [OLDER, DATE],
      manifest,
    });
    expect(readRemoteLook(`${DATE}\n== manifest ${DATE}\n{`)).toEqual({
      dates: [DATE],
      problem: 'its manifest cannot be read',
    });
    expect(readRemoteLook(`${DATE}\n== objection ${DATE}\nthe disk is gone\n`)).toEqual({
      dates: [DATE],
      problem: 'the disk is gone',
    });
  });
});
