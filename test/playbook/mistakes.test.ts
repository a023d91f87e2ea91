import { describe, expect, it } from 'vitest';
import { play1, told } from './writing.ts';

describe('a mistake in a task is said with its place and what to do', () => {
  const cases: [tasks: string, told: string[]][] = [
    ['    - fil: {path: /x}', ['p.yml:3:7: unknown module "fil" (did you mean "file"?)']],
    [
      '    - ansible.builtin.fil: {path: /x}',
      ['p.yml:3:7: unknown module "ansible.builtin.fil" (did you mean "file"?)'],
    ],
    ['    - frobnicate: {path: /x}', ['p.yml:3:7: unknown module "frobnicate"']],
    [
      '    - regster: x\n      file: {path: /x}',
      ['p.yml:3:7: unknown keyword "regster" (did you mean "register"?)'],
    ],
    [
      '    - wth_items: [x]\n      command: ls',
      ['p.yml:3:7: unknown keyword "wth_items" (did you mean "with_items"?)'],
    ],
    [
      '    - name: nothing',
      ['p.yml:3:7: the task says nothing to do (give it a module, such as command or debug)'],
    ],
    [
      '    - file: {path: /x}\n      command: ls',
      ['p.yml:4:7: a task does one thing: this one has "file" and "command" (make it two tasks)'],
    ],
    ['    - debug', ['p.yml:3:7: a task must be a mapping (such as "- debug:" and its arguments below)']],
    ['    - action: fil path=/x', ['p.yml:3:15: unknown module "fil" (did you mean "file"?)']],
    ['    - action: {path: /x}', ['p.yml:3:15: "action" must name a module (action: command uptime)']],
    ['    - command: ls\n      become: 3', ['p.yml:4:15: "become" must be true, false or a template']],
    ['    - command: ls\n      diff: "{{ d }}"', ['p.yml:4:13: "diff" must be true or false']],
    [
      '    - command: ls\n      when: {a: b}',
      ['p.yml:4:13: "when" must be an expression, or a list of them'],
    ],
    ['    - command: ls\n      tags: [{a: b}]', ['p.yml:4:13: "tags" must be a string or a list of strings']],
    [
      '    - command: ls\n      retries: -1',
      ['p.yml:4:16: "retries" must be a number that is not negative, or a template'],
    ],
    [
      '    - command: ls\n      register: a-b',
      ['p.yml:4:17: "register" must be the name of a variable: letters, digits and _'],
    ],
    [
      '    - command: ls\n      become_method: su',
      ['p.yml:4:22: "become_method" must be sudo: no other method is supported in this version'],
    ],
    [
      '    - command: ls\n      vars: {a-b: 1}',
      ['p.yml:4:14: "a-b" cannot be the name of a variable (did you mean "a_b"?)'],
    ],
    [
      '    - command: ls\n      vars: {in: 1}',
      ['p.yml:4:14: "in" is a word of the template language and cannot be the name of a variable'],
    ],
    [
      '    - command: ls\n      loop: things',
      ['p.yml:4:13: "loop" must be a list or a template of one (write "{{ things }}" for a variable)'],
    ],
    [
      '    - command: ls\n      loop: [1]\n      with_items: [2]',
      ['p.yml:5:7: a task has one loop: this one has "loop" and "with_items"'],
    ],
    [
      '    - command: ls\n      loop: [1]\n      loop_control: {lop_var: x}',
      ['p.yml:5:22: unknown keyword "lop_var" in loop_control (did you mean "loop_var"?)'],
    ],
    [
      '    - command: ls\n      listen: x',
      ['p.yml:4:7: unknown keyword "listen" in a task (only handlers listen)'],
    ],
    ['    - rescue: []', ['p.yml:3:7: "rescue" needs a "block" beside it']],
    [
      '    - block: []\n      rescu: []',
      ['p.yml:4:7: unknown keyword "rescu" in a block (did you mean "rescue"?)'],
    ],
    [
      '    - block: []\n      register: x',
      ['p.yml:4:7: unknown keyword "register" in a block (give it to the tasks of the block)'],
    ],
    [
      '    - block: []\n      loop: [1]',
      ['p.yml:4:7: a block cannot be looped over (put its tasks into a file, and loop over include_tasks)'],
    ],
    [
      '    - meta: flush_handler',
      [
        'p.yml:3:13: "meta" must be one of flush_handlers, end_host, end_play, end_batch, clear_facts, clear_host_errors, noop (did you mean "flush_handlers"?)',
      ],
    ],
    [
      '    - command: ls\n      module_defaults: {fil: {mode: "0644"}}',
      ['p.yml:4:25: unknown module "fil" (did you mean "file"?)'],
    ],
  ];
  it.each(cases)('%s', async (tasks, expected) => expect(await told(play1(tasks))).toEqual(expected));
});

