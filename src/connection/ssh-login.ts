/** Opens one SSH connection: TCP or a channel of a jump host, handshake, host key, login; and says why it could not. */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from 'node-ssh';
import type { Client } from 'ssh2';
import { ConnectionError } from '../core/transport.ts';
import { Login } from './auth.ts';
import { orAbort, throwIfAborted } from './channel.ts';
import { type AskHostKey, knownKeys, verifyHostKey } from './host-key.ts';
import { algorithmsFor } from './known-hosts.ts';
import type { Slots } from './slots.ts';
import { logInAhead } from './ssh-ahead.ts';
import type { SshTarget } from './ssh-config.ts';
import { TimeLimit } from './time-limit.ts';

export interface LoginOptions {
  readonly home: string;
  readonly ask?: AskHostKey;
  /** Shared by all hosts: sshd's MaxStartups drops whom it cannot greet. */
  readonly handshakes: Slots;
  /** A command will be run on this connection: a session is asked for with the login where that is safe. */
  readonly session?: boolean;
}

/** Opens the byte stream to sshd; called anew for each attempt. */
export type OpenStream = (signal: AbortSignal) => Promise<Duplex>;

/** The server closed before it greeted us: worth another attempt. */
class Dropped extends Error {}

/** Rejects with a ConnectionError, or an AbortError. */
export async function logIn(
  target: SshTarget,
  open: OpenStream,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<Client> {
  throwIfAborted(signal);
  const limit = new TimeLimit(target.connectTimeout);
  const giveUp = new AbortController();
  const outer = AbortSignal.any([signal, giveUp.signal]);
  const work = persist(target, open, options, limit, outer);
  work.then(
    client => giveUp.signal.aborted && client.end(),
    () => {},
  );
  try {
    const client = await orAbort(Promise.race([work, limit.reached]), signal);
    if (client === 'late') throw tooLate(target);
    return client;
  } catch (error) {
    giveUp.abort();
    throw error;
  } finally {
    limit.pause();
  }
}

async function persist(
  target: SshTarget,
  open: OpenStream,
  options: LoginOptions,
  limit: TimeLimit,
  signal: AbortSignal,
): Promise<Client> {
  for (let pause = 60; ; pause = Math.min(pause * 1.5, 1000)) {
    limit.pause();
    const release = await options.handshakes.take();
    limit.resume();
    try {
      throwIfAborted(signal);
      return await attempt(target, open, options, limit, signal);
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
    } finally {
      release();
    }
    await delay(pause * (0.5 + Math.random()), undefined, { signal });
  }
}

async function attempt(
  target: SshTarget,
  open: OpenStream,
  options: LoginOptions,
  limit: TimeLimit,
  signal: AbortSignal,
): Promise<Client> {
  const [{ NodeSSH }, { default: ssh2 }] = await Promise.all([import('node-ssh'), import('ssh2')]);
  const sock = await open(signal).catch((error: unknown) => {
    throw explain(target, error);
  });
  const cut = () => sock.destroy();
  signal.addEventListener('abort', cut, { once: true });
  const login = new Login(target, options.home, ssh2);
  const early = await login.prepare();
  let refusal: unknown;
  let greeted = false;
  const verify = (key: Buffer, answer: (trusted: boolean) => void) => {
    greeted = true;
    limit.pause();
    verifyHostKey(target, key, options.ask)
      .catch((error: unknown) => {
        refusal = error;
      })
      .finally(() => {
        limit.resume();
        answer(refusal === undefined);
      });
  };
  const ssh = new NodeSSH();
  try {
    const config: Config = {
      sock,
      username: target.user,
      readyTimeout: 0,
      keepaliveInterval: target.aliveInterval * 1000,
      keepaliveCountMax: target.aliveCount,
      hostVerifier: verify,
      algorithms: { serverHostKey: [...algorithmsFor(knownKeys(target))] },
    };
    // Assigned, since the declared type lacks `false`, which is how ssh2 is told that nothing is left to try.
    const connected = ssh.connect(Object.assign(config, { authHandler: login.handler }));
    ssh.connection?.on('error', () => {});
    if (ssh.connection) logInAhead(ssh.connection, { early, session: options.session === true });
    await connected;
    if (!ssh.connection) throw new Dropped();
    return ssh.connection;
  } catch (error) {
    sock.destroy();
    throwIfAborted(signal);
    if (refusal !== undefined) throw refusal;
    if (isAuthentication(error)) throw login.failure();
    throw greeted ? explain(target, error) : dropped(target, error);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function isAuthentication(error: unknown): boolean {
  return error instanceof Error && 'level' in error && error.level === 'client-authentication';
}

function dropped(target: SshTarget, error: unknown): Error {
  const message = error instanceof Error ? error.message : '';
  return /before handshake|ECONNRESET|EPIPE|No response/.test(message)
    ? new Dropped(message)
    : explain(target, error);
}

/** A TCP connection without Nagle's delay, which would cost 40 ms a command. */
export function tcp({ host, port }: Pick<SshTarget, 'host' | 'port'>): OpenStream {
  return async signal => {
    const socket = net.connect({ host, port });
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      throw error;
    }
    socket.setNoDelay(true);
    return socket;
  };
}

function tooLate(target: SshTarget): ConnectionError {
  return new ConnectionError(
    `${target.name}: no answer from ${target.host} port ${target.port} within ${target.connectTimeout} s`,
    'is the host up, the address right, and no firewall in between?',
  );
}

const CAUSES: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['the connection was refused', 'is sshd running there, and on that port?'],
  ENOTFOUND: ['there is no such name', 'correct ansible_host, or add the name to DNS or ~/.ssh/config'],
  EAI_AGAIN: ['the name cannot be looked up', 'is DNS reachable from here?'],
  EHOSTUNREACH: [
    'there is no route to the host',
    'is the host up, and on a network that is reached from here?',
  ],
  ENETUNREACH: ['there is no route to its network', 'is the network up?'],
  ETIMEDOUT: ['it does not answer', 'is the host up, the address right, and no firewall in between?'],
};

function explain(target: SshTarget, error: unknown): Error {
  if (error instanceof ConnectionError || (error instanceof Error && error.name === 'AbortError'))
    return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [what, hint] = CAUSES[code] ?? [error instanceof Error ? error.message : String(error)];
  return new ConnectionError(
    `${target.name}: cannot connect to ${target.host} port ${target.port}: ${what}`,
    hint,
  );
}
