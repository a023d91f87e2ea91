/** One event a line for machines, and nothing else. */
import type { Renderer, RunEvent } from '../core/event.ts';
import type { Output } from './output.ts';

/** The event as JSON on one line, its most asked-for fields first. */
function eventLine(event: RunEvent): string {
  return `${JSON.stringify(ordered(event)).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)}\n`;
}

/** JSON lets these stand as they are; terminals and JavaScript do not. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function ordered(event: RunEvent): object {
  if (event.type === 'task_end' || event.type === 'item_end') {
    const { type, host, play, task, module, status, changed, ...rest } = event;
    return { type, host, play, task, module, status, changed, ...rest };
  }
  if (event.type === 'recap') {
    const { type, exit, hosts, ...rest } = event;
    return { type, exit, hosts, ...rest };
  }
  const { type, ...rest } = event;
  return { type, ...rest };
}

export function createNdjson(stdout: Output): Renderer {
  return {
    on: event => stdout.write(eventLine(event)),
    close: () => stdout.flush(),
  };
}
