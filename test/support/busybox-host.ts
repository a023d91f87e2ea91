/** A host that has nothing but busybox: a folder with its applets, entered by chroot. Root only. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { localConnection } from '../../src/connection/connect.ts';
import type { Connection } from '../../src/core/transport.ts';

const BUSYBOX = '/bin/busybox';

/** Why there can be no such host here; undefined when there can. */
export const noBusyboxHost =
  process.getuid?.() !== 0 ? 'needs root' : existsSync(BUSYBOX) ? undefined : 'needs busybox-static';

export interface BusyboxHost {
  /** The host's root, seen from outside. */
  readonly root: string;
  readonly connection: Connection;
  /** Closes the connection and removes the folder. */
  stop(): Promise<void>;
}

/** @param files content by absolute path, put there beforehand */
export async function startBusyboxHost(files: Readonly<Record<string, string>> = {}): Promise<BusyboxHost> {
  if (noBusyboxHost !== undefined) throw new Error(`a busybox host ${noBusyboxHost}`);
  const root = mkdtempSync(path.join(os.tmpdir(), 'girofle-busybox-'));
  const inside = (name: string) => path.join(root, name);
  for (const folder of [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'etc',
    'dev',
    'proc',
    'tmp',
    'root',
    'srv',
    'var/log',
  ])
    mkdirSync(inside(folder), { recursive: true });
  execFileSync('chmod', ['755', root]);
  execFileSync('chmod', ['1777', inside('tmp')]);
  copyFileSync(BUSYBOX, inside('bin/busybox'));
  execFileSync('chroot', [root, '/bin/busybox', '--install', '-s']);
  execFileSync('mknod', ['-m', '666', inside('dev/null'), 'c', '1', '3']);
  execFileSync('mknod', ['-m', '666', inside('dev/zero'), 'c', '1', '5']);
  execFileSync('mknod', ['-m', '666', inside('dev/urandom'), 'c', '1', '9']);
  const system = {
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  };
  for (const [name, content] of Object.entries({ ...system, ...files })) {
    mkdirSync(path.dirname(inside(name)), { recursive: true });
    writeFileSync(inside(name), content);
  }
  execFileSync('mount', ['-t', 'proc', 'proc', inside('proc')]);
  const environment = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
  const connection = localConnection(
    { name: 'busybox' },
    { argv: [...environment, 'chroot', root, '/bin/sh'], worker: ['/bin/sh'] },
  );
  return {
    root,
    connection,
    stop: async () => {
      await connection.close();
      // Fails while anything of the host is still running, and then nothing is removed.
      execFileSync('umount', [inside('proc')]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
