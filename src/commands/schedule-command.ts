/** The words of `girofle-run schedule`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { localeOf } from '../render/messages.ts';
import { collect, command, positive } from './command-options.ts';
import type { JobFlags } from './schedule-job.ts';

export function scheduleCommand(done: (code: number) => void): Command {
  const schedule = command('schedule').description(
    'playbooks run by cron, and cron expressions in words and in times',
  );
  const options = () => ({
    now: new Date(),
    locale: localeOf(process.env),
    write: (text: string) => process.stdout.write(text),
  });
  schedule
    .command('explain')
    .description('say a cron expression in words, with its next five times')
    .argument('<expression>')
    .action(async (expression: string) => {
      const { explainSchedule } = await import('./schedule.ts');
      done(explainSchedule(expression, options()));
    });
  schedule
    .command('next')
    .description('list the next times of a cron expression')
    .argument('<expression>')
    .option('-n, --count <n>', 'how many', positive, 5)
    .action(async (expression: string, { count }: { count: number }) => {
      const { nextSchedule } = await import('./schedule.ts');
      done(nextSchedule(expression, { ...options(), count }));
    });
  schedule.addCommand(installCommand(done));
  schedule.addCommand(removeCommand(done));
  schedule
    .command('list')
    .description('list the playbooks that cron runs, and when next')
    .action(async () => {
      const { listJobs } = await import('./schedule-jobs.ts');
      done(await listJobs(jobOptions()));
    });
  return schedule;
}

const jobOptions = () => ({
  now: new Date(),
  locale: localeOf(process.env),
  write: (text: string) => process.stdout.write(text),
  complain: (text: string) => process.stderr.write(text),
  cli: process.argv[1] ?? '',
});

function jobCommand(name: string): Command {
  return command(name)
    .argument('<playbook>')
    .option('--name <name>', 'tells several schedules of one playbook apart', jobName)
    .option('--system', 'in /etc/cron.d instead of your own crontab');
}

function jobName(value: string): string {
  if (!/^[\w.-]+$/.test(value))
    throw new InvalidArgumentError('letters, digits, ".", "_" and "-" are allowed');
  return value;
}

function minutes(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 59)
    throw new InvalidArgumentError('a whole number from 0 to 59 is needed');
  return number;
}

function installCommand(done: (code: number) => void): Command {
  return jobCommand('install')
    .description('let cron run a playbook; again: put it right')
    .option('-i, --inventory <source>', 'as for a run (again for more)', collect, [])
    .option('-l, --limit <pattern>', 'only these hosts of the inventory')
    .option('-e, --extra-vars <vars>', 'as for a run (again for more); stands in the crontab', collect, [])
    .option('--cron <expression>', "when, such as '0 */4 * * *'; default: what the playbook says")
    .option('--offset-minutes <n>', 'so many minutes later, so that two schedules do not meet', minutes, 0)
    .action(async (playbook: string, flags: JobFlags) => {
      const { installJob } = await import('./schedule-jobs.ts');
      done(await installJob(playbook, flags, jobOptions()));
    });
}

/** Takes the options of install as well, so that its line can be used again; they are of no account. */
function removeCommand(done: (code: number) => void): Command {
  return jobCommand('remove')
    .description('let cron run a playbook no more; leaves all other lines as they are')
    .addOption(new Option('-i, --inventory <source>').hideHelp())
    .addOption(new Option('-l, --limit <pattern>').hideHelp())
    .addOption(new Option('-e, --extra-vars <vars>').hideHelp())
    .addOption(new Option('--cron <expression>').hideHelp())
    .addOption(new Option('--offset-minutes <n>').hideHelp())
    .action(async (playbook: string, { name, system }: { name?: string; system?: boolean }) => {
      const { removeJob } = await import('./schedule-jobs.ts');
      const flags = {
        inventory: [],
        extraVars: [],
        ...(name ? { name } : {}),
        ...(system ? { system } : {}),
      };
      done(await removeJob(playbook, flags, jobOptions()));
    });
}
