import { describe, expect, test } from 'vitest';
import { parsePackage } from '../../src/core/probes/package.ts';
import { dnf } from '../../tasks/dnf.ts';
import { packageTask } from '../../tasks/package.ts';
import { yum } from '../../tasks/yum.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const context = { host: 'h', planning: false, verbosity: 0 };

/** A line of the kind's answer as rpm's query format makes it. */
const rpm = (name: string, version: string, epoch = '0') =>
  `installed ${epoch}\t${version}\tx86_64\t${name}\t${name}.x86_64\t${name}-${version}\t`;

const NGINX = parsePackage(`manager dnf\nlisted yes\n${rpm('nginx', '1.20.1-14.el9', '2')}\n`);
const OLD_NGINX = parsePackage(`manager dnf\nlisted yes\n${rpm('nginx', '1.20.1-14.el9', '2')}\nupdate nginx.x86_64   2:1.20.1-20.el9   appstream\n`);
const ABSENT = parsePackage('manager dnf\nlisted yes\n');

test('an answer of rpm is read', () => {
  expect(OLD_NGINX).toEqual({
    manager: 'dnf',
    listed: true,
    installed: [{ name: 'nginx', arch: 'x86_64', version: '2:1.20.1-14.el9', state: 'installed' }],
    available: [{ name: 'nginx', candidate: '2:1.20.1-20.el9', versions: ['2:1.20.1-20.el9'] }],
    providers: [],
  });
});

const WAIT = (seconds: number) => `
end=$(($(date +%s) + ${seconds}))
for lock in /var/run/dnf.pid /var/run/yum.pid; do
  while [ -e "$lock" ] && kill -0 "$(cat "$lock")" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || { echo "another package manager holds $lock" >&2; exit 1; }
    sleep 1
  done
done
`;

function plan(module: typeof dnf, given: object, packages: object = {}, more: object = {}) {
  const seen = { manager: 'dnf', packages: new Map(Object.entries(packages)), files: new Map(), affected: [], ...more };
  const planned = module.plan(withDefaults(module, { ...given }), seen, context);
  if ('refusal' in planned) return planned.refusal;
  return planned.map(({ say, action }) => [say, action.kind === 'script' ? action.text.text.replace(WAIT(30), '') : action.kind]);
}

