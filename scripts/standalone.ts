/** Turns the schema of the keywords into plain JavaScript, so that a run need not compile it. */
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { transformSync } from 'esbuild';
import { keywordsSchema } from '../src/playbook/keywords.ts';

/** The text of src/playbook/validators.generated.js. */
export function validatorsText(): string {
  const ajv = new Ajv.Ajv({
    allErrors: true,
    allowUnionTypes: true,
    inlineRefs: false,
    messages: false,
    code: { source: true, esm: true, optimize: 2 },
  });
  const code = standalone.default(ajv, ajv.compile(keywordsSchema()));
  const { code: small } = transformSync(code, { minifySyntax: true, minifyWhitespace: true });
  return `// Made by scripts/generate.ts from src/playbook/keywords.ts.\n${small}`;
}
