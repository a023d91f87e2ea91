import { describe, expect, test } from 'vitest';
import { DiagnosticError, headline } from '../../src/core/diagnostic.ts';
import type { Source } from '../../src/core/play.ts';
import {
  condition,
  evaluate,
  render,
  renderText,
  TemplateError,
  UndefinedError,
} from '../../src/template/template.ts';
import { failure, scopeOf } from './support.ts';

const scope = scopeOf({
  name: 'vm1',
  n: 5,
  list: [1, 2],
  dict: { alpha: 1, beta: { gamma: 2 } },
  nothing: null,
  me: '{{ me }}',
  ping: '{{ pong }}',
  pong: '{{ ping }}!',
  broken: 'http://{{ dict.alfa }}',
  deep: { list: ['{{ nowhere }}'] },
});

const expressions: readonly (readonly [string, string])[] = [
  // what is not there
  ['nmae', `'nmae' is undefined (did you mean "name"?)`],
  ['zzz', `'zzz' is undefined`],
  ['dict.alfa', `dict 'dict' has no attribute 'alfa' (did you mean "alpha"?)`],
  ["dict['alfa']", `dict 'dict' has no attribute 'alfa' (did you mean "alpha"?)`],
  ['dict.beta.delta.x', `dict 'dict.beta' has no attribute 'delta'`],
  ['list[7]', `list 'list' has no element 7`],
  ['list.first', `list 'list' has no attribute 'first'`],
  ['nothing.x', `'nothing' is none, it has no attribute 'x'`],
  ['name.foo', `string 'name' has no attribute 'foo'`],
  ['n.foo', `integer 'n' has no attribute 'foo'`],
  ['broken', `dict 'dict' has no attribute 'alfa', in the value of 'broken' (did you mean "alpha"?)`],
  ['deep.list[0]', `'nowhere' is undefined, in the value of 'deep.list[0]'`],
  ['[zzz]', `'zzz' is undefined`],
  ['[] | first', 'the list is empty'],
  // variables that need themselves
  ['me', `'me' refers to itself`],
  ['ping', `'ping' refers to itself: ping → pong → ping`],
  // wrong kinds of values
  ['1 + "a"', '"+" does not work between an integer and a string (write ~ to join texts)'],
  ['name - 1', '"-" does not work between a string and an integer'],
  ['1 < "a"', 'cannot order an integer and a string'],
  ['n()', `'n' is an integer, it cannot be called`],
  ['zzz()', `'zzz' is undefined`],
  ['5 | join', 'an integer is not a list'],
  ['n | length', 'an integer has no length'],
  ['1 / 0', 'division by zero'],
  ['[3, "a"] | sort', 'cannot order a string and an integer'],
  ['"x" | from_json', `from_json: Unexpected token 'x', "x" is not valid JSON`],
  ['"a" | hash("sha265")', 'unknown hash "sha265" (did you mean "sha256"?)'],
  ['{[1]: 2}', 'a list cannot be the key of a dict'],
  ['"a" | regex_replace("(", "")', 'invalid regular expression "(": a "(" is never closed'],
  ['"a" | regex_search("a", "b")', `regex_search: "b" names no group (write '\\1' or '\\g<name>')`],
  // names that are not known
  ['n | uper', 'unknown filter "uper" (did you mean "upper"?)'],
  ['n | qqqqqq', 'unknown filter "qqqqqq"'],
  ['n is defind', 'unknown test "defind" (did you mean "defined"?)'],
  ['list | map("uper") | list', 'unknown filter "uper" (did you mean "upper"?)'],
  [
    '"a" | password_hash',
    'the filter "password_hash" is not supported: it makes a new salt each time, so that no run is ever without changes; give the hash itself',
  ],
  [
    '"a" | json_query("b")',
    'the filter "json_query" is not supported: it belongs to a collection, not to ansible.builtin; write it with selectattr and map',
  ],
  ['"a" | ansible.utils.ipaddr', 'unknown filter "ansible.utils.ipaddr"'],
  [
    '"a" | ipaddr',
    'the filter "ipaddr" is not supported: it belongs to a collection, not to ansible.builtin',
  ],
  [
    '"/a" is file',
    'the test "file" is not supported: it looks at the machine that girofle runs on (use the stat module to look at the host)',
  ],
  // arguments
  ['name | upper(1)', 'upper takes at most no argument, 1 are given'],
  ['name | indent(wdith=1)', 'indent has no argument "wdith" (did you mean "width"?)'],
  ['name | indent(2, width=1)', 'indent is given "width" twice'],
  ['name | replace("a")', 'replace needs what to replace, and with what'],
  // syntax
  ['n = 5', 'unexpected "=" (write "==" to compare)'],
  ['n && 1', 'unexpected character "&" (write "and")'],
  ['!n', 'unexpected character "!" (write "not")'],
  ['n ==', 'unexpected end, expected an expression'],
  ['(n', 'unexpected end, expected ")"'],
  ['n)', 'unexpected ")"'],
  ['(n]', 'unexpected "]", expected ")"'],
  ['"abc', 'this string is never closed by "'],
  ['n n', 'unexpected "n", expected the end of the expression'],
  ['n | ', 'unexpected end, expected a name'],
  ['f(a=1, 2)', 'unexpected "2", expected a named argument, because positional ones come first'],
  ['n is number is integer', 'unexpected "is", expected "and" between two tests'],
  // changing what is not the template's
  [
    'list.append(3)',
    'append() changes a variable of the playbook (make a copy first: {% set mine = x | list %})',
  ],
  [
    'dict.update({"a": 1})',
    'update() changes a variable of the playbook (make a copy first: {% set mine = x | list %})',
  ],
];

