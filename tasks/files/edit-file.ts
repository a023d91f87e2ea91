/** Changes a file of the host from what is in it, as lineinfile, blockinfile, replace and ini_file do. */
import { Type } from 'typebox';
import { Flag } from '../../src/core/args.ts';
import { all, mapProbe, type Probe } from '../../src/core/probe.ts';
import { DIFF_LIMIT, fileBytes, textOf } from '../../src/core/probes/content.ts';
import { missingFolders, type PathState, pathState } from '../../src/core/probes/path.ts';
import { RegexError } from '../../src/core/regex-error.ts';
import type { StepOutput } from '../../src/core/step.ts';
import { isRefusal, type Plan, refuse } from '../../src/core/task-module.ts';
import { attributeWishes, differences, type FileArgs, fileArgs, newMode } from './file-attributes.ts';
import { endOf, folderSteps, placeFile, placeResult, type Target, wantedBytes } from './place-file.ts';

/** Arguments that all editors share. */
export const editArgs = {
  path: Type.String({ description: 'The file on the host; of a link, what it points to', minLength: 1 }),
  backup: Flag('Keep the old file beside the new one, with the date in its name', false),
  validate: Type.Optional(
    Type.String({
      description: 'Command that must accept the new file before it is put in place; `%s` is the file',
    }),
  ),
  ...fileArgs,
};

/** Other names of `path`, as Ansible has them. */
export const editAliases = { dest: 'path', destfile: 'path', attr: 'attributes' };

export interface EditArgs extends FileArgs {
  readonly path: string;
  readonly backup: boolean;
  readonly validate?: string;
}

/** Files that are edited are read whole. */
const LARGEST = 8 * 1024 * 1024;

export interface SeenFile {
  readonly target: Target;
  /** Null: there is no file; undefined: it is too large. */
  readonly bytes: Uint8Array | null | undefined;
}

export function lookAtFile(args: EditArgs): Probe<SeenFile> {
  const options = { ...attributeWishes(args), checksum: 'sha1' } as const;
  const parts = {
    self: pathState(args.path, options),
    end: pathState(args.path, { ...options, follow: true }),
    bytes: fileBytes(args.path, LARGEST),
  };
  return mapProbe(all(parts), ({ self, end, bytes }) => ({
    target: { self, end, old: { exists: bytes !== null, content: shown(bytes), same: false } },
    bytes,
  }));
}

function shown(bytes: Uint8Array | null | undefined): string | null {
  return bytes && bytes.length <= DIFF_LIMIT ? textOf(bytes) : null;
}

/** What an editor makes of a text; null is a file that is not there. */
export interface Edited {
  readonly text: string;
  /** What was done, in Ansible's words; '' for nothing. */
  readonly msg: string;
}

/** A problem is a sentence. */
export type Edit = (before: string | null) => Edited | { readonly problem: string };

export interface EditOptions {
  /** Make the file, and the folders that lead to it, where it is not. */
  readonly create: boolean;
}

/** The steps that make the file what the editor makes of it. */
export function editFile(args: EditArgs, seen: SeenFile, edit: Edit, { create }: EditOptions): Plan {
  const { end } = seen.target;
  if (end.exists && end.type === 'directory') return refuse(`${args.path} is a directory`);
  if (end.exists && end.type !== 'file') return refuse(`will not edit ${args.path}: it is a ${end.type}`);
  if (end.exists && !end.readable) return refuse(`${args.path} may not be read by this user`);
  if (seen.bytes === undefined) return refuse(`${args.path} is larger than 8 MiB: that is not edited`);
  if (seen.bytes === null && !create)
    return refuse(`${args.path} does not exist`, { hint: 'create: true makes it' });
  const edited = apply(edit, seen.bytes);
  if ('problem' in edited) return refuse(edited.problem);
  if (seen.bytes === null && edited.text === '' && edited.msg === '') return [];
  const folders = end.exists ? [] : folderSteps({}, parentsOf(end), undefined, end.umask);
  const place = { direct: seen.target, inside: undefined };
  const placed = placeFile(placing(args), place, wantedBytes(encode(edited.text, seen.bytes)));
  return isRefusal(placed) ? placed : [...folders, ...placed];
}

function parentsOf(missing: Parameters<typeof missingFolders>[0]): readonly string[] {
  return missingFolders(missing).slice(0, -1);
}

function placing(args: EditArgs) {
  return { ...args, dest: args.path, force: true, follow: true };
}

function apply(edit: Edit, bytes: Uint8Array | null): ReturnType<Edit> {
  try {
    return edit(bytes === null ? null : decode(bytes));
  } catch (error) {
    if (error instanceof RegexError) return { problem: error.message };
    throw error;
  }
}

/** What is no UTF-8 is taken byte by byte, so that nothing in it is lost. */
function decode(bytes: Uint8Array): string {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : Buffer.from(bytes).toString('latin1');
}

function encode(text: string, before: Uint8Array | null): Uint8Array {
  if (before === null || isUtf8(before)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map(char => Buffer.from(char, char.charCodeAt(0) < 0x100 ? 'latin1' : 'utf8')),
  );
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What is registered. */
export function editResult(
  args: EditArgs,
  seen: SeenFile,
  edit: Edit,
  outputs: readonly StepOutput[],
): { readonly msg?: string; readonly backup_file?: string } {
  const edited = seen.bytes === undefined ? { problem: '' } : apply(edit, seen.bytes);
  if ('problem' in edited || outputs.some(({ code }) => code !== 0)) return {};
  const end = endOf(seen.target, true);
  const attributes = setsAttributes(args, end) ? ['ownership, perms or SE linux context changed'] : [];
  const { backup_file } = placeResult(
    placing(args),
    { direct: seen.target, inside: undefined },
    undefined,
    outputs,
  );
  return {
    msg: [...(edited.msg === '' ? [] : [edited.msg]), ...attributes].join(' and '),
    ...(backup_file === undefined ? {} : { backup_file }),
  };
}

/** Beside the content; of a new file, those that it would not have by itself. */
function setsAttributes(args: EditArgs, end: PathState): boolean {
  if (end.exists) return differences(args, end).length > 0;
  return newMode(args.mode, end.umask, false) !== newMode(undefined, end.umask, false);
}

/** Lines with their ends. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

export function withoutEnd(line: string): string {
  return line.replace(/[\r\n]+$/, '');
}
