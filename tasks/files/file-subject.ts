/** What the `file` module sees of its path, and small pieces that its parts share. */

import type { PathState, Present } from '../../src/core/probes/path.ts';
import type { TreeState } from '../../src/core/probes/tree.ts';
import type { Sh } from '../../src/core/sh.ts';
import { joinSh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { FileArgs } from './file-attributes.ts';
import { tellState } from './file-attributes.ts';
import type { Time } from './file-times.ts';
import { timeCommands } from './file-times.ts';

/** The arguments that say how, beside the state asked for. */
export interface SubjectArgs extends FileArgs {
  readonly src?: string;
  readonly force: boolean;
  readonly follow: boolean;
}

export interface Times {
  readonly mtime: Time;
  readonly atime: Time;
}

export interface Seen extends Times {
  /** The path itself, a link not followed. */
  readonly self: PathState;
  /** What it leads to. */
  readonly end: PathState;
  /** What `src` leads to, as the link would find it. */
  readonly source: PathState | undefined;
  /** For a hard link into a directory: the path of that name in it. */
  readonly inside: PathState | undefined;
  /** With recurse: everything below it, and what lies behind links. */
  readonly below: readonly TreeState[];
  readonly behind: readonly TreeState[];
}

/** A state of which only what `stat` tells is known. */
export function blank({ path, umask }: PathState) {
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

/** A step of a few commands: the first that fails ends it. */
export function script(say: string, ...commands: readonly Sh[]): Step {
  return { say, action: { kind: 'script', text: joinSh(commands, ' &&\n') } };
}

/** The step that sets times, or none. */
export function timeSteps(times: Times, subject: Present): readonly Step[] {
  const { commands, says } = timeCommands(subject.path, subject, times);
  return commands.length === 0
    ? []
    : [script(`set ${says.join(', ')}`, ...commands, tellState(subject.path))];
}
