/** Owner, group, mode and the rest of what Ansible's file arguments say about a path: arguments, differences, steps. */
import { Type } from 'typebox';
import { Flag, Mode } from '../../src/core/args.ts';
import type { PathOptions, PathState, Present } from '../../src/core/probes/path.ts';
import { STAT_FORMAT } from '../../src/core/probes/stat-line.ts';
import type { Sh } from '../../src/core/sh.ts';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { applyMode, octal } from './mode.ts';

const word = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));

/** Arguments that file, copy and template share. */
export const fileArgs = {
  owner: word('User who owns it, by name or number'),
  group: word('Group that owns it, by name or number'),
  mode: Type.Optional(Mode),
  attributes: Type.Optional(
    Type.String({
      description:
        'Flags as lsattr shows them (`i`, `+a`, `-i`, `=ai`); without a sign they are the whole set',
      pattern: '^[-+=]?[A-Za-z]*$',
    }),
  ),
  seuser: word('User part of the SELinux context; ignored where SELinux is off'),
  serole: word('Role part of the SELinux context; ignored where SELinux is off'),
  setype: word('Type part of the SELinux context; ignored where SELinux is off'),
  selevel: word('Level part of the SELinux context; ignored where SELinux is off'),
  unsafe_writes: Flag('Write into the file itself where replacing it is not possible', false),
};

export const fileAliases = { attr: 'attributes' };

export interface FileArgs {
  readonly owner?: string;
  readonly group?: string;
  readonly mode?: string;
  readonly attributes?: string;
  readonly seuser?: string;
  readonly serole?: string;
  readonly setype?: string;
  readonly selevel?: string;
  readonly unsafe_writes?: boolean;
}

/** What must be looked at, beside the usual, to compare with the arguments. */
export function attributeWishes(args: FileArgs): PathOptions {
  return {
    flags: args.attributes !== undefined,
    context: contextParts(args).some(part => part !== undefined),
  };
}

/** One thing to change on one path. */
export interface Difference {
  readonly what: 'owner' | 'group' | 'mode' | 'context' | 'attributes';
  readonly from: string;
  readonly to: string;
}

/** What differs between the arguments and what is there. A link itself has no mode. */
export function differences(args: FileArgs, seen: Present): readonly Difference[] {
  const found: Difference[] = [];
  const note = (what: Difference['what'], from: string, to: string | undefined) => {
    if (to !== undefined && to !== from) found.push({ what, from, to });
  };
  if (args.owner !== String(seen.uid)) note('owner', seen.owner, args.owner);
  if (args.group !== String(seen.gid)) note('group', seen.group, args.group);
  if (seen.type !== 'link') note('mode', seen.mode, args.mode && wantedMode(args.mode, seen));
  if (seen.context !== undefined) note('context', seen.context, wantedContext(args, seen.context));
  if (args.attributes !== undefined && seen.type !== 'link') {
    // Without lsattr's answer the host is asked to set them, and says itself that it cannot.
    note('attributes', letters(seen.flags ?? ''), wantedFlags(args.attributes, seen.flags ?? ''));
  }
  return found;
}

/** Octal digits for a path that is there. */
export function wantedMode(mode: string, seen: Present): string {
  const base = {
    current: Number.parseInt(seen.mode, 8),
    directory: seen.type === 'directory',
    umask: seen.umask,
  };
  return octal(applyMode(mode, base));
}

/** Octal digits for a path that will be made; what the umask leaves when no mode is asked for. */
export function newMode(mode: string | undefined, umask: number, directory: boolean): string {
  const current = (directory ? 0o777 : 0o666) & ~umask;
  return octal(mode === undefined ? current : applyMode(mode, { current, directory, umask }));
}

function contextParts({ seuser, serole, setype, selevel }: FileArgs): readonly (string | undefined)[] {
  return [seuser, serole, setype, selevel].map(part => (part === '_default' ? undefined : part));
}

function wantedContext(args: FileArgs, context: string): string {
  const [user = '', role = '', type = '', ...level] = context.split(':');
  const wanted = contextParts(args);
  return [user, role, type, level.join(':')]
    .map((part, i) => wanted[i] ?? part)
    .filter(part => part !== '')
    .join(':');
}

/** Flags that a user may set; `e` and others are the file system's own. */
const SETTABLE = /[^aAcCdDijmPsStTuFx]/g;

function letters(flags: string): string {
  return [...flags.replaceAll('-', '').replaceAll(SETTABLE, '')].sort().join('');
}

