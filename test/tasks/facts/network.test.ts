import { describe, expect, test } from 'vitest';
import { networkFacts } from '../../../tasks/facts/network.ts';
import { readGathered } from '../../../tasks/facts/output.ts';

/** The script's output, of sections and files. */
function gathered(sections: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const parts = Object.entries(files).map(([path, text]) => `==> ${path} <==\n${text}\n`);
  const all = { ...sections, files: parts.join('\n') };
  return readGathered(
    Object.entries(all)
      .map(([name, text]) => `\n\x1e${name}\n${text}`)
      .join(''),
  );
}

const ETH0 = {
  '/sys/class/net/eth0/address': '02:fc:00:00:00:01',
  '/sys/class/net/eth0/mtu': '1400',
  '/sys/class/net/eth0/operstate': 'up',
  '/sys/class/net/eth0/type': '1',
};

const ROUTES = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
  'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
  'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
].join('\n');

const TRIE = `Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
`;

const DEFAULT = {
  address: '192.0.2.2',
  interface: 'eth0',
  gateway: '192.0.2.1',
  netmask: '255.255.255.0',
  network: '192.0.2.0',
  prefix: '24',
  alias: 'eth0',
  macaddress: '02:fc:00:00:00:01',
  mtu: 1400,
  type: 'ether',
};

describe('network facts', () => {
  test('of aliases, secondary and point-to-point addresses, as ip tells them', () => {
    const facts = networkFacts(
      gathered({
        devices: 'device eth0\npciid ../../../virtio2\ndevice br-lan\nbridge\nmember eth1\ndevice tun0\n',
        addresses: [
          '2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever',
          '2: eth0    inet 192.0.2.3/24 scope global secondary eth0\\       valid_lft forever preferred_lft forever',
          '2: eth0    inet 198.51.100.7/32 scope global eth0:1\\       valid_lft forever preferred_lft forever',
          '2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever',
          '9: tun0    inet 10.8.0.2 peer 10.8.0.1/32 scope global tun0\\       valid_lft forever preferred_lft forever',
        ].join('\n'),
      }),
    );
    const own = {
      address: '192.0.2.2',
      broadcast: '192.0.2.255',
      netmask: '255.255.255.0',
      network: '192.0.2.0',
      prefix: '24',
    };
    expect(facts).toEqual({
      interfaces: ['eth0', 'br-lan', 'tun0'],
      eth0: {
        device: 'eth0',
        pciid: 'virtio2',
        ipv4: own,
        ipv4_secondaries: [{ ...own, address: '192.0.2.3', broadcast: '' }],
        ipv6: [{ address: 'fe80::1', prefix: '64', scope: 'link' }],
      },
      eth0_1: {
        ipv4: {
          address: '198.51.100.7',
          broadcast: '',
          netmask: '255.255.255.255',
          network: '198.51.100.7',
          prefix: '32',
        },
      },
      br_lan: { device: 'br-lan', stp: false, type: 'bridge', interfaces: ['eth1'] },
      tun0: {
        device: 'tun0',
        ipv4: {
          address: '10.8.0.2',
          broadcast: '',
          netmask: '255.255.255.255',
          network: '10.8.0.2',
          prefix: '32',
        },
      },
      default_ipv4: {},
      default_ipv6: {},
      all_ipv4_addresses: ['192.0.2.2', '192.0.2.3', '198.51.100.7', '10.8.0.2'],
      all_ipv6_addresses: ['fe80::1'],
    });
  });

  test.each([
    [
      'busybox',
      'ifconfig\neth0      Link encap:Ethernet  HWaddr 02:FC:00:00:00:01  \n          inet addr:192.0.2.2  Bcast:192.0.2.255  Mask:255.255.255.0\n',
    ],
    [
      'net-tools',
      'ifconfig\neth0: flags=4163<UP,BROADCAST>  mtu 1400\n        inet 192.0.2.2  netmask 255.255.255.0  broadcast 192.0.2.255\n',
    ],
  ])('by the ifconfig of %s, where there is no ip', (_, addresses) => {
    const facts = networkFacts(
      gathered({ devices: 'device eth0\n', addresses }, { ...ETH0, '/proc/net/route': ROUTES }),
    );
    expect(facts.default_ipv4).toEqual({ ...DEFAULT, broadcast: '192.0.2.255' });
  });

  test("by the kernel's tables, where there is neither", () => {
    const inet6 =
      'fd000000000000000000000000000002 02 40 00 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo';
    const files = {
      ...ETH0,
      '/proc/net/route': ROUTES,
      '/proc/net/fib_trie': TRIE,
      '/proc/net/if_inet6': inet6,
    };
    const facts = networkFacts(gathered({ devices: 'device eth0\n' }, files));
    expect(facts).toMatchObject({
      default_ipv4: { ...DEFAULT, broadcast: '' },
      all_ipv4_addresses: ['192.0.2.2'],
      all_ipv6_addresses: ['fd00::2'],
      eth0: { active: true, ipv6: [{ address: 'fd00::2', prefix: '64', scope: 'global' }] },
      lo: { ipv4: { address: '127.0.0.1', netmask: '255.0.0.0' } },
    });
  });
});