describe('a mistake in arguments', () => {
  const cases: [task: string, told: string[]][] = [
    ['file: {pth: /x}', ['p.yml:3:14: unknown argument "pth" of file (did you mean "path"?)']],
    ['file: {state: file}', ['p.yml:3:7: missing argument "path" of file']],
    ['file: {path: }', ['p.yml:3:7: missing argument "path" of file']],
    [
      'file: {path: /x, state: fil}',
      ['p.yml:3:31: "state" must be one of file, directory, absent, not "fil" (did you mean "file"?)'],
    ],
    [
      'file: {path: /x, mode: 644}',
      ['p.yml:3:30: "mode" must be octal digits in quotes, not the number 644 (write \'0644\')'],
    ],
    [
      'file: {path: /x, mode: rwx}',
      [
        'p.yml:3:30: "mode" cannot be "rwx" (Permissions: octal digits in quotes (\'0644\') or symbolic (u=rwX,g=rX,o=))',
      ],
    ],
    ['file: {path: /x, recurse: maybe}', ['p.yml:3:33: "recurse" must be true or false, not "maybe"']],
    ['file: {path: /x, depth: 12}', ['p.yml:3:31: "depth" must be at most 9, not 12']],
    ['file: {path: [/x]}', ['p.yml:3:20: "path" must be a string, not ["/x"]']],
    ['file: path=/x stat=absent', ['p.yml:3:21: unknown argument "stat" of file (did you mean "state"?)']],
    ['file: path=/x depth=12', ['p.yml:3:27: "depth" must be at most 9, not 12']],
    [
      'file: /x',
      [
        'p.yml:3:13: file takes its arguments by name (write path: and its value, on a line of its own below file:)',
      ],
    ],
    [
      'file: "{{ all }}"',
      [
        'p.yml:3:13: the arguments of file cannot be one template (write path: and its value, on a line of its own below file:)',
      ],
    ],
    ['file: [path]', ['p.yml:3:13: the arguments of file must be a mapping, not a list']],
    ['command: {chdir: /x}', ['p.yml:3:7: command: give a command']],
    [
      'docker_container: {name: x, ports: [{host: x}, 3, {hst: 1}]}',
      [
        'p.yml:3:50: "ports[0].host" must be a whole number, not "x"',
        'p.yml:3:54: "ports[1]" must be a mapping, not 3',
        'p.yml:3:58: unknown argument "ports[2].hst" of docker_container (did you mean "host"?)',
      ],
    ],
    [
      'docker_container: {name: x, memory: 1x}',
      ['p.yml:3:43: "memory" cannot be "1x" (Bytes, or with k, m, g)'],
    ],
    [
      'docker_container: {name: x, memory: [1]}',
      ['p.yml:3:43: "memory" must be a whole number or a string, not [1]'],
    ],
  ];
  it.each(cases)('%s', async (task, expected) =>
    expect(await told(play1(`    - ${task}`))).toEqual(expected),
  );
});

describe('what Ansible has and this version has not is refused by name', () => {
  const cases: [tasks: string, told: string[]][] = [
    [
      '    - command: ls\n      async: 10\n      poll: 0',
      [
        'p.yml:4:7: async is not supported in this version (leave it out: a long task shows what it says, and timeout limits it)',
        'p.yml:5:7: poll is not supported in this version (leave it out, as async)',
      ],
    ],
    [
      '    - command: ls\n      throttle: 1',
      ['p.yml:4:7: throttle is not supported in this version (use serial on the play)'],
    ],
    [
      '    - include_vars: x.yml',
      ['p.yml:3:7: include_vars is not supported in this version (use vars_files, or vars on the task)'],
    ],
    [
      '    - ansible.builtin.include_role: {name: x, public: true}',
      [
        'p.yml:3:44: there is no role "x" in roles',
        'p.yml:3:47: the variables of an included role are seen by its own tasks only: public is not supported in this version (use import_role, whose variables all tasks see)',
      ],
    ],
    [
      '    - import_role: {nam: x}',
      [
        'p.yml:3:7: import_role needs the name of a role (import_role: {name: web})',
        'p.yml:3:21: unknown argument "nam" of import_role (did you mean "name"?)',
      ],
    ],
    [
      "    - import_role: {name: '{{ x }}'}",
      ['p.yml:3:27: the name of a role cannot be a template here (use include_role)'],
    ],
    [
      '    - add_host: {name: x}',
      ['p.yml:3:7: add_host is not supported in this version (put the host into the inventory)'],
    ],
    [
      '    - with_fileglob: x\n      command: ls',
      [
        'p.yml:3:7: with_fileglob is not supported in this version (use loop, or with_items, with_list, with_dict, with_sequence, with_indexed_items, with_nested, with_together)',
      ],
    ],
    [
      '    - meta: refresh_inventory',
      [
        'p.yml:3:13: meta: refresh_inventory is not supported in this version (put the hosts into the inventory before the run)',
      ],
    ],
    [
      '    - command: ls\n      sudo: true',
      ['p.yml:4:7: sudo is not supported in this version (use become)'],
    ],
  ];
  it.each(cases)('%s', async (tasks, expected) => expect(await told(play1(tasks))).toEqual(expected));
});

