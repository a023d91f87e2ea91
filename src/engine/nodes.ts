/** Walks over the nodes of a play. */
import type { BlockNode, Node } from '../core/play.ts';

export type Leaf = Exclude<Node, BlockNode>;

/** All but the blocks themselves, in the order in which they are written. */
export function* leaves(nodes: readonly Node[]): Generator<Leaf> {
  for (const node of nodes) {
    if (node.kind === 'block') yield* leaves([...node.block, ...node.rescue, ...node.always]);
    else yield node;
  }
}

/** Whether a task of this name is here, or in an included file whose name is known. */
export function isAmong(nodes: readonly Node[], name: string): boolean {
  return [...leaves(nodes)].some(
    node => node.name?.value === name || (node.kind === 'include' && isAmong(node.ahead ?? [], name)),
  );
}
