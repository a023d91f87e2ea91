/**
 * Writes what is made from the keywords and the registry: validators, schemas for editors, the modules' reference.
 * With `--validators-only` just what the build needs.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { modules } from '../tasks/index.ts';
import { generatedFiles } from './generated-files.ts';
import { validatorsText } from './standalone.ts';

const committed = process.argv.includes('--validators-only')
  ? new Map<string, string>()
  : generatedFiles(modules);

for (const [file, text] of [
  ['src/playbook/validators.generated.js', validatorsText()] as const,
  ...committed,
]) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

if (committed.size > 0) {
  const pages = await readdir('docs/modules');
  const gone = pages.map(page => join('docs/modules', page)).filter(page => !committed.has(page));
  await Promise.all(gone.map(page => rm(page)));
}
