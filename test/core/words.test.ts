import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitWords } from '../../src/core/words.ts';

test.each([
  ['a  b\tc\n', ['a', 'b', 'c']],
  [`'a b' "c d" e\\ f`, ['a b', 'c d', 'e f']],
  [`a'b'"c"d`, ['abcd']],
  [`'' ""`, ['', '']],
  [`"a\\"b\\\\c\\d" 'e\\'`, ['a"b\\c\\d', 'e\\']],
  ['', []],
])('%j is split into %j', (line, words) => {
  expect(splitWords(line)).toEqual({ words });
});

test.each([
  [`echo 'a`, `no closing ' in: echo 'a`],
  [`echo "a`, `no closing " in: echo "a`],
  ['echo \\', 'nothing after the last \\ in: echo \\'],
])('%j is unbalanced', (line, problem) => {
  expect(splitWords(line)).toEqual({ problem });
});

test('whatever it accepts, Python splits alike', () => {
  const lines = fc.sample(fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '\n', '$', 'é') }), {
    numRuns: 300,
    seed: 7,
  });
  const program = `
import json, shlex, sys
def split(line):
    try:
        return shlex.split(line)
    except ValueError:
        return None
print(json.dumps([split(line) for line in json.load(sys.stdin)]))`;
  const expected: unknown = JSON.parse(
    execFileSync('python3', ['-c', program], { input: JSON.stringify(lines), encoding: 'utf8' }),
  );
  expect(
    lines.map(line => ('words' in splitWords(line) ? Object.values(splitWords(line))[0] : null)),
  ).toEqual(expected);
});
