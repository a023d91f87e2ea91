/** `girofle-run restore confirm [INSTANCE]`: shows what would be removed, asks, and removes it. */
import { askPassword } from './ask.ts';
import { isNumber, playbook, refuse, withVars } from './backups.ts';
import type { RunFlags } from './flags.ts';
import { hasTerminal } from './restore.ts';
import { lookBy } from './restore-look.ts';
import { runPlaybooks } from './run.ts';

const PLAYBOOK = 'confirm-restore.yml';

/** @param sure it need not be asked */
export async function confirmRestores(
  instance: string | undefined,
  flags: RunFlags,
  sure: boolean,
): Promise<number> {
  if (instance !== undefined && !isNumber(instance))
    return refuse(`"${instance}" is no number of an instance: girofle-run restore confirm 2`);
  if (!sure && !hasTerminal())
    return refuse(
      'restore confirm removes what was there before a restore, and there is no terminal to ask at: say -y',
    );
  const vars = { instance: Number(instance ?? 0) };
  const becomePassword = flags.askBecomePass ? await askPassword('sudo password: ') : undefined;
  const asked = sure || (await isMeant(flags, vars, becomePassword));
  if (typeof asked === 'number') return asked;
  return runPlaybooks(
    [playbook(PLAYBOOK)],
    withVars(flags, vars),
    becomePassword === undefined ? {} : { becomePassword },
  );
}

/** True; or the exit code of a command that does nothing. */
async function isMeant(
  flags: RunFlags,
  vars: Readonly<Record<string, number>>,
  becomePassword: string | undefined,
): Promise<true | number> {
  const { code, steps, complaints } = await lookBy(
    PLAYBOOK,
    'gitlab_restore_confirm',
    { ...flags, plan: true },
    vars,
    becomePassword,
  );
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (code !== 0) return code;
  if (steps.length === 0) {
    process.stderr.write('no restore has left anything to be removed\n');
    return 0;
  }
  for (const { host, say } of steps) process.stderr.write(`${host}: ${say}\n`);
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: 'There is no way back to these. Remove them?',
    initialValue: false,
    output: process.stderr,
  });
  if (!isCancel(answer) && answer) return true;
  process.stderr.write('nothing was touched\n');
  return 130;
}
