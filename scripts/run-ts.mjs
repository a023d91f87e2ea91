// Runs a TypeScript file of this project: bundled by esbuild into node_modules/.cache, then imported.
import { mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run-ts.mjs FILE.ts [ARGUMENT...]');
  process.exit(4);
}

const folder = join(root, 'node_modules', '.cache', 'girofle');
const outfile = join(folder, `${basename(file, '.ts')}-${process.pid}.mjs`);
await mkdir(folder, { recursive: true });
try {
  await build({
    entryPoints: [resolve(file)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  process.argv = [process.execPath, resolve(file), ...args];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(outfile, { force: true });
}
