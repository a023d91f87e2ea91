/** Two virtual machines with Docker, a third that stores, an S3 storage, and an inventory that knows them all. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValueMap } from '../../src/core/value.ts';
import { type SwiftS3, startSwift } from './swift-s3.ts';
import { docker, startVm, type Vm } from './vm.ts';

export interface TwoVms {
  readonly vm1: Vm;
  readonly vm2: Vm;
  readonly inventory: string;
  /** Names in `gitlab_remotes`, one for each driver and kind of storage. */
  readonly remotes: readonly string[];
  remove(): Promise<void>;
}

/** What is made is taken away again in the order opposite to this one. */
class Made {
  readonly #undo: (() => Promise<unknown> | undefined)[] = [];

  add(undo: () => Promise<unknown> | undefined): void {
    this.#undo.unshift(undo);
  }

  readonly remove = async (): Promise<void> => {
    for (const undo of this.#undo) await undo();
  };
}

/** @param net second-to-last octet of loopback addresses, its own for each test file */
export async function startTwoVms(net: number): Promise<TwoVms> {
  const made = new Made();
  try {
    return await start(net, made);
  } catch (error) {
    await made.remove();
    throw error;
  }
}

async function start(net: number, made: Made): Promise<TwoVms> {
  const place = mkdtempSync(join(tmpdir(), 'girofle-vms-'));
  made.add(() => {
    rmSync(place, { recursive: true, force: true });
    return undefined;
  });
  const shared = join(place, 'nas');
  mkdirSync(shared);
  chmodSync(place, 0o700);
  const key = join(place, 'id_ed25519');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'girofle-test', '-f', key]);
  const authorizedKey = readFileSync(`${key}.pub`, 'utf8');
  const network = `girofle-test-vms-${net}`;
  await docker('network', 'create', network);
  made.add(() => docker('network', 'rm', network));
  const address = `127.0.${net}.1`;
  const machine = async (options: Pick<Parameters<typeof startVm>[0], 'name' | 'docker' | 'prepare'>) => {
    const vm = await startVm({
      ...options,
      network,
      address,
      authorizedKey,
      folders: [`${shared}:/mnt/nas`],
    });
    made.add(vm.remove);
    return vm;
  };
  // One after another: together they would be slower on two cores, and their images are made but once.
  const vm1 = await machine({ name: 'vm1', docker: true });
  const vm2 = await machine({ name: 'vm2', docker: true });
  const sftp =
    "mkdir /srv/site /srv/restic && sed -i 's|^Subsystem.*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config";
  const store = await machine({ name: 'store', docker: false, prepare: sftp });
  const s3 = await startSwift(network, 's3.test');
  made.add(s3.remove);
  for (const vm of [vm1, vm2]) await introduce(vm, store, key, s3);
  const knownHosts = join(place, 'known_hosts');
  writeFileSync(knownHosts, `${vm1.knownHost}\n${vm2.knownHost}\n`);
  const remotes = remotesOf(s3);
  const inventory = join(place, 'hosts.yml');
  writeFileSync(inventory, JSON.stringify(inventoryOf({ vm1, vm2 }, key, knownHosts, remotes)));
  return { vm1, vm2, inventory, remotes: remotes.map(({ name }) => String(name)), remove: made.remove };
}

/** Lets a machine log in to the storing one, and trust the S3 storage when it is told to. */
async function introduce(vm: Vm, store: Vm, key: string, { certificate }: SwiftS3): Promise<void> {
  const [type, text] = store.knownHost.split(' ').slice(1);
  await vm.sh(`umask 077
cat >/root/.ssh/id_ed25519 <<'END'
${readFileSync(key, 'utf8')}END
echo 'store ${type} ${text}' >/root/.ssh/known_hosts
echo geheim >/root/.restic-password
cat >/root/s3.pem <<'END'
${certificate}END`);
}

function remotesOf(s3: SwiftS3): readonly ValueMap[] {
  const restic = { driver: 'restic', password_file: '/root/.restic-password', check_parts: 1 };
  return [
    { name: 'nas', driver: 'directory', path: '/mnt/nas' },
    { name: 'site', driver: 'rsync', host: 'store', path: '/srv/site', key_file: '/root/.ssh/id_ed25519' },
    { name: 'sftp', repository: 'sftp:root@store:/srv/restic', ...restic },
    {
      name: 's3',
      repository: `s3:${s3.url}/girofle`,
      ...restic,
      env: { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey },
      cacert: '/root/s3.pem',
    },
  ];
}

function inventoryOf(
  hosts: Readonly<Record<string, Vm>>,
  key: string,
  knownHosts: string,
  remotes: readonly ValueMap[],
): ValueMap {
  const reach = ([name, vm]: readonly [string, Vm]) => [
    name,
    { ansible_host: vm.address, ansible_port: vm.port },
  ];
  return {
    all: {
      hosts: Object.fromEntries(Object.entries(hosts).map(reach)),
      vars: {
        ansible_user: 'root',
        ansible_ssh_private_key_file: key,
        ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHosts} -F /dev/null`,
        girofle_root: '/girofle',
        girofle_stand_in: true,
        girofle_boot: false,
        gitlab_image: 'girofle/gitlab-stand-in:17.5.2-ce.0',
        gitlab_addresses: ['127.0.10.1'],
        gitlab_memory_needed: '32m',
        gitlab_health_interval: '1s',
        gitlab_ready_timeout: 60,
        gitlab_schedules: 'none',
        gitlab_remotes: [...remotes],
      },
    },
  };
}
