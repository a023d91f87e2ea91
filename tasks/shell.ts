/** The `shell` module: runs a script of the user's by a shell. */
import { Type } from 'typebox';
import { sh } from '../src/core/sh.ts';
import { defineTask } from '../src/core/task-module.ts';
import {
  checkCommand,
  commandArgs,
  commandResult,
  commandReturns,
  commandSteps,
  lookAtMarks,
  sayCommand,
} from './commands/run-command.ts';

export const shell = defineTask({
  name: 'shell',
  summary: 'Run a command by a shell',
  description:
    "The host's `sh` runs it, unless `executable` names another shell. It always counts as changed; `creates`, " +
    '`removes` or `changed_when` say more.',
  args: Type.Object(
    {
      cmd: Type.String({ description: 'The command, or several lines of them' }),
      executable: Type.Optional(
        Type.String({
          description: 'Absolute path of the shell; the command is then visible in its command line',
          pattern: '^/',
        }),
      ),
      ...commandArgs,
    },
    { additionalProperties: false },
  ),
  freeForm: 'cmd',
  aliases: { _raw_params: 'cmd' },
  examples: `
- shell: du -sk /srv/* | sort -n > /tmp/sizes
  args:
    creates: /tmp/sizes

- shell: |
    set -o pipefail
    zcat backup.gz | psql
  args:
    executable: /bin/bash
    chdir: /srv/backups
`,
  returns: commandReturns,
  check: given => (given.cmd.trim() === '' ? ['no command given'] : checkCommand(given)),
  probe: lookAtMarks,
  plan: (given, seen) => {
    const { cmd, executable } = given;
    // `eval` is the shell's own: the text is in no command line, and cannot end before the script around it does.
    const run = executable === undefined ? sh`eval ${cmd}` : sh`exec ${executable} -c ${cmd}`;
    return commandSteps(given, seen, sayCommand(cmd), run);
  },
  result: (given, seen, outputs, context) => commandResult(given, seen, given.cmd, outputs, context),
});
