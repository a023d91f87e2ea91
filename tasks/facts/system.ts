/** Facts of the running system: kernel, names, user, time, environment, and the programs that manage it. */
import { parsePasswdLine } from '../../src/core/probes/account.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { assignments, defined, type Gathered, linesOf } from './output.ts';

const kernelFile = (gathered: Gathered, name: string) => gathered.file(`/proc/sys/kernel/${name}`)?.trim();

export function platformFacts(gathered: Gathered): ValueMap {
  const nodename = kernelFile(gathered, 'hostname') ?? 'localhost';
  const machine = gathered.section('machine').trim();
  const fqdn = fullName(nodename, gathered.section('hosts'));
  const dot = fqdn.indexOf('.');
  return defined({
    system: kernelFile(gathered, 'ostype') ?? 'Linux',
    kernel: kernelFile(gathered, 'osrelease'),
    kernel_version: kernelFile(gathered, 'version'),
    machine,
    architecture: /^i[3-6]86$/.test(machine) ? 'i386' : machine,
    userspace_architecture: /^i[3-6]86$/.test(machine) ? 'i386' : machine,
    userspace_bits: /64|s390x/.test(machine) ? '64' : '32',
    nodename,
    hostname: nodename.split('.')[0],
    fqdn,
    domain: dot < 0 ? '' : fqdn.slice(dot + 1),
    machine_id: gathered.file('/var/lib/dbus/machine-id')?.trim() ?? gathered.file('/etc/machine-id')?.trim(),
  });
}

/** The first name with a dot that the resolver knows for the address of the node's own name. */
function fullName(nodename: string, resolved: string): string {
  const [, canonical = nodename, ...aliases] = linesOf(resolved)[0]?.split(/\s+/) ?? [];
  return [canonical, ...aliases].find(name => name.includes('.')) ?? canonical;
}

export function userFacts(gathered: Gathered): ValueMap {
  const [ids = '', name = ''] = linesOf(gathered.section('user'));
  const { uid, gid, comment, home, shell } = parsePasswdLine(gathered.section('passwd').trim());
  const status = gathered.file('/proc/self/status') ?? '';
  const [realUser, effectiveUser] = numbers(/^Uid:\s+(.*)$/m.exec(status)?.[1]);
  const [realGroup, effectiveGroup] = numbers(/^Gid:\s+(.*)$/m.exec(status)?.[1]);
  const own = Number(/^uid=(\d+)/.exec(ids)?.[1] ?? uid);
  return defined({
    user_id: name,
    user_uid: own,
    user_gid: gid,
    user_gecos: comment,
    user_dir: home,
    user_shell: shell,
    real_user_id: realUser ?? own,
    effective_user_id: effectiveUser ?? own,
    real_group_id: realGroup ?? gid,
    effective_group_id: effectiveGroup ?? gid,
  });
}

function numbers(text: string | undefined): readonly number[] {
  return text === undefined ? [] : text.split(/\s+/).map(Number);
}

export function environmentFacts(gathered: Gathered): ValueMap {
  const text = gathered.section('env');
  const parts = text.includes('\0') ? text.split('\0') : text.split('\n');
  const pairs = parts.flatMap(part => {
    const at = part.indexOf('=');
    return at > 0 ? [[part.slice(0, at), part.slice(at + 1)] as const] : [];
  });
  return { env: Object.fromEntries(pairs) };
}

/** The clock of the host, in its own time zone; `iso8601` in UTC. */
export function timeFacts(gathered: Gathered): ValueMap {
  const [
    year = '',
    month = '',
    day = '',
    hour = '',
    minute = '',
    second = '',
    epoch = '',
    tz = '',
    offset = '',
    weekday = '',
    number = '',
    week = '',
    nano = '',
  ] = gathered.section('date').trim().split('|');
  const micro = /^\d+$/.test(nano) ? nano.padStart(9, '0').slice(0, 6) : '000000';
  const utc = new Date(Number(epoch) * 1000).toISOString().slice(0, 19);
  return {
    date_time: {
      year,
      month,
      day,
      hour,
      minute,
      second,
      weekday,
      weekday_number: number,
      weeknumber: week,
      epoch,
      epoch_int: epoch,
      date: `${year}-${month}-${day}`,
      time: `${hour}:${minute}:${second}`,
      iso8601: `${utc}Z`,
      iso8601_micro: `${utc}.${micro}Z`,
      iso8601_basic: `${year}${month}${day}T${hour}${minute}${second}${micro}`,
      iso8601_basic_short: `${year}${month}${day}T${hour}${minute}${second}`,
      tz,
      tz_dst: tz,
      tz_offset: offset,
    },
  };
}

export function pythonFacts(gathered: Gathered): ValueMap {
  const [executable, said = ''] = linesOf(gathered.section('python'));
  const [, major, minor, micro] = /(\d+)\.(\d+)\.(\d+)/.exec(said) ?? [];
  if (executable === undefined || major === undefined) return {};
  return {
    python: { executable, version: { major: Number(major), minor: Number(minor), micro: Number(micro) } },
    python_version: `${major}.${minor}.${micro}`,
  };
}

