/** Runs a topic by both tools, each call of it in turn, and keeps what each told and left. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../engine/rig.ts';
import { askAnsible } from './ask-ansible.ts';
import { askGirofle } from './ask-girofle.ts';
import type { TaskTold, Told } from './told.ts';
import type { Call, Topic } from './topics.ts';
import { type Tree, treeOf } from './tree.ts';

/** After one call: what was told, and what is below the root. */
interface Outcome {
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

/** What is compared of one case after one call. */
interface Seen {
  readonly tasks: readonly TaskTold[];
  readonly recap: unknown;
  readonly files: Tree;
}

/** One case as both saw it, call by call. */
export function bothOf(
  host: string,
  { theirs, ours }: Compared,
): { theirs: readonly Seen[]; ours: readonly Seen[] } {
  const seen = theirs.map(outcome => seenOf(host, outcome));
  return { theirs: seen, ours: ours.map((outcome, i) => asFarAsTold(seenOf(host, outcome), seen[i])) };
}

function seenOf(host: string, { told, tree }: Outcome): Seen {
  const { tasks, recap } = told[host] ?? { tasks: [], recap: {} };
  return { tasks, recap, files: partOf(tree, path => path.startsWith(`${host}/`)) };
}

/** Our results may say more than Ansible's; a plan's say nothing of what was not run. */
function asFarAsTold(ours: Seen, theirs: Seen | undefined): Seen {
  const tasks = ours.tasks.map((task, i) => {
    const told = theirs?.tasks[i]?.result;
    return { ...task, result: task.result === undefined ? told : common(task.result, told) };
  });
  return { ...ours, tasks };
}

function common(ours: unknown, theirs: unknown): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) return ours.map((item, i) => common(item, theirs[i]));
  if (!isMap(ours) || !isMap(theirs)) return ours;
  const kept = Object.entries(ours).filter(([key]) => key in theirs);
  return Object.fromEntries(kept.map(([key, item]) => [key, common(item, theirs[key])]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Files in no case's folder. */
export function filesElsewhere({ hosts }: Topic, outcomes: readonly Outcome[]): unknown {
  const inCase = (path: string) => hosts.some(host => path === host || path.startsWith(`${host}/`));
  return outcomes.map(({ tree }) => partOf(tree, path => !inCase(path)));
}
