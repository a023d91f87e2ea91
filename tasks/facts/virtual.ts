/** Whether a host is virtual or a container, and whether it runs others. */
import type { ValueMap } from '../../src/core/value.ts';
import { type Gathered, linesOf } from './output.ts';

interface Sign {
  readonly tech: string;
  readonly role: 'guest' | 'host';
}

/** The first sign is the type and role; all of them are listed. */
export function virtualizationFacts(gathered: Gathered): ValueMap {
  const signs = [...containerSigns(gathered), ...machineSigns(gathered), ...moduleSigns(gathered)];
  const [first] = signs;
  const tech = (role: string) =>
    [...new Set(signs.filter(sign => sign.role === role).map(sign => sign.tech))].sort();
  const guest = tech('guest');
  const contained = guest.some(name => ['docker', 'lxc', 'podman', 'openvz', 'containerd'].includes(name));
  return {
    virtualization_type: first?.tech ?? 'NA',
    virtualization_role: first?.role ?? 'NA',
    virtualization_tech_guest: contained ? [...new Set([...guest, 'container'])] : guest,
    virtualization_tech_host: tech('host'),
  };
}

function containerSigns(gathered: Gathered): readonly Sign[] {
  const exists = new Set(linesOf(gathered.section('exists')));
  const cgroup = gathered.file('/proc/1/cgroup') ?? '';
  const environment = gathered.section('init-environment');
  const systemd = gathered.file('/run/systemd/container')?.trim();
  const found: readonly (readonly [boolean, string])[] = [
    [/\/docker(\/|-[0-9a-f]+\.scope)/.test(cgroup), 'docker'],
    [/\/lxc\/|\/machine\.slice\/machine-lxc/.test(cgroup), 'lxc'],
    [/\/system\.slice\/containerd\.service/.test(cgroup), 'containerd'],
    [/container=lxc/.test(environment), 'lxc'],
    [/container=podman/.test(environment), 'podman'],
    [/^container=./m.test(environment), 'container'],
    [exists.has('/proc/vz') && !exists.has('/proc/lve') && !exists.has('/proc/bc'), 'openvz'],
    [systemd !== undefined && systemd !== '', systemd ?? ''],
    [exists.has('/.dockerenv') || exists.has('/.dockerinit'), 'docker'],
  ];
  return found.filter(([is]) => is).map(([, tech]) => ({ tech, role: 'guest' }));
}

const PRODUCTS: Readonly<Record<string, string>> = {
  KVM: 'kvm',
  'KVM Server': 'kvm',
  Bochs: 'kvm',
  AHV: 'kvm',
  'VMware Virtual Platform': 'VMware',
  'VMware7,1': 'VMware',
  'OpenStack Compute': 'openstack',
  'OpenStack Nova': 'openstack',
};

const BIOSES: Readonly<Record<string, string>> = {
  Xen: 'xen',
  'innotek GmbH': 'virtualbox',
  'Amazon EC2': 'kvm',
  DigitalOcean: 'kvm',
  Hetzner: 'kvm',
};

const VENDORS: Readonly<Record<string, string>> = {
  oVirt: 'oVirt',
  QEMU: 'kvm',
  'Amazon EC2': 'kvm',
  DigitalOcean: 'kvm',
  Google: 'kvm',
  Scaleway: 'kvm',
  Nutanix: 'kvm',
  KubeVirt: 'KubeVirt',
  'Microsoft Corporation': 'VirtualPC',
  'Parallels Software International Inc.': 'parallels',
  'OpenStack Foundation': 'openstack',
};

function machineSigns(gathered: Gathered): readonly Sign[] {
  const read = (name: string) => gathered.file(`/sys/devices/virtual/dmi/id/${name}`)?.trim() ?? '';
  const xen = linesOf(gathered.section('exists')).includes('/proc/xen');
  const isXenHost = (gathered.file('/proc/xen/capabilities') ?? '').includes('control_d');
  const techs = [PRODUCTS[read('product_name')], BIOSES[read('bios_vendor')], VENDORS[read('sys_vendor')]];
  const emulated = /^model name.*QEMU Virtual CPU/m.test(gathered.section('cpu')) ? ['kvm'] : [];
  return [
    ...(xen ? [{ tech: 'xen', role: isXenHost ? 'host' : 'guest' } as const] : []),
    ...[...techs, ...emulated].flatMap(tech =>
      tech === undefined ? [] : [{ tech, role: 'guest' } as const],
    ),
  ];
}

function moduleSigns(gathered: Gathered): readonly Sign[] {
  const loaded = new Set(linesOf(gathered.file('/proc/modules')).map(line => line.split(' ')[0]));
  return [
    ...(loaded.has('kvm') ? [{ tech: 'kvm', role: 'host' } as const] : []),
    ...(loaded.has('vboxdrv') ? [{ tech: 'virtualbox', role: 'host' } as const] : []),
    ...(linesOf(gathered.section('exists')).includes('/dev/kvm')
      ? [{ tech: 'kvm', role: 'host' } as const]
      : []),
    ...(loaded.has('virtio') ? [{ tech: 'kvm', role: 'guest' } as const] : []),
  ];
}
