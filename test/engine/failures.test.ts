/** What follows from a failure: for its host, for the others, for later plays. */
import { describe, expect, it } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import { type Connect, type Connection, ConnectionError } from '../../src/core/transport.ts';
import { complaints, folder, locals, type RigOptions, runText } from './rig.ts';

const play = (tasks: string, more = '') => `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks}`;
const two = { inventory: locals('a', 'b') };
const ok = (name: string) => `    - name: ${name}\n      command: "true"\n`;
const failing = (name: string, on = 'a') =>
  `    - name: ${name}\n      command: test {{ inventory_hostname }} != ${on}\n`;
const sorted = (endings: readonly string[]) => [...endings].sort();

/** Local connections of which one host's breaks at its nth exchange; 0: it cannot be opened. */
function breaking(host: string, nth: number): Connect {
  const connect = connector({});
  return async (settings, signal) => {
    if (settings.name !== host) return connect(settings, signal);
    if (nth === 0) throw new ConnectionError(`${host} is not there`);
    const real = await connect(settings, signal);
    let count = 0;
    const exchange: Connection['exchange'] = async (scripts, options) => {
      if (++count >= nth) throw new ConnectionError(`${host} was lost`);
      return real.exchange(scripts, options);
    };
    return Object.assign(Object.create(real), {
      user: real.user,
      exchange,
      docker: real.docker.bind(real),
      close: real.close.bind(real),
    });
  };
}

describe('blocks', () => {
  it.each([
    [
      'a failing rescue section fails the host, after always',
      `    - block:\n        - { name: t, command: "false" }\n      rescue:\n        - { name: r, command: "false" }\n      always:\n        - { name: w, command: "true" }\n${ok('after')}`,
      ['a t: rescued', 'a r: failed', 'a w: changed'],
    ],
    [
      'an inner failure is rescued by the outer block, after the inner always',
      `    - block:\n        - block:\n            - { name: t, command: "false" }\n          always:\n            - { name: w, command: "true" }\n      rescue:\n        - { name: r, debug: { msg: "{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}" } }\n${ok('after')}`,
      ['a t: rescued', 'a w: changed', 'a r: ok', 'a after: changed'],
    ],
    [
      'a failure in always fails the host',
      `    - block:\n        - { name: t, command: "true" }\n      always:\n        - { name: w, command: "false" }\n${ok('after')}`,
      ['a t: changed', 'a w: failed'],
    ],
    [
      'end_host ends without always',
      `    - block:\n        - meta: end_host\n      always:\n        - { name: w, command: "true" }\n${ok('after')}`,
      [],
    ],
  ])('%s', async (_, tasks, expected) => {
    expect((await runText(play(tasks), { inventory: locals('a') })).endings).toEqual(expected);
  });
});

