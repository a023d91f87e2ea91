import { describe, expect, test } from 'vitest';
import { Unknown, UnknownValueError, type Value } from '../../src/core/value.ts';
import {
  condition,
  evaluate,
  type LazyMap,
  render,
  renderText,
  type Scope,
} from '../../src/template/template.ts';
import { failure, scopeOf } from './support.ts';

describe('variables', () => {
  const scope = scopeOf(
    {
      root: '/srv',
      conf: '{{ root }}/conf',
      app: { dir: '{{ root }}/app', log: '{{ app.dir }}/log', port: 80 },
      users: [{ name: 'ann', home: '/home/{{ users[0].name }}' }],
      half: { good: 1, bad: '{{ nowhere }}' },
      keyed: { '{{ root }}': 1 },
    },
    { stdout: '{{ root }}', facts: { motd: '{% raw %}' } },
  );

  test.each<[string, Value]>([
    ['conf', '/srv/conf'],
    ['app.log', '/srv/app/log'],
    ['app["log"]', '/srv/app/log'],
    ['users[0].home', '/home/ann'],
    ['half.good', 1],
    ['half.bad | default("d")', 'd'],
    ['half.bad is defined', false],
    ['keyed', { '/srv': 1 }],
  ])('of a playbook are templates, read part by part: %s', (text, value) => {
    expect(evaluate(text, scope)).toEqual(value);
  });

  test('that came from a host are never templated again', () => {
    expect(render({ a: '{{ stdout }}', b: 'x {{ facts.motd }}' }, scope)).toEqual({
      a: '{{ root }}',
      b: 'x {% raw %}',
    });
  });

  test('that came from a host are no conditions', () => {
    const hostile = scopeOf({ expr: 'n > 1', n: 2 }, { said: 'n > 1' });
    expect(condition('{{ expr }}', hostile)).toBe(true);
    expect(failure(() => condition('{{ said }}', hostile))).toBe(
      'the condition gives the text "n > 1", not true or false (write the condition without {{ }})',
    );
  });

  test('are looked up once in an evaluation', () => {
    let count = 0;
    const counting: Scope = {
      lookup: name => (name === 'x' ? { value: '{{ tick() }}', templated: true } : undefined),
      functions: new Map([['tick', () => (count += 1)]]),
    };
    expect(render('{{ x }}{{ x }}', counting)).toBe('11');
  });
});

describe('functions', () => {
  const scope = scopeOf(
    { n: 2 },
    {},
    {
      functions: new Map([['lookup', (args, named) => [args.length, ...args, { ...named }]]]),
    },
  );

  test('get plain values by position and by name', () => {
    expect(evaluate("lookup('env', (1, 2.0), n, default={'a': 1.0})", scope)).toEqual([
      3,
      'env',
      [1, 2],
      2,
      { default: { a: 1 } },
    ]);
  });

  test('give texts that are not templated', () => {
    const giving = scopeOf({}, {}, { functions: new Map([['secret', () => '{{ n }}']]) });
    expect(render('{{ secret() }}', giving)).toBe('{{ n }}');
  });
});

