/**
 * Sends at once what ssh2 holds back until an answer has come, since each answer costs a round trip: the key's signature
 * without asking first whether the key is welcome, the login without waiting for the service to be accepted, and
 * the request for a session without waiting for the login. It reaches into ssh2's own parts, so its version is
 * pinned; where they are not as expected nothing is sent ahead, and everything works as ever.
 */
import type { Client, ClientChannel, ParsedKey } from 'ssh2';

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

interface Parts {
  service(name: string): void;
  authPK(user: string, key: unknown, algorithm?: string, sign?: Sign): void;
  session(id: number, window: number, packet: number): void;
  exec(recipient: number, command: string, reply: boolean): void;
  readonly _handlers: {
    SERVICE_ACCEPT?: ((protocol: unknown, name: string) => void) | undefined;
    USERAUTH_FAILURE?: ((...told: readonly unknown[]) => void) | undefined;
  };
}

/** Undefined when this is another ssh2 than the one that was read. */
export function partsOf(client: Client): Parts | undefined {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) return undefined;
  const known = ['service', 'authPK', 'session', 'exec'].every(
    name => typeof Reflect.get(protocol, name) === 'function',
  );
  const handlers: unknown = Reflect.get(protocol, '_handlers');
  const handled = typeof handlers === 'object' && handlers !== null && 'SERVICE_ACCEPT' in handlers;
  return known && handled ? (protocol as Parts) : undefined;
}

export interface Ahead {
  /** The first way to log in needs nothing that the server tells later. */
  readonly early: boolean;
  /** A command will be run on this connection. */
  readonly session: boolean;
}

/** To be called once the client connects. */
export function logInAhead(client: Client, { early, session }: Ahead): void {
  const parts = partsOf(client);
  if (!parts) return;
  signAtOnce(parts, session ? () => openSession(client, parts) : () => {});
  if (early) skipService(parts);
}

const HASHES: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };

/** @param signed called when a signature is on its way */
function signAtOnce(parts: Parts, signed: () => void): void {
  const ask = parts.authPK.bind(parts);
  parts.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || !isPrivate(key)) return ask(user, key, algorithm, sign);
    const made = (data: Buffer) => key.sign(data, HASHES[algorithm ?? '']);
    // A key that cannot sign is asked for as ever: ssh2 then tells what is wrong with it.
    if (made(Buffer.alloc(0)) instanceof Error) return ask(user, key, algorithm);
    ask(user, key, algorithm, (data, done) => {
      const signature = made(data);
      if (signature instanceof Error) return;
      done(signature);
      signed();
    });
  };
}

function isPrivate(key: unknown): key is ParsedKey {
  return (
    typeof key === 'object' &&
    key !== null &&
    'isPrivateKey' in key &&
    typeof key.isPrivateKey === 'function' &&
    key.isPrivateKey() === true
  );
}

/** A server that does not accept the service closes the connection: nothing is lost by going on. */
function skipService(parts: Parts): void {
  const accept = parts._handlers.SERVICE_ACCEPT;
  const ask = parts.service.bind(parts);
  parts.service = name => {
    ask(name);
    parts._handlers.SERVICE_ACCEPT = () => {};
    accept?.(parts, name);
  };
}

/**
 * On OpenSSH a session is asked for together with the login: the server looks at it once the login has succeeded. What it
 * says to a session before that, after a login that failed, is that it does not know the request; then the session is
 * asked for again when it is needed, as ever. Other servers may close the connection over it.
 */
function openSession(client: Client, parts: Parts): void {
  const channels = channelsOf(client);
  if (!channels || !/^OpenSSH/.test(String(Reflect.get(client, '_remoteVer')))) return;
  let opened: (channel: Session | undefined) => void = () => {};
  const opening = new Promise<Session | undefined>(resolve => {
    opened = resolve;
  });
  const answer = Object.assign(
    (error: Error | undefined, channel?: Session) => opened(error ? undefined : channel),
    {
      type: 'session',
    },
  );
  const id = channels.add(answer);
  parts.session(id, WINDOW, PACKET);
  sessions.set(client, opening);
  const failed = parts._handlers.USERAUTH_FAILURE;
  parts._handlers.USERAUTH_FAILURE = (...told) => {
    parts._handlers.USERAUTH_FAILURE = failed;
    channels.remove(id);
    opened(undefined);
    failed?.(...told);
  };
  client.once('close', () => opened(undefined));
}

/** As ssh2 itself asks for them. */
const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;

/** Asked for ahead, and not used yet. */
const sessions = new WeakMap<Client, Promise<Session | undefined>>();

type Session = ClientChannel & {
  subtype: string;
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _callbacks: ((error: unknown) => void)[];
};

interface Channels {
  add(answer: unknown): number;
  remove(id: number): void;
}

function channelsOf(client: Client): Channels | undefined {
  const manager: unknown = Reflect.get(client, '_chanMgr');
  if (typeof manager !== 'object' || manager === null) return undefined;
  const known = ['add', 'remove'].every(name => typeof Reflect.get(manager, name) === 'function');
  return known ? (manager as Channels) : undefined;
}

/** Runs a command in the session that was asked for ahead, or in one of its own. Rejects when none can be had. */
export async function run(client: Client, command: string): Promise<ClientChannel> {
  const ready = sessions.get(client);
  sessions.delete(client);
  const session = await ready;
  const parts = partsOf(client);
  return new Promise((resolve, reject) => {
    if (!session || !parts || session.outgoing.state !== 'open') {
      client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
      return;
    }
    session._callbacks.push(error => {
      if (error) return reject(error instanceof Error ? error : new Error('Unable to exec'));
      session.subtype = 'exec';
      resolve(session);
    });
    parts.exec(session.outgoing.id, command, true);
  });
}
