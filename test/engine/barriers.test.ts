/** Hosts that wait for one another: never for ever, whatever the forks, and cheaply with many hosts. */
import { describe, expect, it } from 'vitest';
import type { Connect } from '../../src/core/transport.ts';
import { Barrier } from '../../src/engine/barrier.ts';
import { HostState } from '../../src/engine/host.ts';
import { Slots } from '../../src/engine/slots.ts';
import { complaints, locals, runText } from './rig.ts';

const play = (tasks: string, more = '') => `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks}`;
const reading = (name: string) =>
  `    - name: ${name}\n      assert: { that: "groups.all | map('extract', hostvars, 'w') | map(attribute='stdout') | list == groups.all" }\n`;
const telling = `    - command: echo {{ inventory_hostname }}\n      register: w\n`;
const names = ['a', 'b', 'c', 'd'];

describe.each([1, 2, 10])('with %i forks', forks => {
  const options = { inventory: locals(...names), forks };

  it('a task that reads what all others know waits for them', async () => {
    const ran = await runText(play(telling + reading('compare')), options);
    expect(complaints(ran)).toEqual([]);
    expect(ran.endings.filter(ending => ending.includes('compare')).length).toBe(4);
  });

  it('a host that fails, leaves or stays in a rescue section is not waited for', async () => {
    const ran = await runText(
      play(
        `    - command: test {{ inventory_hostname }} != a\n    - meta: end_host\n      when: inventory_hostname == 'b'\n` +
          `    - block:\n        - command: test {{ inventory_hostname }} != c\n        - name: inner\n          debug: { msg: "{{ hostvars.c.inventory_hostname }}" }\n      rescue:\n        - name: rescue\n          debug: { msg: "{{ hostvars.d.inventory_hostname }}" }\n` +
          `    - name: all\n      debug: { msg: "{{ ansible_play_hosts }}" }\n`,
      ),
      options,
    );
    expect(ran.endings.filter(ending => /all|inner|rescue:/.test(ending)).sort()).toEqual([
      'c all: ok',
      'c rescue: ok',
      'd all: ok',
      'd inner: ok',
    ]);
  });

  it('run_once runs on one host, and may itself read what all know', async () => {
    const ran = await runText(
      play(`${telling}${reading('once')}      run_once: true\n    - name: n\n      command: "true"\n`),
      options,
    );
    expect(complaints(ran)).toEqual([]);
    expect(ran.endings.filter(ending => ending.includes('once'))).toEqual(['a once: ok']);
    expect(ran.endings.filter(ending => ending.includes(' n:')).length).toBe(4);
  });

  it('strategy: linear does each task on all hosts before the next', async () => {
    const ran = await runText(
      play(
        `    - name: one\n      command: sleep {{ 0.1 if inventory_hostname == 'a' else 0 }}\n    - name: two\n      command: "true"\n    - name: three\n      command: "true"\n`,
        '  strategy: linear\n',
      ),
      options,
    );
    expect(ran.endings.map(ending => ending.split(/[ :]/)[1])).toEqual(
      ['one', 'two', 'three'].flatMap(name => names.map(() => name)),
    );
  });

  it('a lost host is not waited for', async () => {
    const { connector } = await import('../../src/connection/connect.ts');
    const { ConnectionError } = await import('../../src/core/transport.ts');
    const connect: Connect = async (settings, signal) => {
      if (settings.name === 'd') throw new ConnectionError('no such host');
      return connector({})(settings, signal);
    };
    const ran = await runText(
      play(`${telling}    - name: n\n      debug: { msg: "{{ ansible_play_hosts | length }}" }\n`),
      { ...options, connect },
    );
    expect(ran.endings.filter(ending => ending.includes(' n:')).length).toBe(3);
    expect(ran.exit).toBe(3);
  });
});

it('numbers tasks alike on all hosts, facts and files with a template for a name included', async () => {
  const ran = await runText(
    `- hosts: all\n  tasks:\n    - set_fact: { f: more.yml }\n    - include_tasks: "{{ f }}"\n`,
    { inventory: locals(...names), files: { 'more.yml': `- command: "true"\n` } },
  );
  const ids = (host: string) =>
    ran.events.flatMap(event => (event.type === 'task_end' && event.host === host ? [event.id] : []));
  expect(ids('a').length).toBe(4);
  for (const name of names) expect(ids(name)).toEqual(ids('a'));
});

describe('the barrier itself', () => {
  const hostsOf = (n: number) =>
    Array.from({ length: n }, (_, i) => new HostState({ name: `h${i}`, groups: [], layers: [] }));

  it('brings 500 hosts through 100 common tasks in a moment', async () => {
    const hosts = hostsOf(500);
    const slots = new Slots(50);
    const barrier = new Barrier<number>(hosts, slots, new AbortController().signal);
    const started = Date.now();
    let ran = 0;
    await Promise.all(
      hosts.map(async host => {
        await slots.take();
        for (let i = 0; i < 100; i++) {
          if (i % 2 === 0) await barrier.arrive(host, `s/${i}`);
          else await barrier.once(host, `s/${i}`, () => Promise.resolve(ran++));
          barrier.pass(host, `s/${i}`);
        }
        barrier.leave(host);
        slots.release();
      }),
    );
    expect(ran).toBe(50);
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('lets a waiting host go when the run is interrupted', async () => {
    const hosts = hostsOf(2);
    const stop = new AbortController();
    const slots = new Slots(2);
    const barrier = new Barrier<number>(hosts, slots, stop.signal);
    const [host] = hosts;
    if (host === undefined) throw new Error('no host');
    await slots.take();
    const waiting = barrier.arrive(host, 's/1');
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  it('lets the first go when all wait at different places', async () => {
    const [a, b] = hostsOf(2);
    if (a === undefined || b === undefined) throw new Error('no host');
    const slots = new Slots(2);
    const barrier = new Barrier<number>([a, b], slots, new AbortController().signal);
    await Promise.all([slots.take(), slots.take()]);
    const order: string[] = [];
    await Promise.all([
      barrier.arrive(a, 'x').then(() => {
        order.push('a');
        barrier.leave(a);
      }),
      barrier.arrive(b, 'y').then(() => order.push('b')),
    ]);
    expect(order).toEqual(['a', 'b']);
  });
});
