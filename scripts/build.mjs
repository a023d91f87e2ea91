// Bundles the command line into dist/: one chunk a concern, loaded when it is needed.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** BuildKit sessions, which nothing here uses, load all of grpc at start-up. */
const withoutBuildKitSessions = {
  name: 'without-buildkit-sessions',
  setup({ onLoad }) {
    onLoad({ filter: /dockerode[\\/]lib[\\/]session\.js$/ }, () => ({
      contents:
        "module.exports = () => { throw new Error('BuildKit sessions are not part of this bundle'); };",
    }));
  },
};

export const options = {
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: 'chunks/[name]-[hash]',
  external: ['ssh2', 'cpu-features'],
  banner: {
    js: "import { createRequire as girofleRequire } from 'node:module'; const require = girofleRequire(import.meta.url);",
  },
  plugins: [withoutBuildKitSessions],
  logLevel: 'warning',
  metafile: true,
};

execFileSync(
  process.execPath,
  [join(root, 'scripts/run-ts.mjs'), 'scripts/generate.ts', '--validators-only'],
  { cwd: root, stdio: 'inherit' },
);
rmSync(join(root, 'dist'), { recursive: true, force: true });
await build(options);
