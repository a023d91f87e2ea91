import { describe, expect, test } from 'vitest';
import { dnf } from '../../tasks/dnf.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { ABSENT, context, NGINX, OLD_NGINX, planRpm } from '../support/rpm-plans.ts';

test('an answer of rpm is read', () => {
  expect(OLD_NGINX).toEqual({
    manager: 'dnf',
    listed: true,
    installed: [{ name: 'nginx', arch: 'x86_64', version: '2:1.20.1-14.el9', state: 'installed' }],
    available: [{ name: 'nginx', candidate: '2:1.20.1-20.el9', versions: ['2:1.20.1-20.el9'] }],
    providers: [],
  });
});

describe('dnf', () => {
  test.each([
    [
      'installs what is absent',
      { name: ['nginx', 'curl'] },
      { nginx: NGINX, curl: ABSENT },
      {},
      [['install curl', 'dnf -y install curl']],
    ],
    ['has nothing to do', { name: 'nginx' }, { nginx: OLD_NGINX }, {}, []],
    [
      'upgrades',
      { name: 'nginx', state: 'latest' },
      { nginx: OLD_NGINX },
      {},
      [['upgrade nginx (2:1.20.1-14.el9 → 2:1.20.1-20.el9)', 'dnf -y upgrade nginx']],
    ],
    ['is the newest already', { name: 'nginx', state: 'latest' }, { nginx: NGINX }, {}, []],
    [
      'asks the repositories first',
      { name: 'nginx', state: 'latest', update_cache: true },
      { nginx: NGINX },
      {},
      [['upgrade nginx if there is a newer version', 'dnf -y --refresh upgrade nginx']],
    ],
    [
      'installs nothing new when only upgrading',
      { name: 'curl', state: 'latest', update_only: true },
      { curl: ABSENT },
      {},
      [],
    ],
    [
      'removes',
      { name: 'nginx', state: 'absent' },
      { nginx: NGINX },
      {},
      [['remove nginx (2:1.20.1-14.el9)', 'dnf -y remove nginx.x86_64']],
    ],
    [
      'removes with dependencies',
      { name: 'nginx', state: 'removed', autoremove: true },
      { nginx: NGINX },
      {},
      [['remove nginx (2:1.20.1-14.el9)', 'dnf -y autoremove nginx.x86_64']],
    ],
    [
      'removes what nothing needs',
      { autoremove: true },
      {},
      { affected: ['old-1'] },
      [['remove packages that nothing needs any more: old-1', 'dnf -y autoremove']],
    ],
    [
      'upgrades everything',
      { name: '*', state: 'latest' },
      {},
      { affected: ['a.x86_64', 'b.noarch'] },
      [['upgrade a.x86_64, b.noarch', 'dnf -y upgrade']],
    ],
    [
      'installs a file',
      { name: '/tmp/a.rpm' },
      {},
      { files: new Map([['/tmp/a.rpm', { full: 'a-1-1.noarch', installed: false }]]) },
      [['install a-1-1.noarch from /tmp/a.rpm', 'dnf -y install /tmp/a.rpm']],
    ],
    [
      'misses a file',
      { name: '/tmp/a.rpm' },
      {},
      { files: new Map([['/tmp/a.rpm', 'missing']]) },
      '/tmp/a.rpm is no package file on the host',
    ],
    [
      'is not for apt',
      { name: 'nginx' },
      {},
      { manager: 'apt' },
      'the host has neither dnf nor yum, but apt',
    ],
    [
      'hands its options on',
      {
        name: 'curl',
        enablerepo: 'a,b',
        disable_gpg_check: true,
        exclude: ['x y'],
        install_weak_deps: false,
        allowerasing: true,
        nobest: true,
        skip_broken: true,
        releasever: '9',
        sslverify: false,
      },
      { curl: ABSENT },
      {},
      [
        [
          'install curl',
          "dnf -y --nogpgcheck --enablerepo=a --enablerepo=b '--exclude=x y' --releasever=9 --setopt=sslverify=0 --setopt=install_weak_deps=0 --skip-broken --allowerasing --nobest install curl",
        ],
      ],
    ],
  ])('%s', (_, given, packages, more, expected) => {
    expect(planRpm(dnf, given, packages, more)).toEqual(expected);
  });

  test.each([
    [{}, 'one of name, autoremove and update_cache is needed'],
    [{ list: 'installed' }, 'list is not supported: listing is no state; use a command task'],
    [{ name: 'x', installroot: '/mnt' }, 'installroot is not supported: other roots are not looked into'],
    [{ name: '@web' }, '@web is a group of packages: name the packages'],
    [
      { name: 'https://example.org/a.rpm' },
      'https://example.org/a.rpm is a URL: fetch the file with get_url first, then give its path',
    ],
    [{ name: '--setopt=x' }, '"--setopt=x" is no package name'],
    [
      { name: 'x', autoremove: true, state: 'present' },
      'autoremove goes with state: absent, or stands alone',
    ],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(dnf, given)).toThrow(new ArgumentError([expected]));
  });

  test('was unchanged when there was nothing to do after all', () => {
    const output = {
      code: 0,
      stdout: 'Dependencies resolved.\nNothing to do.\nComplete!\n',
      stderr: '',
      duration: 1,
      startedAt: new Date(0),
    };
    const args = withDefaults(dnf, { name: 'x' });
    expect(dnf.result?.(args, {}, [output], context)).toEqual({
      rc: 0,
      results: ['Dependencies resolved.\nNothing to do.\nComplete!'],
      changed: false,
    });
  });
});
