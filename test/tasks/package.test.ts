import { describe, expect, test } from 'vitest';
import { packageTask } from '../../tasks/package.ts';
import { APT_REPOSITORY } from '../support/apt-repository.ts';
import { behavesOnDebian } from '../support/debian-cases.ts';
import { ABSENT, planRpm } from '../support/rpm-plans.ts';

behavesOnDebian(
  packageTask,
  [
    {
      does: 'installs packages on a fresh machine',
      args: { name: 'tool,suite' },
      says: ['fetch the package lists (there are none yet)', 'install tool, suite'],
      leaves: {
        run: `dpkg-query -W -f '\${Package} \${Version}\\n' tool suite part`,
        prints: 'part 3.0\nsuite 2.0\ntool 1.1\n',
      },
    },
    { does: 'removes a package', args: { name: 'suite', state: 'absent' }, says: ['remove suite (2.0)'] },
    {
      does: 'fails for a package that does not exist',
      args: { name: 'no-such-thing', use: 'apt' },
      says: [],
      fails: 'no package "no-such-thing" is available',
    },
  ],
  APT_REPOSITORY,
);

describe('package', () => {
  test('takes dnf where the host has that', () => {
    expect(planRpm(packageTask, { name: 'curl', state: 'latest' }, { curl: ABSENT })).toEqual([
      ['install curl', 'dnf -y install curl'],
    ]);
  });

  test.each([
    [{ name: 'x', use: 'apt' }, { manager: 'dnf' }, 'use asks for apt, the host has dnf'],
    [{ name: 'x' }, { manager: 'apk' }, 'the host has apk; apt, dnf and yum are supported'],
    [
      { name: 'x' },
      { manager: 'none' },
      'the host has no package manager that is known; apt, dnf and yum are supported',
    ],
  ])('%j on %j: %s', (given, more, expected) => {
    expect(planRpm(packageTask, given, {}, more)).toBe(expected);
  });
});
