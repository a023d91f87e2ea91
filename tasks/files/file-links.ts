/** Symbolic and hard links, as the `file` module makes and keeps them. */
import { dirname, join } from 'node:path/posix';
import type { PathState, Present } from '../../src/core/probes/path.ts';
import type { Sh } from '../../src/core/sh.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { Plan } from '../../src/core/task-module.ts';
import { refuse } from '../../src/core/task-module.ts';
import type { FileArgs } from './file-attributes.ts';
import { attributeSteps, changes, differences, kindOf, tellState } from './file-attributes.ts';
import type { Seen, SubjectArgs } from './file-subject.ts';
import { script, timeSteps } from './file-subject.ts';

/** A link that stays as it is: its attributes, or those of what it leads to. */
export function keepLink(given: SubjectArgs, seen: Seen, subject: PathState): Plan {
  if (!subject.exists || subject.type !== 'link') return refuse('src is required for creating new symlinks');
  if (given.follow && !seen.end.exists && !given.force) {
    return refuse(
      `src file does not exist, use force: true if you really want to create the link: ${subject.target}`,
    );
  }
  return linkAttributes(given, seen, subject);
}

function linkAttributes(given: SubjectArgs, seen: Seen, subject: Present): readonly Step[] {
  if (!given.follow) return [...attributeSteps(given, subject)];
  if (!seen.end.exists) return [];
  const end = { ...seen.end, path: seen.end.real ?? seen.end.path };
  return [...attributeSteps(given, end), ...timeSteps(seen, end)];
}

/** The link is there and says `src`, and what it leads to has the attributes asked for. */
export function link(given: SubjectArgs, seen: Seen, subject: PathState, written: string): Plan {
  // Only the host knows what `~` and its variables are.
  const src = /^[~$]/.test(written) ? (seen.source?.path ?? written) : written;
  const kind = kindOf(subject);
  const { path } = subject;
  if (!given.force && !seen.source?.exists) {
    const absolute = seen.source?.path ?? src;
    return refuse(
      `src file does not exist, use force: true if you really want to create the link: ${absolute}`,
    );
  }
  if (subject.exists && kind !== 'link' && !given.force) {
    return refuse(`refusing to convert from ${kind} to symlink for ${path}`, {
      hint: 'force: true replaces it',
    });
  }
  if (subject.exists && kind === 'directory' && !subject.empty) {
    return refuse(`the directory ${path} is not empty, refusing to convert it`);
  }
  if (subject.exists && subject.target === src) return linkAttributes(given, seen, subject);
  const clear = kind === 'directory' ? [sh`rmdir -- ${path}`] : [];
  const say = subject.exists
    ? `${kind === 'link' ? `change link ${path}: ${subject.target} → ${src}` : `replace ${kind} ${path} by a link to ${src}`}`
    : `create link ${path} → ${src}`;
  const source = seen.source?.exists ? seen.source : undefined;
  const on = given.follow ? source : undefined;
  const changed = on === undefined ? [] : changes(differences(given, on), on.real ?? on.path, false);
  const own = given.follow ? [] : linkOwnership(given, path);
  return [script(say, ...clear, sh`ln -sfn -- ${src} ${path}`, ...changed, ...own, tellState(path))];
}

function linkOwnership({ owner, group }: FileArgs, path: string): readonly Sh[] {
  return [
    ...(owner === undefined ? [] : [sh`chown -h -- ${owner} ${path}`]),
    ...(group === undefined ? [] : [sh`chgrp -h -- ${group} ${path}`]),
  ];
}

/** The path is one more name of the file at `src`. */
export function hardLink(given: SubjectArgs, seen: Seen, subject: PathState): Plan {
  const { path } = subject;
  const { source } = seen;
  const { src } = given;
  if (src === undefined) {
    if (kindOf(subject) !== 'hard') return refuse('src is required for creating new hardlinks');
    return subject.exists ? attributeSteps(given, subject) : [];
  }
  if (source === undefined || !source.exists)
    return refuse(`src does not exist: ${src}`, { result: { dest: path, src } });
  if (source.type === 'directory') return refuse(`cannot make a hard link to the directory ${source.path}`);
  if (subject.exists && subject.inode === source.inode && subject.dev === source.dev) {
    return [...attributeSteps(given, subject), ...timeSteps(seen, subject)];
  }
  if (subject.exists && subject.type === 'directory') return refuse(`cannot link, ${path} is a directory`);
  if (subject.exists && subject.type !== 'link' && !given.force) {
    const what = kindOf(subject) === 'hard' ? 'a different hard link' : 'a file';
    return refuse(`cannot link, ${what} exists at ${path}`, {
      hint: 'force: true replaces it',
      result: { dest: path, src },
    });
  }
  const from = source.real ?? source.path;
  const temporary = join(dirname(path), `.girofle-link-${source.inode}`);
  const put = subject.exists
    ? [sh`rm -f -- ${temporary}`, sh`ln -- ${from} ${temporary}`, sh`mv -f -- ${temporary} ${path}`]
    : [sh`ln -- ${from} ${path}`];
  const changed = changes(differences(given, source), path, false);
  const say = `${subject.exists ? 'replace' : 'create'} hard link ${path} → ${from}`;
  return [script(say, ...put, ...changed, tellState(path))];
}
