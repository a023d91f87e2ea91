/** What a plan says where it cannot know: it marks it, and it changes and waits for nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folder, HERE, type Ran, runText } from './rig.ts';

const play = (tasks: string, more = '') => `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks}${more}`;
const plan = (text: string) => runText(text, { planning: true, inventory: HERE });
/** The endings without the name of the host. */
const endings = ({ endings }: Ran) => endings.map(ending => ending.replace('here ', ''));

const planned = `    - name: make\n      command: echo hello\n      register: r\n`;

describe('what depends on a task that was only planned', () => {
  it.each([
    [
      'a condition',
      `    - name: t\n      command: "true"\n      when: r.stdout == 'hello'\n`,
      ['t: changed (uncertain)'],
    ],
    [
      'an argument',
      `    - name: t\n      file: { path: "/tmp/{{ r.stdout }}", state: touch }\n`,
      ['t: changed (uncertain)'],
    ],
    [
      'a loop',
      `    - name: t\n      command: echo {{ item }}\n      loop: "{{ r.stdout_lines }}"\n`,
      ['t: changed (uncertain)'],
    ],
    [
      'changed_when',
      `    - name: t\n      command: echo x\n      register: s\n      changed_when: s.stdout == 'x'\n    - name: u\n      debug: { msg: "{{ s is changed }}" }\n`,
      ['t: changed (uncertain)', 'u: ok (uncertain)'],
    ],
    [
      'whether it changed',
      `    - name: t\n      command: "true"\n      when: r is changed\n`,
      ['t: changed'],
    ],
    [
      'that it did not fail',
      `    - name: t\n      command: "true"\n      when: r is succeeded\n`,
      ['t: changed'],
    ],
    [
      'until',
      `    - name: t\n      command: "true"\n      register: s\n      until: s.stdout == 'x'\n      delay: 60\n`,
      ['t: changed'],
    ],
    [
      'a fact made of it',
      `    - name: t\n      set_fact: { x: "{{ r.stdout }}" }\n    - name: u\n      command: echo {{ x }}\n`,
      ['t: ok (uncertain)', 'u: changed (uncertain)'],
    ],
    [
      'the file to include',
      `    - name: t\n      include_tasks: "{{ r.stdout }}"\n    - name: u\n      command: "true"\n`,
      ['t: changed (uncertain)', 'u: changed'],
    ],
    [
      'whether something that may not run changed',
      `    - name: t\n      command: "true"\n      when: r.stdout == 'x'\n      register: s\n    - name: u\n      command: "true"\n      when: s is changed\n`,
      ['t: changed (uncertain)', 'u: changed (uncertain)'],
    ],
  ])('%s', async (_, tasks, expected) => {
    const ran = await plan(play(planned + tasks));
    expect(endings(ran)).toEqual(['make: changed', ...expected]);
    expect(ran.exit).toBe(0);
  });

  it('a change that is declared to be none leaves what follows certain', async () => {
    const ran = await plan(
      play(
        `    - name: look\n      command: echo hello\n      changed_when: false\n      register: r\n    - name: s\n      stat: { path: / }\n    - name: t\n      command: "true"\n      when: r is changed\n`,
      ),
    );
    expect(endings(ran)).toEqual(['look: ok', 's: ok', 't: skipped']);
  });

  it('a condition on what was seen after a planned change is marked, whichever way it goes', async () => {
    const dir = folder();
    const ran = await plan(
      play(
        `    - name: make\n      command: touch ${dir}/x\n    - name: see\n      stat: { path: ${dir}/x }\n      register: s\n    - name: t\n      command: "true"\n      when: s.stat.exists\n` +
          `    - name: fact\n      set_fact: { there: "{{ s.stat.exists }}" }\n    - name: u\n      debug: { msg: "{{ there }}" }\n`,
      ),
    );
    expect(endings(ran)).toEqual([
      'make: changed',
      'see: ok (uncertain)',
      't: skipped (uncertain)',
      'fact: ok (uncertain)',
      'u: ok (uncertain)',
    ]);
  });

  it('whether it failed is not known where errors are ignored', async () => {
    const ran = await plan(
      play(
        `    - name: try\n      command: "false"\n      ignore_errors: true\n      register: r\n    - name: t\n      command: "true"\n      when: r is failed\n`,
      ),
    );
    expect(endings(ran)).toEqual(['try: changed', 't: changed (uncertain)']);
  });

  it('a handler is as certain as what notifies it', async () => {
    const ran = await plan(
      play(
        `${planned}    - name: t\n      command: "true"\n      when: r.stdout == 'x'\n      notify: [one, two]\n    - name: u\n      command: "true"\n      notify: two\n`,
        `  handlers:\n    - name: one\n      command: "true"\n    - name: two\n      command: "true"\n`,
      ),
    );
    expect(endings(ran).slice(-2)).toEqual(['one: changed (uncertain)', 'two: changed']);
  });
});

describe('check_mode', () => {
  it('false runs a task even when planning, true only plans it even when running', async () => {
    const dir = folder();
    const text = play(
      `    - name: does\n      command: touch ${dir}/does\n      check_mode: false\n    - name: plans\n      command: touch ${dir}/plans\n      check_mode: true\n    - name: both\n      command: touch ${dir}/both\n`,
    );
    await plan(text);
    expect(readdirSync(dir)).toEqual(['does']);
    await runText(text);
    expect(readdirSync(dir)).toEqual(['both', 'does']);
  });
});

it('a plan waits for nothing', async () => {
  const dir = folder();
  const started = Date.now();
  const ran = await plan(
    play(
      `    - name: t\n      command: touch ${dir}/x\n      register: r\n      until: r.rc == 5\n      retries: 9\n      delay: 60\n      failed_when: r.rc != 0\n` +
        `    - name: l\n      command: touch ${dir}/y\n      loop: [1, 2]\n      loop_control: { pause: 60 }\n`,
    ),
  );
  expect(complaints(ran)).toEqual([]);
  expect(Date.now() - started).toBeLessThan(5000);
  expect(existsSync(join(dir, 'x'))).toBe(false);
});
