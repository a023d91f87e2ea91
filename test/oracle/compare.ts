/** Runs a topic by both tools, each call of it in turn, and keeps what each told and left. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../engine/rig.ts';
import { askAnsible } from './ask-ansible.ts';
import { askGirofle } from './ask-girofle.ts';
import type { Told } from './told.ts';
import type { Call, Topic } from './topics.ts';
import { type Tree, treeOf } from './tree.ts';

/** After one call: what was told, and what is below the root. */
export interface Outcome {
  readonly told: Told;
  readonly tree: Tree;
}

export interface Compared {
  readonly theirs: readonly Outcome[];
  readonly ours: readonly Outcome[];
}

type Ask = (topic: Topic, call: Call, root: string) => Promise<Told>;

export async function compare(topic: Topic): Promise<Compared> {
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

/** What is in the folder of one case, or in none of any case. */
function partOf(tree: Tree, belongs: (path: string) => boolean): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => belongs(path)));
}

/** All that is compared of one case: for each call its tasks, its line of the recap, and its files. */
export function seenOf(host: string, outcomes: readonly Outcome[]): unknown {
  return outcomes.map(({ told, tree }) => ({
    ...told[host],
    files: partOf(tree, path => path.startsWith(`${host}/`)),
  }));
}

/** Files in no case's folder. */
export function filesElsewhere({ hosts }: Topic, outcomes: readonly Outcome[]): unknown {
  const inCase = (path: string) => hosts.some(host => path === host || path.startsWith(`${host}/`));
  return outcomes.map(({ tree }) => partOf(tree, path => !inCase(path)));
}
