/** The four laws, over random plays of real modules on real files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { folder, type Ran, runText } from './rig.ts';

/** A task of a random play, as YAML flow text; it works below the folder DIR. */
const name = fc.constantFrom('a', 'b', 'c');
const mode = fc.constantFrom('0600', '0644', '0750');
const content = fc.constantFrom('one\n', 'two\n', '', "it's {{ 1 + 1 }} $HOME\n");
const task = fc.oneof(
  fc
    .record({ name, mode })
    .map(({ name, mode }) => `file: { path: DIR/${name}.d, state: directory, mode: '${mode}' }`),
  fc
    .record({ name, content, mode })
    .map(
      ({ name, content, mode }) =>
        `copy: { dest: DIR/${name}, content: ${JSON.stringify(content)}, mode: '${mode}' }`,
    ),
  name.map(name => `file: { path: DIR/${name}, state: absent }`),
  fc
    .record({ name, to: name })
    .map(({ name, to }) => `file: { path: DIR/${name}.l, src: DIR/${to}, state: link, force: true }`),
  name.map(name => `command: { cmd: touch DIR/${name}.made, creates: DIR/${name}.made }`),
  name.map(
    name =>
      `shell: { cmd: "cat DIR/${name}.made >> DIR/log; rm DIR/${name}.made", removes: DIR/${name}.made }`,
  ),
  fc
    .record({ name, mode })
    .map(
      ({ name, mode }) =>
        `file: { path: "{{ item }}", state: directory, mode: '${mode}' }\n      loop: [DIR/${name}.1, DIR/${name}.2]`,
    ),
  name.map(name => `stat: { path: DIR/${name} }\n      register: seen`),
  fc
    .record({ name, mode })
    .map(
      ({ name, mode }) =>
        `file: { path: DIR/${name}.seen, state: directory, mode: '${mode}' }\n      when: seen is defined and seen.stat is defined and seen.stat.exists`,
    ),
);

/** Three names of one machine; the play is for the first. */
const THREE_NAMES =
  'all:\n  vars: { ansible_connection: local }\n  children:\n    me: { hosts: { here: } }\n    others: { hosts: { there: , yonder: } }\n';

const handlers = `  handlers:\n    - name: h1\n      shell: echo h1 >> DIR/log; rm -f DIR/a\n    - name: h2\n      file: { path: DIR/b, state: absent }\n`;

/** The same, done here or by another name of this machine, with results, facts, conditions and handlers between them. */
const entangled = fc
  .record({
    task,
    keywords: fc.subarray([
      `delegate_to: there`,
      `delegate_to: yonder`,
      `notify: [h1, h2]`,
      `register: seen`,
      `ignore_errors: true`,
      `when: "seen is not defined or seen is not changed"`,
      `loop: [1, 2]`,
    ]),
    flush: fc.boolean(),
  })
  .map(({ task, keywords, flush }) => {
    const own = keywords.filter(
      (keyword, i) =>
        !task.includes(`${keyword.split(':')[0]}:`) &&
        !(i > 0 && keyword.startsWith('delegate') && keywords[i - 1]?.startsWith('delegate')),
    );
    const fact = `\n    - set_fact: { place: "{{ 'b' if seen is defined and seen is changed else 'c' }}" }\n    - file: { path: "DIR/{{ place }}.fact", state: directory, mode: '0700' }`;
    return `${[task, ...own].join('\n      ')}${flush ? `\n    - meta: flush_handlers${fact}` : ''}`;
  });

/** Tasks that agree on what they want: no two touch the same path, so that a second run has nothing to do. */
const settled = fc.uniqueArray(
  fc.oneof(
    fc
      .record({ n: fc.nat(20), mode })
      .map(({ n, mode }) => ({ n, text: `file: { path: DIR/${n}, state: directory, mode: '${mode}' }` })),
    fc.record({ n: fc.nat(20), content, mode }).map(({ n, content, mode }) => ({
      n,
      text: `copy: { dest: DIR/${n}, content: ${JSON.stringify(content)}, mode: '${mode}' }`,
    })),
    fc.nat(20).map(n => ({ n, text: `command: { cmd: touch DIR/${n}, creates: DIR/${n} }` })),
    fc.nat(20).map(n => ({ n, text: `file: { path: DIR/${n}, src: /nowhere, state: link, force: true }` })),
  ),
  { selector: ({ n }) => n, minLength: 1, maxLength: 12 },
);

