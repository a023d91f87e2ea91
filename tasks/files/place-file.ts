/** Puts content into a file of the host, as copy and template do: what to look at, and what follows. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path/posix';
import { Type } from 'typebox';
import { Flag } from '../../src/core/args.ts';
import { writeReport } from '../../src/core/file-write.ts';
import type { Probe } from '../../src/core/probe.ts';
import { all, known } from '../../src/core/probe.ts';
import type { FileContent } from '../../src/core/probes/content.ts';
import { DIFF_LIMIT, fileContent, textOf } from '../../src/core/probes/content.ts';
import type { PathState } from '../../src/core/probes/path.ts';
import { missingFolders, pathState } from '../../src/core/probes/path.ts';
import { parseStat } from '../../src/core/probes/stat-line.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { FileWrite, Step, StepOutput } from '../../src/core/step.ts';
import type { Plan } from '../../src/core/task-module.ts';
import { refuse } from '../../src/core/task-module.ts';
import { splitWords } from '../../src/core/words.ts';
import type { FileArgs } from './file-attributes.ts';
import {
  attributeSteps,
  attributeWishes,
  changes,
  differences,
  extraCommands,
  fileArgs,
  newMode,
  sayAttributes,
  stateResult,
  wantedMode,
} from './file-attributes.ts';

/** Arguments that copy and template share. */
export const placeArgs = {
  dest: Type.String({
    description: 'The file on the host; a directory when it ends with a slash',
    minLength: 1,
  }),
  backup: Flag('Keep the old file beside the new one, with the date in its name', false),
  force: Flag('Replace a file that is different; false leaves any file that exists as it is', true),
  follow: Flag('When `dest` is a link, write what it points to', false),
  validate: Type.Optional(
    Type.String({
      description: 'Command that must accept the new file before it is put in place; `%s` is the file',
    }),
  ),
  ...fileArgs,
};

export interface PlaceArgs extends FileArgs {
  readonly dest: string;
  readonly backup: boolean;
  readonly force: boolean;
  readonly follow: boolean;
  readonly validate?: string;
}

/** The arguments that no schema can judge. */
export function checkPlacing({ validate }: PlaceArgs): readonly string[] {
  return checkValidate(validate);
}

export function checkValidate(validate: string | undefined): readonly string[] {
  if (validate === undefined) return [];
  if (!validate.includes('%s')) return [`validate must contain %s: ${validate}`];
  const split = splitWords(validate);
  return 'problem' in split ? [`validate: ${split.problem}`] : [];
}

/** What shall be in the file. */
export interface Wanted {
  readonly content: FileWrite['content'];
  readonly sha1: string;
  /** Instead of the mode argument: the source's, with `mode: preserve`. */
  readonly mode?: string;
}

export function wantedBytes(content: Uint8Array): Wanted {
  return { content, sha1: createHash('sha1').update(content).digest('hex') };
}

/** What is at the place where the file shall be. */
export interface Target {
  readonly self: PathState;
  /** What a link there leads to. */
  readonly end: PathState;
  readonly old: FileContent;
}

/** @param sha1 of the wanted content: a file that has it is not read for a diff */
export function lookAtTarget(path: string, args: PlaceArgs, sha1: string): Probe<Target> {
  const options = { ...attributeWishes(args), checksum: 'sha1' } as const;
  return all({
    self: pathState(path, options),
    end: pathState(path, { ...options, follow: true }),
    old: fileContent(path, DIFF_LIMIT, sha1),
  });
}

/** The two places where a file may go: `dest`, or the source's name in it when it is a directory. */
export interface Place {
  readonly direct: Target;
  readonly inside: Target | undefined;
}

/** @param name of the source; undefined when there is none, and `dest` must be a file */
export function lookAtPlace(args: PlaceArgs, sha1: string, name: string | undefined): Probe<Place> {
  const none: Probe<Target | undefined> = known(undefined);
  return all({
    direct: lookAtTarget(args.dest, args, sha1),
    inside: name === undefined ? none : lookAtTarget(join(args.dest, name), args, sha1),
  });
}

/** The file that the task is about. */
export function targetOf({ dest }: PlaceArgs, { direct, inside }: Place): Target {
  const isFolder = dest.endsWith('/') || (direct.end.exists && direct.end.type === 'directory');
  return isFolder && inside !== undefined ? inside : direct;
}

/** Where the content really goes: behind a link when links are followed. */
export function endOf(target: Target, follow: boolean): PathState {
  const { self, end } = target;
  if (!follow || !self.exists || self.type !== 'link') return self;
  return end.exists
    ? { ...end, path: end.real ?? end.path }
    : { ...end, path: resolved(self.path, self.target ?? '') };
}

function resolved(link: string, target: string): string {
  return target.startsWith('/') ? target : join(dirname(link), target);
}

/** The steps that make the file what is wanted. */
export function placeFile(args: PlaceArgs, place: Place, wanted: Wanted, directoryMode?: string): Plan {
  const target = targetOf(args, place);
  const end = endOf(target, args.follow);
  const effective = wanted.mode === undefined ? args : { ...args, mode: wanted.mode };
  if (end.exists && end.type === 'directory') return refuse(`cannot write ${end.path}: it is a directory`);
  if (end.exists && !['file', 'link'].includes(end.type))
    return refuse(`will not replace ${end.path}: it is a ${end.type}`);
  if (end.exists && !args.force) return [];
  if (end.exists && end.checksum === wanted.sha1) return attributeSteps(effective, end);
  const parents =
    args.dest.endsWith('/') && !end.exists ? makeParents(effective, end.path, place, directoryMode) : [];
  return [...parents, ...writeSteps(effective, target, end, wanted)];
}

