/** What Docker's users write (sizes, durations, ports, references), and what it means. */
import { describe, expect, test } from 'vitest';
import { exposedPorts, portBindings, portProblem } from '../../../tasks/docker/ports.ts';
import { fullReference, isPinned, parseReference } from '../../../tasks/docker/reference.ts';
import { bytes, nanoseconds, seconds, showAge, showBytes } from '../../../tasks/docker/units.ts';

describe('sizes', () => {
  test.each([
    ['256m', 268435456],
    ['4g', 4294967296],
    ['4GiB', 4294967296],
    ['1.5k', 1536],
    ['512', 512],
    ['10B', 10],
    [4096, 4096],
    ['unlimited', -1],
    ['-1', -1],
  ])('%s is %d bytes', (written, expected) => expect(bytes(written)).toBe(expected));

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [4294967296, '4 GiB'],
    [25276063744, '24 GiB'],
  ])('%d bytes are shown as %s', (count, shown) => expect(showBytes(count)).toBe(shown));
});

describe('durations', () => {
  test.each([
    ['30s', 30],
    ['1m30s', 90],
    ['1h', 3600],
    ['500ms', 0.5],
    ['15', 15],
    [7, 7],
  ])('%s is %d seconds', (written, expected) => expect(seconds(written)).toBe(expected));

  test('Docker wants nanoseconds', () => expect(nanoseconds('1.5s')).toBe(1_500_000_000));

  test.each([
    [5, '5 seconds'],
    [61, '1 minute'],
    [7300, '2 hours'],
    [86400 * 3, '3 days'],
  ])('%d seconds are shown as %s', (age, shown) => expect(showAge(age)).toBe(shown));
});

describe('ports', () => {
  test.each([
    ['80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
    ['8080:80', { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }],
    ['127.0.0.1:8080:80/udp', { '80/udp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] }],
    ['127.0.0.1::80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }],
    ['[::1]:8080:80', { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] }],
    [
      '9000-9001:80-81',
      { '80/tcp': [{ HostIp: '', HostPort: '9000' }], '81/tcp': [{ HostIp: '', HostPort: '9001' }] },
    ],
  ])('%s', (written, bindings) => {
    expect(portProblem(written)).toBeUndefined();
    expect(portBindings([written])).toEqual(bindings);
  });

  test('one port of the container on two addresses', () =>
    expect(portBindings(['10.0.0.1:80:80', '10.0.0.2:80:80'])).toEqual({
      '80/tcp': [
        { HostIp: '10.0.0.1', HostPort: '80' },
        { HostIp: '10.0.0.2', HostPort: '80' },
      ],
    }));

  test('what is published is exposed', () =>
    expect(exposedPorts(['8080:80'], ['53/udp'])).toEqual({ '80/tcp': {}, '53/udp': {} }));

  test.each([
    ['web', '"web" is no port: write 80, 8080:80 or 127.0.0.1:8080:80/tcp'],
    ['70000:80', '"70000:80": ports go from 1 to 65535'],
    ['9000-9002:80-81', '"9000-9002:80-81": the two ranges differ in length'],
  ])('%s is refused', (written, problem) => expect(portProblem(written)).toBe(problem));
});

describe('references', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  test.each([
    ['gitlab/gitlab-ce:17.5.2-ce.0', { repository: 'gitlab/gitlab-ce', tag: '17.5.2-ce.0' }],
    ['registry:5000/a/b', { repository: 'registry:5000/a/b' }],
    ['registry:5000/a/b:1', { repository: 'registry:5000/a/b', tag: '1' }],
    [`a@${digest}`, { repository: 'a', digest }],
    [`a:1@${digest}`, { repository: 'a', tag: '1', digest }],
  ])('%s', (reference, parts) => expect(parseReference(reference)).toEqual(parts));

  test.each([
    ['a', 'a:latest'],
    ['registry:5000/a', 'registry:5000/a:latest'],
    ['a:1', 'a:1'],
    [`a@${digest}`, `a@${digest}`],
    [digest, digest],
  ])('%s in full is %s', (reference, full) => expect(fullReference(reference)).toBe(full));

  test('a digest given as tag', () => expect(fullReference('a', digest)).toBe(`a@${digest}`));

  test.each([
    ['a:1', true],
    [`a@${digest}`, true],
    ['a', false],
    ['a:latest', false],
    ['registry:5000/a', false],
  ])('%s pins one version: %s', (reference, pinned) => expect(isPinned(reference)).toBe(pinned));
});
