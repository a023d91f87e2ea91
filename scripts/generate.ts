/** Writes what is made from the registry and the keywords: validators, schemas for editors, the modules' reference. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { validatorsText } from './standalone.ts';

const files = new Map([['src/playbook/validators.generated.js', validatorsText()]]);
for (const [file, text] of files) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
