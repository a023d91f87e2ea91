/** A file full of mistakes: all of them told at once, with their places, and no connection opened. */
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { events, girofle, workspace } from './girofle.ts';

const headlines = (stderr: string) => stderr.split('\n').filter(line => /^\S+:\d+:\d+: /.test(line));

describe('a playbook with thirteen mistakes', () => {
  it('is refused with thirteen places, exit 4, and no connection', async () => {
    let connections = 0;
    const server = createServer(socket => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>(listening => server.listen(0, '127.0.65.1', listening));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const place = workspace({ 'hosts.ini': `vm1 ansible_host=127.0.65.1 ansible_port=${port}\n` });
    const { code, stderr, stdout } = await girofle(['test/e2e/wrong.yml', '-i', `${place.path}/hosts.ini`]);
    await new Promise(closed => server.close(closed));
    place.remove();
    expect([code, stdout, connections]).toEqual([4, '', 0]);
    expect(headlines(stderr)).toEqual([
      'test/e2e/wrong.yml:3:3: unknown keyword "gather_fact" in a play (did you mean "gather_facts"?)',
      'test/e2e/wrong.yml:8:7: unknown module "coppy" (did you mean "copy"?)',
      'test/e2e/wrong.yml:10:29: unknown argument "stat" of file (did you mean "state"?)',
      'test/e2e/wrong.yml:12:36: "state" must be one of absent, directory, file, hard, link, touch, not "folder"',
      'test/e2e/wrong.yml:14:7: missing argument "dest" of copy',
      'test/e2e/wrong.yml:17:7: a task does one thing: this one has "command" and "shell" (make it two tasks)',
      'test/e2e/wrong.yml:19:36: unknown filter "uper" (did you mean "upper"?)',
      'test/e2e/wrong.yml:21:22: this "{{" is never closed by "}}"',
      `test/e2e/wrong.yml:23:25: 'greting' is undefined (did you mean "greeting"?)`,
      'test/e2e/wrong.yml:26:23: unexpected end, expected an expression',
      'test/e2e/wrong.yml:28:35: "mode" must be octal digits in quotes, not the number 644 (write \'0644\')',
      'test/e2e/wrong.yml:31:16: "retries" must be a number that is not negative, or a template',
      'test/e2e/wrong.yml:34:7: unknown keyword "with_pigeons" (did you mean "with_items"?)',
    ]);
  });
});

describe('wrong input of other kinds', () => {
  it.each([
    [['nowhere.yml'], 'no such file: nowhere.yml (give the path of a playbook)'],
    [['playbooks/provision.yml', '-i', 'inventory/nowhere.yml'], 'inventory/nowhere.yml'],
    [['playbooks/provision.yml', '-e', 'novalue'], '-e novalue: novalue is no key=value'],
    [['playbooks/provision.yml', '-l', 'vm9', '-i', 'inventory/demo.yml'], 'no host or group matches "vm9"'],
    [['playbooks/provision.yml', '--forks', '0'], 'a whole number from 1 on is needed'],
    [['playbooks/provision.yml', '--frks', '3'], '(Did you mean --forks?)'],
    [[], 'playbook'],
  ])('%j exits with 4', async (args, sentence) => {
    const { code, stderr } = await girofle(args);
    expect(stderr).toContain(sentence);
    expect(code).toBe(4);
  });
});

describe('what can be listed without running', () => {
  it('are the hosts, the tasks, and that there are no mistakes', async () => {
    const args = ['playbooks/provision.yml', '-i', 'inventory/demo.yml'];
    const [hosts, tasks, syntax] = await Promise.all([
      girofle([...args, '--list-hosts']),
      girofle([...args, '--list-tasks']),
      girofle([...args, '--syntax-check']),
    ]);
    expect([hosts.code, tasks.code, syntax.code]).toEqual([0, 0, 0]);
    expect(hosts.stdout).toContain('localhost');
    expect(tasks.stdout).toContain('Which instance has which number');
    expect(syntax.stdout).toBe('playbooks/provision.yml: no mistakes found\n');
  });
});

describe('the events for machines', () => {
  it('end with a recap in the form that is promised', async () => {
    const place = workspace({
      'p.yml': JSON.stringify([
        { hosts: 'localhost', gather_facts: false, tasks: [{ name: 'say', command: 'echo hi' }] },
      ]),
    });
    const { code, events: all } = await events([`${place.path}/p.yml`]);
    place.remove();
    expect(code).toBe(0);
    expect(all.find(({ type }) => type === 'task_end')).toMatchObject({
      type: 'task_end',
      host: 'localhost',
      task: 'say',
      module: 'command',
      status: 'changed',
      changed: true,
    });
    expect(all.at(-1)).toMatchObject({
      type: 'recap',
      exit: 0,
      hosts: {
        localhost: {
          ok: 1,
          changed: 1,
          skipped: 0,
          failed: 0,
          unreachable: 0,
          rescued: 0,
          ignored: 0,
          exchanges: 1,
        },
      },
    });
  });
});
