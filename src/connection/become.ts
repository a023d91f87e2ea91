/**
 * Starts shell text on the host, as the login user or by sudo as another, and tells when it has really begun: what login
 * scripts, sudo's lecture and its prompts print before that is told apart by an unguessable marker on both streams.
 * The password is written only after sudo asked for it by a prompt that nobody else can print.
 */
import { randomBytes } from 'node:crypto';
import { quote } from '../core/sh.ts';
import { type Become, ConnectionError } from '../core/transport.ts';
import { type Channel, type Launch, orAbort } from './channel.ts';

export interface Launcher {
  readonly launch: Launch;
  readonly loginUser: string;
  /** What the inventory calls the host; for sentences. */
  readonly host: string;
  /** The shell that sudo starts. */
  readonly shell: string;
}

/** The bytes that arrive after the start marker. */
export interface Sink {
  output(chunk: Buffer): void;
  errors(chunk: Buffer): void;
}

export interface Started {
  readonly channel: Channel;
  /** Resolves at the start marker; rejects with a ConnectionError when the process ended or sudo refused before it. */
  readonly begun: Promise<void>;
}

/** Whom to become, or undefined when that is the login user already. */
export function other(launcher: Pick<Launcher, 'loginUser'>, as: Become | undefined): Become | undefined {
  return as === undefined || as.user === launcher.loginUser ? undefined : as;
}

/**
 * The command line holds no more than a reader of one line, so that `ps` shows nothing of what follows.
 * @param body one line of shell text; it may read on from the channel's input
 */
export async function start(
  launcher: Launcher,
  as: Become | undefined,
  body: string,
  sink: Sink,
  signal?: AbortSignal,
): Promise<Started> {
  const nonce = randomBytes(12).toString('hex');
  const reader = `printf '\\036${nonce}\\n';printf '\\036${nonce}\\n' >&2;IFS= read -r l;eval "$l"`;
  const become = other(launcher, as);
  const channel = await launcher.launch(
    become ? sudo(become, launcher.shell, nonce, reader) : reader,
    signal,
  );
  const begun = awaitStart(launcher, become, channel, nonce, sink);
  begun.catch(() => {});
  // sudo may read the same input: nothing may follow before it has made room. A plain shell gets its first line at once.
  if (become?.password !== undefined) await orAbort(begun, signal).catch(giveUp(channel));
  channel.input.write(`${body}\n`);
  return { channel, begun };
}

function giveUp(channel: Channel): (error: unknown) => never {
  return error => {
    channel.destroy();
    throw error;
  };
}

function sudo(as: Become, shell: string, nonce: string, body: string): string {
  const ask = as.password === undefined ? ['-n'] : ['-S', '-p', prompt(nonce)];
  const words = ['sudo', '-H', ...ask, '-u', as.user, ...(as.flags ?? []), '--', shell, '-c', body];
  return `exec ${words.map(quote).join(' ')}`;
}

function prompt(nonce: string): string {
  return `P${nonce}:`;
}

async function awaitStart(
  launcher: Launcher,
  as: Become | undefined,
  channel: Channel,
  nonce: string,
  sink: Sink,
): Promise<void> {
  const marker = Buffer.from(`\x1e${nonce}\n`);
  const output = new Head(marker, chunk => sink.output(chunk));
  const errors = new Head(marker, chunk => sink.errors(chunk));
  channel.output.on('data', (chunk: Buffer) => output.feed(chunk));
  channel.errors.on('data', (chunk: Buffer) => {
    errors.feed(chunk);
    if (as?.password !== undefined && !errors.passed) answerPrompts(as.password);
  });
  let prompts = 0;
  let wrong: () => void = () => {};
  const wrongPassword = new Promise<'wrong'>(resolve => {
    wrong = () => resolve('wrong');
  });
  const answerPrompts = (password: string) => {
    const asked = errors.count(prompt(nonce));
    if (asked > 1) return wrong();
    if (asked > prompts) channel.input.write(`${password}\n`);
    prompts = asked;
  };
  const begun = Promise.all([output.found, errors.found]).then(() => 'begun' as const);
  const how = await Promise.race([begun, wrongPassword, channel.closed.then(() => 'ended' as const)]);
  if (how === 'begun' || (output.passed && errors.passed)) return;
  channel.destroy();
  if (how === 'wrong' && as) throw wrongFor(launcher, as);
  throw refused(launcher, as, errors.text().replaceAll(prompt(nonce), '').trim(), await channel.closed);
}

