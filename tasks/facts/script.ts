/**
 * The one script that gathers facts: mostly files that a single process reads, and a few commands. Its output is made
 * of sections, each with a line `RS name` before it.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** What may be left out when no fact of it is asked for. */
export interface Wanted {
  readonly hardware: boolean;
  readonly network: boolean;
  /** Folder of *.fact files; undefined: none is read or run. */
  readonly factPath?: string;
}

/** Patterns as well; what is not there is passed over. */
const FILES = `/proc/sys/kernel/ostype /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/version
/etc/os-release /usr/lib/os-release /etc/debian_version /etc/alpine-release /etc/redhat-release /etc/centos-release
/etc/rocky-release /etc/almalinux-release /etc/oracle-release /etc/fedora-release /etc/system-release /etc/lsb-release
/proc/self/status /proc/cmdline /proc/loadavg /proc/uptime /proc/1/comm /proc/1/cgroup /etc/resolv.conf /etc/machine-id
/var/lib/dbus/machine-id /proc/sys/crypto/fips_enabled /sys/fs/selinux/enforce /sys/fs/selinux/policyvers /etc/selinux/config
/etc/ssh/ssh_host_*_key.pub /run/systemd/container /proc/modules /proc/xen/capabilities
/sys/devices/virtual/dmi/id/product_name /sys/devices/virtual/dmi/id/sys_vendor /sys/devices/virtual/dmi/id/product_family
/sys/devices/virtual/dmi/id/bios_vendor`;

const HARDWARE_FILES = `/proc/meminfo /proc/mounts /proc/self/mountinfo
/sys/devices/virtual/dmi/id/bios_date /sys/devices/virtual/dmi/id/bios_version /sys/devices/virtual/dmi/id/board_*
/sys/devices/virtual/dmi/id/chassis_asset_tag /sys/devices/virtual/dmi/id/chassis_serial /sys/devices/virtual/dmi/id/chassis_vendor
/sys/devices/virtual/dmi/id/chassis_version /sys/devices/virtual/dmi/id/product_serial /sys/devices/virtual/dmi/id/product_uuid
/sys/devices/virtual/dmi/id/product_version
/sys/block/*/size /sys/block/*/removable /sys/block/*/queue/rotational /sys/block/*/queue/hw_sector_size
/sys/block/*/queue/discard_granularity /sys/block/*/device/model /sys/block/*/device/vendor
/sys/block/*/*/start /sys/block/*/*/size`;

const NETWORK_FILES = `/sys/class/net/*/address /sys/class/net/*/mtu /sys/class/net/*/operstate /sys/class/net/*/type
/sys/class/net/*/speed /sys/class/net/*/flags /sys/class/net/*/bridge/bridge_id /sys/class/net/*/bridge/stp_state
/sys/class/net/*/bonding/slaves /sys/class/net/*/bonding/mode /sys/class/net/*/bonding/miimon /sys/class/net/*/bonding/lacp_rate
/sys/class/net/*/bonding/primary /proc/net/route /proc/net/ipv6_route /proc/net/if_inet6 /proc/net/fib_trie`;

const MANAGERS: readonly (readonly [string, string])[] = [
  ['/usr/bin/rpm-ostree', 'atomic_container'],
  ['/usr/bin/dnf', 'dnf'],
  ['/usr/bin/yum', 'yum'],
  ['/usr/bin/apt-get', 'apt'],
  ['/usr/bin/zypper', 'zypper'],
  ['/sbin/apk', 'apk'],
  ['/usr/bin/pacman', 'pacman'],
  ['/bin/opkg', 'opkg'],
  ['/usr/bin/emerge', 'portage'],
  ['/usr/bin/xbps-install', 'xbps'],
];

/** The environment is printed before anything changes it. */
const GENERAL = sh`
section() { printf '\n\036%s\n' "$1"; }
section env; env -0 2>/dev/null || env
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
section machine; uname -m
section date; date '+%Y|%m|%d|%H|%M|%S|%s|%Z|%z|%A|%w|%W|%N'
section user; id; id -un
section passwd; getent passwd "$(id -u)" 2>/dev/null || awk -F: -v uid="$(id -u)" '$3 == uid { print; exit }' /etc/passwd
section hosts; address=$(getent hosts "$(uname -n)" 2>/dev/null | { read -r address rest; echo "$address"; }); if [ -n "$address" ]; then getent hosts "$address"; fi
section python; for name in /usr/bin/python3 python3 python; do if has "$name"; then command -v "$name"; "$name" -V 2>&1; break; fi; done
section exists
for path in /.dockerenv /.dockerinit /run/.containerenv /run/systemd/system /dev/.run/systemd /dev/.systemd /sbin/openrc /etc/init /etc/init.d /proc/vz /proc/lve /proc/bc /proc/xen /sys/kernel/security/apparmor /dev/kvm; do
  if [ -e "$path" ]; then echo "$path"; fi
done
for tool in systemctl initctl lsb_release; do if has "$tool"; then echo "$tool"; fi; done
if [ -n "$debian_chroot" ]; then echo debian_chroot; fi
section init; readlink /sbin/init 2>/dev/null
section init-environment; tr '\0' '\n' < /proc/1/environ 2>/dev/null | grep '^container='
section roots; stat -L -c '%i %d' / /proc/1/root/. 2>/dev/null
section fstype; stat -f -c %T / 2>/dev/null`;