/** A host can have several package managers: the family's own counts. */
export function packageManagerFact(gathered: Gathered, family: Value | undefined): ValueMap {
  const found = linesOf(gathered.section('managers'));
  const own =
    family === 'Debian'
      ? 'apt'
      : family === 'RedHat'
        ? found.find(name => /^(atomic_container|dnf|yum)$/.test(name))
        : undefined;
  return { pkg_mgr: (own !== undefined && found.includes(own) ? own : found[0]) ?? 'unknown' };
}

const INITS: Readonly<Record<string, string>> = {
  procd: 'openwrt_init',
  'runit-init': 'runit',
  svscan: 'svc',
  'openrc-init': 'openrc',
};

export function serviceManagerFact(gathered: Gathered): ValueMap {
  const exists = new Set(linesOf(gathered.section('exists')));
  const first = gathered.file('/proc/1/comm')?.trim();
  if (first !== undefined && first !== '' && first !== 'init' && !first.endsWith('sh'))
    return { service_mgr: INITS[first] ?? first };
  const booted = ['/run/systemd/system', '/dev/.run/systemd', '/dev/.systemd'].some(path => exists.has(path));
  if (exists.has('systemctl') && booted) return { service_mgr: 'systemd' };
  if (exists.has('initctl') && exists.has('/etc/init')) return { service_mgr: 'upstart' };
  if (exists.has('/sbin/openrc')) return { service_mgr: 'openrc' };
  if (exists.has('systemctl') && /systemd$/.test(gathered.section('init').trim()))
    return { service_mgr: 'systemd' };
  return { service_mgr: exists.has('/etc/init.d') ? 'sysvinit' : 'service' };
}

/** Words of the kernel's command line; one without `=` is true, one given again makes a list. */
export function commandLineFacts(gathered: Gathered): ValueMap {
  const words = (gathered.file('/proc/cmdline') ?? '').split(/\s+/).filter(word => word !== '');
  const last: ValueMap = {};
  const every: ValueMap = {};
  for (const word of words) {
    const [, name = word, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    const meant = value ?? true;
    last[name] = meant;
    const before = every[name];
    every[name] = before === undefined ? meant : Array.isArray(before) ? [...before, meant] : [before, meant];
  }
  return { cmdline: last, proc_cmdline: every };
}

/** resolv.conf(5). */
export function dnsFacts(gathered: Gathered): ValueMap {
  const dns: ValueMap = {};
  const servers: string[] = [];
  for (const line of linesOf(gathered.file('/etc/resolv.conf'))) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver') servers.push(...rest.slice(0, 1));
    else if (word === 'domain') dns.domain = rest[0] ?? '';
    else if (word === 'search' || word === 'sortlist') dns[word] = rest;
    else if (word === 'options') dns.options = optionsOf(rest);
  }
  return { dns: { ...dns, ...(servers.length > 0 ? { nameservers: servers } : {}) } };
}

function optionsOf(words: readonly string[]): ValueMap {
  return Object.fromEntries(
    words.map(word => {
      const [name = word, value] = word.split(':');
      return [name, value ?? true] as const;
    }),
  );
}

export function securityFacts(gathered: Gathered): ValueMap {
  const exists = linesOf(gathered.section('exists'));
  return {
    selinux: selinux(gathered),
    apparmor: { status: exists.includes('/sys/kernel/security/apparmor') ? 'enabled' : 'disabled' },
    fips: gathered.file('/proc/sys/crypto/fips_enabled')?.trim() === '1',
  };
}

function selinux(gathered: Gathered): ValueMap {
  const enforce = gathered.file('/sys/fs/selinux/enforce')?.trim();
  if (enforce === undefined) return { status: 'disabled' };
  const config = assignments(gathered.file('/etc/selinux/config'));
  return defined({
    status: 'enabled',
    mode: enforce === '1' ? 'enforcing' : 'permissive',
    policyvers: Number(gathered.file('/sys/fs/selinux/policyvers') ?? 0),
    config_mode: config.SELINUX,
    type: config.SELINUXTYPE,
  });
}

/** The public host keys: `ssh_host_key_ed25519_public` and so on. */
export function hostKeyFacts(gathered: Gathered): ValueMap {
  const facts: ValueMap = {};
  for (const kind of gathered.between('/etc/ssh/ssh_host_', '_key.pub')) {
    const [type = '', key = ''] = gathered.file(`/etc/ssh/ssh_host_${kind}_key.pub`)?.split(' ') ?? [];
    facts[`ssh_host_key_${kind}_public`] = key;
    facts[`ssh_host_key_${kind}_public_keytype`] = type;
  }
  return facts;
}

/** Another root than process 1's; where that may not be seen, another inode than file systems give their root. */
export function chrootFact(gathered: Gathered): ValueMap {
  if (linesOf(gathered.section('exists')).includes('debian_chroot')) return { is_chroot: true };
  const [own = '', first] = linesOf(gathered.section('roots'));
  if (first !== undefined) return { is_chroot: own !== first };
  const type = gathered.section('fstype').trim();
  const root = type === 'btrfs' ? '256' : type === 'xfs' ? '128' : '2';
  return { is_chroot: own.split(' ')[0] !== root };
}

export function loadFacts(gathered: Gathered): ValueMap {
  const [one, five, fifteen] = (gathered.file('/proc/loadavg') ?? '').split(' ').map(Number);
  return { loadavg: { '1m': one ?? 0, '5m': five ?? 0, '15m': fifteen ?? 0 } };
}
