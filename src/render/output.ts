/** Writes to a stream that may be closed on the other side: then it falls silent and says so once. */

/** What renderers write to: process.stdout and process.stderr, or any writable stream. */
export type Sink = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface Output {
  readonly sink: Sink;
  write(text: string): void;
  /** Waits until all that was written has left the process, or cannot. */
  flush(): Promise<void>;
}

/** @param onBroken called once, when writing failed for the first time (EPIPE: the reader is gone) */
export function openOutput(sink: Sink, onBroken: (error: Error) => void): Output {
  let broken = false;
  const fail = (error: Error) => {
    if (broken) return;
    broken = true;
    onBroken(error);
  };
  // Stays for good: a late EPIPE without a listener would end the process with a stack trace.
  sink.on('error', fail);
  return {
    sink,
    write(text) {
      if (!broken && text !== '') sink.write(text);
    },
    flush() {
      if (broken) return Promise.resolve();
      return new Promise(resolve => {
        const done = () => {
          sink.off('error', done);
          resolve();
        };
        sink.once('error', done);
        sink.write('', done);
      });
    },
  };
}
