/** A declared container against one that Docker shows: what differs, and what can be changed live. */
import { describe, expect, test } from 'vitest';
import type { ValueMap } from '../../../src/core/value.ts';
import { compareContainer, updateBody } from '../../../tasks/docker/compare.ts';
import { type ContainerSettings, createBody } from '../../../tasks/docker/container.ts';

const image: ValueMap = {
  Id: 'sha256:1',
  Config: {
    Env: ['PATH=/bin'],
    Labels: { maintainer: 'someone' },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 2e9 },
  },
};

/** As Docker 20.10 shows a container that was made with nothing but an image. */
const plain: ValueMap = {
  Image: 'sha256:1',
  Config: {
    Image: 'web:1',
    Hostname: '0123456789ab',
    Env: ['PATH=/bin'],
    Labels: { maintainer: 'someone' },
    Cmd: ['serve'],
    Entrypoint: null,
    Healthcheck: { Test: ['CMD', 'true'], Interval: 2e9 },
  },
  HostConfig: {
    Binds: null,
    NetworkMode: 'default',
    PortBindings: null,
    RestartPolicy: { Name: '', MaximumRetryCount: 0 },
    Memory: 0,
    MemorySwap: 0,
    NanoCpus: 0,
    ShmSize: 67108864,
    CapAdd: null,
    LogConfig: { Type: 'json-file', Config: {} },
    Privileged: false,
  },
};

interface Case {
  readonly settings: Partial<ContainerSettings>;
  /** Laid over the plain container. */
  readonly config?: ValueMap;
  readonly host?: ValueMap;
  readonly says: readonly string[];
  readonly live?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  'what is not given is not compared': { settings: {}, host: { Memory: 5, Privileged: true }, says: [] },
  'defaults of Docker are no difference': {
    settings: {
      shm_size: '64m',
      restart_policy: 'no',
      network_mode: 'bridge',
      stop_timeout: 10,
      privileged: false,
      capabilities: [],
      volumes: [],
      published_ports: [],
      log_driver: 'json-file',
      memory: 0,
    },
    says: [],
  },
  'env that differs, is missing, or is not declared': {
    settings: { env: { A: '1', B: 'x' } },
    config: { Env: ['PATH=/bin', 'A=2', 'C=3'] },
    says: ['env A changed', 'env B is missing', 'env C is not declared'],
    live: false,
  },
  "the image's own env and labels are as declared": {
    settings: { env: { A: '1' }, labels: { x: 1 } },
    config: { Env: ['PATH=/bin', 'A=1'], Labels: { maintainer: 'someone', x: '1' } },
    says: [],
  },
  'env that the image has, changed by hand': {
    settings: { env: {} },
    config: { Env: ['PATH=/sbin'] },
    says: ['env PATH changed'],
  },
  labels: {
    settings: { labels: { x: 'y' } },
    says: ['label x is missing'],
  },
  'ports, whatever their order; no address is every address': {
    settings: { published_ports: ['10.0.0.1:80:80', '8443:443'] },
    host: {
      PortBindings: {
        '443/tcp': [{ HostIp: '0.0.0.0', HostPort: '8443' }],
        '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '80' }],
      },
    },
    says: [],
  },
  'a port on another address': {
    settings: { published_ports: ['10.0.0.2:80:80'] },
    host: { PortBindings: { '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '80' }] } },
    says: ['published_ports changed'],
    live: false,
  },
  'volumes, whatever their order and options': {
    settings: { volumes: ['/a:/b', '/c:/d:z,ro'] },
    host: { Binds: ['/c:/d:ro,z', '/a:/b:rw'] },
    says: [],
  },
  'limits can be changed live': {
    settings: { memory: '128m', cpus: 0.5, restart_policy: 'always' },
    says: ['restart_policy changed', 'memory changed', 'cpus changed'],
    live: true,
  },
  'lifting a limit needs a new container': {
    settings: { memory: 0 },
    host: { Memory: 5 },
    says: ['memory changed'],
    live: false,
  },
  'capabilities with or without their prefix': {
    settings: { capabilities: ['net_admin'] },
    host: { CapAdd: ['CAP_NET_ADMIN'] },
    says: [],
  },
  'a check of which only the interval is declared': {
    settings: { healthcheck: { interval: '2s' } },
    says: [],
  },
  'another interval': {
    settings: { healthcheck: { interval: '3s' } },
    says: ['healthcheck changed'],
    live: false,
  },
  'another command': { settings: { command: 'serve --port 1' }, says: ['command changed'], live: false },
  'the same command as words or as text': { settings: { command: 'serve' }, says: [] },
  'options of the log': {
    settings: { log_options: { 'max-size': '1m' } },
    says: ['log_options changed'],
    live: false,
  },
};

function container({ config, host }: Case): ValueMap {
  return {
    ...plain,
    Config: { ...(plain.Config as ValueMap), ...config },
    HostConfig: { ...(plain.HostConfig as ValueMap), ...host },
  };
}

describe('differences', () => {
  test.each(Object.entries(cases))('%s', (_, one) => {
    const body = createBody({ image: 'web:1', ...one.settings });
    const differences = compareContainer(body, container(one), image);
    expect(differences.map(({ say }) => say)).toEqual(one.says);
    if (one.live !== undefined) expect(differences.every(({ live }) => live)).toBe(one.live);
  });

  test('another image under the same name', () =>
    expect(
      compareContainer(createBody({ image: 'web:1' }), plain, { ...image, Id: 'sha256:2' }),
    ).toMatchObject([{ setting: 'image', say: 'image web:1 is another one now', live: false }]));

  test('an image that is still to be pulled; what it brings is not known and no difference', () =>
    expect(
      compareContainer(
        createBody({ image: 'web:2', env: { A: '1' }, healthcheck: { interval: '2s' } }),
        plain,
        null,
      ).map(({ say }) => say),
    ).toEqual(['image web:1 → web:2', 'env A is missing']));

  test('comparisons: ignored, or allowing more', () => {
    const one = cases['env that differs, is missing, or is not declared'];
    if (one === undefined) throw new Error('no such case');
    const body = createBody({ image: 'web:1', ...one.settings });
    expect(compareContainer(body, container(one), image, { env: 'ignore' })).toEqual([]);
    expect(
      compareContainer(body, container(one), image, { '*': 'allow_more_present' }).map(({ say }) => say),
    ).toEqual(['env A changed', 'env B is missing']);
  });
});

test('an update of the memory takes the swap along, or Docker refuses it', () => {
  const body = createBody({ image: 'web:1', memory: '128m', env: { A: '1' } });
  expect(updateBody(body, compareContainer(body, plain, image))).toEqual({
    Memory: 134217728,
    MemorySwap: 268435456,
  });
});
