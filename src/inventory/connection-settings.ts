/** Makes the settings of a connection, and of becoming another user, from a host's resolved variables. */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { didYouMean } from '../core/suggest.ts';
import type { Become, ConnectionSettings } from '../core/transport.ts';
import { splitWords } from '../core/words.ts';
import { isProblem, type Problem } from './host-names.ts';
import { type SshOptions, sshOptions } from './ssh-arguments.ts';
import { Reader, Unusable, type Variables } from './variable-reader.ts';

/** @param play keywords of the play; a variable of the host wins over them */
export function connectionSettings(
  name: string,
  vars: Variables,
  play: { readonly remoteUser?: string; readonly port?: number; readonly connection?: string },
): { readonly settings: ConnectionSettings } | Problem {
  return orProblem(() => ({ settings: settingsOf(name, new Reader(vars), play) }));
}

/**
 * No `become` means: stay the login user.
 * @param readPassword reads `ansible_become_password_file`
 */
export function becomeSettings(
  vars: Variables,
  keywords: {
    readonly become?: boolean;
    readonly user?: string;
    readonly method?: string;
    readonly password?: string;
  },
  readPassword = readPasswordFile,
): { readonly become?: Become } | Problem {
  return orProblem(() => becomeOf(new Reader(vars), keywords, readPassword));
}

function orProblem<T extends object>(make: () => T): T | Problem {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { problem: error.message, ...given('hint', error.hint) };
  }
}

function settingsOf(
  name: string,
  read: Reader,
  play: Parameters<typeof connectionSettings>[2],
): ConnectionSettings {
  const kind = connectionKind(read.text('ansible_connection') ?? play.connection ?? 'ssh');
  return {
    kind,
    name,
    address: read.text('ansible_host', 'ansible_ssh_host') ?? name,
    ...given('port', read.port('ansible_port', 'ansible_ssh_port') ?? play.port),
    ...given('user', read.text('ansible_user', 'ansible_ssh_user') ?? play.remoteUser),
    ...given('password', read.text('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password')),
    ...given('privateKeyFile', read.text('ansible_ssh_private_key_file', 'ansible_private_key_file')),
    ...given('sshOptions', kind === 'ssh' ? optionsOf(read) : undefined),
    ...given('connectTimeout', read.seconds('ansible_timeout', 'ansible_ssh_timeout')),
    ...given('shell', read.text('ansible_shell_executable')),
  };
}

function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  const entry: { [P in K]?: T } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

function connectionKind(word: string): ConnectionSettings['kind'] {
  const kind = word.replace(/^ansible\.(?:builtin|legacy)\./, '');
  if (kind === 'local') return 'local';
  if (['ssh', 'smart', 'paramiko', 'paramiko_ssh'].includes(kind)) return 'ssh';
  throw new Unusable(
    `the connection "${word}" is not supported`,
    didYouMean(kind, ['local', 'ssh']) ?? 'supported are local and ssh',
  );
}

/** ssh takes the first value of an option: the order is the one in which Ansible writes its command line. */
function optionsOf(read: Reader): SshOptions | undefined {
  const all: SshOptions = {};
  for (const variable of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const options = sshOptions(read.text(variable) ?? '', variable);
    if (isProblem(options)) throw new Unusable(options.problem, options.hint);
    for (const [key, values] of Object.entries(options)) all[key] = [...(all[key] ?? []), ...values];
  }
  return Object.keys(all).length === 0 ? undefined : all;
}

function becomeOf(
  read: Reader,
  keywords: Parameters<typeof becomeSettings>[1],
  readPassword: (file: string) => string,
): { become?: Become } {
  if (!(read.flag('ansible_become', 'ansible_sudo') ?? keywords.become ?? false)) return {};
  const method = read.text('ansible_become_method') ?? keywords.method ?? 'sudo';
  if (!/^(?:ansible\.(?:builtin|legacy)\.)?sudo$/.test(method))
    throw new Unusable(`the become method "${method}" is not supported`, 'supported is sudo');
  const file = read.text('ansible_become_password_file');
  const password =
    read.text('ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass') ??
    (file === undefined ? keywords.password : readPassword(file));
  return {
    become: {
      user: read.text('ansible_become_user', 'ansible_sudo_user') ?? keywords.user ?? 'root',
      ...given('password', password),
      ...given('flags', flagsOf(read.text('ansible_become_flags', 'ansible_sudo_flags') ?? '')),
    },
  };
}

function flagsOf(text: string): readonly string[] | undefined {
  const split = splitWords(text);
  if ('problem' in split) throw new Unusable(`ansible_become_flags: ${split.problem}`);
  return split.words.length === 0 ? undefined : split.words;
}

function readPasswordFile(file: string): string {
  const path = file.replace(/^~(?=\/|$)/, homedir());
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new Unusable(`ansible_become_password_file: there is no file ${file}`);
  if ((found.mode & 0o077) !== 0) {
    throw new Unusable(`ansible_become_password_file: others can read ${file}`, `chmod 600 ${file}`);
  }
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}
