import { describe, expect, it } from 'vitest';
import { headline } from '../../src/core/diagnostic.ts';
import { loadYaml } from '../../src/core/yaml.ts';

function told(text: string): string[] {
  return loadYaml('f.yml', text).diagnostics.map(headline);
}

describe('values are read as Ansible users mean them', () => {
  const cases: [text: string, value: unknown][] = [
    ['', null],
    ['a: yes\nb: no\nc: on\nd: Off\ne: true', { a: true, b: false, c: true, d: false, e: true }],
    ['a: y\nb: n', { a: 'y', b: 'n' }],
    ['mode: 0644', { mode: '0644' }],
    ['mode: 0o644', { mode: '0o644' }],
    ['zip: 08001', { zip: '08001' }],
    ['n: 644', { n: 644 }],
    ['port: 22:22\nday: 2024-01-01', { port: '22:22', day: '2024-01-01' }],
    ['id: 12345678901234567890', { id: '12345678901234567890' }],
    ['on: 1\n5: 2\n~: 3', { on: 1, '5': 2, '~': 3 }],
    ['a: &x {c: 1, d: 3}\nb: {<<: *x, c: 2}', { a: { c: 1, d: 3 }, b: { c: 2, d: 3 } }],
    ['<<: [{a: 1}, {a: 2, b: 2}]', { a: 1, b: 2 }],
    ['a: !unsafe "{{ b }}"', { a: '{% raw %}{{ b }}{% endraw %}' }],
    ['a: !unsafe plain', { a: 'plain' }],
    ['a: !!str 5', { a: '5' }],
    ['---\n- a\n', ['a']],
  ];
  it.each(cases)('%j', (text, value) => {
    const document = loadYaml('f.yml', text);
    expect(document.diagnostics).toEqual([]);
    expect(document.value).toEqual(value);
  });

  it('keeps a key named __proto__ an ordinary key', () => {
    expect(Object.keys(Object(loadYaml('f.yml', '__proto__: {a: 1}').value))).toEqual(['__proto__']);
  });
});

describe('what is wrong is said with its place', () => {
  const cases: [text: string, told: string[]][] = [
    [
      'a: {{ x }}\nb: {{ y }}/z # c',
      [
        'f.yml:1:4: a value that begins with {{ must be quoted (quote the template: "{{ x }}")',
        'f.yml:2:4: a value that begins with {{ must be quoted (quote the template: "{{ y }}/z")',
      ],
    ],
    [
      '- c:\n    s: {{ a.b[1] | d("x") }}',
      [
        'f.yml:2:8: a value that begins with {{ must be quoted (quote the template: \'{{ a.b[1] | d("x") }}\')',
      ],
    ],
    [
      'a: [{{ x }}, 2]',
      ['f.yml:1:5: a value that begins with {{ must be quoted (quote the template: "{{ x }}")'],
    ],
    ['{{ x }}: 3', ['f.yml:1:1: a value that begins with {{ must be quoted (quote the template: "{{ x }}")']],
    ['a: 1\nb: 2\n"a": 3', ['f.yml:3:1: the key "a" is given twice (keep one of them)']],
    [
      'a: x: y',
      ['f.yml:1:4: a key does not belong here (quote a value that holds ": ", and check the indentation)'],
    ],
    ['a:\n\t- b', ['f.yml:2:1: a tab cannot indent (use spaces)']],
    ['a: @x', ['f.yml:1:4: a value cannot begin with @ (quote it)']],
    ['b: 1\na: "x\nb: 1\n', ['f.yml:2:4: a quoted value is not closed (the same quote must end it)']],
    [
      'a: 1\n---\nb: 2',
      ['f.yml:2:1: the file holds several YAML documents (keep one; "---" may stand at its beginning only)'],
    ],
    [
      'a: !vault |\n  62\n',
      [
        'f.yml:1:4: !vault is not supported in this version (keep the secret in a file that only you can read)',
      ],
    ],
    ['a: !foo 1', ['f.yml:1:4: the tag !foo is unknown']],
    [
      'a: !unsafe "{% endraw %}"',
      ['f.yml:1:4: !unsafe cannot hold "{% endraw %}" or begin with an empty line'],
    ],
    ['a: *b', ['f.yml:1:4: *b names no anchor (set &b before it)']],
    ['a: &b [*b]', ['f.yml:1:8: *b stands inside its own anchor']],
    ['<<: 3', ['f.yml:1:5: << wants a mapping, or a list of mappings']],
  ];
  it.each(cases)('%j', (text, expected) => expect(told(text)).toEqual(expected));

  it('stops aliases that multiply', () => {
    const level = (n: number) =>
      `l${n}: &l${n} [${Array(10)
        .fill(`*l${n - 1}`)
        .join(', ')}]`;
    const text = ['l0: &l0 x', ...Array.from({ length: 9 }, (_, i) => level(i + 1))].join('\n');
    expect(told(text)[0]).toBe('f.yml:7:45: the aliases of this file stand for too many values');
  });
});

describe('place finds', () => {
  const text = [
    'plain: ab {{ x }}', // 1
    "single: 'it''s {{ x }}'",
    'double: "a\\tb {{ x }}"',
    'literal: |', // 4
    '    one',
    '',
    '      {{ x }}',
    'folded: >-', // 8
    '  one',
    '  two',
    '',
    '  {{ x }}',
    'empty:', // 13
    'list:',
    '  - a: 1',
    '    b: &anchor {c: 2}', // 16
    '  - *anchor',
    '<<: {merged: "m"}', // 18
    'several: one',
    '  two {{ x }}',
  ].join('\n');
  const document = loadYaml('f.yml', text);
  const at = (path: (string | number)[], offset?: number) => {
    const { line, column } = document.place(path, offset);
    return `${line}:${column}`;
  };
  const templates: [key: string, place: string][] = [
    ['plain', '1:11'],
    ['single', '2:16'],
    ['double', '3:15'],
    ['literal', '7:7'],
    ['folded', '12:3'],
    ['several', '20:7'],
  ];
  it.each(templates)('a template inside a scalar: %s', (key, place) => {
    const value = Object(document.value)[key];
    expect(at([key], String(value).indexOf('{{'))).toBe(place);
  });

  const values: [path: (string | number)[], place: string][] = [
    [['plain'], '1:8'],
    [['empty'], '13:1'],
    [['list', 0, 'b', 'c'], '16:20'],
    [['list', 1, 'c'], '16:20'],
    [['merged'], '18:14'],
    [['plain', 'missing'], '1:8'],
    [['missing'], '1:1'],
  ];
  it.each(values)('%j', (path, place) => expect(at(path)).toBe(place));

  it('keys', () => {
    expect(document.keyPlace(['list', 0, 'b'])).toEqual({ file: 'f.yml', line: 16, column: 5, length: 1 });
    expect(document.keyPlace(['list', 1])).toEqual({ file: 'f.yml', line: 17, column: 5, length: 7 });
  });

  it('lengths to underline', () => {
    expect(document.place(['plain']).length).toBe('ab {{ x }}'.length);
  });
});
