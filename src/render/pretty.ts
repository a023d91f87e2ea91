/** A terminal: permanent lines for what was done, and below them, redrawn, who is at work. */
import type { Emit, Renderer, RunEvent } from '../core/event.ts';
import { createBoard } from './board.ts';
import { renderDiagnostic } from './diagnostics.ts';
import { keepHistory } from './history.ts';
import type { LiveOptions } from './live.ts';
import { isNews, type People, playLine, warningLine } from './plain.ts';
import { renderRecap } from './recap.ts';
import { openStage } from './stage.ts';
import {
  hostColumn,
  hostLabel,
  type ItemEnd,
  paintStatus,
  statusWord,
  type TaskEnd,
  type Telling,
  tellItem,
  tellTask,
  type View,
} from './tell.ts';
import { cleanLine, pad } from './text.ts';

export interface PrettyOptions extends People {
  readonly color: boolean;
  readonly unicode: boolean;
  /** False: nothing is redrawn. */
  readonly live: boolean;
  readonly size: LiveOptions['size'];
}

/** A renderer that can leave the terminal to a question for a while. */
export interface TerminalRenderer extends Renderer {
  /** Takes away what is redrawn, runs `ask`, and goes on. */
  readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
}

const UNICODE = {
  ok: '✔',
  changed: '●',
  skipped: '–',
  failed: '✖',
  unreachable: '✖',
  rescued: '●',
  ignored: '!',
} as const;
const ASCII = {
  ok: '+',
  changed: '*',
  skipped: '-',
  failed: 'x',
  unreachable: 'x',
  rescued: '*',
  ignored: '!',
} as const;
const UNICODE_TURNS = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ASCII_TURNS = ['-', '\\', '|', '/'];

export function createPretty(options: PrettyOptions): TerminalRenderer {
  const { stdout, stderr, messages, paint, unicode } = options;
  const history = keepHistory();
  const board = createBoard(messages, options.now);
  const stage = openStage({ ...options, board, spinner: unicode ? UNICODE_TURNS : ASCII_TURNS });
  let view: View = { ...options, mode: 'run' };
  let hostWidth = 0;
  let single = true;

  const say = (text: string) => stage.print(stdout, text);
  const tellEnd = (event: TaskEnd | ItemEnd, { headline, details }: Telling) => {
    const { status } = event;
    const width = (view.mode === 'plan' ? 'would change' : 'changed').length;
    const mark = (unicode ? UNICODE : ASCII)[status];
    const word = paintStatus(status, `${mark} ${pad(statusWord(status, view.mode), width)}`, paint);
    const host = pad(hostLabel(event), hostWidth);
    say(`${word}  ${host}  ${headline}\n${details.map(detail => `    ${detail}\n`).join('')}`);
  };

  const on: Emit = event => {
    history.note(event);
    board.note(event);
    switch (event.type) {
      case 'run_start':
        view = { ...view, mode: event.mode };
        if (event.mode === 'plan')
          stage.print(stderr, `${messages.planning(event.playbooks.map(cleanLine).join(', '))}\n`);
        return;
      case 'play_start':
        single = event.hosts.length < 2;
        hostWidth = hostColumn(event.hosts);
        say(playLine(event, options));
        stage.open(event.hosts.length);
        return;
      case 'task_start':
      case 'task_output':
      case 'task_retry':
      case 'host_connected':
      case 'host_end':
        return;
      case 'item_end':
        if (isNews(event) || view.verbosity > 0) tellEnd(event, tellItem(event, view));
        return;
      case 'task_end':
        if (isNews(event) || single || view.verbosity > 0) tellEnd(event, tellTask(event, view));
        return;
      case 'host_unreachable':
        say(unreachableText(event, options, unicode));
        return;
      case 'play_end':
        stage.close();
        return;
      case 'warning':
        stage.print(stderr, warningLine(event, options));
        return;
      case 'diagnostic':
        stage.print(stderr, renderDiagnostic(event.diagnostic, event.frame, paint));
        return;
      case 'interrupted':
        stage.print(stderr, `${paint.red(messages.interrupted(cleanLine(event.signal)))}\n`);
        return;
      case 'recap':
        stage.close();
        say(renderRecap(event, history, view));
        return;
      default:
        event satisfies never;
    }
  };

  return {
    on,
    aside: ask => stage.aside(ask),
    async close() {
      await stage.end();
      await Promise.all([stdout.flush(), stderr.flush()]);
    },
  };
}

function unreachableText(
  { host, message, hint }: Extract<RunEvent, { type: 'host_unreachable' }>,
  { messages, paint }: People,
  unicode: boolean,
): string {
  const mark = (unicode ? UNICODE : ASCII).unreachable;
  const advice = hint === undefined ? '' : `    ${paint.cyan(messages.hint(cleanLine(hint)))}\n`;
  return `${paint.red(`${mark} unreachable`)}  ${cleanLine(host)}  ${cleanLine(message)}\n${advice}`;
}
