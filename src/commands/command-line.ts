/** The words of the command line: commands, options, their help. */
import { type Command, CommanderError, Option } from 'commander';
import { VERSION } from '../version.ts';
import { backupCommand, backupsCommand } from './backup-command.ts';
import { collect, collectWords, command, positive } from './command-options.ts';
import type { RunFlags } from './flags.ts';
import { restoreCommand } from './restore-command.ts';
import { scheduleCommand } from './schedule-command.ts';

/** @returns the exit code */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = build(result => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 4;
  }
}

function build(done: (code: number) => void): Command {
  const program = command('girofle-run')
    .description('Brings hosts to the state that playbooks describe, and shows beforehand what it would do.')
    .version(VERSION, '-V, --version')
    .enablePositionalOptions()
    .showHelpAfterError('(girofle-run --help tells more)');
  program.addCommand(runCommand(done), { isDefault: true });
  program.addCommand(docCommand(done));
  program.addCommand(backupsCommand(done));
  program.addCommand(backupCommand(done));
  program.addCommand(restoreCommand(done));
  program.addCommand(scheduleCommand(done));
  return program;
}

function runCommand(done: (code: number) => void): Command {
  return command('run')
    .description('run playbooks (the default command)')
    .argument('<playbook...>', 'playbook files, run one after another')
    .option(
      '-i, --inventory <source>',
      'inventory file, folder, or a list of hosts with a comma (again for more)',
      collect,
      [],
    )
    .option('-l, --limit <pattern>', 'only these hosts of the inventory')
    .option(
      '-e, --extra-vars <vars>',
      'key=value, JSON or @file; wins over all other variables (again for more)',
      collect,
      [],
    )
    .option('-t, --tags <tags>', 'only tasks with one of these tags', collectWords, [])
    .option('--skip-tags <tags>', 'leave out tasks with one of these tags', collectWords, [])
    .option('-f, --forks <n>', 'hosts at work at the same time', positive, 50)
    .option('-C, --plan', 'say what would change, touch nothing')
    .addOption(new Option('--check', 'the same as --plan').hideHelp())
    .addOption(new Option('--dry-run', 'the same as --plan').hideHelp())
    .option('--detailed-exitcode', 'with --plan: exit with 2 when changes are pending')
    .option('-D, --diff', 'show what changes inside files')
    .option('-b, --become', 'run as another user (sudo)')
    .option('--become-user <user>', 'the user to become; root by default')
    .option('-K, --ask-become-pass', 'ask for the sudo password')
    .option('-u, --user <user>', 'log in as this user')
    .option('--private-key <file>', 'log in with this key')
    .option('--start-at-task <name>', 'begin with the task of this name')
    .option('--list-hosts', 'list the hosts of each play, run nothing')
    .option('--list-tasks', 'list the tasks of each play, run nothing')
    .option('--syntax-check', 'check the files, run nothing')
    .addOption(new Option('--output <form>', 'how to show the run').choices(['pretty', 'plain', 'ndjson']))
    .option('-v, --verbose', 'say more (again for still more)', (_, before: number) => before + 1, 0)
    .action(async (playbooks: string[], flags: RunFlags) => {
      const { runPlaybooks } = await import('./run.ts');
      done(await runPlaybooks(playbooks, flags));
    });
}

function docCommand(done: (code: number) => void): Command {
  return command('doc')
    .description('show the reference of a module, or the list of modules')
    .argument('[module]')
    .action(async (name: string | undefined) => {
      const { showDoc } = await import('./doc.ts');
      done(showDoc(name, text => process.stdout.write(text)));
    });
}