describe('a mistake in a play', () => {
  const cases: [playbook: string, told: string[]][] = [
    ['', ['p.yml:1:1: the playbook is empty (begin with "- hosts:")']],
    ['hosts: all', ['p.yml:1:1: a playbook must be a list of plays (begin with "- hosts:")']],
    ['- all', ['p.yml:1:3: a play must be a mapping (begin with "- hosts:")']],
    ['- tasks: []', ['p.yml:1:3: a play needs "hosts"']],
    ['- hosts: []', ['p.yml:1:10: "hosts" is empty (name a host, a group, or all)']],
    ['- hosts: all\n  taks: []', ['p.yml:2:3: unknown keyword "taks" in a play (did you mean "tasks"?)']],
    ['- hosts: all\n  tasks: {}', ['p.yml:2:10: "tasks" must be a list of tasks']],
    ['- hosts: all\n  roles: [x]', ['p.yml:2:11: there is no role "x" in roles']],
    [
      '- hosts: all\n  roles: [{vars: {a: 1}}]',
      ['p.yml:2:11: a role is a name, or a mapping with "role" (- role: web)'],
    ],
    ['- hosts: all\n  roles: web', ['p.yml:2:10: "roles" must be a list of roles']],
    ['- hosts: all\n  strategy: debug', ['p.yml:2:13: "strategy" must be linear, free or host_pinned']],
    [
      '- hosts: all\n  order: shuffle',
      ['p.yml:2:10: "order" must be inventory: no other order is supported in this version'],
    ],
    [
      '- hosts: all\n  max_fail_percentage: 120',
      ['p.yml:2:24: "max_fail_percentage" must be a number from 0 to 100'],
    ],
    ['- hosts: all\n  vars: [x]', ['p.yml:2:9: "vars" must be a mapping']],
    [
      '- hosts: all\n  collections: [x]',
      ['p.yml:2:3: warning: "collections" is ignored: modules are known by their bare names'],
    ],
    [
      '- name: Look\n  file: {path: /x}',
      [
        'p.yml:2:3: "file" is a task: a playbook is a list of plays (put it below "tasks:" of a play with "hosts:")',
      ],
    ],
    ['- hosts: all\n  vars_files: [v.yml]', ['p.yml:2:16: cannot read v.yml: there is no such file']],
    [
      '- hosts: all\n  vars_files: [[a.yml, b.yml]]',
      ['p.yml:2:16: none of these files exists: a.yml, b.yml'],
    ],
    [
      '- hosts: all\n  handlers:\n    - block: []',
      ['p.yml:3:7: a handler cannot be a block (make each task a handler)'],
    ],
  ];
  it.each(cases)('%s', async (playbook, expected) => expect(await told(playbook)).toEqual(expected));
});

