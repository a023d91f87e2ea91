/** The ways to log in that are tried one after another, and what to say when none of them worked. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type {
  AnyAuthMethod,
  BaseAgent,
  IdentityCallback,
  ParsedKey,
  SignCallback,
  SigningRequestOptions,
} from 'ssh2';
import { ConnectionError } from '../core/transport.ts';
import { readIfThere, type SshTarget } from './ssh-config.ts';

type Ssh2 = typeof import('ssh2');

interface Attempt {
  /** For the sentence when all failed: `key ~/.ssh/id_rsa`. */
  readonly say: string;
  readonly method: AnyAuthMethod;
}

type NextAuth = (method: AnyAuthMethod | false) => void;

const USUAL_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Hands out one way after another and remembers what was tried. */
export class Login {
  readonly #target: SshTarget;
  readonly #home: string;
  readonly #ssh2: Ssh2;
  readonly #tried: string[] = [];
  readonly #notes: string[] = [];
  readonly #attempts: AsyncGenerator<Attempt, void>;
  #first: Attempt | undefined;

  constructor(target: SshTarget, home: string, ssh2: Ssh2) {
    this.#target = target;
    this.#home = home;
    this.#ssh2 = ssh2;
    this.#attempts = this.#all();
  }

  /** For ssh2's `authHandler`. Never asks by `none` first: that would cost a round trip. */
  readonly handler = (left: readonly string[] | null, _partial: boolean | null, next: NextAuth): void => {
    void this.#next(left).then(next, () => next(false));
  };

  /** Makes the first way ready. True when it needs nothing that a server tells later, as an RSA key does (its hashes). */
  async prepare(): Promise<boolean> {
    const { value } = await this.#attempts.next();
    this.#first = value ?? undefined;
    const method = this.#first?.method;
    if (method?.type === 'password') return true;
    if (method?.type !== 'publickey') return false;
    const key = this.#ssh2.utils.parseKey(method.key);
    return !(key instanceof Error) && key.type !== 'ssh-rsa';
  }

  failure(): ConnectionError {
    const { name, user } = this.#target;
    const tried = this.#tried.length === 0 ? 'there was nothing to try' : `tried ${this.#tried.join(', ')}`;
    const notes = this.#notes.map(note => `; ${note}`).join('');
    return new ConnectionError(
      `${name}: cannot log in as ${user}: ${tried}${notes}`,
      `put your public key into ~${user}/.ssh/authorized_keys there, or name another by ansible_user, ansible_ssh_private_key_file or ansible_password`,
    );
  }

  async #next(left: readonly string[] | null): Promise<AnyAuthMethod | false> {
    for (;;) {
      const value = this.#first ?? (await this.#attempts.next()).value;
      this.#first = undefined;
      if (!value) return false;
      const type = value.method.type === 'agent' ? 'publickey' : value.method.type;
      if (left && !left.includes(type)) continue;
      this.#tried.push(value.say);
      return value.method;
    }
  }

  async *#all(): AsyncGenerator<Attempt, void> {
    const { identityFiles, password } = this.#target;
    for (const file of identityFiles) yield* this.#key(file, true);
    yield* this.#agent();
    if (identityFiles.length === 0)
      for (const file of USUAL_KEYS) yield* this.#key(path.join(this.#home, '.ssh', file), false);
    if (password !== undefined) yield* this.#passwords(password);
  }

  async *#key(file: string, named: boolean): AsyncGenerator<Attempt, void> {
    const content = await readFile(file).catch((error: NodeJS.ErrnoException) => error);
    if (content instanceof Error) {
      if (named || content.code !== 'ENOENT')
        this.#notes.push(`${file} cannot be read (${content.code ?? content.message})`);
      return;
    }
    const key = this.#ssh2.utils.parseKey(content);
    if (key instanceof Error) this.#notes.push(unusable(file, key.message, content));
    else
      yield { say: `key ${file}`, method: { type: 'publickey', username: this.#target.user, key: content } };
  }

  async *#agent(): AsyncGenerator<Attempt, void> {
    const { agent: socket, user } = this.#target;
    if (socket === undefined) return;
    const agent = this.#ssh2.createAgent(socket);
    const keys = await identities(agent).catch((error: Error) => error);
    if (keys instanceof Error) {
      this.#notes.push(`the ssh agent at ${socket} does not answer`);
      return;
    }
    const chosen = this.#chosen(keys);
    if (chosen.length === 0) return;
    const plural = chosen.length === 1 ? 'key' : 'keys';
    yield {
      say: `${chosen.length} ${plural} of the ssh agent`,
      method: { type: 'agent', username: user, agent: only(this.#ssh2, agent, chosen) },
    };
  }

  /** With IdentitiesOnly the agent's keys count only where a file names them. */
  #chosen(keys: readonly ParsedKey[]): readonly ParsedKey[] {
    if (!this.#target.identitiesOnly) return keys;
    const named = this.#target.identityFiles.map(file => readIfThere(`${file}.pub`)?.split(' ')[1]);
    return keys.filter(key => named.includes(key.getPublicSSH().toString('base64')));
  }

  *#passwords(password: string): Generator<Attempt, void> {
    const username = this.#target.user;
    yield { say: 'the password', method: { type: 'password', username, password } };
    yield {
      say: 'the password, by keyboard-interactive',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)),
      },
    };
  }
}

function unusable(file: string, message: string, content: Buffer): string {
  if (/encrypted|passphrase/i.test(message))
    return `${file} is encrypted: add it to the agent with ssh-add ${file}`;
  if (
    content.includes('sk-ssh-') ||
    content.includes('c2stc3No') ||
    /sk-(ssh|ecdsa)/.test(content.toString('latin1'))
  )
    return `${file} is a security key (FIDO), which is not supported`;
  return `${file} is no private key that can be used (${message})`;
}

function identities(agent: BaseAgent): Promise<readonly ParsedKey[]> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else
        resolve(
          (keys ?? []).filter((key): key is ParsedKey => typeof key === 'object' && 'getPublicSSH' in key),
        );
    });
  });
}

/** The same agent, with fewer keys. */
function only(ssh2: Ssh2, agent: BaseAgent, keys: readonly ParsedKey[]): BaseAgent {
  class Chosen extends ssh2.BaseAgent {
    override getIdentities(callback: IdentityCallback): void {
      callback(null, [...keys]);
    }
    override sign(
      key: string | Buffer | ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      if (typeof options === 'function') agent.sign(key, data, options);
      else agent.sign(key, data, options, callback);
    }
  }
  return new Chosen();
}
