import { describe, expect, test } from 'vitest';
import { headline } from '../../src/core/diagnostic.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { folderOf } from './folder.ts';

async function said(
  files: Readonly<Record<string, string>>,
  sources = ['inv'],
  playbookFolder?: string,
): Promise<readonly string[]> {
  const cwd = folderOf(files);
  const loaded = await loadInventory(sources, {
    cwd,
    ...(playbookFolder === undefined ? {} : { playbookFolder }),
  });
  return ('diagnostics' in loaded ? loaded.diagnostics : loaded.warnings).map(headline);
}

describe('errors of a YAML inventory', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    [
      'a list at the top',
      '- vm1\n',
      [
        'inv.yml:1:1: an inventory must be a map of groups (begin with "all:", and "hosts:" or "children:" under it)',
      ],
    ],
    [
      'an unknown key',
      'all:\n  host:\n    vm1:\n',
      ['inv.yml:2:3: unknown key "host" in the group "all" (did you mean "hosts"?)'],
    ],
    [
      'a group put straight into a group',
      'all:\n  web:\n    hosts: {vm1: }\n',
      ['inv.yml:2:3: unknown key "web" in the group "all" (a group inside "all" stands under "children:")'],
    ],
    [
      'hosts as a list',
      'web:\n  hosts:\n    - vm1\n    - vm2\n',
      [
        'inv.yml:2:3: hosts of the group "web" must be a map (write each with a colon and without a dash: "vm1:")',
      ],
    ],
    [
      'a list of groups',
      'web:\n  children: [a]\n',
      [
        'inv.yml:2:3: children of the group "web" must be a map (write each with a colon and without a dash: "a:")',
      ],
    ],
    [
      'variables as a list',
      'web:\n  vars: [a]\n',
      ['inv.yml:2:3: vars of the group "web" must be a map (write "name: value")'],
    ],
    [
      'a group that is a text',
      'web: vm1\n',
      ['inv.yml:1:1: the group "web" must be a map (its keys are hosts, vars, children)'],
    ],
    [
      'a host that is a text',
      'web:\n  hosts:\n    vm1: 10.0.0.1\n',
      ['inv.yml:3:5: the variables of "vm1" must be a map (write "name: value" under the host, or nothing)'],
    ],
    [
      'a bad range',
      'web:\n  hosts:\n    vm[1-3]:\n',
      [
        'inv.yml:3:5: the range of "vm[1-3]" is wrong: it must be first:last or first:last:step (a range is [1:9], [01:20], [a:f] or [1:9:2])',
      ],
    ],
    [
      'a loop of children',
      'a:\n  children:\n    b:\n      children:\n        a:\n',
      ['inv.yml:3:5: the group "b" cannot be a child of "a", which is itself below "b"'],
    ],
    [
      'a plugin',
      'plugin: aws_ec2\n',
      [
        'inv.yml:1:1: inventory plugins are not run (write the hosts down, for instance what ansible-inventory --list --yaml prints)',
      ],
    ],
    [
      'a priority that is no number',
      'web:\n  vars: {ansible_group_priority: high}\n',
      ['inv.yml:2:3: ansible_group_priority must be a whole number'],
    ],
  ];
  test.each(cases)('%s', async (_, text, expected) => {
    expect(await said({ 'inv.yml': text }, ['inv.yml'])).toEqual(expected);
  });
});

describe('errors of an INI inventory', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    [
      'a section with blanks',
      '[my web]\nvm1\n',
      ['inv:1:1: "[my web]" is no section (write [group], [group:vars] or [group:children], without blanks)'],
    ],
    [
      'an unknown kind of section',
      '[web:var]\na=1\n',
      ['inv:1:6: unknown kind of section "var" (did you mean "vars"?)'],
    ],
    [
      'variables of a group that is nowhere',
      '[web]\nvm1\n[webb:vars]\na=1\n',
      ['inv:3:1: variables for the group "webb", which is declared nowhere (did you mean "web"?)'],
    ],
    [
      'a child that is nowhere',
      '[prod:children]\n  staging\n',
      ['inv:2:3: "prod" has the child "staging", which is no group (add a section [staging])'],
    ],
    [
      'a line without a value',
      '[web]\n[web:vars]\nlevel 1\n',
      ['inv:3:1: "level 1" is no variable (write name=value)'],
    ],
    [
      'two hosts on a line',
      'vm1 vm2\n',
      ['inv:1:5: "vm2" is no variable (write name=value, and one host a line)'],
    ],
    [
      'variables without a host',
      'ansible_host=10.0.0.1\n',
      ['inv:1:1: "ansible_host=10.0.0.1" is no host name (write the name of the host before its variables)'],
    ],
    [
      'an open quote',
      'vm1 a="b c\n',
      ['inv:1:1: a " is not closed (quote a value that holds blanks: name="a b")'],
    ],
    [
      'a colon without a port',
      '[web]\nvm1:\n',
      ['inv:2:1: "vm1:" ends in a colon (a colon stands before a port)'],
    ],
    [
      'a range that runs backwards',
      'vm[9:1]\n',
      [
        'inv:1:1: the range of "vm[9:1]" is wrong: its beginning comes after its end (a range is [1:9], [01:20], [a:f] or [1:9:2])',
      ],
    ],
    [
      'a group that is its own child',
      '[web:children]\nweb\n',
      ['inv:2:1: the group "web" cannot be its own child'],
    ],
    [
      'all as a child',
      '[web:children]\nall\n',
      ['inv:2:1: the group "all" cannot be a child: it holds every group'],
    ],
    [
      'a value cut off by a comment',
      'vm1 password=ab#cd\n',
      [
        'inv:1:5: warning: the value of password ends before the #, which begins a comment (quote the value to keep it whole, or put a blank before the comment)',
      ],
    ],
  ];
  test.each(cases)('%s', async (_, text, expected) => {
    expect(await said({ inv: text })).toEqual(expected);
  });

  test('all at once, in the order of the lines', async () => {
    expect(await said({ inv: '[web]\nvm[1]\nvm1 x\n[web:vars]\noops\n[prod:children]\nnone\n' })).toEqual([
      'inv:2:1: the range of "vm[1]" is wrong: it must be first:last or first:last:step (a range is [1:9], [01:20], [a:f] or [1:9:2])',
      'inv:3:5: "x" is no variable (write name=value, and one host a line)',
      'inv:5:1: "oops" is no variable (write name=value)',
      'inv:7:1: "prod" has the child "none", which is no group (add a section [none])',
    ]);
  });
});

