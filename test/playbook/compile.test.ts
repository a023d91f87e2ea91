import { describe, expect, it } from 'vitest';
import type { Inherited, Node, TaskNode } from '../../src/core/play.ts';
import { load, loadTask, loadTasks } from './writing.ts';

/** The values of what is handed down, without their places. */
function handedDown({ when, tags, vars, environment, become, becomeUser, delegateTo }: Inherited) {
  return {
    when: when.map(({ value }) => value),
    tags,
    vars: Object.assign({}, ...vars.map(({ values }) => values)),
    environment: environment.map(({ value }) => value),
    become: become?.value,
    becomeUser: becomeUser?.value,
    delegateTo: delegateTo?.value,
  };
}

const nothing = {
  when: [],
  tags: [],
  vars: {},
  environment: [],
  become: undefined,
  becomeUser: undefined,
  delegateTo: undefined,
};

/** `command`, `[block | rescue | always]`, `include t.yml`: the shape of a list of tasks. */
function shape(nodes: readonly Node[]): unknown[] {
  return nodes.map(node => {
    if (node.kind === 'block') return [node.block, node.rescue, node.always].map(shape);
    if (node.kind === 'include') return `include ${node.file.value}`;
    return node.kind === 'meta' ? node.action : (node.name?.value ?? node.module.name);
  });
}

function tasksOf(nodes: readonly Node[]): readonly TaskNode[] {
  return nodes.flatMap(node =>
    node.kind === 'block'
      ? tasksOf([...node.block, ...node.rescue, ...node.always])
      : node.kind === 'task'
        ? [node]
        : [],
  );
}

describe('the module and its arguments', () => {
  const cases: [task: string, module: string, args: object][] = [
    ['    - command: ls -l chdir=/tmp', 'command', { cmd: 'ls -l', chdir: '/tmp' }],
    ['    - command: FOO=1 make x=y', 'command', { cmd: 'FOO=1 make x=y' }],
    ['    - ansible.builtin.command: ls', 'command', { cmd: 'ls' }],
    ['    - ansible.legacy.command: ls', 'command', { cmd: 'ls' }],
    ['    - community.docker.docker_container: {name: x}', 'docker_container', { name: 'x' }],
    ['    - command:\n      args: {cmd: ls, chdir: /}', 'command', { cmd: 'ls', chdir: '/' }],
    ['    - command: ls\n      args: {chdir: /}', 'command', { cmd: 'ls', chdir: '/' }],
    ['    - file: path=/x mode=0644', 'file', { path: '/x', mode: '0644' }],
    ['    - file: {path: /x, mode: 0644}', 'file', { path: '/x', mode: '0644' }],
    ['    - action: file path=/x', 'file', { path: '/x' }],
    ['    - action: {module: file, path: /x}', 'file', { path: '/x' }],
    ['    - set_fact: a=1 b="2 3"', 'set_fact', { a: '1', b: '2 3' }],
    ['    - debug:', 'debug', {}],
    ['    - file: {path: "{{ p }}", recurse: "{{ r }}"}', 'file', { path: '{{ p }}', recurse: '{{ r }}' }],
  ];
  it.each(cases)('%s', async (text, module, args) => {
    const task = await loadTask(text);
    expect([task.module.name, task.args.value]).toEqual([module, args]);
  });

  it('local_action is delegated to localhost', async () => {
    const task = await loadTask('    - local_action: command ls');
    expect([task.module.name, task.args.value, task.delegateTo?.value]).toEqual([
      'command',
      { cmd: 'ls' },
      'localhost',
    ]);
  });

  it('each argument knows its place', async () => {
    const task = await loadTask('    - command: echo {{ a }} chdir={{ b }}\n      args: {creates: /c}');
    const { source } = task.args;
    const at = (name: string, offset?: number) => {
      const { line, column } = source.place([name], offset);
      return `${line}:${column}`;
    };
    expect([at('cmd', 5), at('chdir', 3), at('creates'), at('unknown')]).toEqual([
      '3:21',
      '3:38',
      '4:23',
      '3:7',
    ]);
  });

  it('module_defaults are given beneath its own, the nearest first', async () => {
    const { plays } = await load(`- hosts: all
  module_defaults: {file: {mode: "0600", recurse: yes, state: directory}, command: {chdir: /}}
  tasks:
    - block:
        - file: {path: /x, mode: "0644"}
      module_defaults: {ansible.builtin.file: {recurse: no}}
`);
    expect(tasksOf(plays[0]?.tasks ?? [])[0]?.args.value).toEqual({
      mode: '0644',
      recurse: false,
      state: 'directory',
      path: '/x',
    });
  });
});

