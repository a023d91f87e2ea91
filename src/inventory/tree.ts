/** Joins what all files declare into one tree of groups and hosts, by Ansible's rules of order and depth. */
import { type Diagnostic, errorAt, type Place } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Value, ValueMap } from '../core/value.ts';
import type { Declaration } from './declarations.ts';

export interface GroupNode {
  readonly name: string;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  /** Hosts that it holds itself. */
  readonly hosts: Set<string>;
  /** Origin → variables, in the order of the files. */
  readonly layers: Map<string, ValueMap>;
  priority: number;
}

export interface HostNode {
  readonly name: string;
  /** Groups that hold it themselves. */
  readonly groups: Set<string>;
  readonly layers: Map<string, ValueMap>;
}

export interface Tree {
  readonly groups: Map<string, GroupNode>;
  readonly hosts: Map<string, HostNode>;
}

interface Building extends Tree {
  readonly declared: Set<string>;
  readonly mentions: { readonly name: string; readonly place: Place }[];
  /** Children that no file has declared so far. */
  pending: { readonly parent: string; readonly child: string; readonly place: Place }[];
  readonly diagnostics: Diagnostic[];
}

export function buildTree(declarations: readonly Declaration[]): {
  tree: Tree;
  diagnostics: readonly Diagnostic[];
} {
  const building: Building = {
    groups: new Map(),
    hosts: new Map(),
    declared: new Set(),
    mentions: [],
    pending: [],
    diagnostics: [],
  };
  declareGroup(building, 'all');
  declareGroup(building, 'ungrouped');
  join(building, 'all', 'ungrouped');
  for (const declaration of declarations) take(building, declaration);
  complainOfUndeclared(building);
  reconcile(building);
  return { tree: building, diagnostics: building.diagnostics };
}

function take(tree: Building, declaration: Declaration): void {
  switch (declaration.kind) {
    case 'group':
      declareGroup(tree, declaration.name);
      break;
    case 'mention':
      groupOf(tree, declaration.name);
      tree.mentions.push(declaration);
      break;
    case 'child':
      addChild(tree, declaration);
      break;
    case 'host':
      addHost(tree, declaration);
      break;
    case 'vars':
      setVariables(tree, declaration);
      break;
  }
}

function groupOf(tree: Tree, name: string): GroupNode {
  const known = tree.groups.get(name);
  if (known) return known;
  const group: GroupNode = {
    name,
    children: new Set(),
    parents: new Set(),
    hosts: new Set(),
    layers: new Map(),
    priority: 1,
  };
  tree.groups.set(name, group);
  return group;
}

function hostOf(tree: Tree, name: string): HostNode {
  const host = tree.hosts.get(name) ?? { name, groups: new Set(), layers: new Map() };
  tree.hosts.set(name, host);
  return host;
}

function declareGroup(tree: Building, name: string): void {
  groupOf(tree, name);
  tree.declared.add(name);
  const waiting = tree.pending.filter(({ child }) => child === name);
  tree.pending = tree.pending.filter(({ child }) => child !== name);
  for (const link of waiting) addChild(tree, link);
}

function addChild(tree: Building, link: { parent: string; child: string; place: Place }): void {
  const { parent, child, place } = link;
  groupOf(tree, parent);
  if (!tree.groups.has(child)) tree.pending.push(link);
  else if (child === 'all')
    tree.diagnostics.push(errorAt('the group "all" cannot be a child: it holds every group', place));
  else if (child === parent)
    tree.diagnostics.push(errorAt(`the group "${child}" cannot be its own child`, place));
  else if (ancestors(tree, [parent]).has(child)) {
    tree.diagnostics.push(
      errorAt(
        `the group "${child}" cannot be a child of "${parent}", which is itself below "${child}"`,
        place,
      ),
    );
  } else join(tree, parent, child);
}

function join(tree: Tree, parent: string, child: string): void {
  groupOf(tree, parent).children.add(child);
  groupOf(tree, child).parents.add(parent);
}

