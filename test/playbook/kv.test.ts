import { describe, expect, it } from 'vitest';
import { parsePairs } from '../../src/playbook/kv.ts';

describe('arguments in one string', () => {
  const cases: [text: string, pairs: Record<string, string>, rest: string][] = [
    ['src=a dest=b', { src: 'a', dest: 'b' }, ''],
    ['msg="hello world"', { msg: 'hello world' }, ''],
    ["msg='it is' x=", { msg: 'it is', x: '' }, ''],
    ['msg="a\\"b\\n"', { msg: 'a"b\n' }, ''],
    ['msg={{ a b }}/{{ c }}', { msg: '{{ a b }}/{{ c }}' }, ''],
    ['msg={% if a b %}c{% endif %}', { msg: '{% if a b %}c{% endif %}' }, ''],
    ['echo a=b  c', { a: 'b' }, 'echo  c'],
    ['echo  hi', {}, 'echo  hi'],
    ['=x 1=y a-b=z', {}, '=x 1=y a-b=z'],
  ];
  it.each(cases)('%s', (text, pairs, rest) => {
    const parsed = parsePairs(text, () => true);
    expect(Object.fromEntries(parsed.pairs.map(({ key, value }) => [key, value]))).toEqual(pairs);
    expect(parsed.rest).toBe(rest);
  });

  it('takes only the keys that are asked for', () => {
    expect(parsePairs('env A=1 cmd chdir=/tmp B=2', key => key === 'chdir')).toEqual({
      pairs: [{ key: 'chdir', value: '/tmp', keyOffset: 12, offset: 18 }],
      rest: 'env A=1 cmd B=2',
    });
  });
});
