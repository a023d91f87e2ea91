/** Which tasks `--tags`, `--skip-tags` and `--start-at-task` leave in. */
import type { Node } from '../core/play.ts';

export interface Selection {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
}

/** As Ansible: `always` runs unless skipped by name, `never` only when asked for by one of its tags. */
export function selects(taskTags: readonly string[], { tags, skipTags }: Selection): boolean {
  const own = new Set(taskTags);
  if (matches(own, skipTags)) return false;
  if (tags.length === 0 || tags.includes('all')) return !own.has('never') || matches(own, tags);
  if (own.has('always')) return true;
  if (own.has('never')) return tags.some(tag => tag !== 'tagged' && own.has(tag));
  return matches(own, tags);
}

export function isSelected(node: Exclude<Node, { kind: 'block' }>, selection: Selection): boolean {
  return selects(node.tags, selection);
}

function matches(own: ReadonlySet<string>, asked: readonly string[]): boolean {
  return asked.some(
    tag =>
      own.has(tag) ||
      (tag === 'tagged' && own.size > 0) ||
      (tag === 'untagged' && own.size === 0) ||
      tag === 'all',
  );
}
