/** The `lineinfile` module: one line of a file is there, is another one's successor, or is gone. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { compileRegex, expand, search } from '../src/core/regex.ts';
import { defineTask } from '../src/core/task-module.ts';
import {
  type Edited,
  editAliases,
  editArgs,
  editFile,
  editResult,
  linesOf,
  lookAtFile,
  withoutEnd,
} from './files/edit-file.ts';
import { checkValidate } from './files/place-file.ts';

const pattern = (description: string) => Type.Optional(Type.String({ description }));

const args = Type.Object(
  {
    ...editArgs,
    state: Choice(['present', 'absent'], 'Whether the line shall be there', 'present'),
    line: pattern('The line, without its end'),
    regexp: pattern(
      'Python regular expression: the last line that matches is the one that becomes `line`; with absent, all that match go',
    ),
    search_string: pattern('Text instead of `regexp`: a line that holds it matches'),
    backrefs: Flag(
      '`\\1` in `line` stands for what a group of `regexp` matched; without a match nothing is done',
      false,
    ),
    insertafter: pattern('Where a new line goes: after the last line that matches, EOF, or BOF'),
    insertbefore: pattern('Or before the last line that matches, or BOF'),
    firstmatch: Flag('The first match counts, not the last', false),
    create: Flag('Make the file where it does not exist', false),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

type Matches = (line: string) => RegExpExecArray | true | undefined;

function matcher({ regexp, search_string: wanted }: Args): Matches | undefined {
  if (regexp !== undefined) return byPattern(regexp);
  return wanted === undefined ? undefined : line => (line.includes(wanted) ? true : undefined);
}

function byPattern(text: string): Matches {
  const regex = compileRegex(text, { ignorecase: false, multiline: false });
  return line => search(regex, line);
}

/** The place of the line that counts: the last, or the first. */
function find(lines: readonly string[], matches: Matches, first: boolean): number {
  const hit = (line: string) => matches(line) !== undefined;
  return first ? lines.findIndex(hit) : lines.findLastIndex(hit);
}

function present(given: Args, before: string | null): Edited {
  const lines = linesOf(before ?? '');
  const matches = matcher(given);
  const found = matches ? find(lines, matches, given.firstmatch) : -1;
  if (found >= 0) return replaced(lines, found, newLine(given, matches?.(lines[found] ?? '')));
  if (given.backrefs) return { text: before ?? '', msg: '' };
  const line = given.line ?? '';
  const same = lines.findLastIndex(one => withoutEnd(one) === line);
  if (same >= 0) return replaced(lines, same, line);
  return inserted(lines, insertionPoint(given, lines), line);
}

function newLine({ line = '', backrefs }: Args, match: RegExpExecArray | true | undefined): string {
  return backrefs && typeof match === 'object' ? expand(line, match) : line;
}

function replaced(lines: readonly string[], at: number, line: string): Edited {
  const whole = line.endsWith('\n') ? line : `${line}\n`;
  const text = lines.with(at, whole).join('');
  return { text, msg: lines[at] === whole ? '' : 'line replaced' };
}

function insertionPoint(given: Args, lines: readonly string[]): number {
  const { insertafter: after, insertbefore: before, firstmatch } = given;
  if (after === 'BOF' || before === 'BOF') return 0;
  const wanted = after === undefined || after === 'EOF' ? before : after;
  if (wanted === undefined) return lines.length;
  const at = find(lines, byPattern(wanted), firstmatch);
  if (at < 0) return lines.length;
  return wanted === after ? at + 1 : at;
}

function inserted(lines: readonly string[], at: number, line: string): Edited {
  const before = lines.slice(0, at).map(ended);
  return { text: [...before, `${line}\n`, ...lines.slice(at)].join(''), msg: 'line added' };
}

function ended(line: string): string {
  return /[\r\n]$/.test(line) ? line : `${line}\n`;
}

function absent(given: Args, before: string | null): Edited {
  if (before === null) return { text: '', msg: '' };
  const matches: Matches = matcher(given) ?? (line => (withoutEnd(line) === given.line ? true : undefined));
  const lines = linesOf(before);
  const left = lines.filter(line => matches(line) === undefined);
  const gone = lines.length - left.length;
  return { text: left.join(''), msg: gone === 0 ? '' : `${gone} line(s) removed` };
}

const edit = (given: Args) => (before: string | null) =>
  given.state === 'present' ? present(given, before) : absent(given, before);

export const lineinfile = defineTask({
  name: 'lineinfile',
  summary: 'One line of a file is there, replaces another, or is gone',
  args,
  aliases: { ...editAliases, name: 'path', regex: 'regexp', value: 'line' },
  examples: `
- name: SELinux stays on
  lineinfile:
    path: /etc/selinux/config
    regexp: '^SELINUX='
    line: SELINUX=enforcing

- name: A limit, with what was there
  lineinfile:
    path: /etc/app.conf
    regexp: '^(\\s*)limit\\s*='
    line: '\\1limit = 10'
    backrefs: true

- name: No such host
  lineinfile:
    path: /etc/hosts
    search_string: old.example.org
    state: absent
`,
  returns: {
    msg: 'line added, line replaced, N line(s) removed',
    backup: 'The copy of the old file, with `backup`',
    found: 'With absent: how many lines went',
  },
  check: ({ state, line, regexp, search_string, backrefs, insertafter, insertbefore, create, validate }) => [
    ...(state === 'present' && line === undefined ? ['line is needed with state: present'] : []),
    ...(state === 'absent' && line === undefined && regexp === undefined && search_string === undefined
      ? ['state: absent needs line, regexp or search_string']
      : []),
    ...(regexp !== undefined && search_string !== undefined
      ? ['regexp and search_string exclude each other']
      : []),
    ...(backrefs && regexp === undefined ? ['backrefs needs regexp'] : []),
    ...(insertafter !== undefined && insertbefore !== undefined
      ? ['insertafter and insertbefore exclude each other']
      : []),
    ...(create && state === 'absent' ? ['create is for state: present'] : []),
    ...checkValidate(validate),
  ],
  probe: lookAtFile,
  plan: (given, seen) =>
    editFile(given, seen, edit(given), {
      create: given.create || (given.state === 'absent' && seen.bytes === null),
    }),
  result: (given, seen, outputs) => {
    const { backup_file: backup = '', ...edited } = editResult(given, seen, edit(given), outputs);
    if (given.state === 'absent' && seen.bytes === null) return { msg: 'file not present' };
    const result = { ...edited, backup };
    if (given.state === 'present') return result;
    const [, found = '0'] = /^(\d+) line/.exec(String(edited.msg ?? '')) ?? [];
    return { ...result, found: Number(found) };
  },
});
