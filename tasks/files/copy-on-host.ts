/** Copies what is on the host already (`remote_src`): a file, or a directory with everything in it. */
import { basename, dirname, join } from 'node:path/posix';
import { installScript, writeReport } from '../../src/core/file-write.ts';
import type { Probe } from '../../src/core/probe.ts';
import { all } from '../../src/core/probe.ts';
import type { PathState, Present } from '../../src/core/probes/path.ts';
import { missingFolders, pathState } from '../../src/core/probes/path.ts';
import { parseStat } from '../../src/core/probes/stat-line.ts';
import type { TreeState } from '../../src/core/probes/tree.ts';
import { treeState } from '../../src/core/probes/tree.ts';
import type { Sh } from '../../src/core/sh.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import type { Plan } from '../../src/core/task-module.ts';
import { refuse } from '../../src/core/task-module.ts';
import type { TreeArgs } from './copy-tree.ts';
import {
  attributeSteps,
  differences,
  sayAttributes,
  stateResult,
  tellState,
  wantedMode,
} from './file-attributes.ts';
import { blank } from './file-subject.ts';
import type { Place } from './place-file.ts';
import { endOf, folderSteps, lookAtPlace, placeResult, targetOf } from './place-file.ts';

export interface HostCopyArgs extends TreeArgs {
  readonly src?: string;
  readonly local_follow?: boolean;
  readonly checksum?: string;
}

export interface HostCopy {
  readonly source: PathState;
  readonly place: Place;
  /** Everything below a source directory, and below the place where it goes. */
  readonly below: readonly TreeState[];
  readonly there: readonly TreeState[];
}

function look(args: HostCopyArgs & { readonly src: string }): Probe<HostCopy> {
  const { src, dest } = args;
  return all({
    source: pathState(src, { follow: true, checksum: 'sha1' }),
    place: lookAtPlace(args, '', basename(src)),
    below: treeState(src, { follow: args.local_follow ?? false, checksums: true }),
    there: treeState(intoFolder(src, dest), { checksums: true }),
  });
}

/** With a slash at the end of the source its content goes into `dest`, else the directory itself does. */
function intoFolder(src: string, dest: string): string {
  return src.endsWith('/') ? dest : join(dest, basename(src));
}

function plan(args: HostCopyArgs, copy: HostCopy): Plan {
  const { source } = copy;
  if (!source.exists) return refuse(`Source ${source.path} not found`);
  if (!source.readable) return refuse(`Source ${source.path} not readable`);
  if (source.type === 'directory') return copyFolder(args, copy, source);
  if (source.type !== 'file') return refuse(`cannot copy ${source.path}: it is a ${source.type}`);
  return copyFile(args, copy, source);
}

function copyFile(args: HostCopyArgs, { place }: HostCopy, source: Present): Plan {
  if (args.checksum !== undefined && args.checksum.toLowerCase() !== source.checksum) {
    return refuse('the file does not have the expected checksum', {
      result: { checksum: source.checksum ?? null, expected_checksum: args.checksum },
    });
  }
  const given = args.mode === 'preserve' ? { ...args, mode: source.mode } : args;
  const end = endOf(targetOf(args, place), args.follow);
  if (end.exists && end.type === 'directory') return refuse(`cannot write ${end.path}: it is a directory`);
  if (end.exists && !args.force) return [];
  if (end.exists && end.checksum === source.checksum) return attributeSteps(given, end);
  const parents = args.dest.endsWith('/') && !place.direct.end.exists ? missingFolders(place.direct.end) : [];
  return [...folderSteps(args, parents, args.directory_mode, end.umask), install(given, source, end)];
}

function install(args: HostCopyArgs, source: Present, end: PathState): Step {
  const replaced = end.exists && end.type === 'file' ? end : undefined;
  const mode = replaced && args.mode !== undefined ? wantedMode(args.mode, replaced) : args.mode;
  const text = installScript(
    {
      path: end.path,
      content: new Uint8Array(),
      ...(mode === undefined ? {} : { mode }),
      ...(args.owner === undefined ? {} : { owner: args.owner }),
      ...(args.group === undefined ? {} : { group: args.group }),
      ...(args.validate === undefined ? {} : { validate: args.validate }),
      ...(args.backup && replaced ? { backup: true } : {}),
      ...(args.unsafe_writes ? { unsafe: true } : {}),
    },
    { fill: sh`cat -- ${source.real ?? source.path} >"$1"` },
  );
  const others = replaced
    ? differences(args, replaced)
        .map(({ what, from, to }) => `, ${what} ${from} → ${to}`)
        .join('')
    : sayAttributes(args, mode);
  return { say: `copy ${source.path} to ${end.path}${others}`, action: { kind: 'script', text } };
}

