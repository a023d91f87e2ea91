/** Processes on this machine, by zx: each in a session of its own, so that a Ctrl-C at the terminal does not reach them. */
import net from 'node:net';
import os from 'node:os';
import type { Duplex } from 'node:stream';
import { quote } from '../core/sh.ts';
import { ConnectionError, type DialTarget } from '../core/transport.ts';
import { type Channel, type Ended, type Launch, orAbort, throwIfAborted } from './channel.ts';
import type { Wire } from './wire.ts';

/**
 * Starts shell text by a local command line.
 * @param argv the words that start a POSIX shell, without `-c`: ['/bin/sh'], or ['chroot', DIR, '/bin/sh']
 */
function localLaunch(argv: readonly string[]): Launch {
  return async (line, signal) => {
    throwIfAborted(signal);
    return spawn(`exec ${argv.map(quote).join(' ')} -c ${quote(line)}`);
  };
}

/** zx keeps all output for its result unless its store refuses. */
function forgetful(): string[] {
  return Object.assign([], { push: () => 0 });
}

async function spawn(command: string): Promise<Channel> {
  const { $ } = await import('zx/core');
  const run = $({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote: text => text,
    quiet: true,
    nothrow: true,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    store: { stdout: forgetful(), stderr: forgetful(), stdall: forgetful() },
  });
  const started = run`${command}`;
  const child = started.child;
  if (!child?.stdin || !child.stdout || !child.stderr)
    throw new ConnectionError('/bin/sh cannot be started on this machine');
  child.stdin.on('error', () => {});
  const closed: Promise<Ended> = started.then(({ exitCode, signal }) => ended(exitCode, signal));
  const exited = new Promise<Ended>(resolve => {
    child.once('exit', (code, signal) => resolve(ended(code, signal)));
    void closed.then(resolve);
  });
  const { stdin: input, stdout: output, stderr: errors } = child;
  const destroy = () => {
    for (const stream of [input, output, errors]) stream.destroy();
    child.unref();
  };
  return { input, output, errors, exited, closed, destroy };
}

function ended(code: number | null, signal: string | null): Ended {
  return { ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) };
}

/** Opens a socket of this machine. */
function localDial(target: DialTarget, signal?: AbortSignal): Promise<Duplex> {
  const socket = net.connect(
    'socket' in target ? { path: target.socket } : { host: target.host, port: target.port },
  );
  const opened = new Promise<Duplex>((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
  return orAbort(opened, signal).catch((error: unknown) => {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  });
}

/** How to start a shell on this machine. */
export interface LocalCommand {
  /** The words that start a POSIX shell, without `-c`: ['/bin/sh'], or ['chroot', DIR, '/bin/sh']. */
  readonly argv: readonly string[];
  /** The same for a shell started from within it: ['/bin/sh']. */
  readonly worker: readonly string[];
}

export function localWire(name: string, { argv, worker }: LocalCommand): Wire {
  return {
    host: name,
    loginUser: os.userInfo().username,
    shell: worker[0] ?? '/bin/sh',
    worker,
    endsShells: false,
    lost: () => undefined,
    launch: localLaunch(argv),
    dial: localDial,
    close: async () => {},
  };
}
