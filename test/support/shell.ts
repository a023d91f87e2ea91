/** Runs scripts by the shells that hosts have: dash with coreutils, and busybox sh with busybox's own commands. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../src/core/transport.ts';

export type ShellName = 'sh' | 'busybox sh';

export const shells: readonly ShellName[] = ['sh', 'busybox sh'];

export interface ShellOptions {
  readonly shell?: ShellName;
  readonly env?: Readonly<Record<string, string>>;
  /** Another user of this machine: uid and gid, without supplementary groups. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** Seconds. */
  readonly limit?: number;
  readonly cwd?: string;
  /** A container whose own sh runs the script, as root (see debian-host.ts). */
  readonly container?: string;
}

/** A folder with every busybox applet, made once for all test runs; before PATH it hides coreutils. */
function applets(): string {
  const cache = join(tmpdir(), 'girofle-test-cache');
  const folder = join(cache, 'busybox');
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const made = mkdtempSync(join(cache, 'busybox-'));
    execFileSync('busybox', ['--install', '-s', made]);
    chmodSync(made, 0o755);
    // Another test file may have been first: its folder is as good.
    if (spawnSync('mv', ['-T', made, folder], { stdio: 'ignore' }).status !== 0) {
      rmSync(made, { recursive: true, force: true });
    }
  }
  return folder;
}

/** The environment in which the shell finds its commands. */
function environment({ shell, env }: ShellOptions): NodeJS.ProcessEnv {
  const path = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  return { ...process.env, ...(shell === 'busybox sh' ? { PATH: `${applets()}:${path}` } : {}), ...env };
}

/** The words that start the shell which reads the script, here or in a container. */
function shellWords({ shell, container, env }: ShellOptions): readonly [string, ...string[]] {
  if (container !== undefined) {
    const names = Object.keys(env ?? {}).flatMap(name => ['-e', name]);
    return ['docker', 'exec', '-i', ...names, container, 'sh', '-s'];
  }
  return shell === 'busybox sh' ? ['busybox', 'sh', '-s'] : ['/bin/sh', '-s'];
}

/** One script, isolated: its own process group, stdin from /dev/null; the text travels by stdin of an outer shell. */
export async function runShell(text: string, options: ShellOptions = {}): Promise<Outcome> {
  const [command, ...rest] = shellWords(options);
  const place = { ...(options.cwd ? { cwd: options.cwd } : {}), ...options.as };
  const child = spawn(command, rest, { env: environment(options), detached: true, ...place });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(`(eval '${text.replaceAll("'", `'\\''`)}\n') </dev/null\nexit $?\n`);
  const timer = setTimeout(
    () => child.pid && process.kill(-child.pid, 'SIGKILL'),
    (options.limit ?? 60) * 1000,
  );
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? (signal === null ? 255 : 137)));
  });
  clearTimeout(timer);
  return {
    code,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: Buffer.concat(stderr).toString('utf8'),
  };
}