describe('lazy maps', () => {
  function hostvars(read: string[]): LazyMap {
    const other = scopeOf({ name: 'other' });
    const host: LazyMap = {
      lazy: true,
      get: key => {
        read.push(key);
        if (key === 'greeting') return { value: 'I am {{ name }}', templated: true, scope: other };
        if (key === 'raw') return { value: '{{ name }}', templated: false };
        if (key === 'port') return { value: 22, templated: false };
        if (key === 'gone') throw new Error('the inventory is gone');
        return undefined;
      },
      keys: () => ['greeting', 'raw', 'port'],
    };
    return {
      lazy: true,
      get: key => (key === 'vm2' ? { value: host, templated: false } : undefined),
      keys: () => ['vm2'],
    };
  }

  test.each<[string, Value]>([
    ["hostvars['vm2'].greeting", 'I am other'],
    ['hostvars.vm2.raw', '{{ name }}'],
    ["'vm2' in hostvars", true],
    ["hostvars['vm3'] is defined", false],
    ['hostvars | length', 1],
    ['hostvars.keys() | list', ['vm2']],
    ['hostvars is mapping', true],
    ["['vm2'] | map('extract', hostvars, 'port') | list", [22]],
    ["['vm2'] | map('extract', hostvars, ['greeting']) | list", ['I am other']],
    ['hostvars', { vm2: { greeting: 'I am other', raw: '{{ name }}', port: 22 } }],
    ["hostvars.vm2.get('none', 'd')", 'd'],
    ['hostvars.vm2 | dict2items | map(attribute="key") | list', ['greeting', 'raw', 'port']],
  ])('answer %s', (text, value) => {
    expect(evaluate(text, scopeOf({ name: 'me', hostvars: hostvars([]) }))).toEqual(value);
  });

  test('are read only where asked', () => {
    const read: string[] = [];
    evaluate('hostvars.vm2.port', scopeOf({ hostvars: hostvars(read) }));
    expect(read).toEqual(['port']);
  });

  test('pass their own errors on', () => {
    expect(failure(() => evaluate('hostvars.vm2.gone', scopeOf({ hostvars: hostvars([]) })))).toBe(
      'the inventory is gone',
    );
  });
});

describe('what only a run will tell', () => {
  const scope = scopeOf(
    { dir: '/{{ result.stdout }}' },
    { result: new Unknown('the result of "Ask"', { changed: true, failed: false }) },
  );

  test.each<[string, Value]>([
    ['result is defined', true],
    ['result is changed', true],
    ['result is failed', false],
    ['result is succeeded', true],
    ['result.changed', true],
    ['(result | default({})).changed', true],
    ['false and result.stdout', false],
    ['true or result.rc == 0', true],
  ])('%s is known', (text, value) => {
    expect(evaluate(text, scope)).toEqual(value);
  });

  test.each([
    'result.stdout',
    'result.stdout | default("x")',
    'result["rc"] == 0',
    'result | to_json',
    'result == 1',
    'not result',
    '"a" in result',
    'result is skipped',
    'result is mapping',
    'result.stdout.split()',
    '"" ~ result',
    '[result] | join',
    'dir',
  ])('%s depends on it', text => {
    expect(() => evaluate(text, scope)).toThrow(new UnknownValueError('the result of "Ask"'));
  });

  test('is handed on as it is by an expression, but not by a template', () => {
    expect(evaluate('result', scope)).toBeInstanceOf(Unknown);
    expect(() => render('{{ result }}', scope)).toThrow(UnknownValueError);
    expect(() => render('x {{ result }}', scope)).toThrow(UnknownValueError);
    expect(() => renderText('{% if result.rc %}{% endif %}', scope, {}, 'a.j2')).toThrow(UnknownValueError);
  });
});

describe('conditions', () => {
  const scope = scopeOf(
    { yes_text: 'yes', n: 5, truth: '{{ n > 3 }}', text: "{{ 'False' }}" },
    { stdout: 'no', raw: 'x' },
  );

  test.each<[Value, boolean]>([
    [true, true],
    [false, false],
    [null, true],
    ['', true],
    [0, false],
    [[], false],
    ['n > 3', true],
    ['truth', true],
    ['text', false],
    ['yes_text', true],
    ['"no"', true],
    ['{{ yes_text }}', true],
    ['{{ stdout }}', false],
    ['{{ n }} > 3 and {{ truth }}', true],
    ["'{{ stdout }}' == 'no'", true],
    ["'x{{ n }}' in ['x5']", true],
    ['{% if n > 3 %}True{% endif %}', true],
    ['{{ n }}', true],
    ["{{ '' }}", false],
  ])('%j is %s', (text, value) => {
    expect(condition(text, scope)).toBe(value);
  });
});
