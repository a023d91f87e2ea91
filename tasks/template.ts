/** The `template` module: a file of the host made from a template of the controller. */
import { basename } from 'node:path/posix';
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import type { RenderOptions } from '../src/core/probe.ts';
import { all, controllerFile, known, mapProbe, refined, renderedTemplate } from '../src/core/probe.ts';
import { defineTask } from '../src/core/task-module.ts';
import { fileAliases } from './files/file-attributes.ts';
import type { Place, Wanted } from './files/place-file.ts';
import {
  checkPlacing,
  lookAtPlace,
  placeArgs,
  placeFile,
  placeResult,
  wantedBytes,
} from './files/place-file.ts';

const mark = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));

const args = Type.Object(
  {
    src: Type.String({ description: 'The template, in `templates/` or beside the playbook', minLength: 1 }),
    ...placeArgs,
    newline_sequence: Choice(['\n', '\r', '\r\n', '\\n', '\\r', '\\r\\n'], 'What ends a line', '\n'),
    trim_blocks: Flag('The first newline after a block tag is removed', true),
    lstrip_blocks: Flag('Blanks before a block tag at the start of a line are removed', false),
    block_start_string: mark('What begins a block; `{%` by default'),
    block_end_string: mark('What ends a block; `%}` by default'),
    variable_start_string: mark('What begins an expression; `{{` by default'),
    variable_end_string: mark('What ends an expression; `}}` by default'),
    comment_start_string: mark('What begins a comment; `{#` by default'),
    comment_end_string: mark('What ends a comment; `#}` by default'),
    output_encoding: Type.String({
      description: 'Encoding of the file: utf-8',
      default: 'utf-8',
      pattern: '^[uU][tT][fF]-?8$',
    }),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

interface Seen {
  readonly wanted: Wanted;
  readonly place: Place;
}

export const template = defineTask({
  name: 'template',
  summary: 'Make a file on the host from a template',
  args,
  aliases: fileAliases,
  examples: `
- name: The configuration
  template:
    src: app.conf.j2
    dest: /etc/app.conf
    owner: root
    mode: '0644'

- name: Rules for sudo, checked before they count
  template:
    src: sudoers.j2
    dest: /etc/sudoers.d/app
    mode: '0440'
    validate: visudo -cf %s
`,
  returns: {
    dest: 'Path of the file',
    checksum: 'SHA-1 of its content',
    'mode, owner, group, uid, gid, size, state': 'Of the file as it is now',
    backup_file: 'Path of the copy of the old file, with `backup`',
    src: 'The template',
  },
  check: checkPlacing,
  probe: given =>
    refined(source(given), wanted =>
      all({ wanted: known(wanted), place: lookAtPlace(given, wanted.sha1, basename(given.src)) }),
    ),
  plan: (given, { wanted, place }: Seen) => placeFile(given, place, wanted),
  result: (given, { wanted, place }, outputs) => ({
    src: given.src,
    ...placeResult(given, place, wanted, outputs),
  }),
});

/** The rendered text, and with `mode: preserve` the template's own mode. */
function source(given: Args) {
  const text = renderedTemplate(given.src, renderOptions(given));
  if (given.mode !== 'preserve')
    return mapProbe(text, rendered => wantedBytes(Buffer.from(rendered, 'utf8')));
  return mapProbe(all({ text, file: controllerFile(given.src, 'templates') }), seen => ({
    ...wantedBytes(Buffer.from(seen.text, 'utf8')),
    mode: seen.file.mode,
  }));
}

const NEWLINES = {
  '\\n': '\n',
  '\\r': '\r',
  '\\r\\n': '\r\n',
  '\n': '\n',
  '\r': '\r',
  '\r\n': '\r\n',
} as const;

function renderOptions(given: Args): RenderOptions {
  const marks = {
    blockStart: given.block_start_string,
    blockEnd: given.block_end_string,
    variableStart: given.variable_start_string,
    variableEnd: given.variable_end_string,
    commentStart: given.comment_start_string,
    commentEnd: given.comment_end_string,
  };
  return {
    trimBlocks: given.trim_blocks,
    lstripBlocks: given.lstrip_blocks,
    newlineSequence: NEWLINES[given.newline_sequence],
    ...Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== undefined)),
  };
}
