import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type {
  BlockNode,
  IncludeNode,
  MetaNode,
  Node,
  Play,
  Playbook,
  Source,
  TaskNode,
  Written,
} from '../../src/core/play.ts';
import { defineTask } from '../../src/core/task-module.ts';
import type { Value } from '../../src/core/value.ts';
import { list, listHosts, listTasks } from '../../src/render/listing.ts';
import { text } from './story.ts';

const place = { file: 'site.yml', line: 1, column: 1 };
const source: Source = { file: 'site.yml', place: () => place };
const written = <T extends Value>(value: T): Written<T> => ({ value, source, path: [] });
const module = defineTask({ name: 'file', summary: '', args: Type.Object({}), examples: '', plan: () => [] });
const nothing = { when: [], vars: [], environment: [], notify: [], listen: [] };

function task(name: string | undefined, ...tags: readonly string[]): TaskNode {
  return {
    kind: 'task',
    ...(name === undefined ? {} : { name: written(name) }),
    place,
    module,
    args: written({}),
    loopControl: { loopVar: 'item' },
    ...nothing,
    tags,
  };
}

function block(...nodes: readonly Node[]): BlockNode {
  return { kind: 'block', place, block: nodes, rescue: [task('Repair')], always: [task('Tidy up')] };
}

const include: IncludeNode = {
  kind: 'include',
  what: 'tasks',
  place,
  file: written('more.yml'),
  loopControl: { loopVar: 'item' },
  load: async () => [],
  ...nothing,
  tags: [],
};
const meta: MetaNode = { kind: 'meta', place, action: 'flush_handlers', ...nothing, tags: [] };

function play(more: Partial<Play>): Play {
  return {
    name: 'Provision',
    place,
    source,
    hosts: written('all'),
    vars: [],
    varsFiles: [],
    varsPrompt: [],
    roleDefaults: [],
    roleVars: [],
    roles: [],
    gatherFacts: true,
    strategy: 'free',
    anyErrorsFatal: false,
    forceHandlers: false,
    preTasks: [],
    tasks: [],
    postTasks: [],
    handlers: [],
    inherited: { ...nothing, tags: [] },
    ...more,
  };
}

const playbook: Playbook = {
  file: 'site.yml',
  plays: [
    play({
      hosts: written(['web', 'db']),
      inherited: { ...nothing, tags: ['base'] },
      preTasks: [task('Look', 'base')],
      tasks: [task('Install Docker', 'docker', 'base'), task(undefined, 'base'), meta],
      handlers: [task('Restart')],
    }),
    play({
      name: 'Commission',
      tasks: [block(task('Create', 'slow')), include],
      postTasks: [task('Say', 'never')],
    }),
  ],
};

describe('--list-tasks', () => {
  it('names each play and its tasks with their tags', () => {
    expect(listTasks(playbook)).toBe(
      text(`

        playbook: site.yml

          play #1 (web,db): Provision\tTAGS: [base]
            tasks:
              Look\tTAGS: [base]
              Install Docker\tTAGS: [base, docker]
              file\tTAGS: [base]

          play #2 (all): Commission\tTAGS: []
            tasks:
              Create\tTAGS: [slow]
              Repair\tTAGS: []
              Tidy up\tTAGS: []
              include_tasks\tTAGS: []
              Say\tTAGS: [never]
      `),
    );
  });

  it('leaves out what the tags leave out', () => {
    expect(listTasks(playbook, tags => tags.includes('slow'))).toBe(
      text(`

        playbook: site.yml

          play #1 (web,db): Provision\tTAGS: [base]
            tasks:

          play #2 (all): Commission\tTAGS: []
            tasks:
              Create\tTAGS: [slow]
      `),
    );
  });
});

describe('--list-hosts', () => {
  it('names the hosts that each play means', () => {
    expect(listHosts(playbook, ({ name }) => (name === 'Provision' ? ['web1', 'db1'] : []))).toBe(
      text(`

        playbook: site.yml

          play #1 (web,db): Provision\tTAGS: [base]
            pattern: ['web', 'db']
            hosts (2):
              web1
              db1

          play #2 (all): Commission\tTAGS: []
            pattern: ['all']
            hosts (0):
      `),
    );
  });

  it('goes together with --list-tasks', () => {
    const one = { file: 'one.yml', plays: [play({ tasks: [task('Say')] })] };
    expect(list(one, { hostsOf: () => ['vm1'], wants: () => true })).toBe(
      text(`

        playbook: one.yml

          play #1 (all): Provision\tTAGS: []
            pattern: ['all']
            hosts (1):
              vm1
            tasks:
              Say\tTAGS: []
      `),
    );
  });
});
