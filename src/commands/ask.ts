/** Questions to the person at the terminal. Never asked where nobody can answer. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';

/** Throws a DiagnosticError without a terminal, or when the question is broken off. */
export async function askPassword(message: string): Promise<string> {
  if (!process.stdin.isTTY) throw new DiagnosticError(errorAt('--ask-become-pass needs a terminal', undefined, 'set ansible_become_password_file instead'));
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new DiagnosticError(errorAt('no password was given'));
  return answer;
}

/** For a host key seen for the first time. */
export async function askHostKey({ host, keyType, fingerprint }: { host: string; keyType: string; fingerprint: string }): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: `${host} is not known yet. Its ${keyType} key is ${fingerprint}. Trust it and remember it?`,
    initialValue: false,
    output: process.stderr,
  });
  return !isCancel(answer) && answer;
}
