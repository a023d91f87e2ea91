/** Running a playbook for its results alone: what `girofle-run restore` has to know before it can ask or judge. */
import type { RunEvent } from '../core/event.ts';
import type { ValueMap } from '../core/value.ts';
import type { TerminalRenderer } from '../render/pretty.ts';
import { playbook, withVars } from './backups.ts';
import type { RunFlags } from './flags.ts';
import { runPlaybooks } from './run.ts';

export interface Looked {
  /** As the run ended. */
  readonly code: number;
  /** What the module gave, host by host. */
  readonly hosts: readonly { readonly host: string; readonly result: ValueMap }[];
  /** Steps that a plan announces. */
  readonly steps: readonly { readonly host: string; readonly say: string }[];
  /** Why a host could not be looked at. */
  readonly complaints: readonly string[];
}

/** @param module whose results are wanted */
export async function lookBy(
  name: string,
  module: string,
  flags: RunFlags,
  vars: Readonly<Record<string, string | number | boolean>>,
  becomePassword: string | undefined,
): Promise<Looked> {
  const events: RunEvent[] = [];
  const renderer: TerminalRenderer = {
    on: event => {
      events.push(event);
    },
    close: () => Promise.resolve(),
    aside: ask => ask(),
  };
  const code = await runPlaybooks([playbook(name)], withVars(flags, vars), {
    renderer,
    ...(becomePassword === undefined ? {} : { becomePassword }),
  });
  // Hosts answer as they can: they are told in the order of the inventory.
  const order = events.flatMap(event => (event.type === 'play_start' ? event.hosts : []));
  const ends = events
    .flatMap(event => (event.type === 'task_end' && event.module === module ? [event] : []))
    .toSorted((a, b) => order.indexOf(a.host) - order.indexOf(b.host));
  return {
    code,
    hosts: ends.flatMap(({ host, status, result }) =>
      status !== 'failed' && result !== undefined ? [{ host, result }] : [],
    ),
    steps: ends.flatMap(({ host, steps }) => steps.map(({ say }) => ({ host, say }))),
    complaints: events.flatMap(complaint),
  };
}

function complaint(event: RunEvent): readonly string[] {
  switch (event.type) {
    case 'task_end':
      return event.status === 'failed' ? [`${event.host}: ${event.message ?? `${event.task} failed`}`] : [];
    case 'host_unreachable':
      return [`${event.host}: ${event.message}${event.hint === undefined ? '' : ` (${event.hint})`}`];
    case 'diagnostic':
      return [event.frame];
    case 'warning':
      return [event.message];
    default:
      return [];
  }
}