describe('dnf', () => {
  test.each([
    ['installs what is absent', { name: ['nginx', 'curl'] }, { nginx: NGINX, curl: ABSENT }, {}, [['install curl', 'dnf -y install curl']]],
    ['has nothing to do', { name: 'nginx' }, { nginx: OLD_NGINX }, {}, []],
    ['upgrades', { name: 'nginx', state: 'latest' }, { nginx: OLD_NGINX }, {}, [['upgrade nginx (2:1.20.1-14.el9 → 2:1.20.1-20.el9)', 'dnf -y upgrade nginx']]],
    ['is the newest already', { name: 'nginx', state: 'latest' }, { nginx: NGINX }, {}, []],
    ['asks the repositories first', { name: 'nginx', state: 'latest', update_cache: true }, { nginx: NGINX }, {}, [['upgrade nginx if there is a newer version', 'dnf -y --refresh upgrade nginx']]],
    ['installs nothing new when only upgrading', { name: 'curl', state: 'latest', update_only: true }, { curl: ABSENT }, {}, []],
    ['removes', { name: 'nginx', state: 'absent' }, { nginx: NGINX }, {}, [['remove nginx (2:1.20.1-14.el9)', 'dnf -y remove nginx.x86_64']]],
    ['removes with dependencies', { name: 'nginx', state: 'removed', autoremove: true }, { nginx: NGINX }, {}, [['remove nginx (2:1.20.1-14.el9)', 'dnf -y autoremove nginx.x86_64']]],
    ['removes what nothing needs', { autoremove: true }, {}, { affected: ['old-1'] }, [['remove packages that nothing needs any more: old-1', 'dnf -y autoremove']]],
    ['upgrades everything', { name: '*', state: 'latest' }, {}, { affected: ['a.x86_64', 'b.noarch'] }, [['upgrade a.x86_64, b.noarch', 'dnf -y upgrade']]],
    ['installs a file', { name: '/tmp/a.rpm' }, {}, { files: new Map([['/tmp/a.rpm', { full: 'a-1-1.noarch', installed: false }]]) }, [['install a-1-1.noarch from /tmp/a.rpm', 'dnf -y install /tmp/a.rpm']]],
    ['misses a file', { name: '/tmp/a.rpm' }, {}, { files: new Map([['/tmp/a.rpm', 'missing']]) }, '/tmp/a.rpm is no package file on the host'],
    ['is not for apt', { name: 'nginx' }, {}, { manager: 'apt' }, 'the host has neither dnf nor yum, but apt'],
    [
      'hands its options on',
      { name: 'curl', enablerepo: 'a,b', disable_gpg_check: true, exclude: ['x y'], install_weak_deps: false, allowerasing: true, nobest: true, skip_broken: true, releasever: '9', sslverify: false },
      { curl: ABSENT },
      {},
      [['install curl', "dnf -y --nogpgcheck --enablerepo=a --enablerepo=b '--exclude=x y' --releasever=9 --setopt=sslverify=0 --setopt=install_weak_deps=0 --skip-broken --allowerasing --nobest install curl"]],
    ],
  ])('%s', (_, given, packages, more, expected) => {
    expect(plan(dnf, given, packages, more)).toEqual(expected);
  });

  test.each([
    [{}, 'one of name, autoremove and update_cache is needed'],
    [{ list: 'installed' }, 'list is not supported: listing is no state; use a command task'],
    [{ name: 'x', installroot: '/mnt' }, 'installroot is not supported: other roots are not looked into'],
    [{ name: '@web' }, '@web is a group of packages: name the packages'],
    [{ name: 'https://example.org/a.rpm' }, 'https://example.org/a.rpm is a URL: fetch the file with get_url first, then give its path'],
    [{ name: '--setopt=x' }, '"--setopt=x" is no package name'],
    [{ name: 'x', autoremove: true, state: 'present' }, 'autoremove goes with state: absent, or stands alone'],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(dnf, given)).toThrow(new ArgumentError([expected]));
  });

  test('was unchanged when there was nothing to do after all', () => {
    const output = { code: 0, stdout: 'Dependencies resolved.\nNothing to do.\nComplete!\n', stderr: '', duration: 1, startedAt: new Date(0) };
    const args = withDefaults(dnf, { name: 'x' });
    expect(dnf.result?.(args, {}, [output], context)).toEqual({ rc: 0, results: ['Dependencies resolved.\nNothing to do.\nComplete!'], changed: false });
  });
});

describe('yum', () => {
  test('works by dnf where the host has that', () => {
    expect(plan(yum, { name: 'curl' }, { curl: ABSENT })).toEqual([['install curl', 'dnf -y install curl']]);
  });

  test('renews what it knows in its own way', () => {
    const expected = [['upgrade nginx if there is a newer version', 'yum -q makecache fast && yum -y upgrade nginx']];
    expect(plan(yum, { name: 'nginx', state: 'latest', 'expire-cache': true }, { nginx: NGINX }, { manager: 'yum' })).toEqual(expected);
  });

  test('insists on a backend', () => {
    expect(plan(yum, { name: 'curl', use_backend: 'yum4' }, {}, { manager: 'yum' })).toBe('use_backend asks for dnf, the host has yum');
  });
});

describe('package', () => {
  test('takes dnf where the host has that', () => {
    expect(plan(packageTask, { name: 'curl', state: 'latest' }, { curl: ABSENT })).toEqual([['install curl', 'dnf -y install curl']]);
  });

  test.each([
    [{ name: 'x', use: 'apt' }, { manager: 'dnf' }, 'use asks for apt, the host has dnf'],
    [{ name: 'x' }, { manager: 'apk' }, 'the host has apk; apt, dnf and yum are supported'],
    [{ name: 'x' }, { manager: 'none' }, 'the host has no package manager that is known; apt, dnf and yum are supported'],
  ])('%j on %j: %s', (given, more, expected) => {
    expect(plan(packageTask, given, {}, more)).toBe(expected);
  });
});
