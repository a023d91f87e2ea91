/** Stopped at any moment, a run ends in order and soon; so it does when its renderer breaks. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { locals, type Ran, runText } from './rig.ts';

const play = (tasks: string) => `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`;

/** Sleeps for a time that no other process does. */
const mark = `9${process.pid}`;
const sleeping = () =>
  execFileSync('sh', ['-c', `ps -eo args | grep -c "[s]leep ${mark}" || true`], { encoding: 'utf8' }).trim();

async function stopped(tasks: string, hosts: readonly string[]): Promise<{ ran: Ran; seconds: number }> {
  const stop = new AbortController();
  let at = 0;
  const ran = await runText(play(tasks), {
    inventory: locals(...hosts),
    signal: stop.signal,
    onEvent: event => {
      if (event.type !== 'task_start' || event.task !== 'long' || at > 0) return;
      at = Date.now();
      setTimeout(() => stop.abort(Object.assign(new Error('stop'), { signal: 'SIGINT' })), 150);
    },
  });
  return { ran, seconds: (Date.now() - at) / 1000 };
}

describe('an interruption', () => {
  it.each([
    ['a long command', `    - name: long\n      command: sleep ${mark}\n`],
    [
      'a retry',
      `    - name: long\n      command: "false"\n      register: r\n      until: r.rc == 0\n      delay: 600\n`,
    ],
    [
      'the pause of a loop',
      `    - name: long\n      command: "true"\n      loop: [1, 2]\n      loop_control: { pause: 600 }\n`,
    ],
    [
      'a wait for another host',
      `    - command: sleep ${mark}\n      when: inventory_hostname == 'a'\n    - name: long\n      debug: { msg: "{{ hostvars.a.inventory_hostname }}" }\n`,
    ],
    ['a wait for a port', `    - name: long\n      wait_for: { host: 127.0.0.1, port: 9, timeout: 600 }\n`],
    [
      'a block with always',
      `    - block:\n        - name: long\n          command: sleep ${mark}\n      always:\n        - command: "true"\n`,
    ],
  ])('ends %s within two seconds, and tells so', async (_, tasks) => {
    const { ran, seconds } = await stopped(tasks, ['a', 'b', 'c']);
    expect(seconds).toBeLessThan(2.2);
    expect(ran.exit).toBe(130);
    expect(ran.events.slice(-2)).toMatchObject([
      { type: 'interrupted', signal: 'SIGINT' },
      { type: 'recap', exit: 130 },
    ]);
    expect(sleeping()).toBe('0');
  });
});

it('a renderer that breaks ends the run, and leaves nothing at work', async () => {
  const started = Date.now();
  const running = runText(
    play(`    - name: short\n      command: "true"\n    - name: long\n      command: sleep ${mark}\n`),
    {
      inventory: locals('a', 'b'),
      onEvent: event => {
        if (event.type === 'task_start' && event.task === 'long') throw new TypeError('cannot draw');
      },
    },
  );
  await expect(running).rejects.toThrow('cannot draw');
  expect(Date.now() - started).toBeLessThan(4000);
  expect(sleeping()).toBe('0');
});
