/** Starts client.entry.ts in a node of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { build } from 'esbuild';
import type { Become, ConnectionSettings } from '../../src/core/transport.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface ClientTask {
  readonly settings: ConnectionSettings;
  readonly home: string;
  readonly as?: Become;
  /** Call Docker first. */
  readonly docker?: boolean;
  readonly scripts: readonly string[];
}

/** Resolves at the first line that the scripts print. */
export async function startClient(task: ClientTask): Promise<ChildProcess> {
  const outfile = path.join(root, 'node_modules/.cache/girofle-test/client.mjs');
  await build({
    entryPoints: [path.join(root, 'test/connection/client.entry.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [outfile], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(task));
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the client ended before its scripts began'))),
  ]);
  return child;
}
