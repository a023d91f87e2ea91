/** The `replace` module: every match of a pattern in a file becomes something else. */
import { type Static, Type } from 'typebox';
import { compileRegex, matchAll, search, substitute } from '../src/core/regex.ts';
import { defineTask } from '../src/core/task-module.ts';
import { type Edited, editAliases, editArgs, editFile, editResult, lookAtFile } from './files/edit-file.ts';
import { checkValidate } from './files/place-file.ts';

const args = Type.Object(
  {
    ...editArgs,
    regexp: Type.String({ description: 'Python regular expression; ^ and $ are those of lines' }),
    replace: Type.String({ description: 'What a match becomes; \\1 is what a group matched', default: '' }),
    after: Type.Optional(
      Type.String({ description: 'Only what stands after a match of this (a dot is any character)' }),
    ),
    before: Type.Optional(Type.String({ description: 'Only what stands before a match of this' })),
    encoding: Type.String({
      description: 'Encoding of the file: utf-8',
      default: 'utf-8',
      pattern: '^[uU][tT][fF]-?8$',
    }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

/** The part that may change. */
function section(
  { after, before }: Args,
  text: string,
): { readonly start: number; readonly end: number } | undefined {
  if (!after && !before) return { start: 0, end: text.length };
  const inner = after ? (before ? '(?P<subsection>.*?)' : '(?P<subsection>.*)') : '(?P<subsection>.*)';
  const regex = compileRegex(`(?s)(?P<head>${after ?? ''})${inner}${before ?? ''}`, {
    ignorecase: false,
    multiline: false,
  });
  const match = search(regex, text);
  if (match === undefined) return undefined;
  const start = match.index + (match.groups?.head?.length ?? 0);
  return { start, end: start + (match.groups?.subsection?.length ?? 0) };
}

function edit(given: Args, before: string | null): Edited {
  const text = before ?? '';
  const place = section(given, text);
  if (place === undefined)
    return { text, msg: `Pattern for before/after params did not match the given file: ${pattern(given)}` };
  const part = text.slice(place.start, place.end);
  const regex = compileRegex(given.regexp, { ignorecase: false, multiline: true });
  const count = matchAll(regex, part).length;
  const made = substitute(regex, part, given.replace, 0);
  return made === part
    ? { text, msg: '' }
    : { text: text.slice(0, place.start) + made + text.slice(place.end), msg: `${count} replacements made` };
}

function pattern({ after, before }: Args): string {
  if (after && before) return `${after}(?P<subsection>.*?)${before}`;
  return after ? `${after}(?P<subsection>.*)` : `(?P<subsection>.*)${before}`;
}

export const replace = defineTask({
  name: 'replace',
  summary: 'Replace every match of a pattern in a file',
  args,
  aliases: { ...editAliases, name: 'path' },
  examples: `
- name: Another host name
  replace:
    path: /etc/hosts
    regexp: '(\\s)old\\.example\\.org(\\s|$)'
    replace: '\\1new.example.org\\2'

- name: In one section only
  replace:
    path: /etc/app.conf
    after: '\\[server\\]'
    before: '\\[client\\]'
    regexp: ^port = .*$
    replace: port = 8080
`,
  returns: { msg: 'N replacements made', backup_file: 'The copy of the old file, with `backup`', rc: '0' },
  check: ({ validate }) => checkValidate(validate),
  probe: lookAtFile,
  plan: (given, seen) => editFile(given, seen, before => edit(given, before), { create: false }),
  result: (given, seen, outputs) => ({
    rc: 0,
    ...editResult(given, seen, before => edit(given, before), outputs),
  }),
});
