import { describe, expect, test } from 'vitest';
import { apt } from '../../tasks/apt.ts';
import { packageTask } from '../../tasks/package.ts';
import { APT_REPOSITORY } from '../support/apt-repository.ts';
import { behavesOnDebian } from '../support/debian-cases.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const versions = `dpkg-query -W -f '\${Package} \${Version} \${db:Status-Status}\\n' tool suite part 2>/dev/null; exit 0`;

behavesOnDebian(
  apt,
  [
    {
      does: 'leaves lists alone that nothing needs',
      args: { name: 'tool', state: 'absent' },
      says: [],
      returns: { cache_updated: false },
    },
    {
      does: 'fetches package lists first where there are none',
      args: { name: ['tool=1.0'] },
      says: ['fetch the package lists (there are none yet)', 'install tool=1.0'],
      leaves: { run: versions, prints: 'tool 1.0 installed\n' },
      returns: { cache_updated: true },
    },
    { does: 'leaves an older version that is good enough', args: { name: 'tool' }, says: [] },
    {
      does: 'fails for a package that does not exist',
      args: { name: ['tool', 'no-such-thing'] },
      says: [],
      fails: 'no package "no-such-thing" is available',
    },
    {
      does: 'upgrades to the newest version',
      args: { pkg: 'tool', state: 'latest' },
      says: ['upgrade tool (1.0 → 1.1)'],
      leaves: { run: versions, prints: 'tool 1.1 installed\n' },
    },
    {
      does: 'does not downgrade unasked',
      args: { name: 'tool=1.0' },
      says: [],
      fails: 'tool is installed in version 1.1, newer than 1.0',
    },
    {
      does: 'downgrades when told to',
      args: { name: 'tool=1.0*', 'allow-downgrade': true },
      says: ['downgrade tool (1.1 → 1.0)'],
      leaves: { run: versions, prints: 'tool 1.0 installed\n' },
    },
    {
      does: 'upgrades to a least version',
      args: { name: 'tool>=1.0.5' },
      says: ['upgrade tool (1.0 → 1.1)'],
    },
    {
      does: 'fails when no version fits',
      args: { name: 'tool>=9' },
      says: [],
      fails: 'no version of tool fits "tool>=9"',
    },
    {
      does: 'installs several packages with what they need, by the package module as well',
      module: packageTask,
      args: { name: ['tool', 'suite'], state: 'present' },
      says: ['install suite (2.0)'],
      leaves: { run: versions, prints: 'part 3.0 installed\nsuite 2.0 installed\ntool 1.1 installed\n' },
    },
    {
      does: 'is content with an installed package that provides the name',
      args: { name: 'spare-part' },
      says: [],
    },
    {
      does: 'marks a mere dependency that is named now',
      args: { name: 'part' },
      says: ['mark part as installed by hand'],
      leaves: { run: 'apt-mark showmanual | grep -x part', prints: 'part\n' },
    },
    { does: 'has nothing to upgrade', args: { upgrade: 'dist' }, says: [] },
    {
      does: 'removes a package',
      args: { name: 'tool', state: 'absent' },
      says: ['remove tool (1.1)'],
      leaves: { run: 'cat /etc/tool/version', prints: '1.1\n' },
    },
    {
      does: 'purges what removal left',
      args: { name: 'tool', state: 'absent', purge: true },
      says: ['purge tool (1.1)'],
      leaves: { run: 'ls -d /etc/tool 2>/dev/null || echo gone', prints: 'gone\n' },
    },
    {
      does: 'installs a package file of the host, and upgrades it with everything else',
      args: { deb: '/srv/repository/tool_1.0_all.deb' },
      says: ['install tool (1.0) from /srv/repository/tool_1.0_all.deb'],
      leaves: { run: versions, prints: 'part 3.0 installed\nsuite 2.0 installed\ntool 1.0 installed\n' },
    },
    {
      does: 'knows no such package file',
      args: { deb: '/srv/nothing.deb' },
      says: [],
      fails: '/srv/nothing.deb is no package file on the host',
    },
    {
      does: 'upgrades everything',
      args: { upgrade: 'yes' },
      says: ['upgrade tool (1.0 → 1.1)'],
      leaves: { run: 'cat /etc/tool/version', prints: '1.1\n' },
    },
    { does: 'upgrades everything by a star', args: { name: '*', state: 'latest' }, says: [] },
    {
      does: 'removes by a pattern, and what nothing needs then',
      given: 'apt-mark auto part >/dev/null',
      args: { name: 'sui*', state: 'absent', autoremove: true },
      says: ['remove suite (2.0) and what nothing needs then'],
      leaves: {
        run: versions,
        prints: 'part 3.0 config-files\nsuite 2.0 config-files\ntool 1.1 installed\n',
      },
    },
    {
      does: 'installs by a pattern, while no service may start',
      args: { name: 'sui*', policy_rc_d: 101 },
      says: ['install suite (2.0)'],
      leaves: { run: 'ls /usr/sbin/policy-rc.d 2>/dev/null || echo gone', prints: 'gone\n' },
    },
    {
      does: 'removes what nothing needs any more',
      given: 'apt-get -qq -y remove suite >/dev/null',
      args: { autoremove: true },
      says: ['remove packages that nothing needs any more: part'],
      leaves: {
        run: versions,
        prints: 'part 3.0 config-files\nsuite 2.0 config-files\ntool 1.1 installed\n',
      },
    },
    {
      does: 'updates lists that are older than asked for',
      given: `touch -d '3 days ago' /var/lib/apt/lists`,
      args: { cache_valid_time: 86_400 },
      says: ['update the package lists (3 days old)'],
      returns: { cache_updated: true, changed: true },
    },
    {
      does: 'installs the newest version there is once the lists are new, and was unchanged if that is installed',
      args: { name: 'tool', state: 'latest', update_cache: true },
      given: `touch -d '2 hours ago' /var/lib/apt/lists`,
      says: [
        'update the package lists (2 hours old)',
        'upgrade tool (1.1) if the new package lists have a newer version',
      ],
      returns: { changed: false, cache_updated: true },
      repeats: true,
    },
    {
      does: 'waits for another package manager',
      args: { name: 'suite', lock_timeout: 30 },
      given: 'flock /var/lib/dpkg/lock-frontend sleep 1 & sleep 0.2',
      says: ['install suite (2.0)'],
    },
    {
      does: 'deletes package files that were kept',
      given: 'cp /srv/repository/tool_1.0_all.deb /var/cache/apt/archives/',
      args: { clean: true },
      says: ["delete 1 package file from apt's cache"],
      leaves: { run: 'ls /var/cache/apt/archives/*.deb 2>/dev/null || echo none', prints: 'none\n' },
    },
  ],
  APT_REPOSITORY,
);

describe('apt', () => {
  test.each([
    [{}, 'one of name, deb, upgrade, update_cache, autoremove, autoclean and clean is needed'],
    [{ name: 'x', upgrade: 'dist' }, 'name, deb and upgrade exclude one another'],
    [{ deb: '/x.deb', state: 'latest' }, 'deb needs state: present'],
    [
      { deb: 'https://example.org/x.deb' },
      'deb cannot be a URL: fetch the file with get_url first, then give its path',
    ],
    [{ name: '-o=Evil' }, '"-o=Evil" is no package name'],
    [{ name: 'a b' }, '"a b" is no package name'],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(apt, given)).toThrow(new ArgumentError([expected]));
  });
});
