import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RenderOptions } from '../../src/core/probe.ts';
import { template } from '../../tasks/template.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';

const folder = mkdtempSync(join(tmpdir(), 'girofle-controller-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'templates'));
writeFileSync(join(folder, 'templates/app.conf.j2'), 'port = {{ port }}\n', { mode: 0o600 });

const options = { folder, render: (text: string) => text.replace('{{ port }}', '8080') };

conforms(template, {
  cases: [
    {
      does: 'writes what the template says',
      args: { src: 'app.conf.j2', dest: 'HERE/app.conf', mode: '0640' },
      options,
      says: ['create HERE/app.conf, mode 0640'],
      leaves: { run: 'cat app.conf', prints: 'port = 8080\n' },
      returns: { dest: 'HERE/app.conf', src: 'app.conf.j2', mode: '0640', state: 'file' },
    },
    {
      does: 'puts it into a directory under its own name, with its own mode',
      given: 'mkdir d',
      args: { src: 'app.conf.j2', dest: 'HERE/d', mode: 'preserve' },
      options,
      says: ['create HERE/d/app.conf.j2, mode 0600'],
    },
    {
      does: 'leaves a file that says so already',
      given: 'echo "port = 8080" > app.conf',
      args: { src: 'app.conf.j2', dest: 'HERE/app.conf' },
      options,
      says: [],
    },
  ],
  denials: [
    {
      when: 'what the validator does not accept',
      args: { src: 'app.conf.j2', dest: 'HERE/app.conf', validate: 'grep -c nothing %s' },
      options,
      says: 'the new content of HERE/app.conf was refused by grep: 0',
    },
  ],
  wrong: [
    {
      args: { src: 'x', dest: '/x', output_encoding: 'latin1' },
      says: ['"output_encoding" cannot be "latin1"'],
    },
  ],
});

test('the arguments reach the renderer', async () => {
  let seen: RenderOptions | undefined;
  const render = (text: string, given: RenderOptions) => {
    seen = given;
    return text;
  };
  const args = {
    src: 'app.conf.j2',
    dest: '/tmp/girofle-no',
    newline_sequence: '\\r\\n',
    trim_blocks: false,
    variable_start_string: '[[',
  };
  await runModule(template, args, { folder, render, planOnly: true });
  expect(seen).toEqual({
    trimBlocks: false,
    lstripBlocks: false,
    newlineSequence: '\r\n',
    variableStart: '[[',
  });
});
