/** Who may import whom, as CONTRIBUTING.md has it, read from the bundler's own view of the files. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { modules } from '../tasks/index.ts';

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  tasks: ['core', 'tasks'],
  inventory: ['core', 'inventory'],
  template: ['core', 'template'],
  connection: ['core', 'connection'],
  engine: ['core', 'engine', 'template'],
  render: ['core', 'render'],
  schedule: ['core', 'schedule'],
  playbook: ['core', 'playbook', 'tasks'],
};

function room(file: string): string {
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? /^([^/]+)\//.exec(file)?.[1] ?? file;
}

async function imports(): Promise<readonly (readonly [from: string, to: string])[]> {
  const { metafile } = await build({
    entryPoints: ['src/cli.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    outdir: 'dist',
    packages: 'external',
    logLevel: 'silent',
  });
  return Object.entries(metafile.inputs).flatMap(([from, { imports: to }]) =>
    to.filter(({ external }) => !external).map(({ path }) => [from, path] as const),
  );
}

describe('the rooms', () => {
  it('import only what they may', async () => {
    const found = await imports();
    expect(found.length).toBeGreaterThan(100);
    const forbidden = found.filter(([from, to]) => {
      const allowed = ALLOWED[room(from)];
      return allowed !== undefined && !allowed.includes(room(to));
    });
    expect(forbidden).toEqual([]);
  });

  it('let the playbook room see of the tasks only the registry', async () => {
    const intoTasks = (await imports()).filter(
      ([from, to]) => room(from) === 'playbook' && room(to) === 'tasks',
    );
    expect([...new Set(intoTasks.map(([, to]) => to))]).toEqual(['tasks/index.ts']);
  });
});

describe('the registry', () => {
  it('holds every module in tasks/, under the name of its file', () => {
    const files = readdirSync('tasks').filter(name => name.endsWith('.ts') && name !== 'index.ts');
    expect([...modules.keys()].sort()).toEqual(files.map(name => basename(name, '.ts')).sort());
  });

  it('is matched by a test for each module', () => {
    const tests = new Set(readdirSync('test/tasks').map(name => basename(name, '.test.ts')));
    expect([...modules.keys()].filter(name => !tests.has(name))).toEqual([]);
  });
});
