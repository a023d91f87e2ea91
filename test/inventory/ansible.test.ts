/** What Ansible itself makes of an inventory is what we must make of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Host, Inventory } from '../../src/core/inventory.ts';
import { isMap, type Value } from '../../src/core/value.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { typedValue } from '../../src/inventory/python-literal.ts';
import { CASES, type Case, INI_VALUES } from './cases.ts';
import { folderOf } from './folder.ts';

const PYTHON = '/usr/bin/python3';
const ansible =
  spawnSync('ansible-inventory', ['--version']).status === 0 &&
  spawnSync(PYTHON, ['-c', 'import ansible']).status === 0;

describe.skipIf(!ansible)('as Ansible does (needs ansible-inventory)', () => {
  test.concurrent.for(CASES)('$name', async (one, { expect }) => {
    const folder = folderOf(one.files);
    const theirs = askAnsible(one, folder);
    const { hosts, groups } = await load(one, folder);
    expect(Object.fromEntries(hosts.map(host => [host.name, variables(host)]))).toEqual(theirs.hosts);
    expect(Object.fromEntries(Object.entries(groups).filter(([, names]) => names.length > 0))).toEqual(
      theirs.groups,
    );
  });

  test('values in an INI inventory have the types that Ansible gives them', () => {
    expect(Object.fromEntries(INI_VALUES.map(text => [text, typedValue(text)]))).toEqual(
      python(LITERALS, INI_VALUES),
    );
  });

  test('patterns select the same hosts in the same order', async () => {
    const folder = folderOf({ hosts: PATTERN_INVENTORY });
    const inventory = await load({ sources: ['hosts'] }, folder);
    const ours = PATTERNS.map(pattern => [
      pattern,
      selectHosts(inventory, pattern).hosts.map(({ name }) => name),
    ]);
    expect(Object.fromEntries(ours)).toEqual(
      python(SELECT, { inventory: join(folder, 'hosts'), patterns: PATTERNS }),
    );
  });
});

async function load(
  { sources, playbookFolder }: Pick<Case, 'sources' | 'playbookFolder'>,
  cwd: string,
): Promise<Inventory> {
  const loaded = await loadInventory(sources, {
    cwd,
    ...(playbookFolder === undefined ? {} : { playbookFolder }),
  });
  if ('diagnostics' in loaded) throw new Error(JSON.stringify(loaded.diagnostics));
  return loaded.inventory;
}

function variables({ layers }: Host): Record<string, unknown> {
  return Object.assign({}, ...layers.map(({ values }) => values));
}

function askAnsible({ sources, playbookFolder }: Case, cwd: string): { hosts: Value; groups: Value } {
  const inventories = sources.flatMap(source => ['-i', source]);
  const playbook = playbookFolder === undefined ? [] : ['--playbook-dir', playbookFolder];
  const text = execFileSync('ansible-inventory', [...inventories, ...playbook, '--list'], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const { _meta: meta, ...groups }: Record<string, Value> = JSON.parse(text);
  const names = allHosts(groups);
  const known = isMap(meta) && isMap(meta.hostvars) ? meta.hostvars : {};
  const hosts = Object.fromEntries([...new Set(names.all)].map(name => [name, known[name] ?? {}]));
  return { hosts, groups: Object.fromEntries(Object.entries(names).filter(([, list]) => list.length > 0)) };
}

/** Ansible lists a group's own hosts and its children: the hosts of all levels, in Ansible's order. */
function allHosts(groups: Record<string, Value>): Record<string, string[]> {
  const list = (group: string, key: string): string[] => {
    const found = groups[group];
    const names = isMap(found) ? found[key] : [];
    return Array.isArray(names) ? names.map(String) : [];
  };
  const level = (names: readonly string[]): string[] => {
    const below = names.flatMap(name => list(name, 'children'));
    return [...names.flatMap(name => list(name, 'hosts')), ...(below.length > 0 ? level(below) : [])];
  };
  const names = new Set([
    'all',
    ...Object.keys(groups),
    ...Object.keys(groups).flatMap(name => list(name, 'children')),
  ]);
  return Object.fromEntries([...names].map(name => [name, [...new Set(level([name]))]]));
}

function python(script: string, input: unknown): unknown {
  return JSON.parse(
    execFileSync(PYTHON, ['-c', script], { input: JSON.stringify(input), encoding: 'utf8', stdio: 'pipe' }),
  );
}

const LITERALS = `
import json, sys
from ansible.plugins.inventory.ini import InventoryModule
plain = lambda v: sorted(map(plain, v)) if isinstance(v, set) else v
print(json.dumps({text: plain(InventoryModule._parse_value(text)) for text in json.load(sys.stdin)}))
`;

const SELECT = `
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
ask = json.load(sys.stdin)
manager = InventoryManager(loader=DataLoader(), sources=[ask['inventory']])
print(json.dumps({pattern: [host.name for host in manager.get_hosts(pattern)] for pattern in ask['patterns']}))
`;

const PATTERN_INVENTORY = `
lone
fe80::2
[web]
w2
w1
vm[1:4]
[db]
d1
vm3
d2.example.org
[empty]
[prod:children]
db
web
`;

const PATTERNS = [
  'all',
  '*',
  'web',
  'db',
  'w1',
  'web:db',
  'db,web',
  'w1,w2',
  'prod',
  'web:&db',
  'web:!db',
  '!web',
  '&web',
  'prod:&web:!vm1',
  'vm3,!db',
  '!db,web',
  'vm*',
  'w?',
  'vm[13]',
  'vm[!12]',
  '[wd]*',
  '~(vm|d)\\d',
  '~w[12]',
  '~d',
  'd*',
  'web[0]',
  'web[-1]',
  'web[1:3]',
  'web[1:]',
  'web[9:]',
  'prod[0:1],lone',
  'ungrouped',
  'empty',
  'localhost',
  'fe80::2',
  'nothing',
  'd2.example.org',
  'd2.*',
  ' web , db ',
  'web:vm*',
  'all:!prod',
  'wXb',
  'vm*[0]',
  'lone:&lone',
];
