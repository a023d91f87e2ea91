/** What a drill's container is made of, and what gitlab_drill refuses, plans and removes beforehand. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/core/backup/manifest.ts';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { readSurvey } from '../../tasks/backup/survey.ts';
import { gitlab_drill } from '../../tasks/gitlab_drill.ts';
import { drillBody } from '../../tasks/restore/drill-body.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const DATE = '2026-11-22T08-48-00Z';
const directory = '/girofle/noeud-gitlab-2';
const secret = `sha256:${createHash('sha256').update('geheim').digest('hex')}`;

const configuration: ValueMap = {
  Name: 'git2',
  Config: {
    Image: 'gitlab/gitlab-ce:17.5.2-ce.0',
    Hostname: 'gitlab-2',
    MacAddress: '02:42:00:00:00:01',
    Env: [`GITLAB_OMNIBUS_CONFIG=gitlab_rails['smtp_password'] = '${secret}'`, 'TZ=UTC'],
    Labels: { 'io.girofle.instance': '2', 'io.girofle.root': directory, 'traefik.enable': 'true' },
    ExposedPorts: { '80/tcp': {} },
    StopTimeout: 300,
  },
  HostConfig: {
    NetworkMode: 'host',
    PidMode: 'host',
    Memory: 8_000_000_000,
    ShmSize: 268_435_456,
    Links: ['/db:/git2/db'],
    VolumesFrom: ['other'],
    RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
    PortBindings: { '80/tcp': [{ HostIp: '192.0.2.2', HostPort: '80' }] },
    Binds: [
      `${directory}/mapping-volumes/data:/var/opt/gitlab:Z`,
      '/etc/ssl/corp:/etc/gitlab/trusted-certs:rw,z',
    ],
    Mounts: [
      { Type: 'bind', Source: `${directory}/mapping-volumes/config`, Target: '/etc/gitlab' },
      { Type: 'volume', Source: 'cache', Target: '/cache' },
    ],
  },
  Networks: { bridge: {} },
};

describe('the scratch container', () => {
  const body = drillBody({
    configuration,
    env: ['GITLAB_OMNIBUS_CONFIG=external_url "x"', 'TZ=UTC'],
    image: 'sha256:1',
    number: 2,
    directory,
    scratch: `${directory}/.girofle/drill-0a1b2c3d`,
    network: 'girofle-drill-0a1b2c3d',
    selinux: false,
  });

  it('has the limits of the original, and nothing by which it reaches others or is taken for it', () => {
    expect(body).toMatchObject({
      Image: 'sha256:1',
      Hostname: 'gitlab-2',
      StopTimeout: 300,
      ExposedPorts: {},
      NetworkingConfig: { EndpointsConfig: { 'girofle-drill-0a1b2c3d': {} } },
    });
    expect(body).not.toHaveProperty('MacAddress');
    expect(body.Labels).toEqual({ 'io.girofle.drill': '2', 'io.girofle.drill.root': directory });
    expect(body.HostConfig).toEqual({
      NetworkMode: 'girofle-drill-0a1b2c3d',
      Memory: 8_000_000_000,
      ShmSize: 268_435_456,
      PortBindings: {},
      PublishAllPorts: false,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
      CpuShares: 256,
      Binds: [
        `${directory}/.girofle/drill-0a1b2c3d/data:/var/opt/gitlab`,
        `${directory}/.girofle/drill-0a1b2c3d/config:/etc/gitlab`,
        `${directory}/.girofle/drill-0a1b2c3d/log:/var/log/gitlab`,
        '/etc/ssl/corp:/etc/gitlab/trusted-certs:z,ro',
      ],
      Mounts: [{ Type: 'volume', Source: 'cache', Target: '/cache', ReadOnly: true }],
    });
  });

  it('takes no CI jobs and reads no mail', () => {
    const [config] = Array.isArray(body.Env) ? body.Env : [];
    expect(config).toMatch(/^GITLAB_OMNIBUS_CONFIG=external_url "x"\n/);
    expect(config).toContain("gitlab_rails['incoming_email_enabled'] = false");
  });

  it('relabels only its own folders on a host with SELinux', () => {
    const { HostConfig } = drillBody({
      configuration,
      env: [],
      image: 'x',
      number: 2,
      directory,
      scratch: '/s',
      network: 'n',
      selinux: true,
    });
    expect(HostConfig).toMatchObject({
      Binds: [
        '/s/data:/var/opt/gitlab:Z',
        '/s/config:/etc/gitlab:Z',
        '/s/log:/var/log/gitlab:Z',
        '/etc/ssl/corp:/etc/gitlab/trusted-certs:z,ro',
      ],
    });
  });
});

const manifest: Manifest = {
  format: 1,
  id: '00000001',
  date: DATE,
  instance: 2,
  container: 'git2',
  host: 'vm1',
  started: { utc: '2026-11-22T08:47:00Z', uptime: 1 },
  finished: { utc: '2026-11-22T08:49:00Z', uptime: 2 },
  image: { reference: 'gitlab/gitlab-ce:17.5.2-ce.0', id: 'sha256:1', digests: ['x@sha256:2'] },
  gitlab: { disk: '17.5.2', release: '17.5.2', edition: 'ce' },
  postgresql: '',
  architecture: 'x86_64',
  configuration,
  consistency: 'pause',
  pause: 1,
  rsync: { version: '3.2.7', hot: 0, frozen: 0 },
  locks: [],
  excluded: [],
  totals: { files: 1, directories: 3, links: 0, bytes: 10 },
  previous: '',
  files: { sha256: 'f', lines: 4 },
};

const SEEN = {
  survey: readSurvey(
    'id 0a1b2c3d\nnow 1795428000\nrsync rsync  version 3.2.7  protocol version 31\ndocker cli\nbckups folder\n',
  ),
  host: { identities: new Map(), backups: new Map([[DATE, 'abc']]), missing: [] },
  local: { instances: [2], found: [{ instance: 2, name: DATE, kind: 'backup', manifest }] },
  remote: undefined,
  container: null,
  containers: [],
  images: [{ Id: 'sha256:1', RepoTags: ['gitlab/gitlab-ce:17.5.2-ce.0'] }],
  networks: [],
  info: { Architecture: 'x86_64' },
  memory: 16e9,
};

function planFor(seen: object = {}, args: ValueMap = {}): Plan {
  return gitlab_drill.plan(
    withDefaults(gitlab_drill, { number: 2, ...args }),
    { ...SEEN, ...seen },
    {
      host: 'vm1',
      planning: false,
      verbosity: 0,
    },
  );
}
const says = (plan: Plan) => (isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say));

describe('the plan', () => {
  it('makes a network, a container, and follows the driver; a secret that nobody knows is named', () => {
    expect(says(planFor())).toEqual([
      'create network girofle-drill-0a1b2c3d, with no way out',
      `create a scratch container for the backup of ${DATE} (from gitlab/gitlab-ce:17.5.2-ce.0)`,
      `try the backup of ${DATE} out beside instance 2 (GitLab 17.5.2, 100 repositories); without the value of gitlab_rails['smtp_password'] in GITLAB_OMNIBUS_CONFIG`,
      'follow the drill of instance 2 to its end',
      'read what it says of itself',
    ]);
  });

  it('takes secrets from the settings of the inventory', () => {
    const plan = planFor(
      {},
      { settings: { gitlab_rails: { smtp_password: 'geheim' } }, repositories: 'all' },
    );
    expect(says(plan)).toContain(
      `try the backup of ${DATE} out beside instance 2 (GitLab 17.5.2, all repositories)`,
    );
  });

  it('pulls an image that is not there, and removes what drills that never began have left', () => {
    const Labels = { 'io.girofle.drill': '2', 'io.girofle.drill.root': directory };
    const old = { Names: ['/girofle-drill-2-11111111'], State: 'created', Created: 1795420000, Labels };
    const young = { Names: ['/girofle-drill-2-22222222'], State: 'created', Created: 1795427990, Labels };
    const running = { Names: ['/girofle-drill-2-33333333'], State: 'running', Created: 1795400000, Labels };
    const foreign = {
      ...old,
      Names: ['/girofle-drill-2-44444444'],
      Labels: { 'io.girofle.drill.root': '/x' },
    };
    const network = (id: string) => ({
      Name: `girofle-drill-${id}`,
      Created: '2026-11-21T00:00:00Z',
      Labels,
    });
    expect(
      says(
        planFor({
          images: [],
          containers: [old, young, running, foreign],
          networks: [network('11111111'), network('22222222'), network('33333333'), network('55555555')],
        }),
      ).slice(0, 4),
    ).toEqual([
      'pull gitlab/gitlab-ce:17.5.2-ce.0',
      'remove container girofle-drill-2-11111111, left by a drill that never began',
      'remove network girofle-drill-11111111, left by a drill that never began',
      'remove network girofle-drill-55555555, left by a drill that never began',
    ]);
  });
});

describe('refusals', () => {
  it.each([
    ['no backup', { local: { instances: [2], found: [] } }, 'instance 2 has no backup on this host'],
    [
      'no secrets',
      { host: { ...SEEN.host, backups: new Map([[DATE, '']]) } },
      `the backup of ${DATE} has no config/gitlab-secrets.json: without it GitLab cannot read the passwords and tokens in its database`,
    ],
    [
      'another architecture',
      { info: { Architecture: 'aarch64' } },
      "the backup is of a machine of architecture x86_64, and this host is aarch64: PostgreSQL's files cannot be read there",
    ],
    [
      'too little memory',
      { memory: 1e9 },
      'a drill starts a second GitLab beside the others: it wants 4 GiB of memory, and 954 MiB are free (memory_needed)',
    ],
  ])('%s', (_, seen, sentence) => {
    expect(says(planFor(seen))).toBe(sentence);
  });

  it('a remote that the inventory does not name', () => {
    expect(() => withDefaults(gitlab_drill, { number: 2, from: 'nas' })).toThrow(ArgumentError);
  });
});