/** With a slash at the end of `dest`, the directories that lead there are made. */
function makeParents(
  args: FileArgs,
  path: string,
  { direct }: Place,
  mode: string | undefined,
): readonly Step[] {
  if (direct.end.exists || direct.end.danglingTo !== undefined) return [];
  return folderSteps(args, missingFolders({ ...direct.end, path: dirname(path) }), mode, direct.end.umask);
}

/** One step that makes directories, outermost first. */
export function folderSteps(
  args: FileArgs,
  folders: readonly string[],
  mode: string | undefined,
  umask: number,
): readonly Step[] {
  if (folders.length === 0) return [];
  const bits = newMode(mode, umask, true);
  const commands = folders.flatMap(folder => [
    sh`(umask 077; mkdir -- ${folder})`,
    ...(args.owner === undefined ? [] : [sh`chown -- ${args.owner} ${folder}`]),
    ...(args.group === undefined ? [] : [sh`chgrp -- ${args.group} ${folder}`]),
    sh`chmod -- ${`0${bits}`} ${folder}`,
  ]);
  const noun = folders.length === 1 ? 'directory' : 'directories';
  const say = `create ${noun} ${folders.join(', ')}${sayAttributes(args, bits)}`;
  return [{ say, action: { kind: 'script', text: joinSh(commands, ' &&\n') } }];
}

function writeSteps(args: PlaceArgs, target: Target, end: PathState, wanted: Wanted): readonly Step[] {
  const replaced = end.exists && end.type === 'file' ? end : undefined;
  const mode =
    args.mode === undefined
      ? undefined
      : replaced
        ? wantedMode(args.mode, replaced)
        : newMode(args.mode, end.umask, false);
  const file: FileWrite = {
    path: end.path,
    content: wanted.content,
    ...(mode === undefined ? {} : { mode }),
    ...(args.owner === undefined ? {} : { owner: args.owner }),
    ...(args.group === undefined ? {} : { group: args.group }),
    ...(args.validate === undefined ? {} : { validate: args.validate }),
    ...(args.backup && replaced ? { backup: true } : {}),
    ...(args.unsafe_writes ? { unsafe: true } : {}),
  };
  const diff = diffOf(end, target, wanted);
  const step: Step = {
    say: sayWrite(args, end, replaced !== undefined),
    ...(diff === undefined ? {} : { diff }),
    action: { kind: 'write', file },
  };
  return [step, ...extraSteps(args, end)];
}

function sayWrite(args: PlaceArgs, end: PathState, replaces: boolean): string {
  if (!end.exists) return `create ${end.path}${sayAttributes(args, newMode(args.mode, end.umask, false))}`;
  if (!replaces) return `replace the link ${end.path} by a file`;
  const others = differences(args, end).map(({ what, from, to }) => `, ${what} ${from} → ${to}`);
  return `change the content of ${end.path}${others.join('')}${args.backup ? ', keeping a backup' : ''}`;
}

/** SELinux context and flags, which the write itself does not know. */
function extraSteps(args: FileArgs, end: PathState): readonly Step[] {
  const found =
    end.exists && end.type === 'file'
      ? differences(args, end).filter(({ what }) => what === 'attributes')
      : [];
  const commands =
    end.exists && end.type === 'file' ? changes(found, end.path, false) : extraCommands(args, end.path);
  if (commands.length === 0) return [];
  return [
    { say: `set attributes of ${end.path}`, action: { kind: 'script', text: joinSh(commands, ' &&\n') } },
  ];
}

function diffOf(end: PathState, { old }: Target, { content }: Wanted) {
  const after = content instanceof Uint8Array && content.length <= DIFF_LIMIT ? textOf(content) : null;
  if (after === null) return undefined;
  if (!end.exists || end.type === 'link') return { title: end.path, before: null, after };
  return old.content === null ? undefined : { title: end.path, before: old.content, after };
}

/** What is registered: the file as it is now. */
export function placeResult(
  args: PlaceArgs,
  place: Place,
  wanted: Wanted | undefined,
  outputs: readonly StepOutput[],
) {
  const end = endOf(targetOf(args, place), args.follow);
  const reports = outputs.map(writeReport);
  const line = reports.findLast(({ stat }) => stat !== undefined)?.stat;
  const backup = reports.find(report => report.backup !== undefined)?.backup;
  const now = line === undefined ? undefined : parseStat(line);
  const state = now === undefined ? end : { ...present(end), ...now };
  return {
    dest: end.path,
    ...(wanted === undefined ? {} : { checksum: wanted.sha1 }),
    ...stateResult(state),
    ...(backup === undefined ? {} : { backup_file: backup }),
  };
}

function present({ path, umask }: PathState) {
  return {
    path,
    umask,
    exists: true,
    readable: true,
    writable: true,
    executable: false,
    empty: false,
  } as const;
}
