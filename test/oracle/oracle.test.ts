/** Playbooks that ansible-playbook runs, and we: the same reports, the same recap, the same files. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { folder } from '../engine/rig.ts';
import { askAnsible, hasAnsible } from './ask-ansible.ts';
import { askGirofle } from './ask-girofle.ts';
import type { Told } from './told.ts';
import { type Call, type Topic, topics } from './topics.ts';
import { type Tree, treeOf } from './tree.ts';

/** After one call: what was told, and what is below the root. */
interface Outcome {
  readonly told: Told;
  readonly tree: Tree;
}

interface Compared {
  readonly theirs: readonly Outcome[];
  readonly ours: readonly Outcome[];
}

type Ask = (topic: Topic, call: Call, root: string) => Promise<Told>;

async function compare(topic: Topic): Promise<Compared> {
  const root = folder();
  return { theirs: await runAll(askAnsible, topic, root), ours: await runAll(askGirofle, topic, root) };
}

/** Both work in the same place, one after the other, so that paths are the same. */
async function runAll(ask: Ask, topic: Topic, root: string): Promise<readonly Outcome[]> {
  rmSync(root, { recursive: true, force: true });
  for (const host of topic.hosts) mkdirSync(join(root, host), { recursive: true });
  const outcomes: Outcome[] = [];
  for (const call of topic.calls) {
    const told = await ask(topic, call, root);
    outcomes.push({ told, tree: treeOf(root) });
  }
  return outcomes;
}

/** Two topics at a time: ansible-playbook is slow, and there is more than one processor. */
function startAll(list: readonly Topic[]): ReadonlyMap<Topic, Promise<Compared>> {
  const lanes = [Promise.resolve(), Promise.resolve()];
  return new Map(
    list.map((topic, i) => {
      const lane = i % lanes.length;
      const running = (lanes[lane] ?? Promise.resolve()).then(() => compare(topic));
      lanes[lane] = running.then(
        () => undefined,
        () => undefined,
      );
      return [topic, running];
    }),
  );
}

/** What is in the folder of one case, or in none of any case. */
function partOf(tree: Tree, belongs: (path: string) => boolean): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => belongs(path)));
}

function seenOf(host: string, outcomes: readonly Outcome[]): unknown {
  return outcomes.map(({ told, tree }) => ({
    ...told[host],
    files: partOf(tree, path => path.startsWith(`${host}/`)),
  }));
}

describe.runIf(hasAnsible)('as ansible-playbook does', () => {
  const running: Map<Topic, Promise<Compared>> = new Map();

  beforeAll(() => {
    for (const [topic, compared] of startAll(topics)) {
      running.set(topic, compared);
      compared.catch(() => undefined);
    }
  });

  describe.each(topics)('$name', topic => {
    let compared: Compared;

    beforeAll(async () => {
      compared = (await running.get(topic)) ?? { theirs: [], ours: [] };
    });

    for (const host of topic.hosts) {
      const why = topic.differs[host];
      const agree = () => expect(seenOf(host, compared.ours)).toEqual(seenOf(host, compared.theirs));
      const title = host.replaceAll('_', ' ');
      if (why === undefined) test(title, agree);
      else test.fails(`${title} (differs: ${why})`, agree);
    }

    test('nothing else is left behind', () => {
      const outside = ({ tree }: Outcome) =>
        partOf(tree, path => !topic.hosts.some(host => path === host || path.startsWith(`${host}/`)));
      expect(compared.ours.map(outside)).toEqual(compared.theirs.map(outside));
    });
  });
});

test.skipIf(hasAnsible)('SKIPPED: there is no ansible-playbook (apt-get install ansible-core)', context => {
  context.skip();
});
