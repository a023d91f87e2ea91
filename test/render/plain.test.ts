import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { RenderOptions } from '../../src/render/choose.ts';
import {
  changed,
  itemEnd,
  playStart,
  recap,
  runStart,
  taskEnd,
  taskOutput,
  taskRetry,
  taskStart,
  text,
  told,
} from './story.ts';

interface Case {
  readonly it: string;
  readonly events: readonly RunEvent[];
  readonly options?: Partial<RenderOptions> & { readonly tick?: number };
  readonly out?: string;
  readonly err?: string;
}

const cases: readonly Case[] = [
  {
    it: 'heads a play with its hosts and tasks',
    events: [runStart(), playStart(['vm1', 'vm2'], 12)],
    out: text(`

      PLAY [Provision] 2 hosts, 12 tasks
    `),
  },
  {
    it: 'tells the end of each task on a line, in columns',
    events: [
      playStart(['vm1', 'gateway'], 1),
      taskStart(),
      taskEnd(),
      taskEnd({ host: 'gateway', ...changed('install docker.io 20.10'), duration: 1.24 }),
      taskEnd({ status: 'skipped', message: "condition 'x == 1' is false" }),
    ],
    out: text(`

      PLAY [Provision] 2 hosts, 1 task
      08:27:01 vm1      ok           Install Docker
      08:27:01 gateway  changed      Install Docker — install docker.io 20.10 (1.2s)
      08:27:01 vm1      skipped      Install Docker — condition 'x == 1' is false
    `),
  },
  {
    it: 'joins two short steps, and lists more of them below',
    events: [
      taskEnd(changed('create /srv', 'mode 0755 → 0700')),
      taskEnd(changed('pull image a:1', 'create container a', 'start container a')),
    ],
    out: text(`
      08:27:01 vm1  changed      Install Docker — create /srv; mode 0755 → 0700
      08:27:01 vm1  changed      Install Docker
               pull image a:1
               create container a
               start container a
    `),
  },
  {
    it: 'says would in plan mode, and what is uncertain',
    events: [
      runStart('plan'),
      taskEnd(changed('create /srv')),
      taskEnd({ ...changed('start it'), uncertain: true, message: 'depends on "Install Docker"' }),
      taskEnd({ uncertain: true, message: 'docker is not there yet' }),
    ],
    err: 'Planning playbooks/x.yml: nothing is touched.\n',
    out: text(`
      08:27:01 vm1  would change  Install Docker — create /srv
      08:27:01 vm1  would change  Install Docker — start it (uncertain: depends on "Install Docker")
      08:27:01 vm1  ok            Install Docker (uncertain: docker is not there yet)
    `),
  },
  {
    it: 'tells a failure with its hint, its place and the last words of stderr',
    events: [
      taskEnd({
        status: 'failed',
        message: 'exit code 100',
        hint: 'run apt-get update first',
        steps: [{ say: 'install nginx' }],
        result: { rc: 100, stdout: 'Reading lists\n', stderr: 'E: no candidate\nE: gave up\n' },
        duration: 3,
      }),
    ],
    out: text(`
      08:27:01 vm1  failed       Install Docker — exit code 100 (3.0s)
               install nginx
               hint: run apt-get update first
               playbooks/x.yml:12
               | E: no candidate
               | E: gave up
    `),
  },
  {
    it: 'keeps the tail of a long stderr, and does not repeat what the message says',
    events: [
      taskEnd({
        status: 'failed',
        message: 'exit code 1: no space left',
        result: {
          stderr: `${Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n')}\nno space left`,
        },
      }),
    ],
    out: text(`
      08:27:01 vm1  failed       Install Docker — exit code 1: no space left
               playbooks/x.yml:12
               … 2 lines before these (-v shows all)
               | line 3
               | line 4
               | line 5
               | line 6
               | line 7
               | line 8
               | line 9
               | line 10
               | line 11
               | line 12
    `),
  },
  {
    it: 'tells what was ignored and what was rescued',
    events: [
      taskEnd({ status: 'ignored', message: 'no such unit' }),
      taskEnd({ status: 'rescued', message: 'no such file' }),
    ],
    out: text(`
      08:27:01 vm1  ignored      Install Docker — no such unit
               playbooks/x.yml:12
      08:27:01 vm1  rescued      Install Docker — no such file
               playbooks/x.yml:12
    `),
  },
  {
    it: 'shows what debug says: one line inline, several below, maps as indented JSON',
    events: [
      taskEnd({ module: 'debug', task: 'Hello', message: 'hello world' }),
      taskEnd({ module: 'debug', task: 'Poem', message: 'roses\n  are red\n' }),
      taskEnd({ module: 'debug', task: 'Map', message: '{"a":{"b":[1,2]}}' }),
    ],
    out: text(`
      08:27:01 vm1  ok           Hello — hello world
      08:27:01 vm1  ok           Poem
               roses
                 are red
      08:27:01 vm1  ok           Map
               {
                 "a": {
                   "b": [
                     1,
                     2
                   ]
                 }
               }
    `),
  },
  {
    it: 'indents the items of a loop that are news, and counts all at its end',
    events: [
      itemEnd('/srv/a', changed('create /srv/a')),
      itemEnd('/srv/b'),
      itemEnd('/srv/c', { status: 'failed', message: 'read-only' }),
      taskEnd({ ...changed('create /srv/a'), status: 'failed', message: 'one item failed', items: 3 }),
    ],
    out: text(`
      08:27:01 vm1  changed        Install Docker [/srv/a] — create /srv/a
      08:27:01 vm1  failed         Install Docker [/srv/c] — read-only
               playbooks/x.yml:12
      08:27:01 vm1  failed       Install Docker — one item failed (3 items)
               playbooks/x.yml:12
    `),
  },
  {
    it: 'marks handlers and delegation',
    events: [taskEnd({ handler: true, delegatedTo: 'proxy', ...changed('reload nginx') })],
    out: '08:27:01 vm1 → proxy  changed      handler Install Docker — reload nginx\n',
  },
  {
    it: 'tells an unreachable host with what to do',
    events: [
      playStart(['vm1']),
      {
        type: 'host_unreachable',
        host: 'vm3',
        play: 'Provision',
        message: 'no answer from 10.0.0.3:22',
        hint: 'is it up?',
      },
    ],
    out: text(`

      PLAY [Provision] 1 host, 2 tasks
      08:27:01 vm3  unreachable  no answer from 10.0.0.3:22
               hint: is it up?
    `),
  },
  {
    it: 'quotes a task that talks on stderr, once a second for each host',
    events: [
      taskOutput('one'),
      taskOutput('two'),
      taskOutput('other host', { host: 'vm2' }),
      taskOutput('three'),
      taskOutput('four'),
    ],
    options: { tick: 400 },
    err: text(`
      08:27:01 vm1  …            Install Docker: one
      08:27:01 vm2  …            Install Docker: other host
      08:27:02 vm1  …            Install Docker: three
    `),
  },
  {
    it: 'quotes everything with -v',
    events: [taskOutput('one'), taskOutput('two')],
    options: { verbosity: 1 },
    err: text(`
      08:27:01 vm1  …            Install Docker: one
      08:27:01 vm1  …            Install Docker: two
    `),
  },
  {
    it: 'tells retries and warnings on stderr',
    events: [taskRetry(), { type: 'warning', message: 'no handler is named "x"', host: 'vm1' }],
    err: text(`
      08:27:01 vm1  retrying     Install Docker (attempt 1 of 5 failed, again in 3.0s)
      warning: vm1: no handler is named "x"
    `),
  },
  {
    it: 'tells with -v what was connected, ok items and exchanges',
    events: [
      runStart(),
      { type: 'host_connected', host: 'vm1', seconds: 0.25 },
      itemEnd('a'),
      { type: 'host_end', host: 'vm1', play: 'Provision', exchanges: 3 },
    ],
    options: { verbosity: 1 },
    out: '08:27:01 vm1  ok             Install Docker [a]\n',
    err: text(`
      Running playbooks/x.yml.
      08:27:01 vm1  connected    connected in 0.3s
      08:27:01 vm1  done         3 exchanges
    `),
  },
  {
    it: 'shows with -vv what is registered',
    events: [taskEnd({ result: { rc: 0, stdout: 'x' } })],
    options: { verbosity: 2 },
    out: text(`
      08:27:01 vm1  ok           Install Docker
               {
                 "rc": 0,
                 "stdout": "x"
               }
    `),
  },
  {
    it: 'shows diffs in unified form when they are asked for',
    events: [
      taskEnd({
        ...changed(),
        steps: [
          { say: 'write /etc/motd', diff: { title: '/etc/motd', before: 'a\nb\n', after: 'a\nc\n' } },
          { say: 'write /etc/new', diff: { title: '/etc/new', before: null, after: 'x\n' } },
          { say: 'write /etc/bin', diff: { title: '/etc/bin', before: 'a\0', after: 'b' } },
        ],
      }),
    ],
    options: { diff: true },
    out: text(`
      08:27:01 vm1  changed      Install Docker
               write /etc/motd
                 --- before: /etc/motd
                 +++ after: /etc/motd
                 @@ -1,2 +1,2 @@
                  a
                 -b
                 +c
               write /etc/new
                 --- before: /etc/new (no file)
                 +++ after: /etc/new
                 @@ -0,0 +1 @@
                 +x
               write /etc/bin
                 --- before: /etc/bin
                 +++ after: /etc/bin
                 binary content differs
    `),
  },
  {
    it: 'prints a diagnostic with its frame on stderr',
    events: [
      {
        type: 'diagnostic',
        diagnostic: {
          severity: 'error',
          message: 'unknown module "fiel"',
          place: { file: 'x.yml', line: 2, column: 3 },
          hint: 'did you mean "file"?',
        },
        frame:
          'x.yml:2:3: unknown module "fiel" (did you mean "file"?)\n  1 | - hosts: all\n  2 |   fiel:\n    |   ^',
      },
    ],
    err: text(`
      x.yml:2:3: unknown module "fiel" (did you mean "file"?)
        1 | - hosts: all
        2 |   fiel:
          |   ^
    `),
  },
  {
    it: 'says that it was interrupted, then what was done',
    events: [{ type: 'interrupted', signal: 'SIGINT' }, recap({ exit: 130 })],
    err: 'Interrupted (SIGINT): ending what runs on the hosts.\n',
    out: text(`

      PLAY RECAP
      vm1 : ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0

      1 host, changed=0, 1 exchange, 1.2s
    `),
  },
  {
    it: 'lets no control character of a host through',
    events: [
      taskEnd({
        host: 'vm\u001b[31m1',
        task: 'a\u0007b',
        status: 'failed',
        message: '\u001b]0;owned\u0007bad\u009b2J',
        result: { stderr: '10%\r50%\r\u001b[2K100%\nend\u202e\n' },
      }),
      taskOutput('1%\r2%\u001b[1A'),
    ],
    out: text(`
      08:27:01 vm1  failed       ab — bad
               playbooks/x.yml:12
               | 100%
               | end
    `),
    err: '08:27:01 vm1  …            Install Docker: 2%\n',
  },
];

describe('plain', () => {
  it.each(cases)('$it', async ({ events, options, out = '', err = '' }) => {
    expect(await told(events, options)).toEqual({ out, err });
  });

  it('paints words and signs when colour is wanted', async () => {
    const { out } = await told([taskEnd(changed('create /srv'))], { color: true });
    expect(out).toBe(
      '\u001b[2m08:27:01\u001b[22m vm1  \u001b[33mchanged    \u001b[39m  Install Docker — create /srv\n',
    );
  });

  it('speaks French', async () => {
    const { err } = await told([runStart('plan'), taskRetry()], { locale: 'fr' });
    expect(err).toBe(
      text(`
        Plan de playbooks/x.yml : rien n’est touché.
        08:27:01 vm1  retrying      Install Docker (échec de l’essai 1 sur 5, nouvel essai dans 3.0s)
      `),
    );
  });
});
