/** What gitlab_instance plans from what was seen, without a host. */
import { describe, expect, test } from 'vitest';
import type { DockerAnswer, DockerCall } from '../../src/core/docker.ts';
import type { Answer, Request } from '../../src/core/probe.ts';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { gitlab_instance } from '../../tasks/gitlab_instance.ts';
import { withDefaults } from '../support/module-args.ts';
import { noDaemon } from '../support/run-docker-module.ts';

/** Paths of the API → bodies; everything else is 404. */
type Daemon = Readonly<Record<string, Value>>;

const instance: ValueMap = { number: 1, address: '192.0.2.10', image: 'gitlab/gitlab-ce:17.5.2-ce.0' };
const emptyHost: Daemon = { '/containers/json': [], '/info': {} };
const image = { Id: 'sha256:1', Config: {} };
const withImage: Daemon = { ...emptyHost, '/images/gitlab%2Fgitlab-ce%3A17.5.2-ce.0/json': image };

interface Host {
  readonly daemon?: Daemon;
  /** What the shell prints for the directory of the instance. */
  readonly directory?: string;
  /** Plan mode, after a change was announced. */
  readonly suppose?: boolean;
}

function planFor(raw: ValueMap, { daemon, directory = '', suppose = false }: Host): Plan {
  const args = withDefaults(gitlab_instance, raw);
  const probe = gitlab_instance.probe?.(args);
  const answers = probe?.requests.map(request => answer(request, daemon, directory)) ?? [];
  return gitlab_instance.plan(args, probe?.read(answers, suppose), {
    host: 'h',
    planning: suppose,
    verbosity: 0,
  });
}

function answer(request: Request, daemon: Daemon | undefined, directory: string): Answer {
  if (request.via === 'docker')
    return { via: 'docker', value: daemon ? ask(daemon, request.call) : noDaemon() };
  if (request.via !== 'shell') throw new Error(`no ${request.via} request was expected`);
  return { via: 'shell', value: request.query.length === 0 ? '192.0.2.10/24 eth0\n' : directory };
}

function ask(daemon: Daemon, { path }: DockerCall): DockerAnswer {
  const body = daemon[path];
  return body === undefined
    ? { status: 404, body: null, message: `no such object: ${path}` }
    : { status: 200, body };
}

function says(plan: Plan): readonly string[] {
  return isRefusal(plan) ? [plan.refusal] : plan.map(({ say }) => say);
}

const creation = [
  'create /girofle/noeud-gitlab-1, with mapping-volumes/{data,config,log} and bckups',
  'create container conteneur-kytes.io.gitlab.1 from gitlab/gitlab-ce:17.5.2-ce.0 for 192.0.2.10',
  'start container conteneur-kytes.io.gitlab.1',
  'wait until container conteneur-kytes.io.gitlab.1 is healthy',
];
const pull = 'pull gitlab/gitlab-ce:17.5.2-ce.0';
const named = (labels: ValueMap): Value => ({
  Names: ['/other'],
  Labels: { 'io.girofle.ports': '80,443,2222', ...labels },
});

const cases: Readonly<Record<string, Host & { args?: ValueMap; says: readonly string[] }>> = {
  'a host without Docker, planned': { suppose: true, says: [creation[0] ?? '', pull, ...creation.slice(1)] },
  'a host without Docker whose directories are there, planned': {
    suppose: true,
    directory: 'volumes\nbackups\nwhole\nnote 192.0.2.10 80,443,2222\n',
    says: [pull, ...creation.slice(1)],
  },
  'an image that the host has': { daemon: withImage, says: creation },
  'an image that is to come by other means': { daemon: emptyHost, args: { pull: 'never' }, says: creation },
  'too little memory is a warning': {
    daemon: { ...withImage, '/info': { MemTotal: 2147483648 } },
    says: creation.map(say =>
      say.startsWith('create container')
        ? `${say} (warning: it wants 4 GiB of memory, the host has 2 GiB)`
        : say,
    ),
  },
  'not waiting': { daemon: withImage, args: { wait: false }, says: creation.slice(0, 3) },
  'a directory that belonged to another address': {
    daemon: withImage,
    directory: 'volumes\nbackups\nwhole\nused\nnote 192.0.2.9 80,443,2222\n',
    says: ['note in /girofle/noeud-gitlab-1 that it belongs to 192.0.2.10 80,443,2222', ...creation.slice(1)],
  },
  'an address that the host does not have': {
    daemon: withImage,
    args: { address: '192.0.2.99' },
    says: ['this host does not have the address 192.0.2.99 (it has 192.0.2.10)'],
  },
  'the number of another address': {
    daemon: {
      ...withImage,
      '/containers/json': [named({ 'io.girofle.instance': '1', 'io.girofle.address': '192.0.2.11' })],
    },
    says: [
      'number 1, for 192.0.2.10, is in use: container other serves 192.0.2.11; instance 1 has a container already, named other',
    ],
  },
  'the address and port of another number': {
    daemon: {
      ...withImage,
      '/containers/json': [named({ 'io.girofle.instance': '2', 'io.girofle.address': '192.0.2.10' })],
    },
    says: ['192.0.2.10, port 80, 443, 2222: taken by instance 2 (other)'],
  },
  'absent already': { daemon: emptyHost, args: { state: 'absent' }, says: [] },
};

