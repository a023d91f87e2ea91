/** Numbers of instances: stable, lowest free for new ones; and everything that forbids a fleet. */
import { describe, expect, test } from 'vitest';
import {
  assignNumbers,
  type Declared,
  type FleetSeen,
  fleetProblems,
  usableAddresses,
} from '../../../tasks/gitlab/fleet.ts';
import { commissioned, type HostAddress, noDirectory } from '../../../tasks/gitlab/gitlab.ts';

const ports = { http: 80, https: 443, ssh: 2222 };
const at = (address: string, more: Partial<Declared> = {}): Declared => ({ address, ports, ...more });
const container = (number: number, address: string, http = 80) => ({
  number,
  address,
  container: `c${number}`,
  ports: [http, 443, 2222],
  directory: `/girofle/noeud-gitlab-${number}`,
});
const noted = (number: number, note: string) => [number, { ...noDirectory, volumes: true, note }] as const;
const used = (number: number) => [number, { ...noDirectory, volumes: true, used: true }] as const;
const empty = (number: number) => [number, { ...noDirectory, whole: true, volumes: true }] as const;

const host: readonly HostAddress[] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map(address => ({
  address,
  device: 'eth0',
}));
const bare: FleetSeen = { containers: [], foreign: [], directories: new Map(), addresses: host };

interface Case {
  readonly declared: readonly Declared[];
  readonly seen?: Partial<FleetSeen>;
  readonly numbers: readonly number[];
}

const cases: Readonly<Record<string, Case>> = {
  'a bare host counts from 1, in the order declared': {
    declared: [at('10.0.0.2'), at('10.0.0.1')],
    numbers: [1, 2],
  },
  'those commissioned keep theirs when others come before them': {
    declared: [at('10.0.0.1'), at('10.0.0.2'), at('10.0.0.3')],
    seen: { containers: [container(1, '10.0.0.2'), container(2, '10.0.0.3')] },
    numbers: [3, 1, 2],
  },
  'those commissioned keep theirs when others go': {
    declared: [at('10.0.0.3')],
    seen: { containers: [container(1, '10.0.0.2'), container(2, '10.0.0.3')] },
    numbers: [2],
  },
  'a number that is free again goes to the next new one': {
    declared: [at('10.0.0.1'), at('10.0.0.3')],
    seen: { containers: [container(2, '10.0.0.3')] },
    numbers: [1, 2],
  },
  'a container of an address that is not declared holds its number': {
    declared: [at('10.0.0.1')],
    seen: { containers: [container(1, '10.0.0.4')] },
    numbers: [2],
  },
  'an explicit number wins, and is not given to another': {
    declared: [at('10.0.0.1'), at('10.0.0.2', { number: 1 })],
    numbers: [2, 1],
  },
  'two on one address are told apart by their HTTP port': {
    declared: [at('10.0.0.1', { ports: { ...ports, http: 8080 } }), at('10.0.0.1')],
    seen: { containers: [container(1, '10.0.0.1', 80), container(2, '10.0.0.1', 8080)] },
    numbers: [2, 1],
  },
  'a changed port does not make another instance of the only one on its address': {
    declared: [at('10.0.0.1', { ports: { ...ports, http: 8080 } })],
    seen: { containers: [container(4, '10.0.0.1')] },
    numbers: [4],
  },
  'a directory whose container is gone brings its address back to its number': {
    declared: [at('10.0.0.1'), at('10.0.0.2')],
    seen: { directories: new Map([noted(1, '10.0.0.2 80,443,2222')]) },
    numbers: [2, 1],
  },
  'a directory with data of unknown origin is never handed to a new instance': {
    declared: [at('10.0.0.1')],
    seen: { directories: new Map([used(1)]) },
    numbers: [2],
  },
  'an empty directory, left by a run that was cut short, is': {
    declared: [at('10.0.0.1')],
    seen: { directories: new Map([empty(1)]) },
    numbers: [1],
  },
  'a container without an address holds its number too': {
    declared: [at('10.0.0.1')],
    seen: { containers: [container(1, '')] },
    numbers: [2],
  },
};