function wantedFlags(attributes: string, flags: string): string {
  const sign = /^[-+=]/.exec(attributes)?.[0] ?? '=';
  const asked = [...letters(attributes.replace(/^[-+=]/, ''))];
  const there = [...letters(flags)];
  if (sign === '=') return asked.sort().join('');
  const kept = there.filter(letter => !asked.includes(letter));
  return (sign === '-' ? kept : [...kept, ...asked]).sort().join('');
}

/** `change mode of /etc/x: 0644 → 0600` */
export function sayDifferences(path: string, found: readonly Difference[]): string {
  const [first] = found;
  if (found.length === 1 && first) return `change ${first.what} of ${path}: ${first.from} → ${first.to}`;
  return `change ${path}: ${found.map(({ what, from, to }) => `${what} ${from} → ${to}`).join(', ')}`;
}

/** The step that changes what differs on one path, or none. */
export function attributeSteps(args: FileArgs, seen: Present, path = seen.path): readonly Step[] {
  const found = differences(args, seen);
  if (found.length === 0) return [];
  const text = joinSh([...changes(found, path, seen.type === 'link'), tellState(path)], ' &&\n');
  return [{ say: sayDifferences(path, found), action: { kind: 'script', text } }];
}

/** The commands for some differences; flags that would forbid the rest are taken away first and set last. */
export function changes(found: readonly Difference[], path: string, link: boolean): readonly Sh[] {
  const to = (what: Difference['what']) => found.find(difference => difference.what === what)?.to;
  const [owner, group, mode, context] = [to('owner'), to('group'), to('mode'), to('context')];
  const flags = found.find(({ what }) => what === 'attributes');
  const h = link ? sh`-h ` : sh``;
  const [added, removed] =
    flags === undefined ? ['', ''] : [without(flags.to, flags.from), without(flags.from, flags.to)];
  return [
    ...(removed === '' ? [] : [sh`chattr ${`-${removed}`} -- ${path}`]),
    ...(owner === undefined ? [] : [sh`chown ${h}-- ${owner} ${path}`]),
    ...(group === undefined ? [] : [sh`chgrp ${h}-- ${group} ${path}`]),
    // Five digits: with fewer, GNU chmod keeps the setgid bit of a directory.
    ...(mode === undefined ? [] : [sh`chmod -- ${`0${mode}`} ${path}`]),
    ...(context === undefined ? [] : [sh`chcon ${h}-- ${context} ${path}`]),
    ...(added === '' ? [] : [sh`chattr ${`+${added}`} -- ${path}`]),
  ];
}

function without(text: string, others: string): string {
  return [...text].filter(letter => !others.includes(letter)).join('');
}

/** Ends a script with the state that it left; `readState` finds it. */
export function tellState(path: string): Sh {
  return sh`printf 'state %s\n' "$(stat -c ${STAT_FORMAT} -- ${path})"`;
}

/** `, mode 0644, owner root, group adm`: what is asked for, for the sentence about something new. */
export function sayAttributes({ owner, group }: FileArgs, mode: string | undefined): string {
  const parts = [
    ...(mode === undefined ? [] : [`mode ${mode}`]),
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ];
  return parts.map(part => `, ${part}`).join('');
}

/** What SELinux arguments and attributes ask of a path that was just made; owner and mode are done by its maker. */
export function extraCommands(args: FileArgs, path: string): readonly Sh[] {
  const [user, role, type, level] = contextParts(args);
  const options = [
    ...(user === undefined ? [] : ['-u', user]),
    ...(role === undefined ? [] : ['-r', role]),
    ...(type === undefined ? [] : ['-t', type]),
    ...(level === undefined ? [] : ['-l', level]),
  ];
  const flags = wantedFlags(args.attributes ?? '', '');
  return [
    ...(options.length === 0
      ? []
      : [sh`if [ -e /sys/fs/selinux/enforce ]; then chcon ${options} -- ${path}; fi`]),
    ...(flags === '' ? [] : [sh`chattr ${`+${flags}`} -- ${path}`]),
  ];
}

/** Owner, mode and the like as Ansible's modules return them: 0644, but 02750. */
export function stateResult(state: PathState) {
  if (!state.exists) return { state: 'absent' };
  const { uid, gid, owner, group, mode, size } = state;
  return { uid, gid, owner, group, mode: `0${mode.replace(/^0/, '')}`, size, state: kindOf(state) };
}

/** Ansible's word for what is there: a file with several names is `hard`. */
export function kindOf(state: PathState): 'absent' | 'link' | 'directory' | 'hard' | 'file' {
  if (!state.exists) return 'absent';
  if (state.type === 'link' || state.type === 'directory') return state.type;
  return state.nlink > 1 ? 'hard' : 'file';
}
