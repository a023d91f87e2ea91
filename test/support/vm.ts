/**
 * Virtual machines for tests: Debian containers with a Docker daemon of their own, reached over SSH, in a network where they
 * find one another by name. Their images are made once, from Debian's packages, and kept.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DebianHost, debianImage, startDebianHost } from './debian-host.ts';
import { freePort } from './sshd.ts';

const run = promisify(execFile);

export async function docker(...words: readonly string[]): Promise<string> {
  return (await run('docker', [...words], { maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
}

/** Run under a lock, so that test files that start together make one image. */
const BUILD = `
set -e
docker image inspect "$IMAGE" >/dev/null 2>&1 && exit 0
container=$(docker run -d --network host "$FROM" sleep infinity)
trap 'docker rm -f "$container" >/dev/null' EXIT
docker exec -e DEBIAN_FRONTEND=noninteractive -e "PACKAGES=$PACKAGES" "$container" sh -c '
  set -e
  printf "#!/bin/sh\\nexit 101\\n" >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends $PACKAGES >/dev/null
  rm -f /usr/sbin/policy-rc.d
  apt-get clean' >&2
docker commit "$container" "$IMAGE" >/dev/null
`;

/** The image with these packages, made unless it is there: a minute or two the first time. */
export async function imageWith(label: string, packages: readonly string[]): Promise<string> {
  const from = await debianImage();
  const key = createHash('sha256')
    .update([from, ...packages, BUILD].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const folder = join(tmpdir(), 'girofle-test-cache');
  mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    IMAGE: `girofle-test/${label}:${key}`,
    FROM: from,
    PACKAGES: packages.join(' '),
  };
  await run('flock', [join(folder, `lock-${label}`), 'sh', '-c', BUILD], {
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return env.IMAGE;
}

/** A host with a Docker daemon of its own in a container: what it needs of that container. */
const NESTED = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE'],
  ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
  ...['--tmpfs', '/run', '-v', '/var/lib/docker'],
];

const OWN_CGROUPS =
  'for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$folder"; done';

export interface Vm extends DebianHost {
  /** Address and port of its sshd, as seen from this machine. */
  readonly address: string;
  readonly port: number;
}

export interface VmOptions {
  /** By which others in the network find it. */
  readonly name: string;
  readonly network: string;
  /** On this machine: 127.0.x.y. */
  readonly address: string;
  readonly authorizedKey: string;
  /** Folders of this machine, mounted at the same path or at another: `/a` or `/a:/b`. */
  readonly folders?: readonly string[];
  /** Starts a Docker daemon there. */
  readonly docker: boolean;
  /** Run as root before sshd starts. */
  readonly prepare?: string;
}

const PACKAGES = ['docker.io', 'iptables', 'rsync', 'attr', 'acl', 'restic', 'busybox-static', 'curl'];

export async function startVm(options: VmOptions): Promise<Vm> {
  const { name, network, address, authorizedKey, folders = [] } = options;
  const port = await freePort(address);
  const host = await startDebianHost({
    image: await imageWith('vm', PACKAGES),
    ssh: { address, port, authorizedKey },
    docker: [
      ...['--network', network, '--network-alias', name],
      ...folders.flatMap(folder => ['-v', folder.includes(':') ? folder : `${folder}:${folder}`]),
      ...(options.docker ? NESTED : []),
    ],
    prepare: [...(options.docker ? [OWN_CGROUPS, DOCKERD] : []), options.prepare ?? ''].join('\n'),
  });
  return { ...host, address, port };
}

const DOCKERD = `
setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
tries=0
until docker version >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] || { tail -n 20 /var/log/dockerd.log >&2; exit 1; }
  sleep 0.1
done`;

/** Everything below a folder of a host as lines: kind, mode, owner, number of names, size, time, link target, content's hash, attributes. */
export function treeOf(host: DebianHost, folder: string): Promise<string> {
  return host.sh(`cd '${folder}'
    find . ! -type s -printf '%y %m %U:%G %n %s %T@ %l %p\\0' | sed -z 's/^d \\([0-7]* [0-9:]*\\) [0-9]* [0-9]* /d \\1 - - /' | LC_ALL=C sort -z | tr '\\0\\n' '\\n?'
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum --
    find . -print0 | LC_ALL=C sort -z | xargs -0r getfattr -h -d -m '^user' -- 2>/dev/null`);
}