describe('numbers', () => {
  test.each(Object.entries(cases))('%s', (_, { declared, seen, numbers }) => {
    expect(assignNumbers(declared, { ...bare, ...seen })).toEqual(numbers);
  });
});

describe('problems', () => {
  const problems = (declared: readonly Declared[], seen: Partial<FleetSeen> = {}) => {
    const whole = { ...bare, ...seen };
    return fleetProblems(declared, assignNumbers(declared, whole), whole);
  };

  test('none', () => expect(problems([at('10.0.0.1'), at('127.0.10.1')])).toEqual([]));

  test('an address that the host does not have', () =>
    expect(problems([at('10.9.9.9')])).toEqual([
      'this host does not have the address 10.9.9.9 (it has 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4)',
    ]));

  test.each(['fe80::1', '10.0.0.256', '010.0.0.1', 'eth0'])('%s is no IPv4 address', address =>
    expect(problems([at(address)])).toEqual([`"${address}" is no IPv4 address`]),
  );

  test('two instances on one address and port', () =>
    expect(problems([at('10.0.0.1'), at('10.0.0.1', { ports: { ...ports, http: 8080 } })])).toEqual([
      'two instances on 10.0.0.1, port 443, 2222',
    ]));

  test('one number for two addresses', () =>
    expect(problems([at('10.0.0.1', { number: 3 }), at('10.0.0.2', { number: 3 })])).toEqual([
      'number 3 is given to both 10.0.0.1 and 10.0.0.2',
    ]));

  test('a number in use by another address', () =>
    expect(problems([at('10.0.0.1', { number: 3 })], { containers: [container(3, '10.0.0.2')] })).toEqual([
      'number 3, for 10.0.0.1, is in use: container c3 serves 10.0.0.2',
    ]));

  test('a port taken by an instance that is not declared', () =>
    expect(problems([at('10.0.0.1', { number: 5 })], { containers: [container(1, '10.0.0.1')] })).toEqual([
      '10.0.0.1, port 80, 443, 2222: taken by instance 1 (c1)',
    ]));
});

test('usable addresses: not loopback, not link-local, not the bridges of container engines', () => {
  const addresses = [
    { device: 'lo', address: '127.0.0.1' },
    { device: 'eth0', address: '192.0.2.10' },
    { device: 'eth0', address: '192.0.2.11' },
    { device: 'eth1', address: '169.254.3.4' },
    { device: 'ens4', address: '198.51.100.7' },
    { device: 'docker0', address: '172.17.0.1' },
    { device: 'br-0123456789ab', address: '172.18.0.1' },
    { device: 'own-bridge', address: '172.19.0.1' },
    { device: 'virbr0', address: '192.168.122.1' },
  ];
  expect(usableAddresses(addresses, ['172.19.0.0/16', 'fd00::/64'], undefined)).toEqual([
    '192.0.2.10',
    '192.0.2.11',
    '198.51.100.7',
  ]);
  expect(usableAddresses(addresses, [], ['ens*'])).toEqual(['198.51.100.7']);
});

test('the fleet is read from labels; a half-made container stands for its instance only when there is no whole one', () => {
  const labelled = (name: string, number: string) => ({
    Names: [`/${name}`],
    Labels: {
      'io.girofle.instance': number,
      'io.girofle.address': '10.0.0.1',
      'io.girofle.ports': '80,443,2222',
      'io.girofle.root': `/girofle/noeud-gitlab-${number}`,
    },
  });
  const list = [
    labelled('b.girofle-new', '2'),
    labelled('a.girofle-new', '1'),
    labelled('a', '1'),
    labelled('x', 'none'),
  ];
  expect(commissioned(list).map(({ number, container: name }) => [number, name])).toEqual([
    [1, 'a'],
    [2, 'b.girofle-new'],
  ]);
});
