/** One play: its hosts in batches (`serial`), each host on its own way, `forks` at a time. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { BlockNode, Node, Play } from '../core/play.ts';
import type { Layer, Value } from '../core/value.ts';
import { render, type Scope } from '../template/template.ts';
import { Barrier } from './barrier.ts';
import type { HostContext, RunContext } from './context.ts';
import type { HostState, PlayState } from './host.ts';
import { hostVarsFiles, runHost } from './run-host.ts';

export interface PlayJob {
  readonly play: Play;
  readonly playbookFile: string;
  readonly hosts: readonly HostState[];
  readonly forks: number;
  readonly scope: Scope;
  readonly loadVars: (path: string) => Layer;
}

/** Rejects only when interrupted, or by a DiagnosticError of the play itself (a `serial` that makes no sense). */
export async function runPlay(job: PlayJob, run: RunContext): Promise<void> {
  const { play, hosts } = job;
  for (const host of hosts) if (host.standing === 'ended') host.standing = 'active';
  const taking = hosts.filter(({ active }) => active);
  run.emit({
    type: 'play_start',
    play: play.name,
    hosts: taking.map(({ name }) => name),
    tasks: countTasks(play),
  });
  const over = { given: false };
  const ids = numbering(play);
  for (const batch of batches(taking, play, job.scope)) {
    if (over.given) break;
    await runBatch(batch, job, over, ids, run);
    if (batch.every(({ standing }) => standing === 'failed' || standing === 'unreachable')) break;
  }
  run.emit({ type: 'play_end', play: play.name });
}

async function runBatch(
  batch: readonly HostState[],
  job: PlayJob,
  over: { given: boolean },
  idOf: (node: object) => number,
  run: RunContext,
): Promise<void> {
  const playState: PlayState = { play: job.play, playbookFile: job.playbookFile, hosts: job.hosts, batch };
  const barrier = new Barrier(batch);
  const failures = tolerance(job.play, batch.length, over);
  await eachLimited(batch, job.forks, async state => {
    const context: HostContext = {
      run,
      play: playState,
      state,
      barrier,
      idOf,
      isOver: () => over.given,
      onFailure: failures,
      endPlay: () => {
        over.given = true;
      },
    };
    state.notified.clear();
    state.playLayers = [];
    state.playLayers = hostVarsFiles(context, job.loadVars);
    await runHost(context);
    const { exchanges } = run.machine(state.name, playState);
    run.emit({ type: 'host_end', host: state.name, play: job.play.name, exchanges });
  });
}

/** Counts failures; the play is over at the first with any_errors_fatal, or past max_fail_percentage. */
function tolerance(
  { anyErrorsFatal, maxFailPercentage }: Play,
  size: number,
  over: { given: boolean },
): HostContext['onFailure'] {
  let failures = 0;
  return node => {
    failures++;
    const tooMany = maxFailPercentage !== undefined && (failures / size) * 100 > maxFailPercentage;
    if (node.anyErrorsFatal ?? anyErrorsFatal) over.given = true;
    if (tooMany) over.given = true;
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
  if (sizes.includes(undefined))
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
function numbering(play: Play): (node: object) => number {
  const ids = new Map<object, number>();
  const idOf = (node: object): number => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    ids.set(node, ids.size + 1);
    return ids.size;
  };
  for (const node of leaves(allNodes(play))) idOf(node);
  return idOf;
}

function allNodes({ preTasks, tasks, postTasks, handlers }: Play): readonly Node[] {
  return [...preTasks, ...tasks, ...postTasks, ...handlers];
}

function* leaves(nodes: readonly Node[]): Generator<Exclude<Node, BlockNode>> {
  for (const node of nodes) {
    if (node.kind === 'block') yield* leaves([...node.block, ...node.rescue, ...node.always]);
    else yield node;
  }
}

function countTasks(play: Play): number {
  return (
    [...leaves([...play.preTasks, ...play.tasks, ...play.postTasks])].length + (play.gatherFacts ? 1 : 0)
  );
}

/** Runs `act` for each item, at most `limit` at a time; rejects with the first rejection, after all have ended. */
async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  const rejected = results.find(result => result.status === 'rejected');
  if (rejected?.status === 'rejected') throw rejected.reason;
}
