/** One play: its hosts in batches (`serial`), each host on its own way, `forks` at a time. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { IncludeNode, Node, Play, TaskNode } from '../core/play.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Layer, Value } from '../core/value.ts';
import { render, type Scope } from '../template/template.ts';
import { Barrier } from './barrier.ts';
import type { HostContext, OnceResult, RunContext } from './context.ts';
import type { HostState, PlayState } from './host.ts';
import { Flow } from './machine.ts';
import { isAmong, leaves } from './nodes.ts';
import { makeOutlook, type PlayFate } from './outlook.ts';
import { runHost } from './run-host.ts';
import { Slots } from './slots.ts';

export interface PlayJob {
  readonly play: Play;
  readonly playbookFile: string;
  readonly hosts: readonly HostState[];
  readonly forks: number;
  readonly scope: Scope;
  readonly loadVars: (path: string) => Layer;
}

/**
 * Rejects only when interrupted, or by a DiagnosticError of the play itself (a `serial` that makes no sense).
 * @returns whether what comes after this play may run: as in Ansible not when a batch failed whole, or too much failed
 */
export async function runPlay(job: PlayJob, run: RunContext): Promise<boolean> {
  const { play, hosts } = job;
  if (run.startAt !== undefined && !holdsTask(play, run.startAt)) return true;
  for (const host of hosts) if (host.standing === 'ended') host.standing = 'active';
  const taking = hosts.filter(({ active }) => active);
  const inBatches = batches(taking, play, job.scope);
  run.emit({
    type: 'play_start',
    play: play.name,
    hosts: taking.map(({ name }) => name),
    tasks: countTasks(play),
  });
  const shared = sharedState(job, run);
  const fate: PlayFate = { over: undefined };
  let failedWhole = false;
  for (const batch of inBatches) {
    await runBatch({ ...shared, batch }, job, fate, run);
    failedWhole = batch.every(({ standing }) => standing === 'failed' || standing === 'unreachable');
    if (failedWhole || fate.over) break;
  }
  run.emit({ type: 'play_end', play: play.name });
  run.startAt = undefined;
  return !failedWhole && fate.over !== 'fatal';
}

function sharedState({ play, playbookFile, hosts, loadVars }: PlayJob, run: RunContext) {
  const gathering = play.gatherFacts ? gatheringNode(play, run.setup) : undefined;
  const idOf = numbering([...(gathering ? [gathering] : []), ...allNodes(play)]);
  return { play, playbookFile, hosts, gathering, idOf, load: loadingOnce(), loadVars };
}

async function runBatch(play: PlayState, job: PlayJob, fate: PlayFate, run: RunContext): Promise<void> {
  const { batch } = play;
  const slots = new Slots(job.forks);
  const barrier = new Barrier<OnceResult>(batch, slots, run.signal);
  const outlook = makeOutlook(job.play, batch.length, fate);
  const started = run.startAt === undefined;
  const runs = batch.map(async state => {
    await slots.take();
    try {
      const flow = new Flow(run.changes);
      const context: HostContext = { run, play, state, barrier, outlook, flow, started };
      await runHost(context);
      const { exchanges } = run.machine(state.name, play);
      run.emit({ type: 'host_end', host: state.name, play: job.play.name, exchanges });
    } finally {
      barrier.leave(state);
      slots.release();
    }
  });
  const results = await Promise.allSettled(runs);
  barrier.close();
  const rejected = results.find(result => result.status === 'rejected');
  if (rejected?.status === 'rejected') throw rejected.reason;
}

function gatheringNode({ source, place, inherited, gatherSubset }: Play, setup: AnyTaskModule): TaskNode {
  return {
    ...inherited,
    kind: 'task',
    name: { value: 'Gathering Facts', source, path: [] },
    place,
    module: setup,
    args: { value: gatherSubset === undefined ? {} : { gather_subset: gatherSubset }, source, path: [] },
    tags: [...inherited.tags, 'always'],
    loopControl: { loopVar: 'item' },
    notify: [],
    listen: [],
  };
}

function loadingOnce(): PlayState['load'] {
  const loaded = new Map<IncludeNode, Map<string, Promise<readonly Node[]>>>();
  return (node, file, from) => {
    const files = loaded.get(node) ?? new Map<string, Promise<readonly Node[]>>();
    loaded.set(node, files);
    const key = JSON.stringify([file, ...from]);
    const loading = files.get(key) ?? node.load(file, from);
    files.set(key, loading);
    return loading;
  };
}

/** `serial`: 2, "30%", or a list of such, the last one repeated. */
function batches(
  hosts: readonly HostState[],
  { serial }: Play,
  scope: Scope,
): readonly (readonly HostState[])[] {
  if (serial === undefined || hosts.length === 0) return hosts.length === 0 ? [] : [hosts];
  const value = render(serial.value, scope, serial);
  const sizes = (Array.isArray(value) ? value : [value]).map(size => batchSize(size, hosts.length));
  if (sizes.length === 0 || sizes.includes(undefined))
    throw new DiagnosticError(
      errorAt('serial needs numbers or percentages', serial.source.place(serial.path)),
    );
  const result: (readonly HostState[])[] = [];
  for (let from = 0, i = 0; from < hosts.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)] || hosts.length;
    result.push(hosts.slice(from, from + size));
    from += size;
  }
  return result;
}

function batchSize(size: Value, total: number): number | undefined {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(String(size));
  if (percent) return Math.max(1, Math.floor((Number(percent[1]) / 100) * total));
  const number = Number(size);
  return Number.isInteger(number) && number >= 0 && size !== '' && size !== null ? number : undefined;
}

/** Numbers nodes in the order of the play; those of includes as they turn up. */
function numbering(nodes: readonly Node[]): (node: object) => number {
  const ids = new Map<object, number>();
  const idOf = (node: object): number => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    ids.set(node, ids.size + 1);
    return ids.size;
  };
  for (const node of leaves(nodes)) idOf(node);
  return idOf;
}

function allNodes({ preTasks, tasks, postTasks, handlers }: Play): readonly Node[] {
  return [...preTasks, ...tasks, ...postTasks, ...handlers];
}

function countTasks({ preTasks, tasks, postTasks, gatherFacts }: Play): number {
  return [...leaves([...preTasks, ...tasks, ...postTasks])].length + (gatherFacts ? 1 : 0);
}

/** --start-at-task: the files of includes count where their names are known. */
function holdsTask({ preTasks, tasks, postTasks }: Play, name: string): boolean {
  return isAmong([...preTasks, ...tasks, ...postTasks], name);
}
