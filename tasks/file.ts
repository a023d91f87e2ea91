/** The `file` module: files, directories and links, their owner, mode and times. */
import { basename, dirname, isAbsolute, join } from 'node:path/posix';
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { writeReport } from '../src/core/file-write.ts';
import type { Probe } from '../src/core/probe.ts';
import { all, known } from '../src/core/probe.ts';
import type { Missing, PathState, Present } from '../src/core/probes/path.ts';
import { missingFolders, pathState } from '../src/core/probes/path.ts';
import { parseStat } from '../src/core/probes/stat-line.ts';
import type { TreeState } from '../src/core/probes/tree.ts';
import { treeState } from '../src/core/probes/tree.ts';
import type { Sh } from '../src/core/sh.ts';
import { joinSh, sh } from '../src/core/sh.ts';
import type { Plan } from '../src/core/task-module.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import type { FileArgs } from './files/file-attributes.ts';
import {
  attributeSteps,
  attributeWishes,
  extraCommands,
  fileAliases,
  fileArgs,
  kindOf,
  newMode,
  sayAttributes,
  stateResult,
  tellState,
} from './files/file-attributes.ts';
import { hardLink, keepLink, link } from './files/file-links.ts';
import { recurse } from './files/file-recurse.ts';
import type { Seen, Times } from './files/file-subject.ts';
import { blank, script, timeSteps } from './files/file-subject.ts';
import { hostTime, readTime, timeCommands } from './files/file-times.ts';

const TIME_FORMAT = '%Y%m%d%H%M.%S';
const time = (description: string) => Type.Optional(Type.String({ description }));
const format = (of: string) =>
  Type.String({ description: `Format of \`${of}\`, as strptime's`, default: TIME_FORMAT });

