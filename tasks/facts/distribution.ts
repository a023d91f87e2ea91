/** Which distribution a host runs, in Ansible's words. */
import type { ValueMap } from '../../src/core/value.ts';
import { assignments, defined, type Gathered, linesOf } from './output.ts';

/** os-release's ID → Ansible's name. */
const NAMES: Readonly<Record<string, string>> = {
  debian: 'Debian',
  raspbian: 'Debian',
  ubuntu: 'Ubuntu',
  linuxmint: 'Linux Mint',
  kali: 'Kali',
  pop: 'Pop!_OS',
  devuan: 'Devuan',
  neon: 'KDE neon',
  parrot: 'Parrot',
  rhel: 'RedHat',
  centos: 'CentOS',
  rocky: 'Rocky',
  almalinux: 'AlmaLinux',
  fedora: 'Fedora',
  ol: 'OracleLinux',
  amzn: 'Amazon',
  openEuler: 'openEuler',
  sles: 'SLES',
  sled: 'SLED',
  'opensuse-leap': 'openSUSE Leap',
  'opensuse-tumbleweed': 'openSUSE Tumbleweed',
  arch: 'Archlinux',
  manjaro: 'Manjaro',
  gentoo: 'Gentoo',
  alpine: 'Alpine',
  slackware: 'Slackware',
  openwrt: 'OpenWrt',
};

const FAMILIES: readonly (readonly [string, readonly string[]])[] = [
  ['Debian', ['Debian', 'Ubuntu', 'Linux Mint', 'Kali', 'Pop!_OS', 'Devuan', 'KDE neon', 'Parrot']],
  ['RedHat', ['RedHat', 'CentOS', 'Rocky', 'AlmaLinux', 'Fedora', 'OracleLinux', 'Amazon', 'openEuler']],
  ['Suse', ['SLES', 'SLED', 'openSUSE Leap', 'openSUSE Tumbleweed']],
  ['Archlinux', ['Archlinux', 'Manjaro']],
];

export function distributionFacts(gathered: Gathered): ValueMap {
  const release = osRelease(gathered);
  const id = release.ID ?? 'NA';
  const distribution = NAMES[id] ?? release.NAME ?? 'NA';
  const version = versionOf(distribution, release, gathered);
  const [major = 'NA', minor] = version.split('.');
  const isRolling = version === 'NA';
  return defined({
    distribution,
    distribution_version: version,
    distribution_major_version: isRolling ? 'NA' : major,
    distribution_minor_version: distribution === 'Debian' ? minor : undefined,
    distribution_release: release.VERSION_CODENAME ?? codename(release, gathered),
    os_family: familyOf(distribution, release),
  });
}

export function osRelease(gathered: Gathered): Readonly<Record<string, string>> {
  return assignments(gathered.file('/etc/os-release') ?? gathered.file('/usr/lib/os-release'));
}

/** os-release often has the major version only; the older files have more. */
function versionOf(
  distribution: string,
  release: Readonly<Record<string, string>>,
  gathered: Gathered,
): string {
  const debian = gathered.file('/etc/debian_version');
  if (distribution === 'Debian' && debian !== undefined && /^\d+\.\d+/.test(debian)) return debian.trim();
  if (distribution === 'Alpine')
    return gathered.file('/etc/alpine-release')?.trim() ?? release.VERSION_ID ?? 'NA';
  const full = /release (\d+(?:\.\d+)*)/.exec(
    gathered.file('/etc/centos-release') ?? gathered.file('/etc/redhat-release') ?? '',
  )?.[1];
  if (full?.startsWith(release.VERSION_ID ?? '')) return full;
  return release.VERSION_ID ?? 'NA';
}

function codename(release: Readonly<Record<string, string>>, gathered: Gathered): string {
  const inBrackets = (text: string | undefined) => /\(([^)]+)\)/.exec(text ?? '')?.[1];
  return inBrackets(gathered.file('/etc/redhat-release')) ?? inBrackets(release.VERSION) ?? 'NA';
}

function familyOf(distribution: string, release: Readonly<Record<string, string>>): string {
  const family = FAMILIES.find(([, members]) => members.includes(distribution))?.[0];
  if (family !== undefined) return family;
  const like = (release.ID_LIKE ?? '').split(' ');
  if (like.includes('debian') || like.includes('ubuntu')) return 'Debian';
  if (like.includes('rhel') || like.includes('fedora')) return 'RedHat';
  return like.some(word => word.includes('suse')) ? 'Suse' : distribution;
}

/** What lsb_release would say, where it is installed or has left its file. */
export function lsbFacts(gathered: Gathered): ValueMap {
  const file = assignments(gathered.file('/etc/lsb-release'));
  const release = osRelease(gathered);
  const installed = linesOf(gathered.section('exists')).includes('lsb_release');
  const number = file.DISTRIB_RELEASE ?? (installed ? release.VERSION_ID : undefined);
  if (number === undefined) return {};
  return defined({
    id: file.DISTRIB_ID ?? NAMES[release.ID ?? ''] ?? release.NAME,
    description: file.DISTRIB_DESCRIPTION ?? release.PRETTY_NAME,
    release: number,
    codename: file.DISTRIB_CODENAME ?? release.VERSION_CODENAME,
    major_release: number.split('.')[0],
  });
}
