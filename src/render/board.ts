/** Who is at work right now, as a header and at most so many lines: pure state, drawn by slots.ts or spinner.ts. */
import type { RunEvent } from '../core/event.ts';
import type { Messages } from './messages.ts';
import { hostLabel, taskLabel } from './tell.ts';
import { cleanLine, formatSeconds, truncate } from './text.ts';

interface Work {
  readonly label: string;
  readonly task: string;
  /** Milliseconds. */
  readonly since: number;
  said: string;
}

export interface Board {
  note(event: RunEvent): void;
  /** A header and a line for each slot; '' for a free one. No line is wider than `width`. */
  lines(slots: number, width: number): readonly string[];
}

/** Shows elapsed time from so many seconds on. */
const WORTH_TELLING = 1;

export function createBoard(messages: Messages, now: () => Date): Board {
  const work = new Map<string, Work>();
  const done = new Set<string>();
  let seats: readonly (string | undefined)[] = [];
  let play = '';
  let hosts = 0;
  let started = now().getTime();

  const seconds = (since: number) => (now().getTime() - since) / 1000;
  const leave = (host: string) => {
    work.delete(host);
    done.add(host);
  };

  const workLine = (host: string | undefined, width: number) => {
    const doing = host === undefined ? undefined : work.get(host);
    if (doing === undefined) return '';
    const took = seconds(doing.since);
    const tail = took >= WORTH_TELLING ? `  ${formatSeconds(took)}` : '';
    const text = [doing.label, doing.task, doing.said].filter(part => part !== '').join('  ');
    return truncate(text, width - tail.length) + tail;
  };

  return {
    note(event) {
      switch (event.type) {
        case 'play_start':
          play = cleanLine(event.play);
          hosts = event.hosts.length;
          started = now().getTime();
          work.clear();
          done.clear();
          return;
        case 'task_start':
          work.set(event.host, {
            label: hostLabel(event),
            task: taskLabel(event, messages),
            since: now().getTime(),
            said: '',
          });
          return;
        case 'task_output':
        case 'task_retry': {
          const doing = work.get(event.host);
          const said =
            event.type === 'task_output'
              ? cleanLine(event.line)
              : messages.retry(event.attempt, event.retries, event.delay);
          if (doing && said !== '') doing.said = said;
          return;
        }
        case 'task_end':
          work.delete(event.host);
          return;
        case 'host_unreachable':
        case 'host_end':
          leave(event.host);
          return;
        case 'run_start':
        case 'item_end':
        case 'host_connected':
        case 'play_end':
        case 'warning':
        case 'diagnostic':
        case 'interrupted':
        case 'recap':
          return;
        default:
          event satisfies never;
      }
    },
    lines(slots, width) {
      seats = seat(seats, [...work.keys()], slots);
      const unseated = work.size - seats.filter(host => host !== undefined).length;
      const facts = [
        messages.progress(done.size, hosts),
        ...(unseated > 0 ? [messages.waiting(unseated)] : []),
        formatSeconds(seconds(started)),
      ];
      return [truncate(`${play}: ${facts.join(', ')}`, width), ...seats.map(host => workLine(host, width))];
    },
  };
}

/** Hosts at work keep their slot; a free slot goes to the one that works longest without one. */
function seat(
  seats: readonly (string | undefined)[],
  working: readonly string[],
  slots: number,
): readonly (string | undefined)[] {
  const kept = Array.from({ length: slots }, (_, i) => seats[i]).map(host =>
    host !== undefined && working.includes(host) ? host : undefined,
  );
  const queue = working.filter(host => !kept.includes(host));
  return kept.map(host => host ?? queue.shift());
}
