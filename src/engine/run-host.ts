/** One host through one play: its sections in order, each followed by the handlers that are due. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DiagnosticError, errorAt, headline } from '../core/diagnostic.ts';
import type { Node } from '../core/play.ts';
import { ConnectionError } from '../core/transport.ts';
import type { Layer } from '../core/value.ts';
import type { HostContext } from './context.ts';
import { nodeScope } from './invocation.ts';
import { text } from './prepare.ts';
import { flushHandlers, runNodes } from './run-nodes.ts';
import type { Rest } from './upcoming.ts';
import { bugIn, isExpected } from './verdict.ts';

/** Runs the play on its host. Failures and bugs end in the host's standing; rejects only when interrupted. */
export async function runHost(context: HostContext): Promise<void> {
  const { run, state, play, flow } = context;
  state.tookPart = true;
  state.notified.clear();
  state.playLayers = [];
  try {
    flow.use(run.machine(state.name, play));
    state.playLayers = hostVarsFiles(context);
    await runSections(context);
  } catch (error) {
    if (run.signal.aborted) throw error;
    if (error instanceof ConnectionError) loseHost(error, context);
    else failHost(error, context);
    context.outlook.onFailure(state, play.play);
  }
}

function loseHost({ message, hint }: ConnectionError, { run, state, play }: HostContext): void {
  state.standing = 'unreachable';
  state.counts.unreachable++;
  run.emit({
    type: 'host_unreachable',
    host: state.name,
    play: play.play.name,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What went wrong outside of any task: a file of variables, a condition of a meta task; or a bug of ours. */
function failHost(error: unknown, { run, state }: HostContext): void {
  state.standing = 'failed';
  state.counts.failed++;
  const found =
    error instanceof DiagnosticError
      ? error.diagnostics
      : [isExpected(error) ? errorAt(error.message) : bugIn(error)];
  for (const one of found) {
    const diagnostic = { ...one, message: `${state.name}: ${one.message}` };
    run.emit({ type: 'diagnostic', diagnostic, frame: headline(diagnostic) });
  }
}

async function runSections(context: HostContext): Promise<void> {
  const { play, gathering } = context.play;
  const first = [...(gathering ? [gathering] : []), ...play.preTasks];
  const sections = [first, play.tasks, play.postTasks];
  for (const [i, nodes] of sections.entries()) {
    const next = restOf(sections.slice(i + 1));
    const spot = `section${i}`;
    const around = { local: [], next, rescuable: false, spot, depth: 0, finishing: false };
    const failed = await runNodes(nodes, around, context);
    if (failed && !play.forceHandlers) return;
    await flushHandlers({ next, spot: `handlers${i}` }, context);
    if (failed || !context.state.active) return;
  }
}

function restOf(sections: readonly (readonly Node[])[]): Rest | undefined {
  return sections.reduceRight<Rest | undefined>(
    (next, nodes) => ({ nodes, from: 0, local: [], next }),
    undefined,
  );
}

/** vars_files whose names depend on the host: the first of each list that exists. */
function hostVarsFiles(context: HostContext): readonly Layer[] {
  const { play, state } = context;
  const scope = nodeScope(context, { vars: [] }, [], () => true);
  return play.play.varsFiles.map(written => {
    const names = (Array.isArray(written.value) ? written.value : [written.value]).map(
      name => text({ ...written, value: String(name) }, scope) ?? '',
    );
    const found = names.map(name => resolve(dirname(play.playbookFile), name)).find(path => existsSync(path));
    if (found !== undefined) return play.loadVars(found);
    const place = written.source.place(written.path);
    throw new DiagnosticError(errorAt(`none of ${names.join(', ')} exists for ${state.name}`, place));
  });
}
