/** What is made from the registry: committed and up to date, and as good as what loading accepts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { inventorySchema, playbookSchema, tasksSchema } from '../../scripts/editor-schemas.ts';
import { generatedFiles } from '../../scripts/generated-files.ts';
import { validatorsText } from '../../scripts/standalone.ts';
import { loadYaml } from '../../src/core/yaml.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { modules } from '../../tasks/index.ts';
import { headlines, write } from './writing.ts';

describe('generated files', () => {
  const files = generatedFiles(modules);

  it.each([...files])('%s is up to date: else run `npm run generate`', (file, text) => {
    expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toBe(text);
  });

  it('there is no page of a module that is no more', () => {
    const pages = readdirSync('docs/modules').map(page => join('docs/modules', page));
    expect(pages.filter(page => !files.has(page))).toEqual([]);
  });

  it('the validators are up to date: else run `npm run build`', () => {
    expect(readFileSync('src/playbook/validators.generated.js', 'utf8') === validatorsText()).toBe(true);
  });
});

const examples = [...modules.values()].map(({ name, examples }) => [name, examples.trim()] as const);

describe('the examples of each module are tasks without mistakes', () => {
  it.each(examples)('%s', async (_, text) => {
    const file = write('- hosts: all\n  tasks:\n    - import_tasks: example.yml', {
      'example.yml': text,
      'tasks.yml': '',
    });
    const loaded = await loadPlaybook(file);
    expect('diagnostics' in loaded ? headlines(loaded.diagnostics, file) : []).toEqual([]);
  });
});

describe('the schemas for editors', () => {
  const ajv = new Ajv.Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false });
  beforeAll(() => {
    ajv.addSchema(playbookSchema(modules), 'playbook.json');
    ajv.addSchema(tasksSchema(), 'tasks.json');
    ajv.addSchema(inventorySchema(), 'inventory.json');
  });

  function problems(schema: string, text: string) {
    const validate = ajv.getSchema(schema);
    if (!validate) throw new Error(`there is no ${schema}`);
    return validate(loadYaml('x.yml', text).value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  it.each(examples)('accept the examples of %s', (_, text) =>
    expect(problems('tasks.json', text)).toEqual([]),
  );

  const playbooks = readdirSync('playbooks')
    .filter(file => file.endsWith('.yml'))
    .map(file => join('playbooks', file));
  it.each(playbooks)('accept %s', file =>
    expect(problems('playbook.json', readFileSync(file, 'utf8'))).toEqual([]),
  );

  const inventories = readdirSync('inventory')
    .filter(file => file.endsWith('.yml'))
    .map(file => join('inventory', file));
  it.each(inventories)('accept %s', file =>
    expect(problems('inventory.json', readFileSync(file, 'utf8'))).toEqual([]),
  );

  const good = [
    '- file: {path: /x, mode: "{{ m }}", recurse: "{{ r }}"}',
    '- ansible.builtin.command: ls',
    '- block: []\n  when: x',
  ];
  it.each(good)('accept %s', text => expect(problems('tasks.json', text)).toEqual([]));

  const bad = [
    '- fil: {path: /x}',
    '- file: {pth: /x}',
    '- file: {path: /x}\n  regster: y',
    '- block: []\n  loop: [1]',
  ];
  it.each(bad)('refuse %s', text => expect(problems('tasks.json', text)).not.toEqual([]));
});
