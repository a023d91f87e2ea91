/** What comes after the task at hand, for looking ahead: a linked list, so that going on costs nothing. */
import type { Node, TaskNode } from '../core/play.ts';
import type { Layer } from '../core/value.ts';

/** Nodes still to come in this list, then those of the lists around it. */
export interface Rest {
  readonly nodes: readonly Node[];
  readonly from: number;
  /** Loop variables of the includes around. */
  readonly local: readonly Layer[];
  readonly next: Rest | undefined;
  /** Of the first task, when it is at work: the layers of each of its rounds, and the first that is still to come. */
  readonly rounds?: Rounds;
}

export interface Rounds {
  readonly layers: readonly (readonly Layer[])[];
  readonly from: number;
}

/** A task to come. */
export interface Coming {
  readonly node: TaskNode;
  readonly local: readonly Layer[];
  readonly rounds?: Rounds | undefined;
}

/** Tasks in the order in which they come when nothing fails. Includes named by a template are opaque until reached. */
export function* upcoming(rest: Rest | undefined): Generator<Coming> {
  for (let list = rest; list !== undefined; list = list.next) {
    for (let i = list.from; i < list.nodes.length; i++) {
      yield* tasksOf(list.nodes[i], list.local, i === list.from ? list.rounds : undefined);
    }
  }
}

function* tasksOf(node: Node | undefined, local: readonly Layer[], rounds?: Rounds): Generator<Coming> {
  if (node?.kind === 'task') yield { node, local, rounds };
  for (const child of childrenOf(node)) yield* tasksOf(child, local);
}

function childrenOf(node: Node | undefined): readonly Node[] {
  if (node?.kind === 'block') return [...node.block, ...node.always];
  return node?.kind === 'include' && node.loop === undefined ? (node.ahead ?? []) : [];
}
