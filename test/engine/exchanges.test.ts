/** How often a play waits for its host: once when all is as it should be, once more for each change. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import type { Connect } from '../../src/core/transport.ts';
import { complaints, folder, locals, runText } from './rig.ts';

const play = (tasks: readonly string[], more = '') =>
  `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks.map(task => `    - ${task}\n`).join('')}`;

/** Twenty tasks of three kinds. */
function twenty(dir: string): string[] {
  return Array.from({ length: 20 }, (_, i) => {
    if (i % 3 === 0) return `file: { path: ${dir}/d${i}, state: directory, mode: '0755' }`;
    if (i % 3 === 1) return `copy: { dest: ${dir}/f${i}, content: "text ${i}", mode: '0644' }`;
    return `command: { cmd: touch ${dir}/c${i}, creates: ${dir}/c${i} }`;
  });
}

const exchanges = async (text: string, options = {}) =>
  (await runText(text, options)).recap.hosts.here?.exchanges;

describe('a play of twenty tasks', () => {
  it('costs one exchange when nothing is to do, planned or run', async () => {
    const text = play(twenty(folder()));
    await runText(text);
    expect(await exchanges(text)).toBe(1);
    expect(await exchanges(text, { planning: true })).toBe(1);
  });

  it('costs one more for one change, wherever it stands', async () => {
    const dir = folder();
    const text = play(twenty(dir));
    await runText(text);
    for (const i of [1, 10, 19]) {
      writeFileSync(join(dir, `f${i}`), 'spoilt');
      expect(await exchanges(text)).toBe(2);
    }
  });

  it('costs one for each change when all is to do', async () => {
    expect(await exchanges(play(twenty(folder())))).toBe(21);
  });

  it('costs as much without batching as it has tasks', async () => {
    const text = play(twenty(folder()));
    await runText(text);
    expect(await exchanges(text, { batching: false })).toBe(20);
  });
});

it('a loop costs one exchange when nothing is to do, one more for each item to do', async () => {
  const dir = folder();
  const text = play([
    `file: { path: "${dir}/{{ item }}", state: directory, mode: '0755' }\n      loop: "{{ range(30) | list }}"`,
  ]);
  expect(await exchanges(text)).toBe(31);
  expect(await exchanges(text)).toBe(1);
});

it('a loop of a thousand items is looked at in one exchange', { timeout: 20_000 }, async () => {
  const dir = folder();
  for (let i = 0; i < 1000; i++) mkdirSync(join(dir, String(i)), { mode: 0o755 });
  const text = play([
    `file: { path: "${dir}/{{ item }}", state: directory }\n      loop: "{{ range(1000) | list }}"`,
  ]);
  expect(await exchanges(text)).toBe(1);
});

it('two plays on a host that is as it should be cost one exchange each at most', async () => {
  const dir = folder();
  const text = play(twenty(dir)) + play(twenty(dir));
  await runText(text);
  expect(await exchanges(text)).toBe(1);
});

describe('what was seen is not trusted after', () => {
  const see = `    - stat: { path: DIR/x }\n      register: s\n    - assert: { that: s.stat.exists }\n`;

  it.each([
    [
      'a change by a delegated task, though both names mean one machine',
      `- hosts: a\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n    - command: touch DIR/x\n      delegate_to: b\n${see}`,
    ],
    [
      'a change on the own machine, for a delegated look',
      `- hosts: a\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n      delegate_to: b\n    - command: touch DIR/x\n    - stat: { path: DIR/x }\n      delegate_to: b\n      register: s\n    - assert: { that: s.stat.exists }\n`,
    ],
    [
      'a task that another host ran once for all',
      `- hosts: a,b\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n    - command: touch DIR/x\n      run_once: true\n${see}`,
    ],
    [
      'a wait for the others',
      `- hosts: a,b\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n    - shell: sleep 0.2; touch DIR/x\n      when: inventory_hostname == 'a'\n      register: r\n    - debug: { msg: "{{ hostvars.a.r is changed }}" }\n${see}`,
    ],
    [
      'a play on another host',
      `- hosts: a\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n- hosts: b\n  gather_facts: false\n  tasks:\n    - command: touch DIR/x\n- hosts: a\n  gather_facts: false\n  tasks:\n${see}`,
    ],
    [
      'a change in an earlier round of a loop',
      `- hosts: a\n  gather_facts: false\n  tasks:\n    - shell: test -e DIR/x && touch DIR/seen || touch DIR/x\n      args: { creates: DIR/seen }\n      loop: [1, 2, 3]\n      register: r\n    - assert: { that: "r.results | map(attribute='changed') | list == [true, true, false]" }\n${see}`,
    ],
    [
      'a handler',
      `- hosts: a\n  gather_facts: false\n  tasks:\n    - stat: { path: DIR/x }\n    - command: "true"\n      notify: h\n    - meta: flush_handlers\n${see}  handlers:\n    - name: h\n      command: touch DIR/x\n`,
    ],
  ])('%s', async (_, text) => {
    const ran = await runText(text.replaceAll('DIR', folder()), { inventory: locals('a', 'b') });
    expect(complaints(ran)).toEqual([]);
    expect(ran.exit).toBe(0);
  });
});

it('a file that a task wrote here is copied as it is then', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'src'), 'old');
  const ran = await runText(
    play([
      `command: "true"`,
      `shell: printf new > ${dir}/src`,
      `copy: { src: ${dir}/src, dest: ${dir}/dest }`,
      `command: grep -q new ${dir}/dest`,
    ]),
  );
  expect(complaints(ran)).toEqual([]);
});

it('an answer that spoils those it is joined with is asked for alone', async () => {
  const connect: Connect = async (settings, signal) => {
    const real = await connector({})(settings, signal);
    return Object.assign(Object.create(real), {
      user: real.user,
      close: real.close.bind(real),
      exchange: async (...asked: Parameters<typeof real.exchange>) => {
        const outcomes = await real.exchange(...asked);
        return outcomes.map(outcome => ({
          ...outcome,
          stdout: outcome.stdout.replace(/\x1e.*\x1e/s, '\x1e'),
        }));
      },
    });
  };
  const text = play([
    `stat: { path: / }\n      register: r`,
    `stat: { path: /etc }`,
    `assert: { that: r.stat.isdir }`,
  ]);
  const ran = await runText(text, { connect });
  expect(complaints(ran)).toEqual([]);
  expect(ran.recap.hosts.here?.exchanges).toBe(2);
});
