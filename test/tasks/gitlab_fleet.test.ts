/** The module gitlab_fleet: what it hands on to gitlab_instance, and what it refuses. Numbers: test/core/gitlab-fleet.test.ts */
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { gitlab_fleet } from '../../tasks/gitlab_fleet.ts';
import { withDefaults } from '../support/module-args.ts';

const seen = {
  containers: [],
  foreign: [],
  directories: new Map(),
  addresses: [
    { address: '127.0.0.1', device: 'lo' },
    { address: '192.0.2.10', device: 'eth0' },
    { address: '192.0.2.11', device: 'eth1' },
    { address: '172.18.0.1', device: 'own-bridge' },
  ],
  bridges: ['172.18.0.0/16'],
  memory: 6 * 1024 ** 3,
};
const context = { host: 'h', planning: true, verbosity: 0 };
const IMAGE = 'gitlab/gitlab-ce:17.5.2-ce.0';

function refusal(raw: ValueMap, host: object = {}): string | undefined {
  const plan = gitlab_fleet.plan(withDefaults(gitlab_fleet, raw), { ...seen, ...host }, context);
  return isRefusal(plan) ? plan.refusal : undefined;
}

function result(raw: ValueMap): ValueMap {
  return gitlab_fleet.result?.(withDefaults(gitlab_fleet, raw), seen, [], context) ?? {};
}

test('without addresses, one instance for each usable one; too little memory is a warning', () => {
  expect(refusal({ image: IMAGE })).toBeUndefined();
  const { instances, ...rest } = result({ image: IMAGE });
  expect(instances).toMatchObject([
    {
      number: 1,
      address: '192.0.2.10',
      external_url: 'http://192.0.2.10',
      name: 'conteneur-kytes.io.gitlab.1',
    },
    { number: 2, address: '192.0.2.11', directory: '/girofle/noeud-gitlab-2' },
  ]);
  expect(rest).toEqual({
    others: [],
    memory_needed: 8 * 1024 ** 3,
    memory: 6 * 1024 ** 3,
    warnings: ['2 instances want 8 GiB of memory, the host has 6 GiB'],
  });
});

test('an instance has what is its own, and the rest from all', () => {
  const own = {
    address: '192.0.2.11',
    number: 7,
    hostname: 'git.example.org',
    http_port: 8080,
    settings: { gitlab_rails: { time_zone: 'Europe/Paris' } },
    omnibus_config: 'b',
  };
  const { instances } = result({
    image: IMAGE,
    root: '/srv/girofle/',
    name: 'gitlab-{number}',
    addresses: [own],
    ssh_port: 2200,
    settings: { gitlab_rails: { gitlab_default_theme: 2 } },
    omnibus_config: 'a',
  });
  expect(instances).toEqual([
    {
      number: 7,
      address: '192.0.2.11',
      hostname: 'git.example.org',
      external_url: 'http://git.example.org:8080',
      http_port: 8080,
      https_port: 443,
      ssh_port: 2200,
      name: 'gitlab-7',
      directory: '/srv/girofle/noeud-gitlab-7',
      image: IMAGE,
      settings: { gitlab_rails: { gitlab_default_theme: 2, time_zone: 'Europe/Paris' } },
      omnibus_config: 'a\nb',
    },
  ]);
});

describe('refused', () => {
  test.each([
    [
      { image: 'gitlab/gitlab-ce:latest', addresses: ['192.0.2.10'] },
      'image gitlab/gitlab-ce:latest for 192.0.2.10 is not pinned: name a version tag or a digest',
    ],
    [{ image: IMAGE, addresses: [] }, 'no address to serve on: list them in "addresses"'],
    [
      { image: IMAGE, addresses: ['192.0.2.10', '192.0.2.10'] },
      'two instances on 192.0.2.10, port 80, 443, 2222',
    ],
    [
      { image: IMAGE, addresses: ['192.0.2.9', '::1'] },
      'the fleet cannot be as declared:\n- this host does not have the address 192.0.2.9 (it has 192.0.2.10, 192.0.2.11, 172.18.0.1)\n- "::1" is no IPv4 address',
    ],
  ])('%j', (args, message) => expect(refusal(args)).toBe(message));

  test('a setting whose name is code', () =>
    expect(() => withDefaults(gitlab_fleet, { image: IMAGE, settings: { 'exit;': 1 } })).toThrow(
      '"exit;" is no name of gitlab.rb',
    ));
});
