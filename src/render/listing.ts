/** What `--list-hosts` and `--list-tasks` print, in Ansible's form. */
import type { Node, Play, Playbook, TaskNode } from '../core/play.ts';
import type { Value } from '../core/value.ts';

export interface Listing {
  /** Names of the hosts that a play's pattern means after --limit: set for --list-hosts. */
  readonly hostsOf?: (play: Play) => readonly string[];
  /** Whether --tags and --skip-tags let a task run: set for --list-tasks. */
  readonly wants?: (tags: readonly string[]) => boolean;
}

/** `--list-hosts` for one playbook. */
export function listHosts(playbook: Playbook, hostsOf: (play: Play) => readonly string[]): string {
  return list(playbook, { hostsOf });
}

/** `--list-tasks` for one playbook. */
export function listTasks(
  playbook: Playbook,
  wants: (tags: readonly string[]) => boolean = () => true,
): string {
  return list(playbook, { wants });
}

/** Either or both. */
export function list(playbook: Playbook, listing: Listing): string {
  const plays = playbook.plays.flatMap((play, i) => ['', ...playLines(play, i + 1, listing)]);
  return `${['', `playbook: ${playbook.file}`, ...plays].join('\n')}\n`;
}

function playLines(play: Play, number: number, { hostsOf, wants }: Listing): readonly string[] {
  const pattern = patternOf(play.hosts.value);
  const hosts = hostsOf?.(play);
  return [
    `  play #${number} (${pattern.join(',')}): ${play.name}\tTAGS: [${play.inherited.tags.join(',')}]`,
    ...(hosts
      ? [`    pattern: [${pattern.map(part => `'${part}'`).join(', ')}]`, `    hosts (${hosts.length}):`]
      : []),
    ...(hosts ?? []).map(host => `      ${host}`),
    ...(wants ? ['    tasks:', ...nodesOf(play).flatMap(node => nodeLines(node, wants))] : []),
  ];
}

function patternOf(hosts: Value): readonly string[] {
  return Array.isArray(hosts) ? hosts.map(String) : [String(hosts)];
}

function nodesOf(play: Play): readonly Node[] {
  return [...play.preTasks, ...play.tasks, ...play.postTasks];
}

function nodeLines(node: Node, wants: (tags: readonly string[]) => boolean): readonly string[] {
  switch (node.kind) {
    case 'task':
      return taskLine(nameOf(node), node.tags, wants);
    case 'include':
      return taskLine(node.name?.value ?? `include_${node.what}`, node.tags, wants);
    case 'meta':
      return node.name ? taskLine(node.name.value, node.tags, wants) : [];
    case 'block':
      return [...node.block, ...node.rescue, ...node.always].flatMap(child => nodeLines(child, wants));
    default:
      return node satisfies never;
  }
}

function nameOf(node: TaskNode): string {
  return node.name?.value ?? node.module.name;
}

function taskLine(
  name: string,
  tags: readonly string[],
  wants: (tags: readonly string[]) => boolean,
): readonly string[] {
  return wants(tags) ? [`      ${name}\tTAGS: [${[...new Set(tags)].sort().join(', ')}]`] : [];
}
