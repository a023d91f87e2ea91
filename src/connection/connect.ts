/** Opens connections to hosts, local and by ssh. Everything that a local run does not need is loaded only when needed. */
import os from 'node:os';
import type { Connect, Connection, ConnectionSettings } from '../core/transport.ts';
import { throwIfAborted } from './channel.ts';
import { HostConnection } from './connection.ts';
import type { AskHostKey } from './host-key.ts';
import { type LocalCommand, localWire } from './local.ts';
import { Slots } from './slots.ts';

export interface ConnectorOptions {
  /** Asks a person about a host key that is not known; without it such hosts are refused. One question at a time. */
  readonly askHostKey?: AskHostKey;
  /** Instead of the user's home: where .ssh is. */
  readonly home?: string;
  /** Handshakes under way at one time; default 16. */
  readonly handshakes?: number;
}

/** Connections that share the limit on handshakes, the jump hosts and the one person who can be asked. */
export function connector(options: ConnectorOptions = {}): Connect {
  const { askHostKey, home = os.homedir(), handshakes = 16 } = options;
  const questions = new Slots(1);
  const ask: AskHostKey | undefined =
    askHostKey && (question => questions.during(() => askHostKey(question)));
  const login = { home, handshakes: new Slots(handshakes), ...(ask ? { ask } : {}) };
  const jumps = once(async () => new (await import('./jumps.ts')).Jumps());
  return async (settings, signal) => {
    throwIfAborted(signal);
    if (settings.kind === 'local') return localConnection(settings);
    const { sshWire } = await import('./ssh.ts');
    return new HostConnection(await sshWire(settings, login, await jumps(), signal));
  };
}

/** A connection to this machine; `command` starts its shell otherwise than by /bin/sh. */
export function localConnection(
  settings: Pick<ConnectionSettings, 'name' | 'shell'>,
  command?: LocalCommand,
): Connection {
  const shell = settings.shell ?? '/bin/sh';
  return new HostConnection(localWire(settings.name, command ?? { argv: [shell], worker: [shell] }));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