function play(tasks: readonly string[], dir: string): string {
  const lines = tasks.map((text, i) => `    - name: t${i}\n      ${text}\n`).join('');
  return `- hosts: here\n  gather_facts: false\n  tasks:\n${lines}`.replaceAll('DIR', dir);
}

/** Everything below a folder: type, mode, content, target. */
function tree(dir: string): string {
  return execFileSync(
    'sh',
    [
      '-c',
      'cd "$1" && find . -printf "%p %y %m %l\\n" | sort; find . -type f -exec sha1sum {} + | sort',
      'sh',
      dir,
    ],
    { encoding: 'utf8' },
  );
}

function fresh(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
}

/** Events without what may differ: times and exchanges. */
function essence(events: readonly RunEvent[]): unknown {
  return JSON.parse(
    JSON.stringify(events, (key, value) =>
      [
        'duration',
        'time',
        'seconds',
        'exchanges',
        'start',
        'end',
        'delta',
        'result',
        'atime',
        'ctime',
        'mtime',
      ].includes(key)
        ? undefined
        : value,
    ),
  );
}

function changed({ events }: Ran): readonly string[] {
  return events.flatMap(event =>
    event.type === 'task_end' && event.status === 'changed' ? [event.task] : [],
  );
}

const RUNS = { numRuns: 15, endOnFailure: true } as const;

describe('the laws', () => {
  it('1. a plan says what a run then changes, and changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(settled, async tasks => {
        const dir = `${folder()}/w`;
        fresh(dir);
        const text = play(
          tasks.map(({ text }) => text),
          dir,
        );
        const before = tree(dir);
        const plan = await runText(text, { planning: true });
        expect(tree(dir)).toBe(before);
        expect(changed(plan)).toEqual(changed(await runText(text)));
      }),
      RUNS,
    );
  });

  it('2. a second run changes nothing, and its plan is empty', async () => {
    await fc.assert(
      fc.asyncProperty(settled, async tasks => {
        const dir = `${folder()}/w`;
        fresh(dir);
        const text = play(
          tasks.map(({ text }) => text),
          dir,
        );
        await runText(text);
        expect(changed(await runText(text, { planning: true }))).toEqual([]);
        expect(changed(await runText(text))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('3. with exchanges joined or one by one, the events are the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entangled, { minLength: 1, maxLength: 12 }), async tasks => {
        const dir = `${folder()}/w`;
        const more = tasks.length > 6 ? tasks.splice(6) : [];
        const files = {
          'more.yml': play(more, dir).split('\n').slice(3).join('\n').replaceAll(/^ {4}/gm, '') || '[]',
        };
        const runs = [];
        for (const batching of [true, false]) {
          fresh(dir);
          const text = play([...tasks, 'include_tasks: more.yml'], dir) + handlers.replaceAll('DIR', dir);
          const ran = await runText(text, { batching, files, inventory: THREE_NAMES });
          const events = JSON.stringify(essence(ran.events));
          runs.push({
            events: events.replaceAll(/girofle-test-\w+\/(play|hosts|more)/g, '$1'),
            tree: tree(dir),
          });
        }
        expect(runs[0]).toEqual(runs[1]);
      }),
      { ...RUNS, numRuns: 25 },
    );
  });

  it('4. stopped at any event, the next run converges to the same state', async () => {
    await fc.assert(
      fc.asyncProperty(settled, fc.nat(40), async (tasks, moment) => {
        const dir = `${folder()}/w`;
        fresh(dir);
        const text = play(
          tasks.map(({ text }) => text),
          dir,
        );
        await runText(text);
        const wanted = tree(dir);
        fresh(dir);
        const stop = new AbortController();
        let seen = 0;
        await runText(text, {
          signal: stop.signal,
          onEvent: () => (seen++ === moment ? stop.abort(new Error('stopped')) : undefined),
        });
        await runText(text);
        expect(tree(dir)).toBe(wanted);
      }),
      RUNS,
    );
  });
});
