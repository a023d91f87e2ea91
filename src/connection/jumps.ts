/** Jump hosts (ProxyJump): one connection to each, shared by all hosts behind it and closed after the last of them. */
import type { Client } from 'ssh2';
import { ConnectionError, type ConnectionSettings } from '../core/transport.ts';
import { forward } from './ssh.ts';
import { resolveTarget, type SshTarget } from './ssh-config.ts';
import { type LoginOptions, logIn, type OpenStream, tcp } from './ssh-login.ts';

interface Lead {
  readonly open: OpenStream;
  readonly release: () => void;
}

interface Shared {
  readonly client: Promise<Client>;
  users: number;
}

const DEEPEST = 8;

export class Jumps {
  readonly #shared = new Map<string, Shared>();

  /** The way to a target through its jump hosts; undefined when it has none. */
  async lead(
    target: SshTarget,
    settings: ConnectionSettings,
    options: LoginOptions,
    signal: AbortSignal,
    depth = 0,
  ): Promise<Lead | undefined> {
    if (target.jumps.length === 0) return undefined;
    if (depth >= DEEPEST) throw new ConnectionError(`${settings.name}: ProxyJump goes round in circles`);
    let way: Lead | undefined;
    for (let i = 0; i < target.jumps.length; i += 1) {
      const key = JSON.stringify([target.jumps.slice(0, i + 1), settings.sshOptions?.configfile ?? []]);
      const before: Lead | undefined = way;
      const jump = await this.#share(
        key,
        () => this.#logIn(target.jumps[i] ?? '', settings, before, options, signal, depth),
        before,
      );
      const next = await resolveNext(target, i, settings, options);
      way = { open: () => forward(jump.client, settings.name, next), release: jump.release };
    }
    return way;
  }

  async #share(
    key: string,
    open: () => Promise<Client>,
    before: Lead | undefined,
  ): Promise<{ client: Client; release: () => void }> {
    const shared = this.#shared.get(key) ?? { client: open(), users: 0 };
    this.#shared.set(key, shared);
    shared.users += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      before?.release();
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      shared.client.then(
        client => client.end(),
        () => {},
      );
    };
    try {
      const client = await shared.client;
      client.once('close', () => this.#shared.delete(key));
      return { client, release };
    } catch (error) {
      this.#shared.delete(key);
      release();
      throw error;
    }
  }

  async #logIn(
    jump: string,
    settings: ConnectionSettings,
    before: Lead | undefined,
    options: LoginOptions,
    signal: AbortSignal,
    depth: number,
  ): Promise<Client> {
    const own = jumpSettings(jump, settings);
    const target = await resolveTarget(own, options.home);
    const lead = before ?? (await this.lead(target, own, options, signal, depth + 1));
    return logIn(target, lead?.open ?? tcp(target), options, signal);
  }
}

async function resolveNext(
  target: SshTarget,
  i: number,
  settings: ConnectionSettings,
  options: LoginOptions,
): Promise<SshTarget> {
  const jump = target.jumps[i + 1];
  return jump === undefined ? target : resolveTarget(jumpSettings(jump, settings), options.home);
}

/** As with ssh -J, options of the command line are for the last host; only the configuration file counts for all. */
function jumpSettings(jump: string, settings: ConnectionSettings): ConnectionSettings {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(jump) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined)
    throw new ConnectionError(
      `${settings.name}: ProxyJump "${jump}" is not understood`,
      'write [user@]host[:port]',
    );
  const { configfile } = settings.sshOptions ?? {};
  return {
    kind: 'ssh',
    name: `${settings.name} (jump host ${address})`,
    address,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(configfile === undefined ? {} : { sshOptions: { configfile } }),
    ...(settings.connectTimeout === undefined ? {} : { connectTimeout: settings.connectTimeout }),
  };
}
