/** A Docker daemon of a test's own, beside the machine's: it can be killed and started again. No networks. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { command } from './backup-rig.ts';
import { until } from './processes.ts';

export class OwnDockerd {
  readonly folder: string;
  readonly socket: string;
  #daemon: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.socket = `${folder}/docker.sock`;
  }

  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    // What died with a kill -9 has left them, and they are believed.
    for (const stale of ['pid', 'exec/containerd/containerd.pid'])
      rmSync(`${this.folder}/${stale}`, { force: true });
    const { folder } = this;
    const places = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '-p', `${folder}/pid`];
    const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--log-level=fatal'];
    // In a network namespace of its own: with --bridge=none a daemon removes docker0, whosever it is.
    this.#daemon = spawn('unshare', ['-n', 'dockerd', '-H', `unix://${this.socket}`, ...places, ...quiet], {
      stdio: 'ignore',
      detached: true,
    });
    await until('the second dockerd to answer', () => this.try('version') === 0, 60);
  }

  docker(...words: readonly string[]): string {
    return command('docker', '-H', `unix://${this.socket}`, ...words).trim();
  }

  /** Exit code. */
  try(...words: readonly string[]): number | null {
    return spawnSync('docker', ['-H', `unix://${this.socket}`, ...words], { stdio: 'ignore' }).status;
  }

  /** kill -9 of the daemon; its containerd, and the containers, are left. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.#end('SIGTERM');
    // Mounts of containers that it had no time to remove.
    spawnSync('sh', [
      '-c',
      `grep -o ' ${this.folder}/[^ ]*' /proc/self/mountinfo | sort -r | xargs -r umount`,
    ]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    daemon.kill(signal);
    await until(
      'the second dockerd to end',
      () => daemon.exitCode !== null || daemon.signalCode !== null,
      30,
    );
  }
}
