/** Which variable wins, and what loops and retries leave behind. Checked against ansible-playbook 2.14. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { complaints, folder, HERE, locals, type RigOptions, runText } from './rig.ts';

const play = (tasks: string, more = '') => `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks}`;

/** What `debug` said, in order. */
async function said(text: string, options: RigOptions = {}): Promise<readonly Value[]> {
  const ran = await runText(text, options);
  expect(complaints(ran)).toEqual([]);
  return ran.events.flatMap(event =>
    event.type === 'task_end' && event.module === 'debug' ? [event.result?.msg ?? null] : [],
  );
}

const say = `    - debug: { msg: "{{ x }}" }\n`;

describe('the nearest wins', () => {
  it.each<[string, string, RigOptions, Value]>([
    ['play vars over the inventory', play(say, '  vars: { x: play }\n'), {}, 'play'],
    ['vars_files over play vars', play(say, '  vars: { x: play }\n  vars_files: [v.yml]\n'), {}, 'file'],
    [
      'block vars over those',
      play(
        `    - block:\n        - debug: { msg: "{{ x }}" }\n      vars: { x: block }\n`,
        '  vars: { x: play }\n',
      ),
      {},
      'block',
    ],
    [
      'task vars over block vars',
      play(
        `    - block:\n        - debug: { msg: "{{ x }}" }\n          vars: { x: task }\n      vars: { x: block }\n`,
      ),
      {},
      'task',
    ],
    [
      'set_fact over task vars',
      play(`    - set_fact: { x: fact }\n${say}      vars: { x: task }\n`),
      {},
      'fact',
    ],
    [
      'vars of include_tasks over set_fact',
      play(`    - set_fact: { x: fact }\n    - include_tasks: say.yml\n      vars: { x: include }\n`),
      {},
      'include',
    ],
    [
      'a task in an included file over the block around the include',
      play(`    - block:\n        - include_tasks: own.yml\n      vars: { x: block }\n`),
      {},
      'own',
    ],
    [
      '-e over all',
      play(`    - set_fact: { x: fact }\n${say}      vars: { x: task }\n`),
      { extra: { x: 'extra' } },
      'extra',
    ],
    [
      'a loop variable over set_fact',
      play(
        `    - set_fact: { x: fact }\n    - debug: { msg: "{{ x }}" }\n      loop: [round]\n      loop_control: { loop_var: x }\n      register: r\n    - debug: { msg: "{{ r.results[0].msg }}" }\n`,
      ),
      {},
      'round',
    ],
  ])('%s', async (_, text, options, expected) => {
    const files = {
      'v.yml': 'x: file\n',
      'say.yml': `- debug: { msg: "{{ x }}" }\n`,
      'own.yml': `- debug: { msg: "{{ x }}" }\n  vars: { x: own }\n`,
    };
    const inventory = `${HERE}      x: inventory\n`;
    expect((await said(text, { inventory, files, ...options })).at(-1)).toBe(expected);
  });
});

