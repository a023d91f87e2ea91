/** Inventories that Ansible and girofle must understand alike. */

export interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly sources: readonly string[];
  /** Folder of the playbook. */
  readonly playbookFolder?: string;
}

const INI = `
# hosts before the first section are ungrouped
plain ansible_host=10.0.0.9 note='two words' # a comment
; another comment
vm[01:03].example.org:2222 n=1
[10:12:2]-odd
[prod:children]
web   # pending: declared below
db

[db]
db[a:c]
[fe80::1]:2022
[web]
web1 a=b=c
web2 quoted="say \\"hi\\"" slash=a\\ b
dba

[web:vars]
ansible_group_priority=10
level=web
spaced =  some words # kept
[db:vars]
level = db
[all:vars]
level=all
top=1
`.replace('[10:12:2]-odd', 'odd[10:12:2]');

const YAML = `
all:
  vars: { level: all, list: [1, two, null] }
  hosts:
    loose:
    vm[1:3]:
      deep: { a: { b: yes } }
  children:
    web:
      hosts: { w2: , w1: { level: host }, "w3:2203": }
      vars:
        level: web
    prod:
      vars: { ansible_group_priority: 5, level: prod }
      children:
        web:
        db:
          hosts: d1
    zone:
      hosts: { w1: , d1: }
      vars: { level: zone, zone: true }
outside:
  hosts: { w2: { late: 1 } }
`;

export const CASES: readonly Case[] = [
  {
    name: 'INI with ranges, ports, children declared later and a priority',
    files: { hosts: INI },
    sources: ['hosts'],
  },
  {
    name: 'YAML with nested groups, a host in many and a priority',
    files: { 'hosts.yml': YAML },
    sources: ['hosts.yml'],
  },
  {
    name: 'a YAML inventory without an extension',
    files: { hosts: '---\nall:\n  hosts:\n    a: {x: 1}\n' },
    sources: ['hosts'],
  },
  {
    name: 'a JSON inventory',
    files: { 'hosts.json': '{"web": {"hosts": {"a": {"x": [1, {"y": true}]}}}}' },
    sources: ['hosts.json'],
  },
  {
    name: 'group_vars and host_vars beside the inventory',
    files: {
      'inv/hosts':
        '[web]\nw1 from=host\nw2\n[db]\nd1\n[prod:children]\nweb\n[web:vars]\nfrom=inventory\ninline=1\n[all:vars]\nfrom=all\n',
      'inv/group_vars/all.yml': 'from: file of all\nbase: 1\n',
      'inv/group_vars/web/b.yml': 'from: web b\nb: 1\n',
      'inv/group_vars/web/a.yaml': 'from: web a\na: 1\n',
      'inv/group_vars/web/.hidden.yml': 'hidden: 1\n',
      'inv/group_vars/web/deeper/c.json': '{"c": 1}',
      'inv/group_vars/web/notes.txt': 'not: read\n',
      'inv/group_vars/prod': 'from: prod\nprod: 1\n',
      'inv/group_vars/db.json': '{"from": "db"}',
      'inv/host_vars/w2.yml': 'from: file of w2\n',
      'inv/host_vars/w1/one.yml': 'from: file of w1\n',
    },
    sources: ['inv/hosts'],
  },
  {
    name: 'variables beside the playbook, which win over those beside the inventory level by level',
    files: {
      'inv/hosts.yml': 'web: {hosts: {w1: {h: inline}, w2: }, vars: {g: inline, a: inline}}\n',
      'inv/group_vars/all.yml': 'a: inventory all\ng: inventory all\nonly: 1\n',
      'inv/group_vars/web.yml': 'g: inventory web\n',
      'inv/host_vars/w1.yml': 'h: inventory w1\n',
      'play/group_vars/all.yml': 'a: playbook all\ng: playbook all\nh: playbook all\n',
      'play/group_vars/web.yml': 'g2: playbook web\n',
      'play/host_vars/w1.yml': 'h: playbook w1\n',
    },
    sources: ['inv/hosts.yml'],
    playbookFolder: 'play',
  },
  {
    name: 'a folder of inventories in the order of their names, with what Ansible ignores',
    files: {
      'inv/10-hosts': 'a v=1\n[web]\nb v=1\n',
      'inv/20-more.yml': 'web: {hosts: {c: , a: {v: 2}}, vars: {g: 2}}\n',
      'inv/30-groups': '[prod:children]\nweb\n',
      'inv/ignored.ini': 'never\n',
      'inv/README.md': '# never\n',
      'inv/.hidden': 'never\n',
      'inv/old.bak': 'never\n',
      'inv/sub/deep': 'deep\n',
      'inv/group_vars/web.yml': 'file: 1\n',
    },
    sources: ['inv'],
  },
  {
    name: 'several sources, of which the later one wins',
    files: {
      'one/hosts': '[web]\na v=1 w=1\n[web:vars]\ng=1\n',
      'one/group_vars/web.yml': 'f: 1\nh: 1\n',
      'two/hosts.yml': 'web: {hosts: {a: {v: 2}, z: }, vars: {g: 2}}\n',
      'two/group_vars/web.yml': 'f: 2\n',
      'two/group_vars/all.yml': 'h: all of two\n',
    },
    sources: ['one/hosts', 'two/hosts.yml'],
  },
  { name: 'hosts named on the command line', files: {}, sources: ['vm1,10.0.0.2,vm3:2222,'] },
  { name: 'one host named on the command line', files: {}, sources: ['vm1,'] },
];

/** Values as they stand in an INI file. */
export const INI_VALUES: readonly string[] = [
  '1',
  '-1',
  '+2',
  '007',
  '00',
  '0644',
  '0x1f',
  '0o17',
  '0b11',
  '1_000',
  '1__0',
  '1.5',
  '.5',
  '5.',
  '1e3',
  '-1.5e-3',
  '1.2.3',
  '10.0.0.1',
  'True',
  'False',
  'None',
  'true',
  'yes',
  'on',
  'null',
  '~',
  'nan',
  'inf',
  '1-2',
  '1 2',
  'abc',
  '',
  "'a b'",
  '"a b"',
  "'a' 'b'",
  "u'x'",
  "r'a\\nb'",
  "'a\\nb'",
  "'it''s'",
  "'\\x41\\u00e9\\101\\q'",
  "'open",
  '"a" b',
  "'a'b",
  '[]',
  '[1, 2,]',
  '[1 2]',
  '[1,,2]',
  '[yes]',
  "['a', [True, None], {'b': (1, 2)}]",
  '()',
  '(1)',
  '(1,)',
  '(1, 2)',
  '{}',
  "{'a': 1, 'b': {'c': [1.5]}}",
  "{'a': 1,}",
  "{'a'}",
  "{'a': }",
  '{"a": true}',
  "{2: 'x', True: 'y', None: 'z'}",
  '{{ template }}',
  '{{template}}',
  '5 # five',
  "'x' # why",
  'word # kept',
  '# nothing',
  '- 3',
  'a=b',
  'é',
  '12a',
  '1,2',
  '1, 2',
  '1,',
  ',',
  '1,,',
  '1, 2 # c',
  "'a', 'b'",
];