describe('keywords', () => {
  it('of a task', async () => {
    const task = await loadTask(`    - name: List
      command: ls
      register: listing
      notify: [one, "{{ two }}"]
      changed_when: no
      failed_when: [a, b]
      until: c
      retries: "3"
      delay: "{{ d }}"
      loop: [1, 2]
      loop_control: {loop_var: n, index_var: i, label: "{{ n }}", pause: 1, extended: yes}
      timeout: 5
`);
    const {
      name,
      register,
      notify,
      changedWhen,
      failedWhen,
      until,
      retries,
      delay,
      loop,
      loopControl,
      timeout,
    } = task;
    expect({
      name: name?.value,
      register,
      notify: notify.map(({ value }) => value),
      conditions: [changedWhen, failedWhen, until].map(list => list?.map(({ value }) => value)),
      numbers: [retries?.value, delay?.value, timeout?.value],
      loop: [loop?.style, loop?.value],
      control: [
        loopControl.loopVar,
        loopControl.indexVar,
        loopControl.label?.value,
        loopControl.pause?.value,
        loopControl.extended,
      ],
    }).toEqual({
      name: 'List',
      register: 'listing',
      notify: ['one', '{{ two }}'],
      conditions: [[false], ['a', 'b'], ['c']],
      numbers: [3, '{{ d }}', 5],
      loop: ['loop', [1, 2]],
      control: ['n', 'i', '{{ n }}', 1, true],
    });
  });

  const styles = ['items', 'list', 'dict', 'sequence', 'indexed_items', 'nested', 'together'];
  it.each(styles)('with_%s', async style => {
    const task = await loadTask(`    - command: ls\n      with_${style}: "{{ x }}"`);
    expect([task.loop?.style, task.loop?.value]).toEqual([style, '{{ x }}']);
  });

  it('of a play', async () => {
    const { plays } = await load(
      `- name: Web
  hosts: [web, db]
  gather_facts: no
  serial: [1, 30%]
  strategy: linear
  remote_user: root
  port: 22
  connection: ssh
  any_errors_fatal: yes
  max_fail_percentage: 30
  force_handlers: true
  schedule: "@daily"
  vars: {a: 1}
  vars_files: [v.yml, "{{ os }}.yml", [missing.yml, w.yml]]
  tasks:
    - command: ls
`,
      { 'v.yml': 'a: 2', 'w.yml': 'b: 3' },
    );
    const [play] = plays;
    expect({
      ...play,
      ...{ place: undefined, source: undefined, inherited: undefined },
      hosts: play?.hosts.value,
      serial: play?.serial?.value,
      remoteUser: play?.remoteUser?.value,
      port: play?.port?.value,
      connection: play?.connection?.value,
      schedule: play?.schedule?.value,
      vars: play?.vars.map(({ values }) => values),
      varsFiles: play?.varsFiles.map(({ value }) => value),
      tasks: shape(play?.tasks ?? []),
    }).toEqual({
      name: 'Web',
      hosts: ['web', 'db'],
      varsPrompt: [],
      gatherFacts: false,
      serial: [1, '30%'],
      strategy: 'linear',
      remoteUser: 'root',
      port: 22,
      connection: 'ssh',
      anyErrorsFatal: true,
      maxFailPercentage: 30,
      forceHandlers: true,
      schedule: '@daily',
      vars: [{ a: 1 }, { a: 2 }, { b: 3 }],
      varsFiles: ['{{ os }}.yml'],
      roleDefaults: [],
      roleVars: [],
      roles: [],
      preTasks: [],
      tasks: ['command'],
      postTasks: [],
      handlers: [],
      place: undefined,
      source: undefined,
      inherited: undefined,
    });
  });

  it('a play without a name is called by its hosts', async () => {
    expect((await load('- hosts: [web, "!db"]')).plays[0]?.name).toBe('web,!db');
  });

  it('handlers listen', async () => {
    const { plays } = await load(
      '- hosts: all\n  handlers:\n    - name: h\n      command: ls\n      listen: [a, b]',
    );
    expect(tasksOf(plays[0]?.handlers ?? []).map(({ listen }) => listen)).toEqual([['a', 'b']]);
  });
});

