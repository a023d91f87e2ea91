/** The same playbook over SSH: three hosts, one of which does not answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { type Fleet, makeFleet, noFleet } from './fleet.ts';
import { events, recap, taskEnds, workspace } from './girofle.ts';

const lacking = noSshd ?? noFleet;

describe.skipIf(lacking !== undefined)(`provision.yml over SSH ${lacking ?? ''}`, () => {
  let sshd: Sshd;
  let fleets: readonly Fleet[];
  let place: ReturnType<typeof workspace>;

  beforeAll(async () => {
    sshd = await startSshd();
    fleets = [makeFleet('vm1', 62), makeFleet('vm2', 63)];
    const dead = await freePort('127.0.64.1');
    const [one, two] = fleets;
    place = workspace({
      'hosts.yml': `
all:
  vars:
    girofle_stand_in: true
    gitlab_memory_needed: 32m
    gitlab_health_interval: 1s
    gitlab_ready_timeout: 60
    gitlab_schedules: none
    girofle_boot: false
    ansible_user: root
    ansible_ssh_private_key_file: ${sshd.keyFile}
    ansible_ssh_common_args: -o UserKnownHostsFile=${sshd.knownHosts} -F /dev/null
  hosts:
    vm1: { ansible_host: ${sshd.address}, ansible_port: ${sshd.port}, ${variables(one, 1)} }
    vm2: { ansible_host: ${sshd.address}, ansible_port: ${sshd.port}, ${variables(two, 2)} }
    vm3: { ansible_host: 127.0.64.1, ansible_port: ${dead} }
`,
    });
  });

  afterAll(async () => {
    for (const fleet of fleets) fleet.remove();
    place.remove();
    await sshd.stop();
  });

  it('provisions the two that answer and reports the third', async () => {
    const run = await events(['playbooks/provision.yml', '-i', `${place.path}/hosts.yml`]);
    expect(run.code).toBe(3);
    const { hosts } = recap(run.events);
    expect(hosts.vm3).toMatchObject({ unreachable: 1, failed: 0 });
    expect([hosts.vm1?.failed, hosts.vm2?.failed, hosts.vm1?.unreachable, hosts.vm2?.unreachable]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(taskEnds(run.events).filter(({ status }) => status === 'failed')).toEqual([]);
    for (const address of fleets.map(fleet => fleet.addresses[0]))
      expect((await fetch(`http://${address}/-/health`)).status).toBe(200);
  });

  it('finds nothing to do the second time, in at most three exchanges a host', async () => {
    const { events: all } = await events([
      'playbooks/provision.yml',
      '-i',
      `${place.path}/hosts.yml`,
      '-l',
      'vm1,vm2',
    ]);
    const { exit, changes, hosts } = recap(all);
    expect([exit, changes]).toEqual([0, []]);
    for (const name of ['vm1', 'vm2']) expect(hosts[name]?.exchanges).toBeLessThanOrEqual(3);
  });
});

/** One instance for each host, under a number of its own: both hosts are this machine. */
function variables(fleet: Fleet | undefined, number: number): string {
  if (fleet === undefined) throw new Error('no fleet');
  const [address = ''] = fleet.addresses;
  const [name = ''] = fleet.names;
  const image = `girofle/test-vm${number}:17.5.2-ce.0`;
  return `girofle_root: ${fleet.root}, gitlab_image: "${image}", gitlab_container_name: "${name.replace(/1$/, '{number}')}", gitlab_addresses: [{ address: ${address}, number: ${number} }]`;
}