/** Holds back a stream until its marker has passed. */
class Head {
  readonly #marker: Buffer;
  readonly #rest: (chunk: Buffer) => void;
  #before = Buffer.alloc(0);
  #find: () => void = () => {};
  readonly found: Promise<void>;
  passed = false;

  constructor(marker: Buffer, rest: (chunk: Buffer) => void) {
    this.#marker = marker;
    this.#rest = rest;
    this.found = new Promise(resolve => {
      this.#find = resolve;
    });
  }

  feed(chunk: Buffer): void {
    if (this.passed) {
      this.#rest(chunk);
      return;
    }
    this.#before = Buffer.concat([this.#before, chunk]);
    const at = this.#before.indexOf(this.#marker);
    if (at < 0) return;
    this.passed = true;
    this.#find();
    const rest = this.#before.subarray(at + this.#marker.length);
    this.#before = Buffer.alloc(0);
    if (rest.length > 0) this.#rest(rest);
  }

  count(text: string): number {
    return this.text().split(text).length - 1;
  }

  text(): string {
    return this.#before.toString();
  }
}

function wrongFor({ host, loginUser }: Launcher, { user }: Become): ConnectionError {
  return new ConnectionError(
    `${host}: sudo did not accept the password for becoming ${user}`,
    `it asks for the password of ${loginUser}: check it, and that ${loginUser} may run sudo`,
  );
}

const REFUSALS: readonly (readonly [RegExp, (login: string, user: string) => readonly [string, string]])[] = [
  [
    /sudo:? .*(not found|No such file)|not found.*sudo/i,
    (_login, user) => ['sudo is not installed there', `log in as ${user}, or install sudo`],
  ],
  [
    /password is required|no password was provided/i,
    login => [
      `sudo wants the password of ${login}`,
      'give it with -K or become_password, or allow it in sudoers with NOPASSWD',
    ],
  ],
  [
    /not in the sudoers|not allowed|may not run/i,
    (login, user) => [`${login} may not use sudo to become ${user}`, `allow it in sudoers on the host`],
  ],
  [
    /must have a tty|terminal is required|no tty/i,
    login => ['sudo insists on a terminal', `add "Defaults:${login} !requiretty" to sudoers`],
  ],
  [
    /unknown user|unknown uid/i,
    (_login, user) => [`there is no user ${user}`, 'create the user first, or correct become_user'],
  ],
];

function refused(
  launcher: Launcher,
  as: Become | undefined,
  said: string,
  ended: { code?: number; signal?: string },
): ConnectionError {
  const { host, loginUser } = launcher;
  const last = said.split('\n').at(-1) ?? '';
  if (!as) {
    const how = last || (ended.code === undefined ? 'the connection was closed' : `exit code ${ended.code}`);
    return new ConnectionError(
      `${host}: no shell could be started for ${loginUser}: ${how}`,
      'check the login shell and ansible_shell_executable',
    );
  }
  const known = REFUSALS.find(([pattern]) => pattern.test(said));
  if (!known)
    return new ConnectionError(
      `${host}: ${loginUser} cannot become ${as.user}: ${last || `sudo exited with ${ended.code ?? 'no code'}`}`,
    );
  const [why, hint] = known[1](loginUser, as.user);
  return new ConnectionError(`${host}: ${loginUser} cannot become ${as.user}: ${why}`, hint);
}