describe('what is handed down', () => {
  it('the nearer one wins; conditions, tags, variables and environment add up', async () => {
    const { plays } = await load(`- hosts: all
  become: yes
  become_user: a
  tags: p
  environment: {A: 1}
  vars: {play: 1}
  tasks:
    - block:
        - command: ls
          when: t
          tags: [t, b]
          environment: "{{ e }}"
          become_user: c
          vars: {x: 2, y: 3}
      when: [b1, b2]
      tags: b, c
      become: no
      vars: {x: 1}
      delegate_to: other
      notify: h
`);
    const [task] = tasksOf(plays[0]?.tasks ?? []);
    expect(task && handedDown(task)).toEqual({
      when: ['b1', 'b2', 't'],
      tags: ['p', 'b', 'c', 't'],
      vars: { x: 2, y: 3 },
      environment: [{ A: 1 }, '{{ e }}'],
      become: false,
      becomeUser: 'c',
      delegateTo: 'other',
    });
    expect(task?.notify.map(({ value }) => value)).toEqual(['h']);
  });

  it('to rescue and always as to the block', async () => {
    const { tasks } = await loadTasks(`    - block: [{command: a}]
      rescue: [{command: b}]
      always: [{command: c}, {meta: noop}]
      when: w
`);
    expect(shape(tasks)).toEqual([[['command'], ['command'], ['command', 'noop']]]);
    expect(tasksOf(tasks).map(({ when }) => when.map(({ value }) => value))).toEqual([['w'], ['w'], ['w']]);
  });

  it('an import hands all of it to the tasks of its file', async () => {
    const { tasks } = await loadTasks(
      '    - import_tasks: sub/t.yml\n      when: w\n      tags: x\n      vars: {v: 1}\n      become: yes',
      {
        'sub/t.yml': '- import_tasks: u.yml',
        'sub/u.yml': '- command: ls\n  when: t',
      },
    );
    expect(tasksOf(tasks).map(handedDown)).toEqual([
      { ...nothing, when: ['w', 't'], tags: ['x'], vars: { v: 1 }, become: true },
    ]);
  });

  it('an include hands its variables and what apply says to the tasks of its file', async () => {
    const { tasks } = await loadTasks(
      `    - block:
        - include_tasks: {file: t.yml, apply: {tags: a, become: yes}}
          when: w
          tags: x
          vars: {v: 1}
      when: b
`,
      { 't.yml': '- command: ls' },
    );
    const [block] = tasks;
    const [include] = block?.kind === 'block' ? block.block : [];
    if (include?.kind !== 'include') throw new Error('no include');
    expect(handedDown(include)).toEqual({ ...nothing, when: ['b', 'w'], tags: ['x'], vars: { v: 1 } });
    const children = await include.load('t.yml', []);
    expect(tasksOf(children).map(handedDown)).toEqual([
      { ...nothing, when: ['b'], tags: ['a'], vars: { v: 1 }, become: true },
    ]);
    expect(include.ahead).toEqual(children);
  });

  it('an imported playbook hands its plays variables, tags and conditions', async () => {
    const { plays } = await load('- import_playbook: q.yml\n  vars: {v: 1, w: 1}\n  tags: x\n  when: c', {
      'q.yml': '- hosts: all\n  vars: {w: 2}\n  tasks:\n    - command: ls',
    });
    expect(plays.map(({ vars }) => vars.map(({ values }) => values))).toEqual([[{ w: 2 }, { v: 1, w: 1 }]]);
    expect(tasksOf(plays[0]?.tasks ?? []).map(handedDown)).toEqual([
      { ...nothing, when: ['c'], tags: ['x'] },
    ]);
  });
});

describe('include_tasks', () => {
  async function include(tasks: string, others: Record<string, string>) {
    const [node] = (await loadTasks(tasks, others)).tasks;
    if (node?.kind !== 'include') throw new Error('no include');
    return node;
  }

  it('with a template for a name is loaded when met, relative to its file', async () => {
    const node = await include('    - include_tasks: "{{ os }}.yml"\n      loop: [1]', {
      'debian.yml': '- command: ls',
    });
    expect([node.ahead, node.loop?.value, shape(await node.load('debian.yml', []))]).toEqual([
      undefined,
      [1],
      ['command'],
    ]);
  });

  it('tells then what is wrong', async () => {
    const node = await include('    - include_tasks: "{{ os }}.yml"', { 'debian.yml': '- fil: {}' });
    await expect(node.load('debian.yml', [])).rejects.toThrow(
      'debian.yml:1:3: unknown module "fil" (did you mean "file"?)',
    );
  });

  it('may include itself: a condition ends it', async () => {
    const node = await include('    - include_tasks: t.yml', {
      't.yml': '- command: ls\n- include_tasks: t.yml\n  when: more',
    });
    const [, again] = await node.load('t.yml', []);
    if (again?.kind !== 'include') throw new Error('no include');
    expect([again.ahead, shape(await again.load('t.yml', []))]).toEqual([
      undefined,
      ['command', 'include t.yml'],
    ]);
  });
});
