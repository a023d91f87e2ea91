import { describe, expect, it } from 'vitest';
import { errorAt } from '../../src/core/diagnostic.ts';
import { renderDiagnostics } from '../../src/render/diagnostics.ts';
import { text } from './story.ts';

const source = '- hosts: all\n  tasks:\n    - fiel: x\n';
const read = (file: string) => (file === 'x.yml' ? source : undefined);
const typo = errorAt(
  'unknown module "fiel"',
  { file: 'x.yml', line: 3, column: 7, length: 4 },
  'did you mean "file"?',
);

describe('diagnostics', () => {
  it('show the place, the lines and the caret', () => {
    const warning = { severity: 'warning', message: 'no hosts matched' } as const;
    const unreadable = errorAt('cannot be read', { file: 'y.yml', line: 1, column: 1 });
    expect(renderDiagnostics([typo, unreadable, warning], read, false)).toBe(
      text(`
        x.yml:3:7: unknown module "fiel" (did you mean "file"?)
          2 |   tasks:
          3 |     - fiel: x
            |       ^^^^

        y.yml:1:1: cannot be read

        warning: no hosts matched
      `),
    );
  });

  it('paint the message and the caret', () => {
    expect(renderDiagnostics([typo], read, true)).toBe(
      text(`
        \u001b[1mx.yml:3:7:\u001b[22m\u001b[31m unknown module "fiel" (did you mean "file"?)\u001b[39m
        \u001b[2m  2 |\u001b[22m   tasks:
        \u001b[2m  3 |\u001b[22m     - fiel: x
            |       \u001b[31m^^^^\u001b[39m
      `),
    );
  });
});
