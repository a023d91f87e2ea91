import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/core/inventory.ts';
import { explainUnmatched, selectHosts } from '../../src/inventory/patterns.ts';

const NAMES = ['vm01', 'vm02', 'vm03', 'db1', 'fe80::2'];

const INVENTORY: Inventory = {
  hosts: NAMES.map(name => ({ name, groups: ['all'], layers: [] })),
  groups: { all: NAMES, ungrouped: ['fe80::2'], web: ['vm01', 'vm02'], db: ['db1', 'vm02'], empty: [] },
  folder: '/inventory',
  files: [],
  sources: [],
};

function selected(pattern: string | readonly string[], limit?: string | readonly string[]) {
  const { hosts, unmatched } = selectHosts(INVENTORY, pattern, limit);
  return { hosts: hosts.map(({ name }) => name), unmatched };
}

describe('what a pattern selects', () => {
  const cases: readonly [string | readonly string[], readonly string[], readonly string[]][] = [
    ['web:db', ['vm01', 'vm02', 'db1'], []],
    [['db', 'web:!vm02'], ['db1', 'vm01'], []],
    ['vm[01:02]', ['vm01', 'vm02'], []],
    ['vm[02:20]', ['vm02', 'vm03'], []],
    ['vm[11:20]', [], ['vm[11:20]']],
    ['web[0],db[-1]', ['vm01', 'vm02'], []],
    ['web[5]', [], ['web[5]']],
    ['empty', [], []],
    ['wbe:db', ['db1', 'vm02'], ['wbe']],
    ['web:!nobody', ['vm01', 'vm02'], ['nobody']],
    ['~(', [], ['~(']],
    ['fe80::2', ['fe80::2'], []],
    ['web:22', [], ['web:22']],
    ['', [], []],
    ['__proto__', [], ['__proto__']],
  ];
  test.each(cases)('%j', (pattern, hosts, unmatched) => {
    expect(selected(pattern)).toEqual({ hosts, unmatched });
  });
});

describe('a limit', () => {
  test('keeps the order of the pattern', () => {
    expect(selected('db:web', 'vm*')).toEqual({ hosts: ['vm02', 'vm01'], unmatched: [] });
  });

  test('may be a list, as a file of names is', () => {
    expect(selected('all', ['vm01', 'db1'])).toEqual({ hosts: ['vm01', 'db1'], unmatched: [] });
  });

  test('that matches nothing leaves nothing and is told', () => {
    expect(selected('all', 'vm9')).toEqual({ hosts: [], unmatched: ['vm9'] });
  });
});

describe('localhost', () => {
  const layer = { origin: 'implicit localhost', values: { ansible_connection: 'local' }, templated: false };

  test.each(['localhost', '127.0.0.1', '::1'])('%s is there without being named', name => {
    expect(selectHosts(INVENTORY, name)).toEqual({
      hosts: [{ name, groups: [], layers: [layer] }],
      unmatched: [],
    });
  });

  test('is no part of all', () => {
    expect(selected('all').hosts).toEqual(NAMES);
    expect(selected('localhost', 'all').hosts).toEqual([]);
  });

  test('that the inventory names is an ordinary host', () => {
    const named = { name: 'localhost', groups: ['all'], layers: [] };
    expect(
      selectHosts({ ...INVENTORY, hosts: [named], groups: { all: ['localhost'] } }, 'localhost').hosts,
    ).toEqual([named]);
  });
});

describe('what matches nothing is explained', () => {
  test.each([
    ['webb', { message: 'no host or group matches "webb"', hint: 'did you mean "web"?' }],
    ['vm04', { message: 'no host or group matches "vm04"', hint: 'did you mean "vm01"?' }],
    ['zzz', { message: 'no host or group matches "zzz"' }],
    ['web[5]', { message: '"web[5]" is beyond the end: "web" has 2 hosts' }],
    ['vm[1-3]', { message: 'no host or group matches "vm[1-3]"', hint: 'a range is written [1:3]' }],
    [
      'db:&web',
      {
        message: 'no host or group matches "db:&web"',
        hint: 'separate the parts by commas alone or by colons alone',
      },
    ],
    ['~(', { message: '"~(" is no regular expression' }],
  ])('%s', (part, expected) => {
    expect(explainUnmatched(INVENTORY, part)).toEqual(expected);
  });

  test('in an empty inventory', () => {
    expect(
      explainUnmatched({ hosts: [], groups: { all: [] }, folder: '/', files: [], sources: [] }, 'web'),
    ).toEqual({
      message: 'no host or group matches "web"',
      hint: 'the inventory is empty: name one with -i',
    });
  });
});
