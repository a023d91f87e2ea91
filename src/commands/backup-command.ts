/** The words of `girofle-run backups` and `girofle-run backup`. */
import { type Command, Option } from 'commander';
import { collect, command, positive } from './command-options.ts';
import type { RunFlags } from './flags.ts';

/** What a run needs to reach its hosts, as `girofle-run PLAYBOOK` has it. */
export function hostCommand(name: string): Command {
  return command(name)
    .option('-i, --inventory <source>', 'as for a run (again for more)', collect, [])
    .option('-l, --limit <pattern>', 'only these hosts of the inventory')
    .option('-e, --extra-vars <vars>', 'as for a run: instance=2 (again for more)', collect, [])
    .option('-f, --forks <n>', 'hosts at work at the same time', positive, 50)
    .option('-K, --ask-become-pass', 'ask for the sudo password')
    .option('-u, --user <user>', 'log in as this user')
    .option('--private-key <file>', 'log in with this key')
    .addOption(new Option('--output <form>', 'how to show the run').choices(['pretty', 'plain', 'ndjson']))
    .option('-v, --verbose', 'say more (again for still more)', (_, before: number) => before + 1, 0);
}

export type HostFlags = Omit<RunFlags, 'tags' | 'skipTags'>;

export const asRun = (flags: HostFlags): RunFlags => ({ ...flags, tags: [], skipTags: [] });

export function backupsCommand(done: (code: number) => void): Command {
  return hostCommand('backups')
    .description('list the backups of instances (playbooks/backups.yml)')
    .argument('[instance]', 'its number; default: every instance')
    .action(async (instance: string | undefined, flags: HostFlags) => {
      const { listBackups } = await import('./backups.ts');
      done(await listBackups(instance, asRun(flags)));
    });
}

export function backupCommand(done: (code: number) => void): Command {
  const backup = command('backup').description('verify one backup (backup verify DATE)');
  backup.addCommand(
    hostCommand('verify')
      .description('read a backup whole and compare it with its manifest (playbooks/verify.yml)')
      .argument('<date>', 'as girofle-run backups shows it, or latest')
      .action(async (date: string, flags: HostFlags) => {
        const { verifyBackup } = await import('./backups.ts');
        done(await verifyBackup(date, asRun(flags)));
      }),
  );
  return backup;
}
