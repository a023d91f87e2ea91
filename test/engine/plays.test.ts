/** How plays run: conditions, loops, handlers, blocks, serial, run_once, barriers. Real modules in a real shell. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folder, locals, runText } from './rig.ts';

const play = (tasks: string, more = '') => `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks}`;

describe('a task', () => {
  it('is ok when nothing needs doing, changed when something did', async () => {
    const dir = folder();
    const text = play(
      `    - name: make it\n      file: { path: ${dir}/x, state: directory, mode: '0755' }\n`,
    );
    expect((await runText(text)).endings).toEqual(['here make it: changed']);
    expect((await runText(text)).endings).toEqual(['here make it: ok']);
  });

  it('is skipped when its condition does not hold', async () => {
    const { endings, recap } = await runText(
      play(`    - name: never\n      when: 1 > 2\n      command: "false"\n`),
    );
    expect(endings).toEqual(['here never: skipped']);
    expect(recap.hosts.here).toMatchObject({ ok: 0, skipped: 1 });
  });

  it('fails for its host with what the command said', async () => {
    const ran = await runText(
      play(
        `    - name: break\n      shell: echo oh no >&2; exit 3\n    - name: after\n      debug: { msg: unreachable }\n`,
      ),
    );
    expect(ran.endings).toEqual(['here break: failed']);
    expect(ran.exit).toBe(1);
    expect(complaints(ran)[0]).toContain('non-zero return code');
  });

  it('is judged by failed_when and changed_when', async () => {
    const { endings } = await runText(
      play(
        `    - name: fine\n      shell: echo ok; exit 3\n      register: r\n      failed_when: r.rc not in [0, 3]\n      changed_when: "'nothing' in r.stdout"\n` +
          `    - name: not fine\n      command: echo bad\n      register: r\n      failed_when: "'bad' in r.stdout"\n      ignore_errors: true\n`,
      ),
    );
    expect(endings).toEqual(['here fine: ok', 'here not fine: ignored']);
  });

  it('gives later tasks what it registered', async () => {
    const dir = folder();
    await runText(
      play(
        `    - command: echo one two\n      register: said\n    - copy: { dest: "${dir}/out", content: "{{ said.stdout.split() | join('+') }}", mode: '0644' }\n      when: said is changed\n`,
      ),
    );
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe('one+two');
  });

  it('never treats what a host said as a template', async () => {
    const { events } = await runText(
      play(
        `    - command: echo '{{ "{{ 7 * 7 }}" }}'\n      register: r\n    - debug: { msg: "{{ r.stdout }}" }\n`,
      ),
    );
    const said = events.flatMap(event =>
      event.type === 'task_end' && event.module === 'debug' ? [event.message] : [],
    );
    expect(said).toEqual(['{{ 7 * 7 }}']);
  });

  it('is tried again until its condition holds', async () => {
    const dir = folder();
    const ran = await runText(
      play(
        `    - name: count\n      shell: echo x >> ${dir}/n; wc -l < ${dir}/n\n      register: r\n      until: r.stdout | int >= 3\n      retries: 5\n      delay: 0\n`,
      ),
    );
    expect(ran.endings).toEqual(['here count: changed']);
    expect(ran.events.filter(({ type }) => type === 'task_retry').length).toBe(2);
  });

  it('runs with its environment, and hides what no_log hides', async () => {
    const ran = await runText(
      play(
        `    - shell: test "$SECRET" = s3cret && echo "$SECRET"\n      environment: { SECRET: s3cret }\n      no_log: true\n      register: r\n    - assert: { that: r.stdout == "s3cret" }\n      no_log: true\n`,
      ),
    );
    expect(ran.exit).toBe(0);
    expect(JSON.stringify(ran.events)).not.toContain('s3cret');
  });
});

describe('a loop', () => {
  it('runs each item, tells of each, and registers the results', async () => {
    const { events, endings } = await runText(
      play(
        `    - name: say\n      command: echo {{ item.n }}\n      loop: [{n: 1}, {n: 2}]\n      loop_control: { label: "no {{ item.n }}", index_var: i }\n      register: all\n` +
          `    - assert: { that: ["all.results | map(attribute='stdout') | list == ['1', '2']", "all is changed"] }\n`,
      ),
    );
    expect(
      events.flatMap(event => (event.type === 'item_end' ? [`${event.label} ${event.status}`] : [])),
    ).toEqual(['no 1 changed', 'no 2 changed']);
    expect(endings).toEqual(['here say: changed', 'here assert: ok']);
  });

  it('goes on after an item that failed, and then fails', async () => {
    const dir = folder();
    const ran = await runText(
      play(
        `    - name: each\n      shell: test {{ item }} != b && touch ${dir}/{{ item }}\n      loop: [a, b, c]\n`,
      ),
    );
    expect(ran.endings).toEqual(['here each: failed']);
    expect([existsSync(join(dir, 'a')), existsSync(join(dir, 'c'))]).toEqual([true, true]);
  });

  it('says when it is given no list', async () => {
    const ran = await runText(play(`    - command: echo {{ item }}\n      loop: "{{ 'abc' }}"\n`));
    expect(complaints(ran)[0]).toContain('a loop needs a list');
  });
});

describe('handlers', () => {
  it('run once, in the order written, after the tasks', async () => {
    const { endings } = await runText(
      `- hosts: all\n  gather_facts: false\n  tasks:\n    - name: t1\n      command: "true"\n      notify: [second, topic]\n    - name: t2\n      command: "true"\n      notify: second\n` +
        `  handlers:\n    - name: first\n      listen: topic\n      command: "true"\n    - name: second\n      command: "true"\n    - name: third\n      command: "true"\n`,
    );
    expect(endings).toEqual([
      'here t1: changed',
      'here t2: changed',
      'here first: changed',
      'here second: changed',
    ]);
  });

  it('run before meta: flush_handlers goes on', async () => {
    const { endings } = await runText(
      `- hosts: all\n  gather_facts: false\n  tasks:\n    - name: t1\n      command: "true"\n      notify: h\n    - meta: flush_handlers\n    - name: t2\n      command: "true"\n  handlers:\n    - name: h\n      command: "true"\n`,
    );
    expect(endings).toEqual(['here t1: changed', 'here h: changed', 'here t2: changed']);
  });
});

describe('a block', () => {
  it('is rescued, and always ends with always', async () => {
    const ran = await runText(
      play(
        `    - block:\n        - name: try\n          fail: { msg: broken }\n        - name: not reached\n          command: "true"\n      rescue:\n        - name: mend\n          debug: { msg: "{{ ansible_failed_task.name }}: {{ ansible_failed_result.msg }}" }\n      always:\n        - name: anyway\n          command: "true"\n    - name: after\n      command: "true"\n`,
      ),
    );
    expect(ran.endings).toEqual([
      'here try: rescued',
      'here mend: ok',
      'here anyway: changed',
      'here after: changed',
    ]);
    expect(ran.recap.hosts.here).toMatchObject({ failed: 0, rescued: 1 });
    expect(ran.exit).toBe(0);
  });

  it('fails after always when nothing rescues', async () => {
    const ran = await runText(
      play(
        `    - block:\n        - name: try\n          fail: { msg: broken }\n      always:\n        - name: anyway\n          command: "true"\n    - name: after\n      command: "true"\n`,
      ),
    );
    expect(ran.endings).toEqual(['here try: failed', 'here anyway: changed']);
    expect(ran.exit).toBe(1);
  });
});

describe('several hosts', () => {
  it('go their own ways: one that fails stops for itself only', async () => {
    const ran = await runText(
      play(
        `    - name: check\n      command: test {{ inventory_hostname }} != b\n    - name: go on\n      command: "true"\n`,
      ),
      { inventory: locals('a', 'b', 'c') },
    );
    expect([...ran.endings].sort()).toEqual([
      'a check: changed',
      'a go on: changed',
      'b check: failed',
      'c check: changed',
      'c go on: changed',
    ]);
    expect(ran.exit).toBe(1);
  });

  it('share what a task that runs once gave', async () => {
    const dir = folder();
    const ran = await runText(
      play(
        `    - name: once\n      shell: echo x >> ${dir}/n; echo {{ inventory_hostname }}\n      run_once: true\n      register: r\n    - name: all\n      assert: { that: r.stdout == 'a' }\n`,
      ),
      { inventory: locals('a', 'b', 'c') },
    );
    expect(ran.exit).toBe(0);
    expect(readFileSync(join(dir, 'n'), 'utf8')).toBe('x\n');
  });

  it('wait for one another where a task reads what others know', async () => {
    const ran = await runText(
      play(
        `    - command: sleep {{ 0.5 if inventory_hostname == 'b' else 0 }}\n    - command: echo {{ inventory_hostname }}-word\n      register: word\n    - name: compare\n      assert:\n        that: "groups.all | map('extract', hostvars, 'word') | map(attribute='stdout') | list == ['a-word', 'b-word']"\n`,
      ),
      { inventory: locals('a', 'b') },
    );
    expect(complaints(ran)).toEqual([]);
    expect(ran.exit).toBe(0);
  });

  it('come in batches with serial, and stop when a batch fails whole', async () => {
    const ran = await runText(
      play(`    - name: check\n      command: test {{ inventory_hostname }} != b\n`, '  serial: 1\n'),
      { inventory: locals('a', 'b', 'c') },
    );
    expect(ran.endings).toEqual(['a check: changed', 'b check: failed']);
  });

  it('stop all when any_errors_fatal is set', async () => {
    const ran = await runText(
      play(
        `    - name: check\n      command: test {{ inventory_hostname }} != a\n    - command: sleep 0.3\n    - name: later\n      debug: { msg: "{{ groups.all | map('extract', hostvars, 'inventory_hostname') | list }}" }\n`,
        '  any_errors_fatal: true\n',
      ),
      { inventory: locals('a', 'b') },
    );
    expect(ran.endings).not.toContain('b later: ok');
  });

  it('do for another host what is delegated', async () => {
    const ran = await runText(
      play(
        `    - name: there\n      command: "true"\n      delegate_to: b\n      when: inventory_hostname == 'a'\n`,
      ),
      { inventory: locals('a', 'b') },
    );
    const [ended] = ran.events.flatMap(event =>
      event.type === 'task_end' && event.host === 'a' ? [event] : [],
    );
    expect(ended).toMatchObject({ delegatedTo: 'b', status: 'changed' });
  });
});

describe('tags and the like', () => {
  const text = play(
    `    - name: one\n      command: "true"\n      tags: [x]\n    - name: two\n      command: "true"\n      tags: [y]\n    - name: three\n      command: "true"\n    - name: ever\n      command: "true"\n      tags: [always]\n    - name: only asked\n      command: "true"\n      tags: [never, z]\n`,
  );
  const names = (endings: readonly string[]) =>
    endings.map(ending => ending.replace(/^here (.*): changed$/, '$1'));

  it.each([
    [{}, ['one', 'two', 'three', 'ever']],
    [{ tags: ['x'] }, ['one', 'ever']],
    [{ tags: ['z'] }, ['ever', 'only asked']],
    [{ skipTags: ['x', 'always'] }, ['two', 'three']],
    [{ tags: ['untagged'] }, ['three', 'ever']],
    [{ tags: ['tagged'] }, ['one', 'two', 'ever']],
    [{ startAt: 'three' }, ['three', 'ever']],
  ])('%j runs %j', async (options, expected) => {
    expect(names((await runText(text, options)).endings)).toEqual(expected);
  });
});

describe('includes', () => {
  it('run for each item of a loop, with their variables', async () => {
    const dir = folder();
    const ran = await runText(
      play(`    - include_tasks: more.yml\n      loop: [a, b]\n      vars: { place: ${dir} }\n`),
      {
        files: {
          'more.yml': `- name: "make {{ item }}"\n  file: { path: "{{ place }}/{{ item }}", state: directory, mode: '0700' }\n`,
        },
      },
    );
    expect(ran.endings).toEqual(['here make a: changed', 'here make b: changed']);
  });

  it('are found by a name that only the run knows', async () => {
    const ran = await runText(
      play(`    - command: echo more.yml\n      register: r\n    - include_tasks: "{{ r.stdout }}"\n`),
      { files: { 'more.yml': `- name: deep\n  command: "true"\n` } },
    );
    expect(ran.endings).toEqual(['here command: changed', 'here deep: changed']);
  });

  it('are counted and told as Ansible does: each time one is entered, or that none was due', async () => {
    const ran = await runText(
      play(
        `    - include_tasks: more.yml\n      loop: [a, b, c]\n      when: item != 'b'\n    - name: not now\n      include_tasks: more.yml\n      when: false\n`,
      ),
      { files: { 'more.yml': `- name: deep\n  command: "true"\n` } },
    );
    const includes = ran.events.flatMap(event =>
      event.type === 'task_end' && event.module === 'include_tasks' ? [`${event.task}: ${event.status}`] : [],
    );
    expect(includes).toEqual(['include_tasks: ok', 'include_tasks: ok', 'not now: skipped']);
    expect(ran.recap.hosts.here).toMatchObject({ ok: 4, changed: 2, skipped: 1 });
  });
});