const CPU = sh`section cpu; grep -E '^(processor|vendor_id|model name|Processor|cpu|Vendor|physical id|core id|cpu cores|siblings|Hardware|machine)[[:space:]]*:' /proc/cpuinfo 2>/dev/null`;

/** Network file systems may hang: their sizes are asked for under a time limit. */
const HARDWARE = sh`
section sizes
far=
set --
while read -r device mount type rest; do
  case $mount in *\\0*) mount=$(printf '%b' "$mount");; esac
  case $device in
    //* | *:/*) far="$far
$mount";;
    /*) set -- "$@" "$mount";;
  esac
done < /proc/mounts
form='%S %b %a %c %d %n'
if [ "$#" -gt 0 ]; then stat -f -c "$form" -- "$@" 2>/dev/null; fi
printf '%s\n' "$far" | while IFS= read -r mount; do
  if [ -n "$mount" ] && has timeout; then timeout 5 stat -f -c "$form" -- "$mount" 2>/dev/null; fi
done
section uuids; ls -l /dev/disk/by-uuid 2>/dev/null
section blocks; for path in /sys/block/*; do if [ -e "$path" ]; then readlink -f "$path"; fi; done`;

const NETWORK = sh`
section addresses
if has ip; then ip -o addr show 2>/dev/null || ip addr show
elif has ifconfig; then echo ifconfig; ifconfig -a; fi
section route4; if has ip; then ip -4 route get 8.8.8.8 2>/dev/null; fi
section route6; if has ip; then ip -6 route get 2404:6800:400a:800::1012 2>/dev/null; fi
section devices
for path in /sys/class/net/*; do
  [ -d "$path" ] || continue
  echo "device \${path##*/}"
  if [ -e "$path/device" ]; then echo "pciid $(readlink "$path/device")"; fi
  if [ -e "$path/device/driver/module" ]; then echo "module $(readlink -f "$path/device/driver/module")"; fi
  if [ -d "$path/bridge" ]; then echo bridge; for member in "$path"/brif/*; do if [ -e "$member" ]; then echo "member \${member##*/}"; fi; done; fi
  if [ -d "$path/bonding" ]; then echo bonding; fi
done`;

/** Each local fact: its name, then what its file holds or, if it may be executed, prints; then its exit code. */
function localFacts(folder: string): Sh {
  return sh`
section local
for file in ${folder}/*.fact; do
  [ -f "$file" ] || continue
  name=\${file##*/}
  printf '\035%s\n' "\${name%.fact}"
  code=0
  if [ -x "$file" ]; then "$file" 2>/dev/null </dev/null || code=$?; else cat -- "$file" || code=$?; fi
  printf '\n\034%s\n' "$code"
done`;
}

export function factsScript({ hardware, network, factPath }: Wanted): Sh {
  const files = [FILES, hardware ? HARDWARE_FILES : '', network ? NETWORK_FILES : '']
    .join(' ')
    .split(/\s+/)
    .filter(path => path !== '');
  const managers = MANAGERS.map(([path, name]) => sh`if [ -e ${path} ]; then echo ${name}; fi`);
  return joinSh([
    GENERAL,
    CPU,
    sh`section managers`,
    ...managers,
    ...(hardware ? [HARDWARE] : []),
    ...(network ? [NETWORK] : []),
    ...(factPath === undefined ? [] : [localFacts(factPath)]),
    // The patterns are ours and hold nothing but names and stars: the shell expands them. (GNU tail would end at the first
    // file that cannot be read, as the speed of an interface that is down.)
    sh`section files; set --; for path in ${joinSh(files.map(patternWord), ' ')}; do if [ -r "$path" ] && [ ! -d "$path" ]; then set -- "$@" "$path"; fi; done; head -v -n 99999 -- "$@" 2>/dev/null`,
    sh`section end; exit 0`,
  ]);
}

/** A path whose stars stay the shell's. */
function patternWord(pattern: string): Sh {
  return pattern
    .split('*')
    .map(part => (part === '' ? sh`` : sh`${part}`))
    .reduce((left, right) => sh`${left}*${right}`);
}
