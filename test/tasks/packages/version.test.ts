import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { compareVersions, patternToRegExp } from '../../../tasks/packages/version.ts';

const VERSIONS = [
  '1.0',
  '1.0-1',
  '1.0~rc1-1',
  '1.0.1',
  '1:0.9',
  '1.10',
  '1.9',
  '2.36-9+deb12u10',
  '2.36-9+deb12u9',
  '2.36-9',
  '1.0a',
  '1.0+b',
  '1.05',
  '0',
  '1.22.1-9~bpo',
];

describe('versions', () => {
  const pairs = VERSIONS.flatMap(a => VERSIONS.map(b => [a, b] as const));

  test('are in the order that dpkg has them in', () => {
    const script = pairs
      .map(
        ([a, b]) =>
          `dpkg --compare-versions '${a}' lt '${b}' && echo -1 || { dpkg --compare-versions '${a}' gt '${b}' && echo 1 || echo 0; }`,
      )
      .join('\n');
    const theirs = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    expect(pairs.map(([a, b]) => `${a} ${b} ${Math.sign(compareVersions(a, b))}`)).toEqual(
      pairs.map(([a, b], i) => `${a} ${b} ${theirs[i]}`),
    );
  });
});

test.each([
  ['1.22*', '1.22.1-9', true],
  ['1.22*', '11.22', false],
  ['python3-?', 'python3-a', true],
  ['lib[ab]c', 'libbc', true],
  ['lib[!ab]c', 'libbc', false],
  ['g++', 'g++', true],
  ['a.c', 'abc', false],
])('%s and %s: %s', (pattern, text, matches) => {
  expect(patternToRegExp(pattern).test(text)).toBe(matches);
});
