/** Lines for logs, cron and CI: nothing is redrawn, every line stands for itself and says when. */
import type { Emit, Renderer, RunEvent } from '../core/event.ts';
import { renderDiagnostic } from './diagnostics.ts';
import type { ShowDiff } from './diff.ts';
import { keepHistory } from './history.ts';
import type { Messages } from './messages.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';
import { renderRecap } from './recap.ts';
import {
  hostColumn,
  hostLabel,
  type ItemEnd,
  paintStatus,
  speaks,
  statusWord,
  type TaskEnd,
  type Telling,
  taskLabel,
  tellItem,
  tellTask,
  type View,
} from './tell.ts';
import { cleanLine, formatClock, pad } from './text.ts';

/** What the renderers for people share. */
export interface People {
  /** Results: what each task did, and the recap. */
  readonly stdout: Output;
  /** Progress and diagnostics. */
  readonly stderr: Output;
  readonly verbosity: number;
  readonly messages: Messages;
  readonly paint: Paint;
  readonly showDiff?: ShowDiff;
  readonly now: () => Date;
}

/** A task that talks is quoted once in so many milliseconds for each host. */
const QUOTE_EVERY = 1000;
/** What belongs below a line stands under its host, after `HH:MM:SS `. */
const INDENT = ' '.repeat(9);

/** How lines are laid out just now. */
interface Page {
  readonly people: People;
  view: View;
  hostWidth: number;
  /** When each host was last quoted, in milliseconds. */
  readonly quoted: Map<string, number>;
}

export function createPlain(people: People): Renderer {
  const { stdout, stderr, messages, paint } = people;
  const history = keepHistory();
  const page: Page = { people, view: { ...people, mode: 'run' }, hostWidth: 0, quoted: new Map() };
  const verbose = people.verbosity > 0;

  const on: Emit = event => {
    history.note(event);
    switch (event.type) {
      case 'run_start':
        page.view = { ...page.view, mode: event.mode };
        stderr.write(opening(event, people));
        return;
      case 'play_start':
        page.hostWidth = hostColumn(event.hosts);
        stdout.write(playLine(event, people));
        return;
      case 'task_start':
      case 'play_end':
        return;
      case 'task_output':
        stderr.write(quote(event, page));
        return;
      case 'task_retry':
        stderr.write(retryLine(event, page));
        return;
      case 'item_end':
        if (isNews(event) || verbose) stdout.write(endLines(event, tellItem(event, page.view), page));
        return;
      case 'task_end':
        stdout.write(endLines(event, tellTask(event, page.view), page));
        return;
      case 'host_connected':
        if (verbose) stderr.write(row(event.host, 'connected', messages.connected(event.seconds), page));
        return;
      case 'host_unreachable':
        stdout.write(unreachableLines(event, page));
        return;
      case 'host_end':
        if (verbose) stderr.write(row(event.host, 'done', messages.exchanges(event.exchanges), page));
        return;
      case 'warning':
        stderr.write(warningLine(event, people));
        return;
      case 'diagnostic':
        stderr.write(renderDiagnostic(event.diagnostic, event.frame, paint));
        return;
      case 'interrupted':
        stderr.write(`${paint.red(messages.interrupted(cleanLine(event.signal)))}\n`);
        return;
      case 'recap':
        stdout.write(renderRecap(event, history, page.view));
        return;
      default:
        event satisfies never;
    }
  };

  return {
    on,
    close: async () => {
      await Promise.all([stdout.flush(), stderr.flush()]);
    },
  };
}

/** `HH:MM:SS host  word  text`, in columns. */
function row(host: string, word: string, text: string, page: Page, color = (plain: string) => plain): string {
  const { now, paint } = page.people;
  const wordWidth = (page.view.mode === 'plan' ? 'would change' : 'unreachable').length;
  const time = paint.dim(formatClock(now()));
  return `${time} ${pad(cleanLine(host), page.hostWidth)}  ${color(pad(word, wordWidth))}  ${text}\n`;
}

function endLines(event: TaskEnd | ItemEnd, { headline, details }: Telling, page: Page): string {
  const { status } = event;
  const color = (text: string) => paintStatus(status, text, page.people.paint);
  const below = details.map(detail => `${INDENT}${detail}\n`).join('');
  return row(hostLabel(event), statusWord(status, page.view.mode), headline, page, color) + below;
}

function quote(event: Extract<RunEvent, { type: 'task_output' }>, page: Page): string {
  const { now, messages, paint, verbosity } = page.people;
  const text = cleanLine(event.line);
  const time = now().getTime();
  const tooSoon = verbosity === 0 && time - (page.quoted.get(event.host) ?? 0) < QUOTE_EVERY;
  if (text === '' || tooSoon) return '';
  page.quoted.set(event.host, time);
  return row(hostLabel(event), '…', `${taskLabel(event, messages)}: ${text}`, page, paint.dim);
}

function retryLine(event: Extract<RunEvent, { type: 'task_retry' }>, page: Page): string {
  const { messages, paint } = page.people;
  const again = messages.retry(event.attempt, event.retries, event.delay);
  return row(hostLabel(event), 'retrying', `${taskLabel(event, messages)} (${again})`, page, paint.yellow);
}

function unreachableLines(event: Extract<RunEvent, { type: 'host_unreachable' }>, page: Page): string {
  const { messages, paint } = page.people;
  const hint =
    event.hint === undefined ? '' : `${INDENT}${paint.cyan(messages.hint(cleanLine(event.hint)))}\n`;
  return row(event.host, 'unreachable', cleanLine(event.message), page, paint.red) + hint;
}

/** A plan says that it is one; a run only with -v. */
function opening(event: Extract<RunEvent, { type: 'run_start' }>, { messages, verbosity }: People): string {
  const playbooks = event.playbooks.map(cleanLine).join(', ');
  if (event.mode === 'plan') return `${messages.planning(playbooks)}\n`;
  return verbosity > 0 ? `${messages.running(playbooks)}\n` : '';
}

/** Worth a line without -v: what changed, what went wrong, what was asked to be said. */
export function isNews(event: TaskEnd | ItemEnd): boolean {
  return speaks(event) || event.uncertain === true || (event.status !== 'ok' && event.status !== 'skipped');
}

export function playLine(
  { play, hosts, tasks }: Extract<RunEvent, { type: 'play_start' }>,
  { messages, paint }: Pick<People, 'messages' | 'paint'>,
): string {
  return `\n${paint.bold(`PLAY [${cleanLine(play)}]`)} ${messages.hosts(hosts.length)}, ${messages.tasks(tasks)}\n`;
}

export function warningLine(
  { message, host }: Extract<RunEvent, { type: 'warning' }>,
  { messages, paint }: Pick<People, 'messages' | 'paint'>,
): string {
  const about = host === undefined ? '' : `${cleanLine(host)}: `;
  return `${paint.yellow(messages.warning)} ${about}${cleanLine(message)}\n`;
}
