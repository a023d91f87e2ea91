import { describe, expect, test } from 'vitest';
import { distributionFacts, lsbFacts } from '../../../tasks/facts/distribution.ts';
import { readGathered } from '../../../tasks/facts/output.ts';
import { packageManagerFact, serviceManagerFact } from '../../../tasks/facts/system.ts';

function gathered(files: Readonly<Record<string, string>>, sections: Readonly<Record<string, string>> = {}) {
  const parts = Object.entries(files).map(([path, text]) => `==> ${path} <==\n${text}\n`);
  return readGathered(
    Object.entries({ ...sections, files: parts.join('\n') })
      .map(([name, text]) => `\n\x1e${name}\n${text}`)
      .join(''),
  );
}

describe('a distribution', () => {
  test.each([
    [
      'Ubuntu',
      {
        '/etc/os-release':
          'NAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.4 LTS (Jammy Jellyfish)"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian',
        '/etc/debian_version': 'bookworm/sid',
      },
      {
        distribution: 'Ubuntu',
        distribution_version: '22.04',
        distribution_major_version: '22',
        distribution_release: 'jammy',
        os_family: 'Debian',
      },
    ],
    [
      'Rocky Linux',
      {
        '/etc/os-release':
          'NAME="Rocky Linux"\nVERSION="9.3 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"',
        '/etc/redhat-release': 'Rocky Linux release 9.3 (Blue Onyx)',
      },
      {
        distribution: 'Rocky',
        distribution_version: '9.3',
        distribution_major_version: '9',
        distribution_release: 'Blue Onyx',
        os_family: 'RedHat',
      },
    ],
    [
      'CentOS, whose own file knows more',
      {
        '/etc/os-release': 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nVERSION_ID="7"',
        '/etc/centos-release': 'CentOS Linux release 7.9.2009 (Core)',
      },
      {
        distribution: 'CentOS',
        distribution_version: '7.9.2009',
        distribution_major_version: '7',
        distribution_release: 'Core',
        os_family: 'RedHat',
      },
    ],
    [
      'Alpine',
      {
        '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1',
        '/etc/alpine-release': '3.19.1',
      },
      {
        distribution: 'Alpine',
        distribution_version: '3.19.1',
        distribution_major_version: '3',
        distribution_release: 'NA',
        os_family: 'Alpine',
      },
    ],
    [
      'Arch, without versions',
      { '/usr/lib/os-release': 'NAME="Arch Linux"\nID=arch' },
      {
        distribution: 'Archlinux',
        distribution_version: 'NA',
        distribution_major_version: 'NA',
        distribution_release: 'NA',
        os_family: 'Archlinux',
      },
    ],
    [
      'one that nobody knows, by what it is like',
      { '/etc/os-release': 'NAME="Nova \\"X\\" Linux"\nID=nova\nID_LIKE="ubuntu debian"\nVERSION_ID=5' },
      {
        distribution: 'Nova "X" Linux',
        distribution_version: '5',
        distribution_major_version: '5',
        distribution_release: 'NA',
        os_family: 'Debian',
      },
    ],
  ])('%s', (_, files, expected) => {
    expect(distributionFacts(gathered(files))).toEqual(expected);
  });

  test('of Ubuntu has its LSB file', () => {
    const file =
      'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION="Ubuntu 22.04.4 LTS"';
    expect(lsbFacts(gathered({ '/etc/lsb-release': file }))).toEqual({
      id: 'Ubuntu',
      release: '22.04',
      codename: 'jammy',
      description: 'Ubuntu 22.04.4 LTS',
      major_release: '22',
    });
  });
});

test.each([
  ['the family comes before what else is installed', 'Debian', 'dnf\napt', 'apt'],
  ['dnf before yum', 'RedHat', 'dnf\nyum', 'dnf'],
  ['yum where there is no dnf', 'RedHat', 'yum', 'yum'],
  ['apk', 'Alpine', 'apk', 'apk'],
  ['none that is known', 'Slackware', '', 'unknown'],
])('package manager: %s', (_, family, managers, expected) => {
  expect(packageManagerFact(gathered({}, { managers }), family)).toEqual({ pkg_mgr: expected });
});

test.each([
  ['systemd', { '/proc/1/comm': 'systemd' }, '', 'systemd'],
  ['an init that systemd booted', { '/proc/1/comm': 'init' }, 'systemctl\n/run/systemd/system', 'systemd'],
  ['OpenRC', { '/proc/1/comm': 'init' }, '/sbin/openrc\n/etc/init.d', 'openrc'],
  ['OpenRC as process 1', { '/proc/1/comm': 'openrc-init' }, '', 'openrc'],
  ['init scripts', { '/proc/1/comm': 'sh' }, '/etc/init.d', 'sysvinit'],
  ['nothing that is known', {}, '', 'service'],
])('service manager: %s', (_, files, exists, expected) => {
  expect(serviceManagerFact(gathered(files, { exists }))).toEqual({ service_mgr: expected });
});