function addHost(tree: Tree, { name, group, port, origin }: Extract<Declaration, { kind: 'host' }>): void {
  const host = hostOf(tree, name);
  host.groups.add(group);
  groupOf(tree, group).hosts.add(name);
  if (port !== undefined) merge(host.layers, origin, { ansible_port: port });
}

function setVariables(
  tree: Building,
  { of, name, values, origin, place }: Extract<Declaration, { kind: 'vars' }>,
): void {
  if (of === 'host') {
    merge(hostOf(tree, name).layers, origin, values);
    return;
  }
  const { ansible_group_priority: priority, ...rest } = values;
  const group = groupOf(tree, name);
  merge(group.layers, origin, rest);
  if (priority === undefined) return;
  const number = wholeNumber(priority);
  if (number === undefined)
    tree.diagnostics.push(errorAt('ansible_group_priority must be a whole number', place));
  else group.priority = number;
}

function wholeNumber(value: Value): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

function merge(layers: Map<string, ValueMap>, origin: string, values: ValueMap): void {
  if (Object.keys(values).length > 0) layers.set(origin, { ...layers.get(origin), ...values });
}

function complainOfUndeclared({ declared, mentions, pending, diagnostics }: Building): void {
  const names = [...declared];
  for (const { name, place } of mentions) {
    if (!declared.has(name))
      diagnostics.push(
        errorAt(
          `variables for the group "${name}", which is declared nowhere`,
          place,
          didYouMean(name, names) ?? `add a section [${name}]`,
        ),
      );
  }
  for (const { parent, child, place } of pending) {
    diagnostics.push(
      errorAt(
        `"${parent}" has the child "${child}", which is no group`,
        place,
        didYouMean(child, names) ?? `add a section [${child}]`,
      ),
    );
  }
}

/** Groups without a parent are below `all`; `ungrouped` holds exactly the hosts that no other group holds. */
function reconcile(tree: Building): void {
  for (const { name, parents } of tree.groups.values()) {
    if (name !== 'all' && parents.size === 0) join(tree, 'all', name);
  }
  for (const host of tree.hosts.values()) {
    const grouped = [...host.groups].some(name => name !== 'all' && name !== 'ungrouped');
    if (grouped && host.groups.delete('ungrouped')) groupOf(tree, 'ungrouped').hosts.delete(host.name);
    if (!grouped && !host.groups.has('ungrouped')) {
      host.groups.add('ungrouped');
      groupOf(tree, 'ungrouped').hosts.add(host.name);
    }
  }
}

/** The groups themselves and all above them. */
function ancestors(tree: Tree, names: Iterable<string>): Set<string> {
  const found = new Set(names);
  // A Set that grows while it is walked is walked to its new end.
  for (const name of found) for (const parent of tree.groups.get(name)?.parents ?? []) found.add(parent);
  return found;
}

/** Hosts of a group and of those below it: its own first, then level by level. */
export function hostsOf(tree: Tree, name: string): readonly string[] {
  const groups = new Set([name]);
  for (const group of groups) for (const child of tree.groups.get(group)?.children ?? []) groups.add(child);
  return [...new Set([...groups].flatMap(group => [...(tree.groups.get(group)?.hosts ?? [])]))];
}

/** Every group a host is in: `all` first, then by depth, priority and name; the last one's variables win. */
export function groupsOf(
  tree: Tree,
  host: HostNode,
  depthOf: (group: string) => number,
): readonly GroupNode[] {
  const names = ancestors(tree, ['all', ...host.groups]);
  const groups = [...names].flatMap(name => tree.groups.get(name) ?? []);
  return groups.toSorted(
    (a, b) => depthOf(a.name) - depthOf(b.name) || a.priority - b.priority || compare(a.name, b.name),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Steps from `all` by the longest way. */
export function depths(tree: Tree): (group: string) => number {
  const known = new Map<string, number>([['all', 0]]);
  const depthOf = (name: string): number => {
    const depth =
      known.get(name) ?? 1 + Math.max(0, ...[...(tree.groups.get(name)?.parents ?? [])].map(depthOf));
    known.set(name, depth);
    return depth;
  };
  return depthOf;
}
