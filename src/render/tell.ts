/** How the end of a task or loop item is told to people: a line, and what belongs below it. */
import type { Ending, RunEvent, Status, StepReport, TaskRef } from '../core/event.ts';
import { isMap, type ValueMap } from '../core/value.ts';
import type { ShowDiff } from './diff.ts';
import type { Messages } from './messages.ts';
import type { Paint } from './paint.ts';
import { clean, cleanLine, cleanLines, displayWidth, formatSeconds } from './text.ts';

export type TaskEnd = Extract<RunEvent, { type: 'task_end' }>;
export type ItemEnd = Extract<RunEvent, { type: 'item_end' }>;

/** How much to tell, and in which words. */
export interface View {
  readonly mode: 'run' | 'plan';
  readonly verbosity: number;
  readonly messages: Messages;
  readonly paint: Paint;
  /** Set when diffs are asked for. */
  readonly showDiff?: ShowDiff;
}

export interface Telling {
  readonly headline: string;
  /** Lines to show below it, indented. */
  readonly details: readonly string[];
}

/** Longest headline to which a second step sentence is joined. */
const ROOM_FOR_STEPS = 100;
const TAIL = 10;
const WIDEST_HOST = 24;

/** Ansible's word, or in plan mode what would be. */
export function statusWord(status: Status, mode: 'run' | 'plan'): string {
  return mode === 'plan' && status === 'changed' ? 'would change' : status;
}

export function paintStatus(status: Status, text: string, paint: Paint): string {
  switch (status) {
    case 'ok':
      return paint.green(text);
    case 'changed':
    case 'rescued':
      return paint.yellow(text);
    case 'skipped':
      return paint.dim(text);
    case 'failed':
    case 'unreachable':
      return paint.red(text);
    case 'ignored':
      return paint.magenta(text);
    default:
      return status satisfies never;
  }
}

/** Columns that host names take in a play; a longer name than most pushes its own line only. */
export function hostColumn(hosts: readonly string[]): number {
  return Math.min(WIDEST_HOST, Math.max(0, ...hosts.map(host => displayWidth(cleanLine(host)))));
}

/** `vm1`, or `vm1 → vm2` when delegated. */
export function hostLabel({ host, delegatedTo }: TaskRef): string {
  return delegatedTo === undefined ? cleanLine(host) : `${cleanLine(host)} → ${cleanLine(delegatedTo)}`;
}

export function taskLabel({ task, handler }: TaskRef, messages: Messages): string {
  return handler ? `${messages.handler} ${cleanLine(task)}` : cleanLine(task);
}

/** True for what the user asked to be told (debug), whatever the status. */
export function speaks(event: Ending): boolean {
  return event.status === 'ok' && event.message !== undefined && event.uncertain !== true;
}

function wentWrong(status: Status): boolean {
  return status === 'failed' || status === 'unreachable' || status === 'ignored' || status === 'rescued';
}

export function tellTask(event: TaskEnd, view: View): Telling {
  const isLoop = event.items !== undefined;
  const name = taskLabel(event, view.messages);
  const took = event.duration >= 0.1 ? formatSeconds(event.duration) : undefined;
  const notes = [isLoop ? view.messages.items(event.items ?? 0) : undefined, took];
  // The items have told their steps already.
  return tell(name, isLoop ? { ...event, steps: [] } : event, notes, view);
}

export function tellItem(event: ItemEnd, view: View): Telling {
  return tell(`  ${taskLabel(event, view.messages)} [${cleanLine(event.label)}]`, event, [], view);
}

function tell(
  name: string,
  event: Ending & TaskRef,
  notes: readonly (string | undefined)[],
  view: View,
): Telling {
  const message = messageLines(event.message);
  const inline = inlineMessage(event, message);
  const hasDiff = view.showDiff !== undefined && event.steps.some(step => step.diff !== undefined);
  const steps = hasDiff ? undefined : inlineSteps(name, event.steps);
  const summary = [inline, wentWrong(event.status) ? undefined : steps]
    .filter(part => part !== undefined)
    .join('; ');
  return {
    headline: [
      name,
      summary === '' ? '' : ` — ${summary}`,
      view.paint.dim(notesText(event, notes, view)),
    ].join(''),
    details: [
      ...(steps !== undefined && !wentWrong(event.status) ? [] : stepLines(event.steps, view)),
      ...(event.uncertain ? [] : message.slice(inline === undefined ? 0 : 1)),
      ...(wentWrong(event.status) ? troubleLines(event, view) : []),
      ...(view.verbosity >= 2 && event.result !== undefined ? resultLines(event.result, view.paint) : []),
    ],
  };
}

/** A message that is JSON (debug of a map or a list) is shown over several lines. */
export function messageLines(message: string | undefined): readonly string[] {
  if (message === undefined) return [];
  return cleanLines(/^\s*[[{]/.test(message) ? prettyJson(message) : message);
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What is said of trouble starts on the line itself; what debug says does when it is one line. */
function inlineMessage(event: Ending, message: readonly string[]): string | undefined {
  if (event.uncertain) return undefined;
  return speaks(event) && message.length > 1 ? undefined : message[0];
}

function inlineSteps(name: string, steps: readonly StepReport[]): string | undefined {
  const text = steps.map(step => cleanLine(step.say)).join('; ');
  return steps.length === 1 || (name.length + text.length < ROOM_FOR_STEPS && steps.length < 3)
    ? text || undefined
    : undefined;
}

function stepLines(steps: readonly StepReport[], view: View): readonly string[] {
  return steps.flatMap(step => [
    cleanLine(step.say),
    ...(step.diff === undefined ? [] : (view.showDiff?.(step.diff) ?? [])).map(line => `  ${line}`),
  ]);
}

function notesText(event: Ending, notes: readonly (string | undefined)[], { messages }: View): string {
  const doubt = event.uncertain ? messages.uncertain(cleanLine(event.message ?? '')) : undefined;
  const all = [doubt, ...notes].filter(note => note !== undefined);
  return all.length === 0 ? '' : ` (${all.join(', ')})`;
}

/** Below a failure: where, what to do, and what the command last said. */
function troubleLines(event: Ending & TaskRef, { messages, paint, verbosity }: View): readonly string[] {
  const said = lastWords(event.result);
  const shown = said.filter(line => !event.message?.includes(line));
  const cut = verbosity > 0 ? 0 : Math.max(0, shown.length - TAIL);
  return [
    ...(event.hint === undefined ? [] : [paint.cyan(messages.hint(cleanLine(event.hint)))]),
    paint.dim(cleanLine(event.place)),
    ...(cut > 0 ? [paint.dim(messages.moreLines(cut))] : []),
    ...shown.slice(cut).map(line => `| ${line}`),
  ];
}

/** stderr, or stdout when that is empty. */
function lastWords(result: ValueMap | undefined): readonly string[] {
  for (const text of [result?.stderr, result?.stdout]) {
    const lines = typeof text === 'string' ? cleanLines(text) : [];
    if (lines.length > 0) return lines;
  }
  return [];
}

function resultLines(result: ValueMap, paint: Paint): readonly string[] {
  const text = isMap(result) ? JSON.stringify(result, null, 2) : '';
  return clean(text)
    .split('\n')
    .map(line => paint.dim(line));
}
