/** Two stand-in instances of a test's own, provisioned by the project's playbook, and what takes them away again. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why the fleet cannot be had here; undefined when it can. */
export const noFleet =
  process.getuid?.() !== 0
    ? '(needs root)'
    : existsSync('/var/run/docker.sock')
      ? undefined
      : '(needs Docker)';

export interface Fleet {
  readonly root: string;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  /** Arguments after the playbook: inventory and variables. */
  readonly args: readonly string[];
  /** Name → id of its containers, half-made ones included. */
  containers(): Readonly<Record<string, string>>;
  remove(): void;
}

/** @param net third octet of the loopback addresses, its own for each test file */
export function makeFleet(label: string, net: number): Fleet {
  const root = mkdtempSync(join(tmpdir(), `girofle-${label}-`));
  const addresses = [`127.0.${net}.1`, `127.0.${net}.2`];
  const prefix = `girofle-test-${label}`;
  const image = `girofle/test-${label}:17.5.2-ce.0`;
  const variables = {
    girofle_root: `${root}/g`,
    gitlab_addresses: addresses,
    gitlab_container_name: `${prefix}.{number}`,
    gitlab_image: image,
    girofle_boot: false,
    gitlab_schedules: 'none',
  };
  const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' });
  const containers = () => {
    const rows = docker(
      'ps',
      '-a',
      '--no-trunc',
      '--filter',
      `name=${prefix}`,
      '--format',
      '{{.Names}} {{.ID}}',
    )
      .split('\n')
      .filter(Boolean);
    return Object.fromEntries(rows.map(row => row.split(' ')).map(([name = '', id = '']) => [name, id]));
  };
  return {
    root: `${root}/g`,
    addresses,
    names: [`${prefix}.1`, `${prefix}.2`],
    args: ['-i', 'inventory/demo.yml', '-e', JSON.stringify(variables)],
    containers,
    remove: () => {
      const ids = Object.values(containers());
      if (ids.length > 0) docker('rm', '-f', ...ids);
      const images = docker('images', '-q', image).split('\n').filter(Boolean);
      if (images.length > 0) docker('rmi', '-f', ...images);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What `--plan` must leave as it is: packages, containers, images, files below a folder, processes but for kernel threads. */
export function machineState(root: string): string {
  const shell = (script: string): string =>
    execFileSync('sh', ['-c', script, 'sh', root], { encoding: 'utf8' });
  return [
    shell('dpkg-query -W | sha1sum'),
    shell(
      "docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | grep girofle-test-plan | sort; true",
    ),
    shell(
      "docker images --no-trunc --format '{{.ID}} {{.Repository}}' | grep girofle/test-plan | sort; true",
    ),
    shell('find "$1" "$1/.." -maxdepth 3 2>/dev/null | sort; true'),
  ].join('--\n');
}
