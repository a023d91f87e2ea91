/** The end of a run for people: counts as Ansible's, what changed, what failed and where, and the sum of it. */
import type { HostCounts, RunEvent } from '../core/event.ts';
import type { History } from './history.ts';
import type { Messages } from './messages.ts';
import type { Paint } from './paint.ts';
import { messageLines } from './tell.ts';
import { cleanLine, formatSeconds, pad } from './text.ts';

export type RecapEvent = Extract<RunEvent, { type: 'recap' }>;
type Change = RecapEvent['changes'][number];

export interface RecapView {
  readonly verbosity: number;
  readonly messages: Messages;
  readonly paint: Paint;
}

const COUNTS = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;
const HOSTS_NAMED = 6;
const STEPS_NAMED = 10;

export function renderRecap(
  event: RecapEvent,
  history: Pick<History, 'failures' | 'lost'>,
  view: RecapView,
): string {
  const sections = [
    countLines(event, view),
    changeLines(event, view),
    failureLines(history, view),
    lostLines(history, view),
    totalLines(event, view),
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => `\n${lines.join('\n')}\n`)
    .join('');
}

function countLines({ hosts }: RecapEvent, view: RecapView): readonly string[] {
  const rows = Object.entries(hosts).map(([name, counts]) => ({ name: cleanLine(name), counts }));
  const nameWidth = Math.max(0, ...rows.map(({ name }) => name.length));
  const keys = view.verbosity > 0 ? ([...COUNTS, 'exchanges'] as const) : COUNTS;
  const widths = keys.map(key => Math.max(...rows.map(({ counts }) => String(counts[key]).length)));
  const lines = rows.map(({ name, counts }) => {
    const cells = keys.map(
      (key, i) => paintCount(key, counts[key], view.paint) + fill(counts[key], widths[i]),
    );
    return `${paintHost(pad(name, nameWidth), counts, view.paint)} : ${cells.join(' ').trimEnd()}`;
  });
  return lines.length === 0 ? [] : [view.paint.bold('PLAY RECAP'), ...lines];
}

function fill(count: number, width = 0): string {
  return ' '.repeat(width - String(count).length);
}

function paintCount(key: keyof HostCounts, count: number, paint: Paint): string {
  const text = `${key}=${count}`;
  if (count === 0 || key === 'exchanges' || key === 'skipped') return text;
  if (key === 'ok') return paint.green(text);
  return key === 'failed' || key === 'unreachable' ? paint.red(text) : paint.yellow(text);
}

function paintHost(name: string, counts: HostCounts, paint: Paint): string {
  if (counts.failed > 0 || counts.unreachable > 0) return paint.red(name);
  return counts.changed > 0 ? paint.yellow(name) : paint.green(name);
}

interface Joined extends Omit<Change, 'host'> {
  readonly hosts: string[];
}

/** The same change on several hosts is one. */
function joinChanges(changes: readonly Change[]): readonly Joined[] {
  const groups = new Map<string, Joined>();
  for (const { host, ...change } of changes) {
    const key = JSON.stringify([change.task, change.steps, change.uncertain === true]);
    const group = groups.get(key);
    if (group) group.hosts.push(host);
    else groups.set(key, { ...change, hosts: [host] });
  }
  return [...groups.values()];
}

function changeLines({ changes, mode }: RecapEvent, view: RecapView): readonly string[] {
  const { messages, paint } = view;
  if (changes.length === 0) return [];
  return [
    paint.bold(mode === 'plan' ? messages.wouldChange : messages.changed),
    ...joinChanges(changes).flatMap(change => [
      `  ${paint.yellow(cleanLine(change.task))} (${hostNames(change.hosts, view)})${
        change.uncertain ? paint.dim(` (${messages.uncertain('')})`) : ''
      }`,
      ...stepLines(change.steps, view).map(line => `    ${line}`),
    ]),
  ];
}

function hostNames(names: readonly string[], { verbosity, messages }: RecapView): string {
  const distinct = [...new Set(names)].map(cleanLine);
  if (verbosity > 0 || distinct.length <= HOSTS_NAMED) return distinct.join(', ');
  const named = distinct.slice(0, HOSTS_NAMED - 1);
  return `${named.join(', ')} ${messages.more(distinct.length - named.length)}`;
}

function stepLines(steps: readonly string[], { verbosity, messages }: RecapView): readonly string[] {
  const lines = steps.map(cleanLine);
  if (verbosity > 0 || lines.length <= STEPS_NAMED) return lines;
  return [...lines.slice(0, STEPS_NAMED - 1), messages.moreSteps(lines.length - STEPS_NAMED + 1)];
}

function failureLines(
  { failures }: Pick<History, 'failures'>,
  { messages, paint }: RecapView,
): readonly string[] {
  if (failures.length === 0) return [];
  return [
    paint.bold(messages.failed),
    ...failures.flatMap(({ host, task, place, message, hint }) => [
      `  ${paint.red(cleanLine(host))}: ${cleanLine(task)} ${paint.dim(`(${cleanLine(place)})`)}`,
      ...[...messageLines(message), ...hintLines(hint, messages, paint)].map(line => `    ${line}`),
    ]),
  ];
}

function lostLines({ lost }: Pick<History, 'lost'>, { messages, paint }: RecapView): readonly string[] {
  if (lost.length === 0) return [];
  return [
    paint.bold(messages.unreachable),
    ...lost.flatMap(({ host, message, hint }) => [
      `  ${paint.red(cleanLine(host))}: ${cleanLine(message)}`,
      ...hintLines(hint, messages, paint).map(line => `    ${line}`),
    ]),
  ];
}

function hintLines(hint: string | undefined, messages: Messages, paint: Paint): readonly string[] {
  return hint === undefined ? [] : [paint.cyan(messages.hint(cleanLine(hint)))];
}

function totalLines(event: RecapEvent, { messages, paint }: RecapView): readonly string[] {
  const all = Object.values(event.hosts);
  const sum = (key: keyof HostCounts) => all.reduce((total, counts) => total + counts[key], 0);
  const facts = [
    messages.hosts(all.length),
    ...(event.mode === 'plan' ? [] : [`changed=${sum('changed')}`]),
    messages.exchanges(sum('exchanges')),
    formatSeconds(event.seconds),
  ];
  return [...(event.mode === 'plan' ? planLines(event, messages, paint) : []), facts.join(', ')];
}

function planLines({ changes, hosts }: RecapEvent, messages: Messages, paint: Paint): readonly string[] {
  const uncertain = changes.filter(change => change.uncertain).length;
  const on = new Set(changes.map(({ host }) => host)).size;
  const all = Object.values(hosts);
  const failed = all.filter(counts => counts.failed > 0).length;
  const lost = all.filter(counts => counts.unreachable > 0).length;
  const plan =
    changes.length === 0
      ? messages.nothingToChange
      : messages.plan(changes.length - uncertain, uncertain, on);
  return [
    ...(changes.length === 0 && failed + lost > 0 ? [] : [paint.bold(plan)]),
    ...(failed + lost > 0 ? [paint.red(messages.incomplete(failed, lost))] : []),
  ];
}
