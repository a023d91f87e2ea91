/**
 * A throwaway Debian 12 in a container: a host whose packages, services and accounts tests may change, and which can
 * be reached over SSH. Its image is made by debootstrap once and kept; the key of the cache is what it is made of.
 */

import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SUITE = 'bookworm';
const PACKAGES = ['openssh-server', 'openssh-client', 'sudo', 'cron', 'iproute2', 'ca-certificates'];

/** Left out of the image: what apt can fetch again, and what nobody reads there. Each host makes its own host keys. */
const LEFT_OUT = [
  'var/cache/apt/*',
  'var/lib/apt/lists/*',
  'var/log/bootstrap.log',
  'usr/share/doc/*',
  'usr/share/locale/*',
  'usr/share/man/*',
  'etc/ssh/ssh_host_*',
  'dev/*',
];

/** Run under a lock, so that test files that start together build one image. */
const BUILD = `
set -e
docker image inspect "$IMAGE" >/dev/null 2>&1 && exit 0
if [ ! -f "$ARCHIVE" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $SUITE" 'Component: main' 2>/dev/null | head -n 1)
  folder=$(mktemp -d)
  trap 'rm -rf "$folder" "$ARCHIVE.part"' EXIT
  debootstrap --variant=minbase --include="$INCLUDE" "$SUITE" "$folder/root" "\${mirror:-http://deb.debian.org/debian}" >&2
  set -f
  for pattern in $LEFT_OUT; do set -- "$@" "--exclude=./$pattern"; done
  tar -C "$folder/root" "$@" -cf "$ARCHIVE.part" .
  mv "$ARCHIVE.part" "$ARCHIVE"
fi
docker import "$ARCHIVE" "$IMAGE" >&2
`;

/** What the tests on such a host need and this machine lacks; undefined when all is there. */
export function debianHostLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'root';
  const folders = (process.env.PATH ?? '').split(':');
  return ['docker', 'debootstrap', 'flock'].find(
    tool => !folders.some(folder => existsSync(join(folder, tool))),
  );
}

/** Builds the image unless it is there; its name. Takes about 40 s the first time. */
export async function debianImage(): Promise<string> {
  const key = createHash('sha256')
    .update([SUITE, ...PACKAGES, ...LEFT_OUT, BUILD].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const folder = join(tmpdir(), 'girofle-test-cache');
  mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    IMAGE: `girofle-test/debian:${key}`,
    ARCHIVE: join(folder, `debian-${key}.tar`),
    SUITE,
    INCLUDE: PACKAGES.join(','),
    LEFT_OUT: LEFT_OUT.join(' '),
  };
  await run('flock', [join(folder, 'lock'), 'sh', '-c', BUILD], { env, maxBuffer: 64 * 1024 * 1024 });
  return env.IMAGE;
}

export interface DebianHostOptions {
  /** Starts sshd; published on this loopback address (127.0.x.y) and port. */
  readonly ssh?: {
    readonly address: string;
    readonly port: number /** Of root: a line of authorized_keys. */;
    readonly authorizedKey: string;
  };
  /** More arguments for `docker run`: volumes, --privileged. */
  readonly docker?: readonly string[];
  /** Run as root before anything else. */
  readonly prepare?: string;
  /** Another image, made from `debianImage`. */
  readonly image?: string;
}

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DebianHost {
  /** The container's name. */
  readonly name: string;
  /** Words of a command that starts a root shell there which reads its script from stdin. */
  readonly shell: readonly string[];
  /** Runs a script as root; throws unless it exits with 0. */
  sh(script: string): Promise<string>;
  /** Runs a script as root, however it ends. */
  try(script: string): Promise<ShellResult>;
  /** With `ssh`: the line of known_hosts for it. */
  readonly knownHost: string;
  remove(): Promise<void>;
}

/** Starts a host; `remove` it when the tests are done. */
export async function startDebianHost(options: DebianHostOptions = {}): Promise<DebianHost> {
  const image = options.image ?? (await debianImage());
  const name = `girofle-test-${randomBytes(4).toString('hex')}`;
  const publish = options.ssh ? ['-p', `${options.ssh.address}:${options.ssh.port}:22`] : [];
  const extra = [...publish, ...(options.docker ?? [])];
  await run('docker', [
    'run',
    '-d',
    '--init',
    '--name',
    name,
    '--hostname',
    name,
    ...extra,
    image,
    'sleep',
    'infinity',
  ]);
  const shell = ['docker', 'exec', '-i', name, 'sh'];
  const attempt = (script: string) => feed(shell, script);
  const insist = async (script: string) => {
    const { code, stdout, stderr } = await attempt(script);
    if (code !== 0) throw new Error(`on ${name}: exit code ${code}: ${stderr || stdout}`);
    return stdout;
  };
  const remove = async () => {
    await run('docker', ['rm', '-f', '-v', name]);
  };
  try {
    if (options.prepare) await insist(options.prepare);
    const knownHost = options.ssh ? await startSshd(insist, options.ssh) : '';
    return { name, shell, sh: insist, try: attempt, knownHost, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startSshd(
  sh: (script: string) => Promise<string>,
  { address, port, authorizedKey }: NonNullable<DebianHostOptions['ssh']>,
): Promise<string> {
  const key = await sh(`
    mkdir -p /run/sshd /root/.ssh && chmod 700 /root/.ssh
    printf '%s\\n' '${authorizedKey.trim()}' > /root/.ssh/authorized_keys
    ssh-keygen -A >/dev/null
    /usr/sbin/sshd
    cat /etc/ssh/ssh_host_ed25519_key.pub`);
  const [type, text] = key.split(' ');
  return `[${address}]:${port} ${type} ${text?.trim()}`;
}

function feed([command = 'sh', ...words]: readonly string[], script: string): Promise<ShellResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', code => {
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve({ code: code ?? 255, stdout: text(stdout), stderr: text(stderr) });
    });
    child.stdin.end(script);
  });
}