describe('other hosts', () => {
  it.each([
    [
      'any_errors_fatal stops them, but not what always cleans up',
      play(
        `    - block:\n        - { name: t, command: "test {{ inventory_hostname }} != a", any_errors_fatal: true }\n      always:\n        - { name: w, command: "true" }\n    - name: wait\n      debug: { msg: "{{ hostvars.a.inventory_hostname ~ hostvars.b.inventory_hostname }}" }\n`,
      ),
      ['a t: failed', 'a w: changed', 'b t: changed', 'b w: changed'],
    ],
    [
      'a failed host is left out of later plays',
      play(failing('t')) + play(ok('next')),
      ['a t: failed', 'b next: changed', 'b t: changed'],
    ],
    [
      'when all failed, nothing comes after',
      play(`    - { name: t, command: "false" }\n`) +
        `- hosts: localhost\n  gather_facts: false\n  tasks:\n${ok('next')}`,
      ['a t: failed', 'b t: failed'],
    ],
    [
      'max_fail_percentage ends the run when it is passed',
      play(failing('t'), '  serial: 2\n  max_fail_percentage: 49\n') + play(ok('next')),
      ['a t: failed', 'b t: changed'],
    ],
    [
      'end_play ends it for all, when all have come there',
      play(
        `    - shell: "test {{ inventory_hostname }} = a || sleep 0.2"\n      name: t\n    - meta: end_play\n${ok('never')}`,
      ) + play(ok('next')),
      ['a next: changed', 'a t: changed', 'b next: changed', 'b t: changed'],
    ],
    [
      'end_batch ends the batch only',
      play(`${ok('t')}    - meta: end_batch\n${ok('never')}`, '  serial: 1\n'),
      ['a t: changed', 'b t: changed'],
    ],
    [
      'clear_host_errors lets failed hosts take part in later plays',
      play(`${failing('t')}    - meta: clear_host_errors\n`) + play(ok('next')),
      ['a next: changed', 'a t: failed', 'b next: changed', 'b t: changed'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(sorted((await runText(text, two)).endings)).toEqual(expected);
  });
});

describe('a task that runs once', () => {
  const once = (rest: string) => `    - name: t\n      run_once: true\n${rest}`;
  it.each([
    ['fails for all', once('      command: "false"\n') + ok('next'), ['a t: failed'], 1],
    [
      'is rescued by all',
      `    - block:\n        - { name: t, command: "false", run_once: true }\n      rescue:\n        - { name: r, debug: { msg: "{{ ansible_failed_task.name }}" } }\n${ok('next')}`,
      ['a next: changed', 'a r: ok', 'a t: rescued', 'b next: changed', 'b r: ok'],
      0,
    ],
    [
      'is skipped for all when the first host skips it',
      once(`      command: "true"\n      when: inventory_hostname == 'b'\n      register: r\n`) +
        `    - { name: n, assert: { that: r is skipped } }\n`,
      ['a n: ok', 'a t: skipped', 'b n: ok'],
      0,
    ],
    [
      'gives its facts to all',
      once(`      set_fact: { x: "{{ item }}" }\n      loop: [1, 2]\n`) +
        `    - { name: n, assert: { that: x == 2 } }\n`,
      ['a n: ok', 'a t: ok', 'b n: ok'],
      0,
    ],
    [
      'may be ignored',
      once(`      command: "false"\n      ignore_errors: true\n      register: r\n`) +
        `    - { name: n, assert: { that: r is failed } }\n`,
      ['a n: ok', 'a t: ignored', 'b n: ok'],
      0,
    ],
    [
      'runs again in each round of an include',
      `    - include_tasks: once.yml\n      loop: [1, 2]\n`,
      ['a o1: changed', 'a o2: changed'],
      0,
    ],
    [
      'runs once in a file whose name is a template',
      `    - set_fact: { f: once.yml, item: 7 }\n      name: s\n    - include_tasks: "{{ f }}"\n`,
      ['a o7: changed', 'a s: ok', 'b s: ok'],
      0,
    ],
    [
      'runs on the first host that comes there',
      `    - include_tasks: once.yml\n      vars: { item: 3 }\n      when: inventory_hostname == 'b'\n    - { name: n, debug: { msg: "{{ ansible_play_hosts }}" } }\n`,
      ['a n: ok', 'b n: ok', 'b o3: changed'],
      0,
    ],
  ])('%s', async (_, tasks, expected, exit) => {
    const files = { 'once.yml': `- name: o{{ item }}\n  command: echo once\n  run_once: true\n` };
    const ran = await runText(play(tasks), { ...two, files });
    expect(complaints(ran).filter(message => !message.includes('non-zero'))).toEqual([]);
    expect(sorted(ran.endings)).toEqual(expected);
    expect(ran.exit).toBe(exit);
  });

  it('is not tried on the next host when the first one is lost', async () => {
    const ran = await runText(play(once('      command: "true"\n') + ok('next')), {
      ...two,
      connect: breaking('a', 0),
    });
    expect(ran.endings).toEqual([]);
    expect(ran.recap.hosts).toMatchObject({ a: { unreachable: 1 }, b: { ok: 0, failed: 0 } });
    expect(ran.exit).toBe(3);
  });
});

describe('a lost connection', () => {
  it.each([0, 1, 2, 3])('is unreachable for that host only, at exchange %i', async nth => {
    const text = play(ok('one') + ok('two') + ok('three'));
    const ran = await runText(text, { ...two, connect: breaking('a', nth) });
    expect(ran.exit).toBe(3);
    expect(ran.recap.hosts).toMatchObject({
      a: { unreachable: 1, failed: 0 },
      b: { changed: 3, unreachable: 0 },
    });
    expect(ran.events.filter(({ type }) => type === 'host_unreachable').length).toBe(1);
  });

  it('goes past rescue and always', async () => {
    const text = play(
      `    - block:\n        - { name: t, command: "true" }\n      rescue:\n        - { name: r, command: "true" }\n      always:\n        - { name: w, command: "true" }\n`,
    );
    expect((await runText(text, { inventory: locals('a'), connect: breaking('a', 1) })).endings).toEqual([]);
  });

  it('may be ignored', async () => {
    const text = play(
      `    - name: t\n      command: "true"\n      ignore_unreachable: true\n      register: r\n    - { name: n, assert: { that: r.unreachable } }\n${ok('next')}`,
    );
    const ran = await runText(text, { inventory: locals('a'), connect: breaking('a', 0) });
    expect(ran.endings).toEqual(['a t: ignored', 'a n: ok']);
    expect(ran.recap.hosts.a).toMatchObject({ ok: 2, ignored: 1, unreachable: 1, failed: 0 });
  });
});

describe('mistakes that only the run can tell fail their host only', () => {
  it.each([
    ['a condition', `    - command: "true"\n      when: "{{ x }}"\n`, "'x' is undefined"],
    ['a handler name', `    - command: "true"\n      notify: "{{ x }}"\n`, "'x' is undefined"],
    [
      'a handler that is not there',
      `    - command: "true"\n      notify: nobody\n`,
      'no handler is named "nobody"',
    ],
    ['the environment', `    - command: "true"\n      environment: { A: "{{ x }}" }\n`, "'x' is undefined"],
    [
      'the pause of a loop',
      `    - command: "true"\n      loop: [1, 2]\n      loop_control: { pause: "{{ x }}" }\n`,
      "'x' is undefined",
    ],
    [
      'retries',
      `    - command: "true"\n      until: false\n      retries: "{{ 'many' }}"\n`,
      'a number is needed',
    ],
    ['a delay', `    - command: "true"\n      until: false\n      delay: "{{ x }}"\n`, "'x' is undefined"],
    ['until', `    - command: "true"\n      until: x\n`, "'x' is undefined"],
    ['changed_when', `    - command: "true"\n      changed_when: x\n`, "'x' is undefined"],
    [
      'run_once',
      `    - command: "true"\n      run_once: "{{ hostvars.a.x if inventory_hostname == 'a' else false }}"\n`,
      "has no attribute 'x'",
    ],
    ['delegate_to', `    - command: "true"\n      delegate_to: "{{ x }}"\n`, "'x' is undefined"],
    ['ignore_errors', `    - command: "false"\n      ignore_errors: "{{ x }}"\n`, 'non-zero'],
    ['no_log', `    - command: "false"\n      no_log: "{{ x }}"\n`, 'hidden by no_log'],
    ['check_mode', `    - command: "true"\n      check_mode: "{{ x }}"\n`, "'x' is undefined"],
    ['timeout', `    - command: "true"\n      timeout: "{{ x }}"\n`, "'x' is undefined"],
    ['a file to include', `    - include_tasks: "{{ x }}"\n`, "'x' is undefined"],
    ['the condition of a meta task', `    - meta: end_host\n      when: x\n`, "'x' is undefined"],
    ['a look-up', `    - debug: { msg: "{{ lookup('file', 'nowhere') }}" }\n`, 'no such file'],
    ['a folder for a template', `    - template: { src: ., dest: /tmp/x }\n`, ''],
    [
      'become',
      `    - command: "true"\n      become: true\n      vars: { ansible_become_method: doas }\n`,
      'become method',
    ],
  ])('%s', async (_, task, message) => {
    const when = `    - block:\n${task.replaceAll(/^/gm, '    ').trimEnd()}\n      when: inventory_hostname == 'a'\n`;
    const ran = await runText(play(when + ok('next')), two);
    const said = ran.events.flatMap(event => (event.type === 'diagnostic' ? [event.frame] : []));
    expect([...complaints(ran), ...said].join()).toContain(message);
    expect(ran.recap.hosts).toMatchObject({ a: { failed: 1 }, b: { failed: 0, changed: 1 } });
    expect(ran.exit).toBe(1);
  });

  it('a file of variables', async () => {
    const text = play(ok('next'), '  vars_files: ["{{ inventory_hostname }}.yml"]\n');
    const ran = await runText(text, { ...two, files: { 'b.yml': 'y: 1\n' } });
    expect(ran.endings).toEqual(['b next: changed']);
    expect(ran.recap.hosts.a).toMatchObject({ failed: 1 });
  });

  it('a bug of ours', async () => {
    const connect: Connect = async (settings, signal) => {
      const real = await connector({})(settings, signal);
      if (settings.name === 'b') return real;
      return Object.assign(Object.create(real), {
        user: real.user,
        close: real.close.bind(real),
        exchange: () => Promise.reject(new TypeError('x is not a function')),
      });
    };
    const ran = await runText(play(ok('one') + ok('two')), { ...two, connect, forks: 1 });
    expect(ran.endings).toEqual(['a one: failed', 'b one: changed', 'b two: changed']);
    expect(complaints(ran)).toEqual(['girofle itself is at fault: TypeError: x is not a function']);
    expect(ran.exit).toBe(1);
  });
});

describe('handlers', () => {
  const handlers = `  handlers:\n    - name: h\n      command: "true"\n`;
  const changing = `    - name: t\n      command: "true"\n      notify: h\n      tags: [x]\n`;
  it.each<[string, string, RigOptions, string[]]>([
    ['run whatever the tags', play(changing) + handlers, { tags: ['x'] }, ['a t: changed', 'a h: changed']],
    [
      'are forgotten when their host fails',
      play(`${changing}    - { name: f, command: "false" }\n`) + handlers,
      {},
      ['a t: changed', 'a f: failed'],
    ],
    [
      'run all the same with force_handlers',
      play(`${changing}    - { name: f, command: "false" }\n`, '  force_handlers: true\n') + handlers,
      {},
      ['a t: changed', 'a f: failed', 'a h: changed'],
    ],
    [
      'run once for a loop',
      play(`    - name: t\n      command: "true"\n      loop: [1, 2]\n      notify: h\n`) + handlers,
      {},
      ['a t: changed', 'a h: changed'],
    ],
    [
      'notify one another',
      play(changing) +
        `  handlers:\n    - { name: h, command: "true", notify: g }\n    - { name: g, command: "true" }\n`,
      {},
      ['a t: changed', 'a h: changed', 'a g: changed'],
    ],
  ])('%s', async (_, text, options, expected) => {
    expect((await runText(text, { ...options, inventory: locals('a') })).endings).toEqual(expected);
  });
});

it('counts as Ansible does', async () => {
  const ran = await runText(
    play(
      `${ok('1')}    - debug: {}\n    - command: "false"\n      ignore_errors: true\n    - command: "true"\n      when: false\n`,
    ),
    { inventory: locals('a') },
  );
  expect(ran.recap.hosts.a).toMatchObject({ ok: 3, changed: 2, ignored: 1, skipped: 1, failed: 0 });
});

it('a later play whose words make no sense leaves the recap of what was done', async () => {
  const ran = await runText(play(ok('t')) + play(ok('n'), '  serial: "{{ nothing }}"\n'), {
    inventory: locals('a'),
  });
  expect(ran.endings).toEqual(['a t: changed']);
  expect(ran.exit).toBe(1);
});

it('a task with a barrier in its judgement runs once', async () => {
  const dir = folder();
  const ran = await runText(
    play(
      `    - name: t\n      shell: echo {{ inventory_hostname }} >> ${dir}/n; wc -l < ${dir}/n\n      register: r\n      changed_when: hostvars.b.inventory_hostname == 'b' and hostvars.a.inventory_hostname == 'a'\n      failed_when: r.stdout | int > 2\n      loop: [1]\n`,
    ),
    two,
  );
  expect(sorted(ran.endings)).toEqual(['a t: changed', 'b t: changed']);
  expect(ran.events.filter(({ type }) => type === 'task_start').length).toBe(2);
});
