import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { references, syntaxErrors } from '../../src/template/template.ts';

/** Names as they are read, guarded ones with a question mark. */
function names(value: Value, kind: 'template' | 'expression'): string {
  return references(value, kind)
    .map(({ name, guarded }) => name + (guarded ? '?' : ''))
    .join(' ');
}

describe('the names that an expression reads', () => {
  test.each([
    ['a', 'a'],
    ['a.b.c[d]', 'a d'],
    ['a is defined', 'a?'],
    ['a is defined and a.b', 'a? a?'],
    ['a.x is defined and a.x.y == b', 'a? a? b'],
    ['a is not defined or a > 1', 'a? a?'],
    ['not (a is undefined) and a', 'a? a?'],
    ['a and a is defined', 'a a?'],
    ['a is defined or a', 'a? a'],
    ['a | default(b)', 'a? b'],
    ['a.b | d("")', 'a?'],
    ['(a | default([])) | map("upper")', 'a?'],
    ['a | upper | default("x")', 'a'],
    ['a if a is defined else b', 'a? a? b'],
    ['b if a is undefined else a', 'a? b a?'],
    ['a if b', 'b a'],
    ['range(n) | list', 'n'],
    ["lookup('env', x)", 'lookup x'],
    ['{"k": v, w: 1}', 'v w'],
    ['true and none', ''],
    ['{{ a }} == 1', 'a'],
    ["'{{ a }}' == 'x'", 'a'],
    ['a >', ''],
  ])('%s: %s', (text, expected) => {
    expect(names(text, 'expression')).toBe(expected);
  });
});

describe('the names that templates read', () => {
  test.each<[Value, string]>([
    ['plain a', ''],
    ['{{ a }}-{{ b.c }}', 'a b'],
    ['{% set x = a %}{{ x }}', 'a'],
    ['{% for i in list %}{{ i }}{{ loop.index }}{{ z }}{% else %}{{ i }}{% endfor %}', 'list z'],
    ['{% for i in i %}{% endfor %}', 'i'],
    ['{% for k, v in d.items() if v > m %}{{ k }}{% endfor %}', 'd m'],
    ['{% if a is defined %}{{ a }}{% else %}{{ a }}{% endif %}', 'a? a? a'],
    ['{% if a is undefined %}x{% else %}{{ a }}{% endif %}', 'a? a?'],
    ['{% if a is undefined %}x{% elif a %}{{ a }}{% endif %}', 'a? a? a?'],
    ['{% macro m(x, y=z) %}{{ x }}{{ y }}{{ w }}{{ varargs }}{% endmacro %}{{ m(1) }}', 'z w'],
    ['{% with p = q %}{{ p }}{% endwith %}{{ p }}', 'q p'],
    ['{% set ns = namespace(a=1) %}{% set ns.a = b %}{{ ns.a }}', 'b'],
    ['{% from "x" import m as n %}{{ n() }}', ''],
    ['{% call(u) wrap() %}{{ u }}{{ v }}{% endcall %}', 'wrap v'],
    ['{% filter upper %}{{ a }}{% endfilter %}', 'a'],
    [{ '{{ k }}': ['{{ a }}', 1, { x: '{{ b }}' }] }, 'k a b'],
  ])('%j: %s', (value, expected) => {
    expect(names(value, 'template')).toBe(expected);
  });

  test('have their places', () => {
    expect(references({ list: ['x', 'say {{ hello.you }}'] }, 'template')).toEqual([
      { name: 'hello', guarded: false, path: ['list', 1], offset: 7, length: 5 },
    ]);
  });
});

describe('mistakes that are found before a run', () => {
  test.each<[Value, 'template' | 'expression', readonly string[]]>([
    ['{{ a }}', 'template', []],
    ['a == 1', 'expression', []],
    ['{{ a', 'template', ['this "{{" is never closed by "}}"']],
    ['a ==', 'expression', ['unexpected end, expected an expression']],
    [
      '{{ a | uper | lowwer }}',
      'template',
      ['unknown filter "lowwer" (did you mean "lower"?)', 'unknown filter "uper" (did you mean "upper"?)'],
    ],
    ['a is defind', 'expression', ['unknown test "defind" (did you mean "defined"?)']],
    [
      "a | map('uper') | selectattr('x', 'mtach')",
      'expression',
      ['unknown test "mtach" (did you mean "match"?)', 'unknown filter "uper" (did you mean "upper"?)'],
    ],
    [
      '{% for x in y | srot %}{{ x | firts }}{% endfor %}',
      'template',
      ['unknown filter "srot" (did you mean "sort"?)', 'unknown filter "firts" (did you mean "first"?)'],
    ],
    [{ a: ['{{', '{{ b }'] }, 'template', ['this "{{" is never closed by "}}"', 'unexpected "}"']],
    [true, 'expression', []],
    ['', 'expression', []],
  ])('%j', (value, kind, messages) => {
    const found = syntaxErrors(value, kind);
    expect(found.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`))).toEqual(
      messages,
    );
  });

  test('have their places', () => {
    expect(syntaxErrors({ a: ['ok', 'x {{ b | uper }}'] }, 'template')).toEqual([
      {
        message: 'unknown filter "uper"',
        hint: 'did you mean "upper"?',
        path: ['a', 1],
        offset: 9,
        length: 4,
      },
    ]);
  });
});