test.each(expressions)('the expression %s fails: %s', (text, message) => {
  expect(failure(() => evaluate(text, scope))).toBe(message);
});

const templates: readonly (readonly [string, string])[] = [
  ['{{ n', 'this "{{" is never closed by "}}"'],
  ['{% if n', 'this "{%" tag is never closed by "%}"'],
  ['{# n', 'this comment is never closed'],
  ['{% if n %}x', '{% if %} is never closed (add {% endif %})'],
  ['{% for x in list %}x', '{% for %} is never closed (add {% endfor %})'],
  ['{% raw %}x', 'this {% raw %} is never closed by {% endraw %}'],
  ['{% endif %}', '{% endif %} closes nothing here'],
  ['{% fro x in list %}', 'unknown tag "fro" (did you mean "for"?)'],
  ['{% do list.append(1) %}', 'unknown tag "do" (write {% set _ = … %})'],
  ['{{ n n }}', 'unexpected "n", expected "}}"'],
  ['{% set true = 1 %}', '"true" cannot be assigned to'],
  [
    '{% set n.x = 1 %}',
    "'n' is an integer, only attributes of a namespace can be set ({% set ns = namespace() %})",
  ],
  ['{% for a, b in list %}{% endfor %}', 'an integer is not a list'],
  ['{% for a, b in [[1, 2, 3]] %}{% endfor %}', '2 names cannot take 3 values'],
  ['{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}', 'the macro m takes 1 arguments, 2 are given'],
  [
    '{% macro m(size) %}{% endmacro %}{{ m(sise=2) }}',
    'the macro m has no argument "sise" (did you mean "size"?)',
  ],
  ['{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}', "the macro m was called without 'a'"],
  ['{% include "nope.j2" %}', 'there is no template "nope.j2"'],
  ['{{ loop.index }}', "'loop' is undefined"],
];

test.each(templates)('the template %s fails: %s', (text, message) => {
  expect(failure(() => render(text, scope))).toBe(message);
});

describe('the place of an error', () => {
  const source: Source = {
    file: 'playbooks/x.yml',
    place: (path, offset = 0) => ({ file: 'playbooks/x.yml', line: 10 + path.length, column: 1 + offset }),
  };
  const where = { source, path: ['tasks', 0] };

  function diagnostic(run: () => unknown) {
    try {
      run();
    } catch (error) {
      if (error instanceof DiagnosticError) return error.diagnostics;
      throw error;
    }
    return 'nothing was thrown';
  }

  test('is that of the faulty part inside the scalar', () => {
    const value = { cmd: ['ok', 'echo {{ n }} {{ dict.alfa | upper }}'] };
    expect(diagnostic(() => render(value, scope, where))).toEqual([
      {
        severity: 'error',
        message: "dict 'dict' has no attribute 'alfa'",
        hint: 'did you mean "alpha"?',
        place: { file: 'playbooks/x.yml', line: 14, column: 17, length: 9 },
      },
    ]);
  });

  test.each([
    ['name and nmae', 9, 4],
    ['1 + (2 + "a")', 4, 9],
    ['name | uper', 7, 4],
    ['n is defind', 5, 6],
    ['n ==', 3, 1],
    ['broken', 0, 6],
  ])('is offset %s', (text, offset, length) => {
    try {
      condition(text, scope);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError);
      if (error instanceof TemplateError) expect([error.offset, error.length]).toEqual([offset, length]);
    }
  });

  test('knows the undefined name', () => {
    const error = (() => {
      try {
        return evaluate('nmae', scope);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UndefinedError);
    expect(error).toHaveProperty('name', 'nmae');
  });

  test('counts lines in a template file', () => {
    const text = 'one\ntwo\n  {{ nmae }}\n';
    const [first] = Array.from([diagnostic(() => renderText(text, scope, {}, 'templates/a.j2'))].flat());
    expect(typeof first === 'object' && headline(first)).toBe(
      `templates/a.j2:3:6: 'nmae' is undefined (did you mean "name"?)`,
    );
  });

  test('counts the header of a template file, and is that of the file included', () => {
    const files = scopeOf(
      {},
      {},
      { loadTemplate: name => ({ name, text: '#jinja2: trim_blocks: False\n\n{% if x %}' }) },
    );
    const [first] = Array.from(
      [diagnostic(() => renderText('{% include "b.j2" %}', files, {}, 'a.j2'))].flat(),
    );
    expect(typeof first === 'object' && headline(first)).toBe(
      'b.j2:3:4: {% if %} is never closed (add {% endif %})',
    );
  });
});
