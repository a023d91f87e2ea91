/** A bare Debian host over SSH, without Docker: the whole way, with a plan before that says every change. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DebianHost, debianHostLacks, startDebianHost } from '../support/debian-host.ts';
import { freePort, noSshd, type Sshd, startSshd } from '../support/sshd.ts';
import { events, recap, type TaskEnd, taskEnds, workspace } from './girofle.ts';

const lacks = debianHostLacks() ?? noSshd;
const ADDRESS = '127.0.66.1';

/** What a host with a Docker daemon of its own needs of the container that it is in. */
const NESTED = [
  '--cap-add',
  'ALL',
  '--cap-drop',
  'SYS_RESOURCE',
  '--security-opt',
  'seccomp=unconfined',
  '--security-opt',
  'apparmor=unconfined',
  '--tmpfs',
  '/run',
  '-v',
  '/var/lib/docker',
];
const OWN_CGROUPS =
  'for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$folder"; done';

/** Everything that a plan must leave alone: packages, files (but for what time itself touches), processes. */
const STATE = `
  dpkg-query -W
  find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /var/log -o -path /dev \\) -prune -o -newer /stamp -print
  ps -eo comm= | grep -vE '^(sshd|sh|ps|grep|sort|cat|find|dpkg-query|tee|docker-init|sleep)$' | sort`;

describe.skipIf(lacks !== undefined)(
  `provision.yml on a bare Debian host ${lacks ? `(needs ${lacks})` : ''}`,
  () => {
    let host: DebianHost;
    let keys: Sshd;
    let place: ReturnType<typeof workspace>;
    let args: readonly string[];

    beforeAll(async () => {
      keys = await startSshd();
      const port = await freePort(ADDRESS);
      const authorizedKey = readFileSync(`${keys.keyFile}.pub`, 'utf8');
      host = await startDebianHost({
        ssh: { address: ADDRESS, port, authorizedKey },
        docker: NESTED,
        prepare: OWN_CGROUPS,
      });
      place = workspace({ known_hosts: `${host.knownHost}\n` });
      const reach = {
        ansible_connection: 'ssh',
        ansible_host: ADDRESS,
        ansible_port: port,
        ansible_user: 'root',
        ansible_ssh_private_key_file: keys.keyFile,
      };
      const ssh = { ansible_ssh_common_args: `-o UserKnownHostsFile=${place.path}/known_hosts -F /dev/null` };
      args = [
        'playbooks/provision.yml',
        '-i',
        'inventory/demo.yml',
        '-e',
        JSON.stringify({ ...reach, ...ssh }),
      ];
      await host.sh('touch /stamp');
    });

    afterAll(async () => {
      await host?.remove();
      place?.remove();
      await keys?.stop();
    });

    it('is planned without a trace, and then run as planned', async () => {
      const before = await host.sh(STATE);
      const plan = await events([...args, '--plan', '--detailed-exitcode']);
      expect(plan.code).toBe(2);
      expect(await host.sh(STATE)).toBe(before);

      const run = await events(args);
      expect([run.code, failures(run.events)]).toEqual([0, []]);
      expect(changes(run.events)).toEqual(changes(plan.events));
    });

    it('has nothing to do the second time, in at most three exchanges', async () => {
      const { code, events: all } = await events([...args, '--plan', '--detailed-exitcode']);
      expect([code, recap(all).changes]).toEqual([0, []]);
      const again = await events(args);
      expect(recap(again.events)).toMatchObject({ exit: 0, changes: [] });
      expect(recap(again.events).hosts.localhost?.exchanges).toBeLessThanOrEqual(3);
    });

    it('serves both instances', async () => {
      for (const address of ['127.0.10.1', '127.0.10.2']) {
        expect(await host.sh(`busybox wget -q -O - http://${address}/-/health`)).toContain('OK');
      }
    });
  },
);

function changes(all: readonly Parameters<typeof taskEnds>[0][number][]): readonly string[] {
  return taskEnds(all).flatMap(({ task, status }) => (status === 'changed' ? [task] : []));
}

function failures(all: Parameters<typeof taskEnds>[0]): readonly (string | undefined)[] {
  return taskEnds(all).flatMap(({ status, message }: TaskEnd) => (status === 'failed' ? [message] : []));
}
