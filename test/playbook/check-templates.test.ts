import { describe, expect, it } from 'vitest';
import { checkTemplates } from '../../src/playbook/check-templates.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { references, syntaxErrors } from '../../src/template/template.ts';
import { smallModules } from './small-modules.ts';
import { type Files, headlines, play1, write } from './writing.ts';

const known = new Set(['inventory_hostname', 'groups', 'gitlab_root', 'lookup']);

async function checked(playbook: string, others: Files = {}): Promise<string[]> {
  const file = write(playbook, others);
  const loaded = await loadPlaybook(file, smallModules);
  const compiled = 'diagnostics' in loaded ? loaded.partial : loaded.playbook;
  return headlines(checkTemplates(compiled, { references, syntaxErrors }, known), file);
}

describe('a variable that no host could know is told', () => {
  const cases: [tasks: string, told: string[]][] = [
    [
      '    - command: ls {{ gitlab_rot }}',
      ['p.yml:3:22: \'gitlab_rot\' is undefined (did you mean "gitlab_root"?)'],
    ],
    ['    - command: ls {{ whatever }}', ["p.yml:3:22: 'whatever' is undefined"]],
    ['    - command: ls chdir={{ whatever }}', ["p.yml:3:28: 'whatever' is undefined"]],
    [
      '    - command:\n        cmd: |\n          ls\n          cat {{ whatever }}',
      ["p.yml:6:18: 'whatever' is undefined"],
    ],
    [
      '    - docker_container: {name: x, env: {A: "{{ whatever }}"}}',
      ["p.yml:3:48: 'whatever' is undefined"],
    ],
    ['    - assert: {that: [whatever == 1]}', ["p.yml:3:23: 'whatever' is undefined"]],
    ['    - command: ls\n      when: whatever', ["p.yml:4:13: 'whatever' is undefined"]],
    ['    - command: ls\n      loop: "{{ whatever }}"', ["p.yml:4:17: 'whatever' is undefined"]],
    ['    - command: ls\n      environment: {A: "{{ whatever }}"}', ["p.yml:4:28: 'whatever' is undefined"]],
    ['    - command: ls\n      become: "{{ whatever }}"', ["p.yml:4:19: 'whatever' is undefined"]],
    [
      '    - command: ls {{ a }}\n      vars: {a: "{{ gitlab_rot }}"}',
      ['p.yml:4:21: \'gitlab_rot\' is undefined (did you mean "gitlab_root"?)'],
    ],
    [
      '    - command: ls\n      when: x is defined\n    - command: ls {{ gitlab_rot }}\n      when: groups',
      ['p.yml:5:22: \'gitlab_rot\' is undefined (did you mean "gitlab_root"?)'],
    ],
  ];
  it.each(cases)('%s', async (tasks, told) => expect(await checked(play1(tasks))).toEqual(told));
});

describe('nothing is told of', () => {
  const cases: [title: string, tasks: string][] = [
    ['what is known', '    - command: ls {{ gitlab_root }} {{ groups }}'],
    ['facts', '    - command: ls {{ ansible_facts.x }} {{ ansible_os_family }} {{ facts.y }}'],
    [
      'what a task registers, before or after',
      '    - command: ls {{ r.stdout }}\n    - command: ls\n      register: r',
    ],
    ['what set_fact sets', '    - set_fact: {f: 1}\n    - command: ls {{ f }}'],
    [
      'loop variables',
      '    - command: ls {{ item }} {{ i }}\n      loop: [1]\n      loop_control: {index_var: i}',
    ],
    [
      'variables of the template',
      '    - debug: {msg: "{% set a = 1 %}{{ a }}{% for b in [1] %}{{ b }}{% endfor %}"}',
    ],
    ['what has a default', '    - command: ls {{ whatever | default(1) }} {{ whatever }}'],
    [
      'what is asked for somewhere',
      '    - assert: {that: number is defined}\n    - command: ls {{ number }}',
    ],
    ['what a condition may keep from being read', '    - command: ls {{ whatever }}\n      when: groups'],
    ['what is rescued', '    - block: [{command: "ls {{ whatever }}"}]\n      rescue: [{command: ls}]'],
    ['variables that nothing reads', '    - command: ls\n      vars: {a: "{{ gitlab_rot }}"}'],
    ['names of tasks', '    - name: Do {{ whatever }}\n      command: ls'],
    ['debug of a variable', '    - debug: {var: whatever}'],
    ['functions', '    - command: ls {{ lookup("env", "HOME") }} {{ range(3) }} {{ omit }}'],
    [
      'names set by a name that is a template',
      '    - set_fact: {"{{ groups }}": 1}\n    - command: ls {{ whatever }}',
    ],
    [
      'what a file of tasks with a template for a name may set',
      '    - include_tasks: "{{ groups }}.yml"\n    - command: ls {{ whatever }}',
    ],
  ];
  it.each(cases)('%s', async (_, tasks) => expect(await checked(play1(tasks))).toEqual([]));
});

describe('a template that cannot be read is told', () => {
  const cases: [tasks: string, places: string[]][] = [
    ['    - command: ls {{ a b }}', ['p.yml:3:24']],
    ['    - command: ls\n      when: a ==', ['p.yml:4:16']],
    ['    - name: "{{ x"\n      command: ls', ['p.yml:3:14']],
    ['    - command: ls\n      vars: {a: "{% if %}"}', ['p.yml:4:24']],
  ];
  it.each(cases)('%s', async (tasks, places) => {
    const told = await checked(play1(tasks));
    expect(told.map(line => line.replace(/: .*/, ''))).toEqual(places);
  });
});

it('looks into included files, and into what compiles of a playbook with other mistakes', async () => {
  const tasks =
    '    - fil: {path: "{{ one }}"}\n    - include_tasks: t.yml\n    - file: {path: "{{ two }}", stat: x}';
  expect(await checked(play1(tasks), { 't.yml': '- command: ls {{ three }}' })).toEqual([
    "p.yml:3:23: 'one' is undefined",
    "p.yml:5:24: 'two' is undefined",
    "t.yml:1:18: 'three' is undefined",
  ]);
});
