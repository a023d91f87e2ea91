/** Throwaway users of this machine with a password and rules for sudo; root only, removed again by `remove`. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Why tests with users cannot run here; undefined when they can. */
export const noAccounts =
  process.getuid?.() !== 0 ? 'needs root' : existsSync('/usr/bin/sudo') ? undefined : 'needs sudo';

export interface Account {
  readonly name: string;
  readonly password: string;
  remove(): void;
}

/** @param sudo what follows the user's name in sudoers; none: the user may not use sudo */
export function createAccount(sudo?: string, defaults?: string): Account {
  const name = `girofle${process.pid}${Math.floor(Math.random() * 1e4)}`;
  const password = `pw '${Math.random()}" $HOME`;
  execFileSync('useradd', ['--no-create-home', '--home-dir', '/tmp', '--shell', '/bin/sh', name]);
  execFileSync('chpasswd', { input: `${name}:${password}\n` });
  const rules = `/etc/sudoers.d/${name}`;
  if (sudo !== undefined) {
    writeFileSync(
      rules,
      `${defaults === undefined ? '' : `Defaults:${name} ${defaults}\n`}${name} ${sudo}\n`,
      { mode: 0o440 },
    );
    execFileSync('visudo', ['-c', '-q', '-f', rules]);
  }
  return {
    name,
    password,
    remove: () => {
      rmSync(rules, { force: true });
      execFileSync('userdel', [name], { stdio: 'ignore' });
    },
  };
}
