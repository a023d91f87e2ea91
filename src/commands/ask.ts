/** Questions to the person at the terminal. Never asked where nobody can answer. */
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Play, VarsPrompt } from '../core/play.ts';

/** Throws a DiagnosticError without a terminal, or when the question is broken off. */
export async function askPassword(message: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new DiagnosticError(
      errorAt('--ask-become-pass needs a terminal', undefined, 'set ansible_become_password_file instead'),
    );
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new DiagnosticError(errorAt('no password was given'));
  return answer;
}

/**
 * The plays with what they ask for (`vars_prompt`) filled in; what `known` has is not asked.
 * Where nobody can answer, defaults are taken. Throws a DiagnosticError when there is none.
 */
export async function askVariables(
  plays: readonly Play[],
  known: ReadonlySet<string>,
): Promise<readonly Play[]> {
  const answers = new Map<string, string>();
  for (const prompt of plays.flatMap(play => play.varsPrompt)) {
    if (!known.has(prompt.name) && !answers.has(prompt.name))
      answers.set(prompt.name, await askVariable(prompt));
  }
  return plays.map(play => {
    const mine = play.varsPrompt.flatMap(({ name }) => [...answers].filter(([asked]) => asked === name));
    return mine.length === 0
      ? play
      : {
          ...play,
          vars: [...play.vars, { origin: 'vars_prompt', values: Object.fromEntries(mine), templated: false }],
        };
  });
}

async function askVariable(asked: VarsPrompt): Promise<string> {
  const { name, default: byDefault } = asked;
  const message = asked.prompt ?? name;
  if (!process.stdin.isTTY) {
    if (byDefault !== undefined) return byDefault;
    throw new DiagnosticError(
      errorAt(
        `"${name}" is asked for (${message}), and there is no terminal to answer at`,
        undefined,
        `give it with -e ${name}=...`,
      ),
    );
  }
  const answer = await typed(asked, message);
  if (asked.confirm && (await typed(asked, `${message} (again)`)) !== answer)
    throw new DiagnosticError(errorAt(`the two answers for "${name}" differ`));
  return answer === '' && byDefault !== undefined ? byDefault : answer;
}

async function typed(asked: VarsPrompt, message: string): Promise<string> {
  const { isCancel, password, text } = await import('@clack/prompts');
  const answer = asked.private
    ? await password({ message, output: process.stderr })
    : await text({
        message,
        output: process.stderr,
        ...(asked.default === undefined ? {} : { placeholder: asked.default }),
      });
  if (isCancel(answer)) throw new DiagnosticError(errorAt(`no answer for "${asked.name}"`));
  return answer ?? '';
}

/** For a host key seen for the first time. */
export async function askHostKey({
  host,
  keyType,
  fingerprint,
}: {
  host: string;
  keyType: string;
  fingerprint: string;
}): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: `${host} is not known yet. Its ${keyType} key is ${fingerprint}. Trust it and remember it?`,
    initialValue: false,
    output: process.stderr,
  });
  return !isCancel(answer) && answer;
}