const args = Type.Object(
  {
    path: Type.String({ description: 'The file, directory or link', minLength: 1 }),
    state: Type.Optional(
      Choice(
        ['absent', 'directory', 'file', 'hard', 'link', 'touch'],
        'What it shall be; by default what it is already, else a directory with `recurse`, else `file`',
      ),
    ),
    src: Type.Optional(
      Type.String({ description: 'With `link` and `hard`: the path to link to', minLength: 1 }),
    ),
    recurse: Flag('With `directory`: owner, group and mode hold for everything below too', false),
    force: Flag('With `link` and `hard`: replace a file, and link to what does not exist yet', false),
    follow: Flag('Act on what a link points to', true),
    modification_time: time('`now`, `preserve` or a time; default: `now` for `touch`, else `preserve`'),
    modification_time_format: format('modification_time'),
    access_time: time('`now`, `preserve` or a time; default: `now` for `touch`, else `preserve`'),
    access_time_format: format('access_time'),
    ...fileArgs,
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

export const file = defineTask({
  name: 'file',
  summary: 'Make, change or remove files, directories and links',
  args,
  aliases: { dest: 'path', name: 'path', ...fileAliases },
  examples: `
- name: A directory of the application
  file:
    path: /srv/app
    state: directory
    owner: root
    mode: '0755'

- name: The current release
  file:
    path: /srv/app/current
    src: releases/42
    state: link

- name: No leftovers
  file:
    path: /srv/app/tmp
    state: absent
`,
  returns: {
    path: 'The path, as the host resolves it (`dest` with touch, link and hard)',
    state: 'What it is now: file, directory, link, hard or absent',
    'mode, owner, group, uid, gid, size': 'Of what is there now',
    src: 'With link and hard: what it links to',
  },
  check,
  probe: look,
  plan,
  result: (given, seen, outputs) => {
    const subject = subjectOf(given, seen);
    const told = outputs.map(output => writeReport(output).stat).findLast(line => line !== undefined);
    const state = stateOf(given, seen);
    const path = subject.path;
    const named = state === 'link' || state === 'hard' || state === 'touch' ? { dest: path } : { path };
    const now = told === undefined ? undefined : parseStat(told);
    if (given.state === undefined && state === 'link') return linkResult(seen.self);
    const before = stateResult(subject);
    const after =
      state === 'absent' ? { state: 'absent' } : now ? stateResult({ ...blank(subject), ...now }) : before;
    return { ...named, ...(given.src === undefined ? {} : { src: given.src }), ...after };
  },
});

/** Without a state, a link stays one, whatever became of the file that it leads to. */
function linkResult(self: PathState) {
  return { dest: self.path, ...(self.exists ? { src: self.target ?? '' } : {}), ...stateResult(self) };
}

function check(given: Args): readonly string[] {
  const { state, src, recurse } = given;
  return [
    ...(recurse && state !== undefined && state !== 'directory' ? ['recurse needs state: directory'] : []),
    ...(recurse && needsMoreThanStat(given)
      ? ['attributes and SELinux arguments cannot be used with recurse']
      : []),
    ...(src !== undefined && state !== 'link' && state !== 'hard'
      ? ['src needs state: link or state: hard']
      : []),
    ...(given.mode === 'preserve' ? ['mode: preserve has nothing to preserve here'] : []),
    ...timeProblem(given.modification_time, given.modification_time_format),
    ...timeProblem(given.access_time, given.access_time_format),
  ];
}

/** One lsattr for each entry of a tree would cost too much. */
function needsMoreThanStat(given: Args): boolean {
  return Object.values(attributeWishes(given)).some(wish => wish);
}

function timeProblem(text: string | undefined, written: string): readonly string[] {
  if (text === undefined || text === 'now' || text === 'preserve') return [];
  const read = readTime(text, written);
  return 'problem' in read ? [read.problem] : [];
}

function look(given: Args): Probe<Seen> {
  const { path, state, src, recurse, follow } = given;
  const byDefault = state === 'touch' ? 'now' : 'preserve';
  const wishes = attributeWishes(given);
  const none: Probe<PathState | undefined> = known(undefined);
  const nothing: Probe<readonly TreeState[]> = known([]);
  return all({
    self: pathState(path, { ...wishes, empty: state === 'link' || state === 'hard' }),
    end: pathState(path, { ...wishes, follow: true }),
    source: src === undefined ? none : pathState(sourcePath(path, state, src), { follow: true }),
    inside: src !== undefined && state === 'hard' ? pathState(join(path, basename(src)), wishes) : none,
    below: recurse ? treeState(path) : nothing,
    behind: recurse && follow ? treeState(path, { follow }) : nothing,
    mtime: hostTime(given.modification_time ?? byDefault, given.modification_time_format),
    atime: hostTime(given.access_time ?? byDefault, given.access_time_format),
  });
}

/** A symbolic link's source is found from the link's own folder; a hard link's as it is written. */
function sourcePath(path: string, state: string | undefined, src: string): string {
  return state === 'link' && !isAbsolute(src) && !src.startsWith('~') ? join(dirname(path), src) : src;
}

/** What the task is about: inside the directory for a hard link, behind the link where links are followed. */
function subjectOf(given: Args, seen: Seen): PathState {
  const { self, end, inside } = seen;
  if (given.state === 'hard' && inside !== undefined && self.exists && self.type === 'directory')
    return inside;
  if (given.state === 'link' || given.state === 'hard' || given.state === 'absent') return self;
  const isLink = self.exists && self.type === 'link';
  if (!isLink || !given.follow) return self;
  if (!end.exists) return given.state === undefined ? self : end;
  return given.state === undefined ? self : { ...end, path: end.real ?? end.path };
}

function stateOf(given: Args, seen: Seen): NonNullable<Args['state']> {
  if (given.state !== undefined) return given.state;
  const kind = kindOf(seen.self);
  if (kind === 'absent') return given.recurse ? 'directory' : 'file';
  return kind;
}

function plan(given: Args, seen: Seen): Plan {
  const subject = subjectOf(given, seen);
  switch (stateOf(given, seen)) {
    case 'absent':
      return remove(subject);
    case 'directory':
      return subject.exists ? keepDirectory(given, seen, subject) : makeDirectory(given, seen, subject);
    case 'file':
      return keepFile(given, seen, subject);
    case 'touch':
      return touch(given, seen, subject);
    case 'link':
      return given.src === undefined ? keepLink(given, seen, subject) : link(given, seen, subject, given.src);
    case 'hard':
      return hardLink(given, seen, subject);
  }
}

function remove(subject: PathState): Plan {
  if (!subject.exists) return [];
  const { path } = subject;
  if (path === '/' || path === '.' || path === '..') return refuse(`will not remove ${path}`);
  if (subject.type !== 'directory') return [script(`remove ${path}`, sh`rm -f -- ${path}`)];
  return [script(`remove directory ${path} and everything in it`, sh`rm -rf -- ${path}`)];
}

function keepFile(given: Args, seen: Seen, subject: PathState): Plan {
  const kind = kindOf(subject);
  if (!subject.exists || kind === 'link' || kind === 'directory') {
    const hint = kind === 'absent' ? 'state: touch makes an empty file' : 'give the state that it has';
    return refuse(`file (${subject.path}) is ${kind}, cannot continue`, {
      hint,
      result: { path: subject.path, state: kind },
    });
  }
  return [...attributeSteps(given, subject), ...timeSteps(seen, subject)];
}

function touch(given: Args, seen: Seen, subject: PathState): Plan {
  if (subject.exists) return [...attributeSteps(given, subject), ...timeSteps(seen, subject)];
  if (subject.danglingTo !== undefined) return dangling(subject);
  const { path } = subject;
  const mode = newMode(given.mode, subject.umask, false);
  const commands = [
    sh`(umask 077; set -C; : >${path})`,
    ...ownership(given, path),
    sh`chmod -- ${`0${mode}`} ${path}`,
    ...extraCommands(given, path),
    ...timeCommands(path, undefined, withoutNow(seen)).commands,
  ];
  const undo = sh`{ ${joinSh(commands, ' &&\n')}; } || { rm -f -- ${path}; exit 1; }`;
  return [
    script(
      `create empty file ${path}${sayAttributes(given, mode)}`,
      sh`${undo}
${tellState(path)}`,
    ),
  ];
}

/** A file that was made a moment ago has the times of now. */
function withoutNow({ mtime, atime }: Times): Times {
  const kept = (time: Times['mtime']) => (time === 'now' ? 'preserve' : time);
  return { mtime: kept(mtime), atime: kept(atime) };
}

function dangling({ path, danglingTo = '' }: Missing): Plan {
  return refuse(`${path} is a link to ${danglingTo}, which does not exist`, {
    hint: 'follow: false acts on the link itself',
  });
}

function ownership({ owner, group }: FileArgs, path: string): readonly Sh[] {
  return [
    ...(owner === undefined ? [] : [sh`chown -- ${owner} ${path}`]),
    ...(group === undefined ? [] : [sh`chgrp -- ${group} ${path}`]),
  ];
}

function makeDirectory(given: Args, seen: Seen, subject: Missing): Plan {
  if (subject.danglingTo !== undefined) return dangling(subject);
  if (!subject.ancestorIsDirectory) {
    return refuse(`cannot create ${subject.path}: ${subject.ancestor} is not a directory`);
  }
  const folders = missingFolders(subject);
  const mode = newMode(given.mode, subject.umask, true);
  const commands = folders.flatMap(folder => [
    sh`(umask 077; mkdir -- ${folder})`,
    ...ownership(given, folder),
    sh`chmod -- ${`0${mode}`} ${folder}`,
    ...extraCommands(given, folder),
  ]);
  const times = timeCommands(subject.path, undefined, withoutNow(seen)).commands;
  const noun = folders.length === 1 ? 'directory' : 'directories';
  const say = `create ${noun} ${folders.join(', ')}${sayAttributes(given, mode)}`;
  return [script(say, ...commands, ...times, tellState(subject.path))];
}

function keepDirectory(given: Args, seen: Seen, subject: Present): Plan {
  if (subject.type !== 'directory') {
    return refuse(`${subject.path} already exists as a ${kindOf(subject)}`, {
      hint: 'remove it first with state: absent',
    });
  }
  const own = [...attributeSteps(given, subject), ...timeSteps(seen, subject)];
  return given.recurse ? [...own, ...recurse(given, seen, subject)] : own;
}