describe('what is registered', () => {
  it('of a loop has each result with its item, under the name of the loop variable', async () => {
    const [results] = await said(
      play(
        `    - command: echo {{ word }}\n      loop: [p, q]\n      when: word != 'q'\n      loop_control: { loop_var: word, index_var: i }\n      register: r\n` +
          `    - debug: { msg: "{{ [r.changed, r.failed, r.skipped, r.msg, r.results | map(attribute='word') | list, r.results[0].ansible_loop_var, r.results[0].stdout, r.results[1].skipped, r.results[1].i] }}" }\n`,
      ),
    );
    expect(results).toEqual([true, false, false, 'All items completed', ['p', 'q'], 'word', 'p', true, 1]);
  });

  it('of an empty loop says so', async () => {
    expect(
      await said(
        play(`    - command: "true"\n      loop: []\n      register: r\n    - debug: { msg: "{{ r }}" }\n`),
      ),
    ).toEqual([{ changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] }]);
  });

  it('of a task tried again counts the attempts', async () => {
    const dir = folder();
    expect(
      await said(
        play(
          `    - shell: echo >> ${dir}/n; wc -l < ${dir}/n\n      register: r\n      until: r.stdout == '3'\n      delay: 0\n` +
            `    - command: "false"\n      register: s\n      until: s.rc == 0\n      retries: 1\n      delay: 0\n      ignore_errors: true\n` +
            `    - command: "true"\n      register: t\n      until: false\n      retries: "{{ -3 }}"\n      delay: 0\n      ignore_errors: true\n` +
            `    - debug: { msg: "{{ [r.attempts, r.failed, s.attempts, s.failed, t.attempts, t.failed] }}" }\n`,
        ),
      ),
    ).toEqual([[3, false, 2, true, 1, true]]);
  });

  it('a look that fails is tried again, too', async () => {
    const dir = folder();
    const ran = await runText(
      play(
        `    - copy: { src: ${dir}/late, dest: ${dir}/there, remote_src: true }\n      register: r\n      until: r is succeeded\n      retries: 1\n      delay: 0\n`,
      ),
    );
    expect(ran.events.filter(({ type }) => type === 'task_retry').length).toBe(1);
  });

  it('of failed_when tells what it said', async () => {
    expect(
      await said(
        play(
          `    - command: "false"\n      failed_when: false\n      register: r\n    - debug: { msg: "{{ [r.failed, r.failed_when_result, r.rc] }}" }\n`,
        ),
      ),
    ).toEqual([[false, false, 1]]);
  });
});

it('names of internals are no variables', async () => {
  const ran = await runText(play(`    - debug: { msg: "{{ constructor }}" }\n`));
  expect(complaints(ran)[0]).toContain("'constructor' is undefined");
});

it('suggests a variable that is spelt nearly so', async () => {
  const ran = await runText(
    play(`    - debug: { msg: "{{ girofle_rot }}" }\n`, '  vars: { girofle_root: /g }\n'),
  );
  expect(ran.events.find(event => event.type === 'task_end')).toMatchObject({
    hint: 'did you mean "girofle_root"?',
  });
});

it('delegates to this machine without naming it in the inventory', async () => {
  const ran = await runText(play(`    - command: "true"\n      delegate_to: localhost\n`), {
    inventory: 'all: { hosts: { far: { ansible_host: 127.0.0.9, ansible_port: 9 } } }\n',
  });
  expect(ran.exit).toBe(0);
});

it('names of set_fact may be templates', async () => {
  expect(
    await said(play(`    - set_fact: { "{{ 'x' }}_1": 5 }\n    - debug: { msg: "{{ x_1 }}" }\n`)),
  ).toEqual([5]);
});

it('reads what a host knows by hostvars as it is there', async () => {
  expect(
    await said(
      play(
        `    - set_fact: { mine: "{{ inventory_hostname }}!" }\n    - debug: { msg: "{{ hostvars.b.mine }}" }\n      run_once: true\n`,
      ),
      { inventory: locals('a', 'b') },
    ),
  ).toEqual(['b!']);
});

it('a task starts at the one named on every host, whatever the forks', async () => {
  const text = `${play(`    - { name: one, command: "true" }\n`)}${play(`    - { name: two, command: "true" }\n    - { name: three, command: "true" }\n    - include_tasks: more.yml\n`)}`;
  const files = { 'more.yml': `- { name: four, command: "true" }\n- { name: five, command: "true" }\n` };
  const options = { inventory: locals('a', 'b', 'c'), forks: 1, files };
  const three = await runText(text, { ...options, startAt: 'three' });
  expect(three.endings.map(ending => ending.replace(': changed', ''))).toEqual(
    ['a', 'b', 'c'].flatMap(host => ['three', 'four', 'five'].map(task => `${host} ${task}`)),
  );
  const five = await runText(text, { ...options, startAt: 'five' });
  expect(five.endings).toEqual(['a five: changed', 'b five: changed', 'c five: changed']);
  const none = await runText(text, { ...options, startAt: 'six' });
  expect(none.events.find(({ type }) => type === 'warning')).toEqual({
    type: 'warning',
    message: 'no task is named "six": nothing was run',
  });
});
