/** The `script` module: runs a script of the controller on the host. */
import { basename } from 'node:path/posix';
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { all, type ControllerFile, controllerFile, mapProbe, type Probe } from '../src/core/probe.ts';
import { joinSh, type Sh, sh } from '../src/core/sh.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import { splitWords } from '../src/core/words.ts';
import {
  type CommandSeen,
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
    cmd: Type.String({ description: 'The script, in `files/` or beside the playbook, and its arguments' }),
    executable: Type.Optional(
      Type.String({ description: 'Program of the host that runs it; by default its own first line says' }),
    ),
    decrypt: Flag('Accepted, without effect: files are taken as they stand', true),
    ...commandArgs,
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

interface Seen extends CommandSeen {
  readonly file: ControllerFile;
}

function wordsOf({ cmd }: Args): readonly string[] {
  const split = splitWords(cmd);
  return 'problem' in split ? [] : split.words;
}

function probe(given: Args): Probe<Seen> {
  const [path = ''] = wordsOf(given);
  const parts = { marks: lookAtMarks(given), file: controllerFile(path, 'files') };
  return mapProbe(all(parts), ({ marks, file }) => ({ ...marks, file }));
}

/** In a folder that only its owner may enter, and that goes with the script. */
function runText({ executable }: Args, content: Uint8Array, name: string, words: readonly string[]): Sh {
  const text = Buffer.from(content)
    .toString('base64')
    .replaceAll(/.{76}(?=.)/g, '$&\n');
  const lines = text === '' ? [] : text.split('\n').map(line => sh`${line}`);
  const program = executable === undefined ? sh`` : sh`${executable} `;
  return sh`place=$(umask 077; mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
base64 -d >"$place/"${name} <<'_END_' || exit 1
${joinSh(lines)}
_END_
chmod 0700 "$place/"${name}
${program}"$place/"${name} ${words}`;
}

export const script = defineTask({
  name: 'script',
  summary: 'Run a script of the controller on the host',
  description:
    'It is laid into a temporary folder that goes with it. It always counts as changed; `creates`, `removes` or `changed_when` say more.',
  args,
  freeForm: 'cmd',
  aliases: { _raw_params: 'cmd' },
  examples: `
- name: What the vendor gives
  script: install.sh --quiet
  args:
    creates: /opt/vendor
`,
  returns: commandReturns,
  check: given => {
    const split = splitWords(given.cmd);
    if ('problem' in split) return [split.problem];
    return split.words.length === 0 ? ['no script given'] : checkCommand(given);
  },
  probe,
  plan: (given, seen) => {
    const { content } = seen.file;
    if (!(content instanceof Uint8Array))
      return refuse(`${seen.file.path} is larger than 1 MiB: copy it and run it`);
    const [path = '', ...words] = wordsOf(given);
    return commandSteps(given, seen, sayCommand(given.cmd), runText(given, content, basename(path), words));
  },
  result: (given, seen, outputs, context) => commandResult(given, seen, given.cmd, outputs, context),
});
