import { describe, expect, test } from 'vitest';
import { evaluate, render, renderText } from '../../src/template/template.ts';
import { failure, scopeOf } from './support.ts';

const scope = scopeOf({ s: 'text', d: JSON.parse('{"__proto__": 1, "a": 2}'), list: [1] });

describe('nothing of JavaScript can be reached', () => {
  test.each([
    "''.constructor",
    "''.constructor.constructor('return process')()",
    's.length',
    's.__proto__',
    "s['constructor']",
    "s['toString']",
    'list.constructor',
    'list.length',
    "list['map']",
    'd.constructor',
    'd.toString',
    'd.hasOwnProperty',
    'range.constructor',
    "range['call']",
    'namespace().constructor',
    'cycler(1).constructor',
    '(1).constructor',
    'constructor',
    '__proto__',
    'toString',
    "d | map(attribute='constructor') | list",
    "['constructor'] | map('extract', d) | list",
    "d | attr('constructor')",
    "'{0.constructor}'.format(s)",
    "'{0[constructor]}'.format(d)",
    "'%(constructor)s' % d",
    's | constructor',
    's is constructor',
    "s | map('constructor') | list",
  ])('by %s', text => {
    expect(failure(() => evaluate(text, scope))).toMatch(/undefined|has no attribute|unknown (filter|test)/);
  });

  test('__proto__ is a key like any other', () => {
    expect(evaluate("d['__proto__']", scope)).toBe(1);
    expect(JSON.stringify(evaluate("{'__proto__': {'polluted': 1}}", scope))).toBe(
      '{"__proto__":{"polluted":1}}',
    );
    expect(JSON.stringify(evaluate("d | combine({'__proto__': 3})", scope))).toBe('{"__proto__":3,"a":2}');
    expect(JSON.stringify(evaluate("[{'key': '__proto__', 'value': {'x': 1}}] | items2dict", scope))).toBe(
      '{"__proto__":{"x":1}}',
    );
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect({}).not.toHaveProperty('x');
  });
});

describe('a hostile template ends with an error', () => {
  const hostile: readonly (readonly [string, string])[] = [
    ['{{ range(10 ** 9) | list }}', 'the template takes too many steps'],
    ['{{ "x" * 10 ** 9 }}', 'the template makes too long a text'],
    ['{{ [0] * 10 ** 9 }}', 'the template takes too many steps'],
    ['{{ "%0999999999d" % 1 }}', 'the template makes too long a text'],
    ['{{ "{:999999999}".format(1) }}', 'the template makes too long a text'],
    ['{{ "x" | center(10 ** 9) }}', 'the template makes too long a text'],
    ['{{ "x".ljust(10 ** 9) }}', 'the template makes too long a text'],
    ['{{ ("x" * 10 ** 6).replace("x", "y" * 10 ** 6) }}', 'the template makes too long a text'],
    ['{{ range(1000) | product(range(1000), range(1000)) }}', 'the template takes too many steps'],
    ['{{ 10 ** 1000 }}', 'the number is too large'],
    [
      '{% for a in range(4000) %}{% for b in range(4000) %}{% endfor %}{% endfor %}',
      'the template takes too many steps',
    ],
    ['{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'templates call one another too deeply'],
    ['{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}', 'templates call one another too deeply'],
    [`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`, 'the expression is nested too deeply'],
    [`{{ ${'-'.repeat(5000)}1 }}`, 'the expression is nested too deeply'],
    [`{{ ${'not '.repeat(5000)}1 }}`, 'the expression is nested too deeply'],
    [`${'{% if 1 %}'.repeat(5000)}`, 'the expression is nested too deeply'],
    [
      '{{ ("a" * 40 ~ "b") is match("^(a+)+$") }}',
      'the regular expression takes too long (avoid repetitions inside repetitions, such as (a+)+)',
    ],
    [
      '{{ ("a" * 40) | regex_replace("(a|aa)+$b", "") }}',
      'the regular expression takes too long (avoid repetitions inside repetitions, such as (a+)+)',
    ],
    ['{% set l = [] %}{% set _ = l.append(l) %}{{ l | to_json }}', 'the value is nested too deeply for JSON'],
    ['{% set l = [] %}{% set _ = l.append(l) %}{{ l }}', 'the value is nested too deeply'],
    [
      '{% set l = [1] %}{% set _ = l.append(l) %}{{ l | flatten(levels=100000) }}',
      'the template is nested too deeply',
    ],
  ];
  for (const [text, message] of hostile) {
    test(text.slice(0, 60), () => {
      expect(failure(() => render(text, scope))).toBe(message);
    });
  }

  test('that includes itself', () => {
    const files = scopeOf({}, {}, { loadTemplate: name => ({ name, text: '{% include "a.j2" %}' }) });
    expect(failure(() => renderText('{% include "a.j2" %}', files, {}, 'a.j2'))).toBe(
      'a.j2:1:4: templates call one another too deeply',
    );
  });

  test('that doubles itself', () => {
    const doubling =
      '{% set s = "x" * 1000000 %}{% for i in range(100) %}{% set s = s ~ s %}{{ s }}{% endfor %}';
    expect(failure(() => render(doubling, scope))).toBe('the template makes too long a text');
  });
});