describe('gitlab_instance', () => {
  test.each(Object.entries(cases))('%s', (_, { args, says: expected, ...host }) => {
    expect(says(planFor({ ...instance, ...args }, host))).toEqual(expected);
  });

  test.each([
    [
      { number: 1, address: '192.0.2.10', image: 'gitlab/gitlab-ce' },
      'image gitlab/gitlab-ce is not pinned: name a version tag or a digest',
    ],
    [
      { number: 1, address: '192.0.2.10', image: 'gitlab/gitlab-ce:latest' },
      'image gitlab/gitlab-ce:latest is not pinned: name a version tag or a digest',
    ],
    [{ number: 1, image: 'a:1' }, 'address is needed unless state is absent'],
    [{ ...instance, delete_data: true }, 'delete_data is for state: absent'],
    [{ number: 1, state: 'absent', delete_backups: true }, 'delete_backups needs delete_data'],
  ])('%j is refused before any host is asked', (args, problem) => {
    expect(() => withDefaults(gitlab_instance, args)).toThrow(problem);
  });

  test('the container is what GitLab needs, and bound to its address alone', () => {
    const plan = planFor(
      { ...instance, hostname: 'git.example.org', external_url: 'https://git.example.org:8443' },
      { daemon: withImage },
    );
    const action = isRefusal(plan) ? undefined : plan[1]?.action;
    const body = action?.kind === 'docker' ? action.call.body : undefined;
    expect(body).toEqual({
      Image: 'gitlab/gitlab-ce:17.5.2-ce.0',
      Hostname: 'git.example.org',
      Env: [
        [
          "GITLAB_OMNIBUS_CONFIG=external_url 'https://git.example.org:8443'",
          "gitlab_rails['gitlab_shell_ssh_port'] = 2222",
          "nginx['listen_port'] = 443",
        ].join('\n'),
      ],
      Labels: {
        'io.girofle.instance': '1',
        'io.girofle.root': '/girofle/noeud-gitlab-1',
        'io.girofle.address': '192.0.2.10',
        'io.girofle.ports': '80,443,2222',
        'io.girofle.url': 'https://git.example.org:8443',
      },
      StopTimeout: 300,
      Healthcheck: { Interval: 20_000_000_000 },
      ExposedPorts: { '80/tcp': {}, '443/tcp': {}, '22/tcp': {} },
      HostConfig: {
        Binds: [
          '/girofle/noeud-gitlab-1/mapping-volumes/data:/var/opt/gitlab',
          '/girofle/noeud-gitlab-1/mapping-volumes/config:/etc/gitlab',
          '/girofle/noeud-gitlab-1/mapping-volumes/log:/var/log/gitlab',
        ],
        PortBindings: {
          '80/tcp': [{ HostIp: '192.0.2.10', HostPort: '80' }],
          '443/tcp': [{ HostIp: '192.0.2.10', HostPort: '443' }],
          '22/tcp': [{ HostIp: '192.0.2.10', HostPort: '2222' }],
        },
        RestartPolicy: { Name: 'always' },
        ShmSize: 268435456,
        LogConfig: { Type: 'json-file', Config: { 'max-size': '50m', 'max-file': '5' } },
      },
    });
  });

  test('with SELinux the volumes are labelled for this container', () => {
    const daemon = {
      ...withImage,
      '/info': { SecurityOptions: ['name=seccomp,profile=default', 'name=selinux'] },
    };
    const plan = planFor(instance, { daemon });
    const action = isRefusal(plan) ? undefined : plan[1]?.action;
    const body = action?.kind === 'docker' ? action.call.body : undefined;
    expect(dig(body, 'HostConfig', 'Binds', 0)).toBe(
      '/girofle/noeud-gitlab-1/mapping-volumes/data:/var/opt/gitlab:Z',
    );
  });
});
