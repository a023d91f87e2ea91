import { expect, test } from 'vitest';
import { condition, render } from '../../src/template/template.ts';
import { scopeOf } from './support.ts';

const scope = scopeOf(
  { wanted: 'Debian', enabled: true, version: 12 },
  { ansible_facts: { distribution: 'Debian', major: '12' }, result: { rc: 0, stdout: 'active' } },
);

/** Milliseconds of the best of some runs: what the code can do, not what the machine was busy with. */
function best(runs: number, work: () => void): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

test('ten thousand conditions take well under a second', () => {
  const text =
    "enabled and ansible_facts.distribution == wanted and (ansible_facts.major | int) >= version and 'act' in result.stdout";
  const time = best(5, () => {
    for (let i = 0; i < 10_000; i += 1) condition(text, scope);
  });
  expect(time).toBeLessThan(300);
});

test('a value without templates is given back as it is', () => {
  const value = { list: Array.from({ length: 1000 }, (_, i) => `item ${i}`) };
  expect(render(value, scope)).toBe(value);
});