function copyFolder(args: HostCopyArgs, copy: HostCopy, source: Present): Plan {
  const { src = '' } = args;
  const direct = copy.place.direct.end;
  const inside = copy.place.inside?.end ?? direct;
  const root = src.endsWith('/') ? direct : inside;
  if (root.exists && root.type !== 'directory')
    return refuse(`cannot copy into ${root.path}: it is not a directory`);
  const there = new Map(copy.there.map(entry => [entry.relative, entry]));
  const clash = copy.below.find(({ type, relative }) => {
    const old = there.get(relative);
    return old !== undefined && (type === 'directory') !== (old.type === 'directory');
  });
  if (clash) return refuse(`cannot copy ${clash.relative}: one of the two is a directory, the other is not`);
  const odd = copy.below.find(({ type }) => !['directory', 'file', 'link'].includes(type));
  if (odd) return refuse(`cannot copy ${join(source.path, odd.relative)}: it is a ${odd.type}`);

  const steps: Step[] = [];
  const above = root.exists ? [] : missingFolders(root);
  const folders = copy.below.filter(({ type, relative }) => type === 'directory' && !there.has(relative));
  steps.push(...makeFolders(args, above, folders, root));
  const files = copy.below.filter(
    entry => entry.type === 'file' && differs(args, entry, there.get(entry.relative)),
  );
  steps.push(...copyFiles(args, files, source, root));
  const links = copy.below.filter(
    entry => entry.type === 'link' && there.get(entry.relative)?.target !== entry.target,
  );
  steps.push(...links.map(entry => linkStep(entry, join(root.path, entry.relative))));
  const done = [...files, ...folders].map(({ relative }) => relative);
  return telling([...steps, ...ownership(args, copy, root, done)], root.path);
}

/** The last step tells of the directory as it is then. */
function telling(steps: readonly Step[], path: string): readonly Step[] {
  return steps.map((step, i) => {
    const { action } = step;
    if (i < steps.length - 1 || action.kind !== 'script') return step;
    return { ...step, action: { ...action, text: joinSh([action.text, tellState(path)], ' &&\n') } };
  });
}

function differs({ force }: HostCopyArgs, entry: TreeState, old: TreeState | undefined): boolean {
  return old === undefined || (force && old.sha1 !== entry.sha1);
}

function makeFolders(
  args: HostCopyArgs,
  above: readonly string[],
  folders: readonly TreeState[],
  root: PathState,
): readonly Step[] {
  const paths = folders.map(({ relative }) => join(root.path, relative)).sort();
  return folderSteps(args, [...above, ...paths], args.directory_mode, root.umask);
}

/** One script for all files: each is copied beside its place and renamed; it gets the mode asked for, or its source's. */
function copyFiles(
  args: HostCopyArgs,
  files: readonly TreeState[],
  source: Present,
  root: PathState,
): readonly Step[] {
  if (files.length === 0) return [];
  const given = args.mode === undefined || args.mode === 'preserve' ? undefined : args.mode;
  const puts = files.map(entry => {
    const to = join(root.path, entry.relative);
    const from = join(source.path, entry.relative);
    return sh`put ${from} ${to} ${join(dirname(to), `.girofle-${entry.inode}`)} ${given ?? `0${entry.mode}`}`;
  });
  const names = files
    .slice(0, 3)
    .map(({ relative }) => join(root.path, relative))
    .join(', ');
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  const text: Sh = joinSh([
    sh`put() {
  (umask 077; cat -- "$1" >"$3") && ${own(args)} chmod -- "$4" "$3" && mv -f -- "$3" "$2" || { rm -f -- "$3"; exit 1; }
}`,
    ...puts,
  ]);
  return [{ say: `copy ${names}${more} from ${source.path}`, action: { kind: 'script', text } }];
}

function own({ owner, group }: HostCopyArgs): Sh {
  const chown = owner === undefined ? sh`` : sh`chown -- ${owner} "$3" &&`;
  const chgrp = group === undefined ? sh`` : sh`chgrp -- ${group} "$3" &&`;
  return joinSh([chown, chgrp], ' ');
}

function linkStep({ target = '' }: TreeState, path: string): Step {
  return {
    say: `create link ${path} → ${target}`,
    action: { kind: 'script', text: sh`ln -sfn -- ${target} ${path}` },
  };
}

/** Owner and group hold for everything in the directory; what was just copied has them. */
function ownership(
  args: HostCopyArgs,
  copy: HostCopy,
  root: PathState,
  done: readonly string[],
): readonly Step[] {
  const { owner, group } = args;
  if ((owner === undefined && group === undefined) || !root.exists) return [];
  const wanted = { ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  const rest = copy.there
    .filter(({ relative }) => !done.includes(relative))
    .map(entry => ({ ...root, ...entry, path: join(root.path, entry.relative) }));
  return [root, ...rest].flatMap(entry => attributeSteps(wanted, entry));
}

function result(args: HostCopyArgs, copy: HostCopy, outputs: readonly StepOutput[]) {
  const { source } = copy;
  if (source.exists && source.type === 'directory') {
    const { direct, inside } = copy.place;
    const root = (args.src ?? '').endsWith('/') ? direct.end : (inside ?? direct).end;
    const line = outputs.map(output => writeReport(output).stat).findLast(stat => stat !== undefined);
    const seen = line === undefined ? undefined : parseStat(line);
    const now = seen === undefined ? root : { ...blank(root), ...seen };
    return { dest: args.dest, checksum: null, ...stateResult(now), state: 'directory' };
  }
  const checksum = source.exists && source.checksum !== undefined ? { checksum: source.checksum } : {};
  return { ...placeResult(args, copy.place, undefined, outputs), ...checksum };
}

export const copyOnHost = { look, plan, result };
