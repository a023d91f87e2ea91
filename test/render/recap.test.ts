import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { RenderOptions } from '../../src/render/choose.ts';
import { counts, itemEnd, recap, taskEnd, text, told } from './story.ts';

interface Case {
  readonly it: string;
  /** What happened before; only what the recap repeats of it is looked at. */
  readonly before?: readonly RunEvent[];
  readonly recap: Parameters<typeof recap>[0];
  readonly options?: Partial<RenderOptions>;
  readonly out: string;
}

const change = (host: string, task: string, ...steps: readonly string[]) => ({ host, task, steps });

const cases: readonly Case[] = [
  {
    it: 'counts as Ansible does and ends with changed=0 when all was so already',
    recap: { hosts: { vm1: counts({ ok: 5, skipped: 1, exchanges: 2 }) } },
    out: text(`

      PLAY RECAP
      vm1 : ok=5 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0

      1 host, changed=0, 2 exchanges, 1.2s
    `),
  },
  {
    it: 'stands in columns, and joins the same change on many hosts',
    recap: {
      hosts: { vm1: counts({ ok: 12, changed: 2 }), gateway: counts({ ok: 5, changed: 1 }) },
      changes: [
        change('vm1', 'Install Docker', 'install docker.io'),
        change('vm1', 'Create /srv', 'create /srv', 'mode 0755 → 0700'),
        change('gateway', 'Install Docker', 'install docker.io'),
      ],
      seconds: 63,
    },
    out: text(`

      PLAY RECAP
      vm1     : ok=12 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
      gateway : ok=5  changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0

      Changed:
        Install Docker (vm1, gateway)
          install docker.io
        Create /srv (vm1)
          create /srv
          mode 0755 → 0700

      2 hosts, changed=3, 2 exchanges, 1m 03s
    `),
  },
  {
    it: 'names the first of many hosts and steps',
    recap: {
      hosts: { vm1: counts() },
      changes: Array.from({ length: 8 }, (_, i) =>
        change(`vm${i + 1}`, 'Users', ...Array.from({ length: 12 }, (_, n) => `add user ${n}`)),
      ),
    },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0

      Changed:
        Users (vm1, vm2, vm3, vm4, vm5 and 3 more)
          add user 0
          add user 1
          add user 2
          add user 3
          add user 4
          add user 5
          add user 6
          add user 7
          add user 8
          … and 3 more (-v shows all)

      1 host, changed=0, 1 exchange, 1.2s
    `),
  },
  {
    it: 'repeats failures with their place and the hosts out of reach',
    before: [
      itemEnd('a', { host: 'vm2', id: 7 }),
      itemEnd('b', { host: 'vm2', id: 7, status: 'failed', message: 'no such file: /x\nsee the manual' }),
      taskEnd({ host: 'vm2', id: 7, status: 'failed', message: 'an item failed', items: 2 }),
      taskEnd({ host: 'vm1', status: 'ignored', message: 'never mind' }),
      taskEnd({ host: 'vm1', status: 'rescued', message: 'saved' }),
      taskEnd({ host: 'vm1', status: 'failed', message: 'exit code 1', hint: 'try again' }),
      {
        type: 'host_unreachable',
        host: 'vm3',
        play: 'Provision',
        message: 'no route to host',
        hint: 'is it up?',
      },
      { type: 'host_unreachable', host: 'vm3', play: 'Next', message: 'no route to host' },
    ],
    recap: {
      exit: 1,
      hosts: {
        vm1: counts({ failed: 1, rescued: 1, ignored: 1 }),
        vm2: counts({ failed: 1 }),
        vm3: counts({ unreachable: 1, exchanges: 0 }),
      },
    },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=1 ignored=1
      vm2 : ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
      vm3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0

      Failed:
        vm2: Install Docker [b] (playbooks/x.yml:12)
          no such file: /x
          see the manual
        vm1: Install Docker (playbooks/x.yml:12)
          exit code 1
          hint: try again

      Unreachable:
        vm3: no route to host
          hint: is it up?

      3 hosts, changed=0, 2 exchanges, 1.2s
    `),
  },
  {
    it: 'adds exchanges of each host with -v',
    recap: { hosts: { vm1: counts({ exchanges: 12 }), vm2: counts({ exchanges: 3 }) } },
    options: { verbosity: 1 },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0 exchanges=12
      vm2 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0 exchanges=3

      2 hosts, changed=0, 15 exchanges, 1.2s
    `),
  },
  {
    it: 'sums a plan up',
    recap: {
      mode: 'plan',
      hosts: { vm1: counts({ changed: 2 }), vm2: counts({ changed: 1 }) },
      changes: [
        change('vm1', 'Install Docker', 'install docker.io'),
        change('vm2', 'Install Docker', 'install docker.io'),
        { ...change('vm1', 'Start it', 'start docker'), uncertain: true },
      ],
    },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
      vm2 : ok=0 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0

      Would change:
        Install Docker (vm1, vm2)
          install docker.io
        Start it (vm1) (uncertain)
          start docker

      Plan: 2 to change, 1 uncertain, on 2 hosts.
      2 hosts, 2 exchanges, 1.2s
    `),
  },
  {
    it: 'says that there is nothing to change',
    recap: { mode: 'plan' },
    out: text(`

      PLAY RECAP
      vm1 : ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0

      Nothing to change.
      1 host, 1 exchange, 1.2s
    `),
  },
  {
    it: 'does not call a plan empty that could not be made',
    recap: {
      mode: 'plan',
      hosts: { vm1: counts({ failed: 1 }), vm2: counts({ unreachable: 1, exchanges: 0 }) },
    },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
      vm2 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0

      The plan is incomplete: 1 host failed, 1 host unreachable.
      2 hosts, 1 exchange, 1.2s
    `),
  },
  {
    it: 'speaks French, with the words of Ansible for the counts',
    before: [
      { type: 'host_unreachable', host: 'vm2', play: 'x', message: 'connection refused', hint: 'start sshd' },
    ],
    recap: {
      mode: 'plan',
      hosts: { vm1: counts({ changed: 1 }), vm2: counts({ unreachable: 1, exchanges: 0 }) },
      changes: [change('vm1', 'Installer Docker', 'install docker.io')],
    },
    options: { locale: 'fr' },
    out: text(`

      PLAY RECAP
      vm1 : ok=0 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
      vm2 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0

      Serait modifié :
        Installer Docker (vm1)
          install docker.io

      Injoignables :
        vm2: connection refused
          conseil : start sshd

      Plan : 1 à changer, sur 1 hôte.
      Le plan est incomplet : 1 hôte injoignable.
      2 hôtes, 1 échange, 1.2s
    `),
  },
  {
    it: 'is short when no host was meant',
    recap: { hosts: {} },
    out: '\n0 hosts, changed=0, 0 exchanges, 1.2s\n',
  },
];

describe('the recap', () => {
  it.each(cases)('$it', async ({ before = [], recap: fields, options, out }) => {
    const whole = await told([...before, recap(fields)], options);
    const said = await told(before, options);
    expect(whole.out.slice(said.out.length)).toBe(out);
  });

  it('reads the same in pretty', async () => {
    const events = [recap({ hosts: { vm1: counts({ ok: 1 }) } })];
    expect((await told(events, { output: 'pretty' })).out).toBe((await told(events)).out);
  });
});
