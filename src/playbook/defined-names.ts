/** The names of variables that a playbook itself defines, anywhere. */
import { holdsTemplate } from '../core/arguments.ts';
import type { Inherited, LoopControl, Node, Play, TaskNode } from '../core/play.ts';

export interface Defined {
  readonly names: ReadonlySet<string>;
  /** True when the run may define names that cannot be known before. */
  readonly open: boolean;
}

export function definedNames(plays: readonly Play[]): Defined {
  const gathered: Gathered = {
    names: new Set(['item', 'omit']),
    open: plays.some(play => play.varsFiles.length > 0),
  };
  for (const play of plays) {
    addAll(
      gathered,
      play.varsPrompt.map(({ name }) => name),
    );
    for (const { values } of [...play.vars, ...play.roleDefaults, ...play.roleVars])
      addAll(gathered, Object.keys(values));
    gatherNodes([...play.preTasks, ...play.tasks, ...play.postTasks, ...play.handlers], gathered);
  }
  return gathered;
}

interface Gathered {
  readonly names: Set<string>;
  open: boolean;
}

function addAll({ names }: Gathered, more: readonly string[]): void {
  for (const name of more) names.add(name);
}

function gatherNodes(nodes: readonly Node[], gathered: Gathered): void {
  for (const node of nodes) {
    switch (node.kind) {
      case 'block':
        gatherNodes([...node.block, ...node.rescue, ...node.always], gathered);
        break;
      case 'include':
        if (!node.ahead) gathered.open = true;
        gatherOwn(node, node.loopControl, gathered);
        gatherNodes(node.ahead ?? [], gathered);
        break;
      case 'task':
        gatherOwn(node, node.loopControl, gathered);
        gatherTask(node, gathered);
        break;
      case 'meta':
        gatherOwn(node, { loopVar: 'item' }, gathered);
    }
  }
}

function gatherOwn({ vars, role }: Inherited, { loopVar, indexVar }: LoopControl, gathered: Gathered): void {
  addAll(gathered, [loopVar, ...(indexVar === undefined ? [] : [indexVar])]);
  for (const { values } of [...vars, ...(role?.params ?? [])]) addAll(gathered, Object.keys(values));
}

/** A module that is not known may have been meant to set what its arguments name. */
function gatherTask({ module, args, register }: TaskNode, gathered: Gathered): void {
  if (register !== undefined) gathered.names.add(register);
  if (module.name === 'set_fact' || module.name === 'unknown') {
    const names = Object.keys(args.value);
    addAll(gathered, names);
    if (names.some(holdsTemplate)) gathered.open = true;
  }
  if (
    module.name !== 'setup' &&
    module.returns !== undefined &&
    'ansible_facts' in module.returns &&
    module.name !== 'set_fact'
  ) {
    gathered.open = true;
  }
}
