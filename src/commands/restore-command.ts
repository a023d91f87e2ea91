/** The words of `girofle-run restore`. */
import { type Command, Option } from 'commander';
import { asRun, type HostFlags, hostCommand } from './backup-command.ts';
import type { RestoreFlags } from './restore.ts';

export function restoreCommand(done: (code: number) => void): Command {
  const restore = hostCommand('restore')
    .description(
      'restore an instance from a backup (playbooks/restore.yml). Without arguments it asks for container, directory, backup and address',
    )
    .argument('[container]', 'name of its container')
    .argument('[directory]', 'its directory, with mapping-volumes and bckups')
    .allowExcessArguments()
    .enablePositionalOptions()
    .option('--backup <date>', 'which backup; default: the newest')
    .option('--from <remote>', 'where the backup is: the name of a remote; default: local')
    .option('--address <address>', 'address for the restored instance; default: the same')
    .option('--unverified', 'also a backup of the original scripts, which nothing can be compared with')
    .addOption(
      new Option('--twin <what>', 'while another instance with its identity runs').choices([
        'refuse',
        'allow',
      ]),
    )
    .option('-y, --yes', 'do not ask whether it is meant');
  restore.action(async (_container: unknown, _directory: unknown, flags: HostFlags & RestoreFlags) => {
    const { restoreInstance } = await import('./restore.ts');
    done(await restoreInstance(restore.args, asRun(flags), flags, () => restore.helpInformation()));
  });
  restore.addCommand(
    hostCommand('confirm')
      .description(
        'the restored instances are good: remove what was there before (playbooks/confirm-restore.yml)',
      )
      .argument('[instance]', 'number of the instance; default: every one')
      .option('-y, --yes', 'do not ask')
      .action(async (instance: string | undefined, flags: HostFlags & { yes?: boolean }) => {
        const { confirmRestores } = await import('./restore-confirm.ts');
        done(await confirmRestores(instance, asRun(flags), flags.yes === true));
      }),
  );
  return restore;
}
