/** One SSH connection as a wire: channels that run shell text, and forwarded sockets. */
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { quote } from '../core/sh.ts';
import { ConnectionError, type ConnectionSettings, type DialTarget } from '../core/transport.ts';
import { type Channel, type Ended, orAbort, throwIfAborted } from './channel.ts';
import type { Jumps } from './jumps.ts';
import { Slots } from './slots.ts';
import { run } from './ssh-ahead.ts';
import { resolveTarget } from './ssh-config.ts';
import { type LoginOptions, logIn, tcp } from './ssh-login.ts';
import type { Wire } from './wire.ts';

/** sshd's MaxSessions is 10 by default. */
const MOST_SESSIONS = 8;

/** Rejects with a ConnectionError, or an AbortError. */
export async function sshWire(
  settings: ConnectionSettings,
  options: LoginOptions,
  jumps: Jumps,
  signal: AbortSignal,
): Promise<Wire> {
  const target = await resolveTarget(settings, options.home);
  const via = await jumps.lead(target, settings, options, signal);
  try {
    const client = await logIn(target, via?.open ?? tcp(target), { ...options, session: true }, signal);
    return wire(client, { name: settings.name, user: target.user, shell: settings.shell ?? '/bin/sh' }, () =>
      via?.release(),
    );
  } catch (error) {
    via?.release();
    throw error;
  }
}

interface Identity {
  readonly name: string;
  readonly user: string;
  readonly shell: string;
}

function wire(client: Client, { name, user, shell }: Identity, release: () => void): Wire {
  const sessions = new Slots(MOST_SESSIONS);
  let reason = '';
  let lost: ConnectionError | undefined;
  const closed = new Promise<void>(resolve => {
    client.on('error', error => {
      reason = error.message;
    });
    client.once('close', () => {
      lost ??= new ConnectionError(
        `${name}: the connection was lost${reason === '' ? '' : ` (${reason})`}`,
        'is the host still up? Run again: what is done already stays done',
      );
      release();
      resolve();
    });
  });
  return {
    host: name,
    loginUser: user,
    shell,
    worker: [shell],
    endsShells: true,
    lost: () => lost,
    launch: async (line, signal) => {
      const free = await sessions.take();
      try {
        throwIfAborted(signal);
        return await session(client, `exec ${quote(shell)} -c ${quote(line)}`, free, signal);
      } catch (error) {
        free();
        throw (
          lost ??
          (error instanceof Error && error.name === 'AbortError' ? error : refusedSession(name, error))
        );
      }
    },
    dial: (target, signal) => orAbort(forward(client, name, target), signal),
    close: async () => {
      client.end();
      await closed;
    },
  };
}

async function session(
  client: Client,
  command: string,
  free: () => void,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  const opening = run(client, command);
  // An abort does not stop the opening: whatever comes of it is closed at once.
  const stream = await orAbort(opening, signal).catch((error: unknown) => {
    opening.then(
      late => late.destroy(),
      () => {},
    );
    throw error;
  });
  return asChannel(stream, free);
}

function asChannel(stream: ClientChannel, free: () => void): Channel {
  let end: Ended = {};
  stream.on('error', () => {});
  const exited = new Promise<Ended>(resolve => {
    stream.on('exit', (code: number | null, signal?: string) => {
      end = { ...(code === null ? {} : { code }), ...(signal === undefined ? {} : { signal }) };
      resolve(end);
    });
    stream.once('close', () => resolve(end));
  });
  const closed = new Promise<Ended>(resolve => {
    stream.once('close', () => {
      free();
      resolve(end);
    });
  });
  const destroy = () => {
    stream.resume();
    stream.stderr.resume();
    stream.destroy();
    free();
  };
  return { input: stream, output: stream, errors: stream.stderr, exited, closed, destroy };
}

function refusedSession(name: string, error: unknown): ConnectionError {
  return new ConnectionError(
    `${name}: the host refused to open a session: ${error instanceof Error ? error.message : error}`,
    'check MaxSessions and ForceCommand in its sshd_config',
  );
}

/** A stream to what the target names, as seen from the far end of the connection. */
export function forward(client: Client, name: string, target: DialTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const answer = (error: Error | undefined, channel: ClientChannel) =>
      error ? reject(refusedForward(name, target, error)) : resolve(channel);
    try {
      if ('socket' in target) client.openssh_forwardOutStreamLocal(target.socket, answer);
      else client.forwardOut('127.0.0.1', 0, target.host, target.port, answer);
    } catch (error) {
      reject(error);
    }
  });
}

const PROHIBITED = 1;

function refusedForward(name: string, target: DialTarget, error: Error): Error {
  const place = 'socket' in target ? target.socket : `${target.host} port ${target.port}`;
  if ('reason' in error && error.reason === PROHIBITED)
    return new Error(
      `${name}: sshd does not forward to ${place}: set AllowTcpForwarding and AllowStreamLocalForwarding to yes in its sshd_config`,
    );
  if ('socket' in target)
    return new Error(
      `${name}: ${place} cannot be opened: nothing listens there, the login user may not, or sshd has AllowStreamLocalForwarding no`,
    );
  return new Error(`${name}: nothing answers at ${place} (${error.message})`);
}
