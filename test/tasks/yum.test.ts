import { describe, expect, test } from 'vitest';
import { yum } from '../../tasks/yum.ts';
import { ABSENT, NGINX, planRpm } from '../support/rpm-plans.ts';

describe('yum', () => {
  test('works by dnf where the host has that', () => {
    expect(planRpm(yum, { name: 'curl' }, { curl: ABSENT })).toEqual([
      ['install curl', 'dnf -y install curl'],
    ]);
  });

  test('renews what it knows in its own way', () => {
    const expected = [
      ['upgrade nginx if there is a newer version', 'yum -q makecache fast && yum -y upgrade nginx'],
    ];
    expect(
      planRpm(
        yum,
        { name: 'nginx', state: 'latest', 'expire-cache': true },
        { nginx: NGINX },
        { manager: 'yum' },
      ),
    ).toEqual(expected);
  });

  test('insists on a backend', () => {
    expect(planRpm(yum, { name: 'curl', use_backend: 'yum4' }, {}, { manager: 'yum' })).toBe(
      'use_backend asks for dnf, the host has yum',
    );
  });
});