describe('a mistake in another file is said with that file', () => {
  const cases: [title: string, playbook: string, others: Record<string, string>, told: string[]][] = [
    [
      'variables',
      '- hosts: all\n  vars_files: v.yml',
      { 'v.yml': '- x' },
      ['v.yml:1:1: a file of variables must be a mapping'],
    ],
    [
      'a vault',
      '- hosts: all\n  vars_files: v.yml',
      { 'v.yml': '$ANSIBLE_VAULT;1.1;AES256\n62' },
      ['v.yml:1:1: files encrypted by ansible-vault are not supported in this version'],
    ],
    [
      'imported tasks',
      play1('    - import_tasks: t.yml'),
      { 't.yml': '- fil: {}' },
      ['t.yml:1:3: unknown module "fil" (did you mean "file"?)'],
    ],
    [
      'included tasks',
      play1('    - include_tasks: t.yml'),
      { 't.yml': '- fil: {}' },
      ['t.yml:1:3: unknown module "fil" (did you mean "file"?)'],
    ],
    [
      'tasks that are no list',
      play1('    - import_tasks: t.yml'),
      { 't.yml': 'a: b' },
      ['t.yml:1:1: a file of tasks must be a list'],
    ],
    [
      'a file that is not there',
      play1('    - import_tasks: t.yml'),
      {},
      ['p.yml:3:21: cannot read t.yml: there is no such file'],
    ],
    [
      'a template',
      play1('    - import_tasks: "{{ t }}"'),
      {},
      ['p.yml:3:21: the file of import_tasks cannot be a template (use include_tasks)'],
    ],
    [
      'a loop',
      play1('    - import_tasks: t.yml\n      loop: [1]'),
      { 't.yml': '' },
      ['p.yml:4:7: import_tasks cannot be looped over (use include_tasks)'],
    ],
    [
      'an unknown argument',
      play1('    - include_tasks: {fil: t.yml}'),
      {},
      [
        'p.yml:3:7: include_tasks needs the name of a file',
        'p.yml:3:23: unknown argument "fil" of include_tasks (did you mean "file"?)',
      ],
    ],
    [
      'what only apply hands down',
      play1('    - include_tasks: t.yml\n      become: true'),
      { 't.yml': '' },
      [
        'p.yml:4:7: unknown keyword "become" in include_tasks (give it to the tasks of the file: include_tasks: {file: ..., apply: {...}})',
      ],
    ],
    [
      'imports in a circle',
      play1('    - import_tasks: a.yml'),
      { 'a.yml': '- import_tasks: b.yml', 'b.yml': '- import_tasks: a.yml' },
      ['b.yml:1:17: a.yml imports itself (a.yml → b.yml → a.yml)'],
    ],
    [
      'playbooks in a circle',
      '- import_playbook: q.yml',
      { 'q.yml': '- import_playbook: p.yml' },
      ['q.yml:1:20: p.yml imports itself (p.yml → q.yml → p.yml)'],
    ],
    [
      'an imported playbook',
      '- import_playbook: q/q.yml',
      { 'q/q.yml': '- hosts: all\n  taks: []' },
      ['q/q.yml:2:3: unknown keyword "taks" in a play (did you mean "tasks"?)'],
    ],
  ];
  it.each(cases)('%s', async (_, playbook, others, expected) =>
    expect(await told(playbook, others)).toEqual(expected),
  );
});

it('tells all of a file at once: twelve mistakes of twelve kinds', async () => {
  const playbook = `- hosts: all
  gather_fact: no
  vars:
    a-b: 1
    c: {{ a }}
  tasks:
    - name: first
      fil: {path: /x}
    - command: ls
      regster: x
    - file: {path: /x, stat: absent}
    - file: {path: /x, mode: 644}
    - file: {state: absent}
    - name: It says: hello
      debug: {msg: hello}
    - command: ls
      become: 3
    - command: ls
      command: pwd
    - import_tasks: missing.yml
  handlers:
    - name: h
`;
  expect(await told(playbook)).toEqual([
    'p.yml:2:3: unknown keyword "gather_fact" in a play (did you mean "gather_facts"?)',
    'p.yml:4:5: "a-b" cannot be the name of a variable (did you mean "a_b"?)',
    'p.yml:5:8: a value that begins with {{ must be quoted (quote the template: "{{ a }}")',
    'p.yml:8:7: unknown module "fil" (did you mean "file"?)',
    'p.yml:10:7: unknown keyword "regster" (did you mean "register"?)',
    'p.yml:11:24: unknown argument "stat" of file (did you mean "state"?)',
    'p.yml:12:30: "mode" must be octal digits in quotes, not the number 644 (write \'0644\')',
    'p.yml:13:7: missing argument "path" of file',
    'p.yml:14:13: a key does not belong here (quote a value that holds ": ", and check the indentation)',
    'p.yml:17:15: "become" must be true, false or a template',
    'p.yml:19:7: the key "command" is given twice (keep one of them)',
    'p.yml:20:21: cannot read missing.yml: there is no such file',
    'p.yml:22:7: the task says nothing to do (give it a module, such as command or debug)',
  ]);
});
