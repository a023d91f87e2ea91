/** The `command` module: runs a program, without a shell. */
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { hostWord } from '../src/core/probes/host-path.ts';
import { joinSh, quote, sh } from '../src/core/sh.ts';
import { defineTask } from '../src/core/task-module.ts';
import { splitWords } from '../src/core/words.ts';
import {
  checkCommand,
  commandArgs,
  commandResult,
  commandReturns,
  commandSteps,
  lookAtMarks,
  sayCommand,
} from './commands/run-command.ts';

const args = Type.Object(
  {
    cmd: Type.Optional(
      Type.String({ description: 'The program and its arguments; quotes keep words together' }),
    ),
    argv: Type.Optional(
      Type.Array(Type.String(), { description: 'The same as a list, instead of `cmd`', minItems: 1 }),
    ),
    expand_argument_vars: Flag('Resolve `~`, `$NAME` and `${NAME}` in the arguments on the host', true),
    ...commandArgs,
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

export const command = defineTask({
  name: 'command',
  summary: 'Run a program, without a shell',
  description:
    'Pipes, redirections and `;` mean nothing here: use `shell` for them. It always counts as changed; `creates`, ' +
    '`removes` or `changed_when` say more.',
  args,
  freeForm: 'cmd',
  aliases: { _raw_params: 'cmd' },
  examples: `
- command: uptime
  changed_when: false

- command:
    argv: [git, clone, 'https://example.org/my repo.git', /srv/repo]
    creates: /srv/repo
`,
  returns: commandReturns,
  check: given => {
    const { cmd, argv } = given;
    if (cmd !== undefined && argv !== undefined) return ['only command or argv can be given, not both'];
    const words = wordsOf(given);
    if ('problem' in words) return [words.problem];
    return words.words.length === 0 ? ['no command given'] : checkCommand(given);
  },
  probe: lookAtMarks,
  plan: (given, seen) => {
    const words = plainWords(given);
    const resolved = words.map(word => (given.expand_argument_vars ? hostWord(word) : sh`${word}`));
    return commandSteps(
      given,
      seen,
      sayCommand(words.map(quote).join(' ')),
      sh`exec ${joinSh(resolved, ' ')}`,
    );
  },
  result: (given, seen, outputs, context) =>
    commandResult(given, seen, [...plainWords(given)], outputs, context),
});

function wordsOf({ cmd, argv }: Args): ReturnType<typeof splitWords> {
  return argv === undefined ? splitWords(cmd ?? '') : { words: argv };
}

function plainWords(given: Args): readonly string[] {
  const words = wordsOf(given);
  return 'problem' in words ? [] : words.words;
}
