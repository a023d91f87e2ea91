/** A private sshd on an address of loopback, with keys, known_hosts and a home of its own; leaves ~/.ssh alone. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ConnectionSettings } from '../../src/core/transport.ts';
import { family, processes } from './processes.ts';

const SSHD = '/usr/sbin/sshd';

/** Why tests that need sshd cannot run here; undefined when they can. */
export const noSshd =
  process.getuid?.() !== 0 ? 'needs root' : existsSync(SSHD) ? undefined : 'needs openssh-server';

export interface SshdOptions {
  /** Lines of sshd_config that replace ours of the same keyword. */
  readonly config?: readonly string[];
  readonly hostKeys?: readonly ('ed25519' | 'rsa' | 'ecdsa')[];
  /** An address of 127.0.0.0/8; default: one at random, so that rigs do not meet. */
  readonly address?: string;
  readonly port?: number;
  /** Take the keys, known_hosts and home of another rig. */
  readonly sharing?: Pick<Sshd, 'folder'>;
}

export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** Everything lives in it: keys, known_hosts, home. */
  readonly folder: string;
  /** For `connector({ home })`: holds .ssh/known_hosts with this host, no keys. */
  readonly home: string;
  readonly knownHosts: string;
  /** The user's private key, accepted for every user of the machine that may log in. */
  readonly keyFile: string;
  readonly pid: number;
  /** Settings of a host that is reached without questions; the user's own ssh configuration plays no part. */
  settings(more?: Partial<ConnectionSettings>): ConnectionSettings;
  /** What sshd said so far. */
  log(): string;
  /** The public host key as known_hosts holds it: `ssh-ed25519 AAAA...`. */
  hostKey(type?: 'ed25519' | 'rsa' | 'ecdsa'): string;
  /** Cuts every connection: sshd's session processes are killed, what they started is left to itself. */
  dropSessions(): void;
  /** Ends sshd and every session, and removes the folder. */
  stop(): Promise<void>;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (noSshd !== undefined) throw new Error(`sshd ${noSshd}`);
  const folder = options.sharing?.folder ?? mkdtempSync(path.join(os.tmpdir(), 'girofle-sshd-'));
  const home = path.join(folder, 'home');
  mkdirSync(path.join(home, '.ssh'), { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o755);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const address = options.address ?? randomAddress();
  const port = options.port ?? (await freePort(address));
  const own = mkdtempSync(path.join(folder, 'server-'));
  const hostKeys = options.hostKeys ?? ['ed25519'];
  const keyFile = path.join(folder, 'id_ed25519');
  if (!existsSync(keyFile)) generateKey('ed25519', keyFile);
  for (const type of hostKeys) generateKey(type, path.join(own, `host_${type}`));
  const hostKey = (type: string = hostKeys[0] ?? 'ed25519') =>
    readFileSync(path.join(own, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
      .trim();
  const knownHosts = path.join(home, '.ssh/known_hosts');
  const lines = hostKeys.map(type => `[${address}]:${port} ${hostKey(type)}\n`).join('');
  writeFileSync(knownHosts, lines, { flag: 'a' });
  const file = path.join(own, 'sshd_config');
  writeFileSync(
    file,
    configuration(
      options.config ?? [],
      address,
      port,
      hostKeys.map(type => path.join(own, `host_${type}`)),
      `${keyFile}.pub`,
      home,
    ),
  );
  const child = spawn(SSHD, ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = await listening(child);
  const { pid } = child;
  if (pid === undefined) throw new Error('sshd did not start');
  return {
    address,
    port,
    folder,
    home,
    knownHosts,
    keyFile,
    pid,
    settings: (more = {}) => ({
      kind: 'ssh',
      name: 'vm',
      address,
      port,
      user: 'root',
      privateKeyFile: keyFile,
      ...more,
      sshOptions: { configfile: ['none'], identityagent: ['none'], ...more.sshOptions },
    }),
    log,
    hostKey,
    dropSessions: () => end(sessions(pid), 'SIGKILL'),
    stop: async () => {
      const exited = child.exitCode === null && new Promise(resolve => child.once('exit', resolve));
      end(family(pid), 'SIGKILL');
      await exited;
      if (!options.sharing) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  extra: readonly string[],
  address: string,
  port: number,
  hostKeys: readonly string[],
  authorized: string,
  home: string,
): string {
  const ours = [
    `ListenAddress ${address}:${port}`,
    ...hostKeys.map(file => `HostKey ${file}`),
    `AuthorizedKeysFile ${authorized}`,
    'PidFile none',
    'AllowUsers *@127.0.0.0/8',
    'PermitRootLogin prohibit-password',
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'UseDNS no',
    'StrictModes no',
    'PrintMotd no',
    'PrintLastLog no',
    'LogLevel INFO',
    // Else bash would read the .bashrc of whoever runs the tests.
    `SetEnv HOME=${home}`,
    'LoginGraceTime 60',
    'MaxStartups 200',
  ];
  // Of most keywords the first counts, of MaxStartups the last.
  const said = new Set(extra.map(line => line.split(' ')[0]));
  return [...extra, ...ours.filter(line => !said.has(line.split(' ')[0])), ''].join('\n');
}

function generateKey(type: string, file: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'girofle-test', '-f', file]);
}

function listening(child: ChildProcess): Promise<() => string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', chunk => {
      said += chunk;
      if (said.includes('Server listening on')) resolve(() => said);
    });
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`sshd ended with ${code}: ${said}`)));
  });
}

/** The processes of sshd itself below the one that listens. */
function sessions(pid: number): readonly number[] {
  const ours = new Set(family(pid).filter(one => one !== pid));
  return processes()
    .filter(one => ours.has(one.pid) && one.words[0]?.startsWith('sshd:'))
    .map(one => one.pid);
}

function end(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function randomAddress(): string {
  const octet = (from: number, to: number) => from + Math.floor(Math.random() * (to - from));
  return `127.0.${octet(100, 250)}.${octet(1, 254)}`;
}

/** A port of that address on which nothing listens now. */
export function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() =>
        typeof bound === 'object' && bound ? resolve(bound.port) : reject(new Error('no port')),
      );
    });
  });
}
