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
}

/** Tasks in the order in which they come when nothing fails. Includes named by a template are opaque until reached. */
export function* upcoming(rest: Rest | undefined): Generator<{ node: TaskNode; local: readonly Layer[] }> {
  for (let list = rest; list !== undefined; list = list.next) {
    for (let i = list.from; i < list.nodes.length; i++) yield* tasksOf(list.nodes[i], list.local);
  }
}

function* tasksOf(
  node: Node | undefined,
  local: readonly Layer[],
): Generator<{ node: TaskNode; local: readonly Layer[] }> {
  if (node?.kind === 'task') yield { node, local };
  for (const child of childrenOf(node)) yield* tasksOf(child, local);
}

function childrenOf(node: Node | undefined): readonly Node[] {
  if (node?.kind === 'block') return [...node.block, ...node.always];
  return node?.kind === 'include' && node.loop === undefined ? (node.ahead ?? []) : [];
}
