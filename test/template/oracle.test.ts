import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RenderOptions } from '../../src/core/probe.ts';
import type { Value } from '../../src/core/value.ts';
import { condition, evaluate, render, renderText, type Scope } from '../../src/template/template.ts';
import {
  conditions,
  expressions,
  files,
  type OracleCase,
  templates,
  values,
  variables,
} from './oracle-cases.ts';

const PYTHON = '/usr/bin/python3';
const hasAnsible = spawnSync(PYTHON, ['-c', 'import ansible.template']).status === 0;

type Kind = 'expression' | 'printed' | 'value' | 'file' | 'condition';
type Answer = { readonly value: Value } | { readonly error: string };

interface Case extends OracleCase {
  readonly kind: Kind;
}

const scope: Scope = {
  lookup: name => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return value === undefined ? undefined : { value, templated: true };
  },
  loadTemplate: name => {
    const text = Object.hasOwn(templates, name) ? templates[name] : undefined;
    return text === undefined ? undefined : { name, text };
  },
};

const as = (kind: Kind, list: readonly OracleCase[]): readonly Case[] => list.map(one => ({ ...one, kind }));

const cases: readonly Case[] = [
  ...as('expression', expressions),
  ...as(
    'printed',
    expressions.filter(({ ours, text }) => ours === undefined && !text.includes('\\')),
  ),
  ...as('value', values),
  ...as('file', files),
  ...as('condition', conditions),
];

/** Ansible's answers, all from one process. */
function askAnsible(): readonly Answer[] {
  const script = fileURLToPath(new URL('./oracle.py', import.meta.url));
  const input = JSON.stringify({ cases, variables, templates });
  const { stdout, stderr, status } = spawnSync(PYTHON, [script], { input, encoding: 'utf8', maxBuffer: 1e8 });
  if (status !== 0) throw new Error(stderr);
  const answers: readonly Answer[] = JSON.parse(stdout);
  return answers;
}

function optionsOf({ overrides = {} }: Case): RenderOptions {
  return { trimBlocks: overrides.trim_blocks ?? true, lstripBlocks: overrides.lstrip_blocks ?? false };
}

function compute(one: Case): Value {
  const { kind, text } = one;
  if (kind === 'file') return renderText(text, scope, optionsOf(one), 'test.j2');
  if (kind === 'condition') return condition(text, scope);
  if (kind === 'value') return render(text, scope);
  if (kind === 'printed') return render(`<{{ ${text} }}>`, scope);
  return JSON.parse(JSON.stringify(evaluate(text, scope)));
}

function ourAnswer(one: Case): Answer {
  try {
    return { value: compute(one) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const titles: Readonly<Record<Kind, string>> = {
  expression: 'evaluates',
  printed: 'prints',
  value: 'renders the value',
  file: 'renders the file',
  condition: 'decides',
};

describe('the templates agree with Ansible', () => {
  const answers = hasAnsible ? askAnsible() : [];

  test.skipIf(!hasAnsible)('Ansible answers every case (needs ansible-core for /usr/bin/python3)', () => {
    expect(answers).toHaveLength(cases.length);
  });

  for (const [i, one] of (hasAnsible ? cases : []).entries()) {
    const theirs = answers[i];
    test(titleOf(one), () => {
      const ours = ourAnswer(one);
      if (one.ours !== undefined) expect(ours).toEqual(isError(one.ours) ? one.ours : { value: one.ours });
      else if (theirs && 'error' in theirs)
        expect(ours, `Ansible says: ${theirs.error}`).toHaveProperty('error');
      else expect(ours).toEqual(theirs);
    });
  }
});

test('the answers stay those that agreed with Ansible, also where there is none to ask', async () => {
  const lines = cases.map(one => `${titleOf(one)}\n    ${JSON.stringify(ourAnswer(one))}\n`);
  await expect(lines.join('')).toMatchFileSnapshot('./answers.txt');
});

function titleOf({ kind, text, why }: Case): string {
  return `${titles[kind]} ${JSON.stringify(text)}${why === undefined ? '' : ` (differs: ${why})`}`;
}

function isError(value: OracleCase['ours']): value is { readonly error: string } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'error' in value;
}
