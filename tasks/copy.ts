/** The `copy` module: a file, a directory or a text of the controller, or of the host itself, into a place on the host. */
import { basename, join } from 'node:path/posix';
import { type Static, Type } from 'typebox';
import { Flag, Mode } from '../src/core/args.ts';
import type { ControllerFile, Probe } from '../src/core/probe.ts';
import { all, controllerFile, controllerTree, known, mapProbe, refined } from '../src/core/probe.ts';
import type { Plan } from '../src/core/task-module.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import type { HostCopy } from './files/copy-on-host.ts';
import { copyOnHost } from './files/copy-on-host.ts';
import type { TreePlace } from './files/copy-tree.ts';
import { copyTree, lookAtTree, treeResult } from './files/copy-tree.ts';
import { fileAliases } from './files/file-attributes.ts';
import type { Place, PlaceArgs, Wanted } from './files/place-file.ts';
import {
  checkPlacing,
  lookAtPlace,
  placeArgs,
  placeFile,
  placeResult,
  wantedBytes,
} from './files/place-file.ts';

const args = Type.Object(
  {
    src: Type.Optional(
      Type.String({
        description:
          'File or directory, in `files/` or beside the playbook; of a directory that ends with a slash, what is in it',
        minLength: 1,
      }),
    ),
    content: Type.Optional(
      Type.Unsafe<Value>({
        type: ['string', 'number', 'boolean', 'object', 'array'],
        description: 'The text of the file, instead of `src`; a map or list becomes JSON',
      }),
    ),
    ...placeArgs,
    directory_mode: Type.Optional({ ...Mode, description: 'Permissions of the directories that are copied' }),
    remote_src: Flag('`src` is on the host already', false),
    local_follow: Type.Optional(
      Flag(
        'Links below `src` are copied as what they point to; by default they are, but not with `remote_src`',
      ),
    ),
    checksum: Type.Optional(
      Type.String({ description: 'SHA-1 that the file must have', pattern: '^[0-9a-fA-F]{40}$' }),
    ),
    decrypt: Flag('Accepted, without effect: files are taken as they stand', true),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

type Seen =
  | { readonly kind: 'file'; readonly wanted: Wanted; readonly place: Place }
  | { readonly kind: 'tree'; readonly tree: TreePlace }
  | { readonly kind: 'host'; readonly copy: HostCopy };

export const copy = defineTask({
  name: 'copy',
  summary: 'Copy files to the host, or within it',
  args,
  aliases: fileAliases,
  examples: `
- name: A file from files/
  copy:
    src: app.conf
    dest: /etc/app.conf
    mode: '0644'

- name: What is in files/site
  copy:
    src: site/
    dest: /srv/site
    directory_mode: '0755'

- name: A text
  copy:
    content: "hello\\n"
    dest: /etc/motd

- name: A copy on the host
  copy:
    src: /etc/app.conf
    dest: /etc/app.conf.orig
    remote_src: true
    force: false
`,
  returns: {
    dest: 'Path of the file or directory',
    src: 'What was copied',
    checksum: 'SHA-1 of the file',
    'mode, owner, group, uid, gid, size, state': 'Of the file as it is now',
    backup_file: 'Path of the copy of the old file, with `backup`',
  },
  check,
  probe: look,
  plan,
  result: (given, seen, outputs) => {
    const src: ValueMap = given.src === undefined ? {} : { src: given.src };
    switch (seen.kind) {
      case 'file':
        return { ...src, ...placeResult(given, seen.place, seen.wanted, outputs) };
      case 'tree':
        return { ...src, ...treeResult(given) };
      case 'host':
        return { ...src, ...copyOnHost.result(given, seen.copy, outputs) };
    }
  },
});

function check(given: Args): readonly string[] {
  const { src, content, dest, mode } = given;
  return [
    ...(src === undefined && content === undefined ? ['src or content is needed'] : []),
    ...(src !== undefined && content !== undefined ? ['src and content exclude each other'] : []),
    ...(content !== undefined && given.remote_src ? ['content and remote_src exclude each other'] : []),
    ...(content !== undefined && dest.endsWith('/')
      ? [`can not use content with a dir as dest: ${dest}`]
      : []),
    ...(content !== undefined && mode === 'preserve' ? ['mode: preserve needs src'] : []),
    ...checkPlacing(given),
  ];
}

function look(given: Args): Probe<Seen> {
  const { src, content } = given;
  if (src === undefined)
    return lookForFile(given, wantedBytes(Buffer.from(textOfContent(content ?? ''), 'utf8')), undefined);
  if (given.remote_src)
    return mapProbe(copyOnHost.look({ ...given, src }), copied => ({ kind: 'host', copy: copied }));
  const first = all({
    tree: controllerTree(src, given.local_follow ?? true),
    file: later(controllerFile(src)),
  });
  return refined(first, ({ tree, file }) => {
    if (tree === null) return lookForFile(given, wantedOf(given, file()), basename(src));
    const dest = src.endsWith('/') ? given.dest : join(given.dest, basename(src));
    return mapProbe(lookAtTree(given, dest, tree), seen => ({ kind: 'tree', tree: seen }));
  });
}

/** Read only when it matters: the path may be a folder's, and no file's. */
function later<T>({ requests, read }: Probe<T>): Probe<() => T> {
  return { requests, read: answers => () => read(answers) };
}

function lookForFile(given: PlaceArgs, wanted: Wanted, name: string | undefined): Probe<Seen> {
  return mapProbe(all({ wanted: known(wanted), place: lookAtPlace(given, wanted.sha1, name) }), seen => ({
    kind: 'file',
    ...seen,
  }));
}

function wantedOf({ mode }: Args, file: ControllerFile): Wanted {
  const { content, sha1 } = file;
  return { content, sha1, ...(mode === 'preserve' ? { mode: file.mode } : {}) };
}

/** As Ansible has it: a map or list is JSON, true and false are Python's words. */
function textOfContent(content: Value): string {
  if (typeof content === 'string') return content;
  if (typeof content === 'boolean') return content ? 'True' : 'False';
  return pythonJson(content).replace(
    /[^\0-\x7f]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON with the blanks that Ansible's own has, so that both write the same file. */
function pythonJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}: ${pythonJson(part)}`)
    .join(', ')}}`;
}

function plan(given: Args, seen: Seen): Plan {
  switch (seen.kind) {
    case 'tree':
      return copyTree(given, seen.tree);
    case 'host':
      return copyOnHost.plan(given, seen.copy);
    case 'file':
      return copyFile(given, seen.wanted, seen.place);
  }
}

function copyFile(given: Args, wanted: Wanted, place: Place): Plan {
  const { end } = place.direct;
  if (given.checksum !== undefined && given.checksum.toLowerCase() !== wanted.sha1) {
    return refuse('the file does not have the expected checksum', {
      result: { checksum: wanted.sha1, expected_checksum: given.checksum },
    });
  }
  if (given.content !== undefined && end.exists && end.type === 'directory') {
    return refuse(`can not use content with a dir as dest: ${end.path}`, { hint: 'name a file in it' });
  }
  return placeFile(given, place, wanted, given.directory_mode);
}
