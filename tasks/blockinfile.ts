/** The `blockinfile` module: some lines of a file, between two lines that mark them as ours. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { compileRegex, search } from '../src/core/regex.ts';
import { defineTask } from '../src/core/task-module.ts';
import {
  type Edited,
  editAliases,
  editArgs,
  editFile,
  editResult,
  linesOf,
  lookAtFile,
} from './files/edit-file.ts';
import { checkValidate } from './files/place-file.ts';

const pattern = (description: string) => Type.Optional(Type.String({ description }));

const args = Type.Object(
  {
    ...editArgs,
    state: Choice(['present', 'absent'], 'Whether the block shall be there', 'present'),
    block: Type.String({ description: 'The lines; none is as absent', default: '' }),
    marker: Type.String({
      description: 'The lines around it; {mark} becomes marker_begin and marker_end',
      default: '# {mark} ANSIBLE MANAGED BLOCK',
    }),
    marker_begin: Type.String({ description: 'What {mark} is before the block', default: 'BEGIN' }),
    marker_end: Type.String({ description: 'And after it', default: 'END' }),
    insertafter: pattern('Where a new block goes: after the last line that matches, or EOF'),
    insertbefore: pattern('Or before the last line that matches, or BOF'),
    create: Flag('Make the file where it does not exist', false),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

function blockLines(given: Args): readonly string[] {
  if (given.state === 'absent' || given.block === '') return [];
  const { begin, end } = markers(given);
  return [begin, ...linesOf(given.block.endsWith('\n') ? given.block : `${given.block}\n`), end];
}

function markers({ marker, marker_begin, marker_end }: Args) {
  const line = (mark: string) => `${marker.replaceAll('{mark}', () => mark)}\n`;
  return { begin: line(marker_begin), end: line(marker_end) };
}

function edit(given: Args, before: string | null): Edited {
  const lines = linesOf(before ?? '');
  const { begin, end } = markers(given);
  const [from, to] = [lines.lastIndexOf(begin), lines.lastIndexOf(end)];
  const whole = from >= 0 && to >= 0;
  const [first, last] = whole ? [Math.min(from, to), Math.max(from, to)] : [0, -1];
  const rest = whole ? lines.toSpliced(first, last - first + 1) : lines;
  const at = whole ? first : insertionPoint(given, rest, before ?? '');
  const block = blockLines(given);
  const above = rest
    .slice(0, at)
    .map((line, i) => (i === at - 1 && !line.endsWith('\n') ? `${line}\n` : line));
  const text = [...above, ...block, ...rest.slice(at)].join('');
  return { text, msg: text === before ? '' : sayDone(before, block) };
}

function sayDone(before: string | null, block: readonly string[]): string {
  if (before === null) return block.length === 0 ? '' : 'File created';
  return block.length === 0 ? 'Block removed' : 'Block inserted';
}

function insertionPoint({ insertafter, insertbefore }: Args, lines: readonly string[], text: string): number {
  if (insertbefore === 'BOF') return 0;
  const wanted = insertbefore ?? insertafter ?? 'EOF';
  if (wanted === 'EOF') return lines.length;
  const after = insertbefore === undefined;
  const at = /^\(\?[a-z]*m[a-z]*\)/.test(wanted)
    ? acrossLines(wanted, text, after)
    : lastMatch(wanted, lines);
  if (at < 0) return lines.length;
  return after ? at + 1 : at;
}

function lastMatch(pattern: string, lines: readonly string[]): number {
  const regex = compileRegex(pattern, { ignorecase: false, multiline: false });
  return lines.findLastIndex(line => search(regex, line) !== undefined);
}

/** With `(?m)` the pattern may go over several lines. */
function acrossLines(pattern: string, text: string, after: boolean): number {
  const match = search(compileRegex(pattern, { ignorecase: false, multiline: true }), text);
  if (match === undefined) return -1;
  const end = after ? match.index + match[0].length : match.index;
  return text.slice(0, end).split('\n').length - 1;
}

export const blockinfile = defineTask({
  name: 'blockinfile',
  summary: 'Lines of a file between two marks are as given, or gone',
  args,
  aliases: { ...editAliases, name: 'path', content: 'block' },
  examples: `
- name: Hosts of the cluster
  blockinfile:
    path: /etc/hosts
    block: |
      192.0.2.1 one
      192.0.2.2 two

- name: In a web page
  blockinfile:
    path: /srv/index.html
    marker: '<!-- {mark} links -->'
    insertafter: <body>
    block: '<a href="/git">git</a>'
`,
  returns: {
    msg: 'Block inserted, Block removed, File created',
    backup_file: 'The copy of the old file, with `backup`',
  },
  check: ({ insertafter, insertbefore, validate }) => [
    ...(insertafter !== undefined && insertbefore !== undefined
      ? ['insertafter and insertbefore exclude each other']
      : []),
    ...checkValidate(validate),
  ],
  probe: lookAtFile,
  plan: (given, seen) => editFile(given, seen, before => edit(given, before), { create: given.create }),
  result: (given, seen, outputs) => editResult(given, seen, before => edit(given, before), outputs),
});
