/** Remembers from a run's events what the recap repeats: failures with their place, and hosts out of reach. */
import type { RunEvent } from '../core/event.ts';
import type { ItemEnd, TaskEnd } from './tell.ts';

interface Failure {
  readonly host: string;
  readonly task: string;
  readonly place: string;
  readonly message: string;
  readonly hint?: string;
}

interface Lost {
  readonly host: string;
  readonly message: string;
  readonly hint?: string;
}

export interface History {
  readonly failures: readonly Failure[];
  /** One for each host. */
  readonly lost: readonly Lost[];
  readonly note: (event: RunEvent) => void;
}

export function keepHistory(): History {
  const failures: Failure[] = [];
  const lost: Lost[] = [];
  const items = new Map<string, Failure[]>();
  const key = ({ host, id }: TaskEnd | ItemEnd) => JSON.stringify([host, id]);
  return {
    failures,
    lost,
    note(event) {
      if (event.type === 'item_end' && event.status === 'failed') {
        items.set(key(event), [
          ...(items.get(key(event)) ?? []),
          failureOf(event, `${event.task} [${event.label}]`),
        ]);
      } else if (event.type === 'task_end') {
        // A loop fails by its items; rescued or ignored ones are no failures of the run.
        if (event.status === 'failed')
          failures.push(...(items.get(key(event)) ?? [failureOf(event, event.task)]));
        items.delete(key(event));
      } else if (event.type === 'host_unreachable' && !lost.some(({ host }) => host === event.host)) {
        lost.push(event);
      }
    },
  };
}

function failureOf(event: TaskEnd | ItemEnd, task: string): Failure {
  const { host, place, message = '', hint } = event;
  return { host, task, place, message, ...(hint === undefined ? {} : { hint }) };
}
