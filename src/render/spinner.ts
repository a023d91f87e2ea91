/** One host on a terminal, by ora: what it does now, on one line below the permanent ones. */
import ora from 'ora';
import { FRAME, type Live, type LiveOptions } from './live.ts';

export function openSpinner({ board, stderr, color, spinner, size }: LiveOptions): Live {
  const line = ora({
    stream: stderr.sink,
    isEnabled: true,
    // The cursor is never hidden: however the run dies, the terminal is sane. Questions may be asked, so stdin is left alone.
    hideCursor: false,
    discardStdin: false,
    spinner: { interval: FRAME, frames: [...spinner] },
    color: color ? 'cyan' : false,
    suffixText: () => board.lines(1, size().width - 6)[1] || board.lines(1, size().width - 6)[0] || '',
  }).start();
  return {
    // ora watches process.stdout and process.stderr: it makes room and draws again.
    print: (output, text) => output.write(text),
    async stop() {
      line.stop();
    },
  };
}