describe('errors of sources', () => {
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[], readonly string[]][] = [
    [
      'a file that is not there',
      { 'prod.yml': '' },
      ['prd.yml'],
      ['there is no inventory prd.yml (did you mean "prod.yml"?)'],
    ],
    [
      'a host without its comma',
      {},
      ['vm1'],
      ['there is no inventory vm1 (to name a host rather than a file, add a comma: -i vm1,)'],
    ],
    [
      'a bad host on the command line',
      {},
      ['vm[1:],'],
      [
        '-i: the range of "vm[1:]" is wrong: its end is missing (a range is [1:9], [01:20], [a:f] or [1:9:2])',
      ],
    ],
    [
      'a script',
      { 'x:inv.py': '#!/usr/bin/python3\n' },
      ['inv.py'],
      [
        'inv.py is a program, and dynamic inventory scripts are not run (save what it prints as a YAML inventory)',
      ],
    ],
    [
      'an executable',
      { 'x:inv/hosts': 'vm1\n' },
      ['inv'],
      [
        'inv/hosts is a program, and dynamic inventory scripts are not run (if it is data, chmod -x inv/hosts)',
      ],
    ],
    [
      'an executable that carries the extension of data',
      { 'x:inv.yml': 'all: {hosts: {vm1: }}\n' },
      ['inv.yml'],
      [],
    ],
    [
      'TOML',
      { 'inv.toml': '[web]\n' },
      ['inv.toml'],
      ['inv.toml: TOML inventories are not read (write YAML or INI)'],
    ],
    ['an empty folder', { 'inv/README.md': '' }, ['inv'], ['the folder inv holds no inventory']],
    [
      'an INI file in a folder',
      { 'inv/a.ini': 'vm1\n', 'inv/b': 'vm2\n' },
      ['inv'],
      [
        'warning: inv/a.ini is not read: in a folder of inventories .ini and .cfg are ignored, as Ansible does (rename it to a, or name the file itself with -i)',
      ],
    ],
    [
      'a host called like a group',
      { inv: '[web]\nweb\n' },
      ['inv'],
      ['warning: "web" is the name of a host and of a group (rename one of them)'],
    ],
  ];
  test.each(cases)('%s', async (_, files, sources, expected) => {
    expect(await said(files, [...sources])).toEqual(expected);
  });
});

describe('errors of group_vars and host_vars', () => {
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'a list',
      { 'group_vars/web.yml': '- a\n' },
      ['group_vars/web.yml:1:1: a file of variables must be a map (write "name: value")'],
    ],
    [
      'a vault',
      { 'host_vars/vm1': '$ANSIBLE_VAULT;1.1;AES256\n00\n' },
      ['host_vars/vm1 is encrypted with Ansible Vault, which is not read'],
    ],
    [
      'two files for one name',
      { 'group_vars/web.yml': 'a: 1\n', 'group_vars/web.json': '{}' },
      [
        'warning: group_vars/web.json is not read, because group_vars/web.yml stands before it (keep one of them)',
      ],
    ],
    [
      'a mistyped name',
      { 'group_vars/webb.yml': 'a: 1\n' },
      ['warning: group_vars/webb.yml belongs to no group (did you mean "web"?)'],
    ],
    ['the file of a host that another inventory has', { 'host_vars/vm2.yml': 'a: 1\n' }, []],
    [
      'a priority in a file',
      { 'group_vars/web.yml': 'ansible_group_priority: 5\n' },
      [
        'group_vars/web.yml:1:1: warning: ansible_group_priority has no effect here (set it in the inventory itself)',
      ],
    ],
  ];
  test.each(cases)('%s', async (_, files, expected) => {
    expect(await said({ ...files, hosts: '[web]\nvm1\n' }, ['hosts'])).toEqual(expected);
  });

  test('an error of the YAML itself has its place', async () => {
    const [first] = await said({ hosts: '[web]\nvm1\n', 'group_vars/web.yml': 'a: {{ b }}\n' }, ['hosts']);
    expect(first).toMatch(/^group_vars\/web\.yml:1:4: /);
  });
});
