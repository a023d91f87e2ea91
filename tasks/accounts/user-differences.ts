/** How an existing account differs from the one asked for, in the options of usermod. */
import { words } from '../../src/core/args.ts';
import type { GroupEntry, UserEntry } from '../../src/core/probes/account.ts';
import type { UserArgs, UserObserved } from './user-args.ts';

export interface Difference {
  readonly what: 'uid' | 'group' | 'groups' | 'comment' | 'home' | 'shell' | 'expires';
  /** For people: `shell /bin/sh → /bin/bash`. */
  readonly say: string;
  /** Options and values for usermod. */
  readonly options: readonly (string | number)[];
}

export function differences(args: UserArgs, seen: UserObserved, entry: UserEntry): readonly Difference[] {
  return [
    ...uidDiffers(args, entry),
    ...primaryDiffers(seen, entry),
    ...groupsDiffer(args, seen),
    ...fieldDiffers('comment', '-c', entry.comment, args.comment),
    ...fieldDiffers('home', '-d', entry.home, args.home).map(found => ({
      ...found,
      options: [...found.options, ...(args.move_home ? ['-m'] : [])],
    })),
    ...fieldDiffers('shell', '-s', entry.shell, args.shell),
    ...expiryDiffers(args, seen),
  ];
}

function uidDiffers({ uid, non_unique }: UserArgs, entry: UserEntry): readonly Difference[] {
  if (uid === undefined || uid === entry.uid) return [];
  return [
    { what: 'uid', say: `uid ${entry.uid} → ${uid}`, options: ['-u', uid, ...(non_unique ? ['-o'] : [])] },
  ];
}

function primaryDiffers({ primary }: UserObserved, entry: UserEntry): readonly Difference[] {
  const wanted = primary?.entry;
  if (!wanted || wanted.gid === entry.gid) return [];
  return [{ what: 'group', say: `primary group ${entry.gid} → ${wanted.name}`, options: ['-g', wanted.gid] }];
}

function groupsDiffer(args: UserArgs, seen: UserObserved): readonly Difference[] {
  if (args.groups === undefined) return [];
  const wanted = wantedGroups(args, seen).map(({ name }) => name);
  const added = wanted.filter(name => !seen.account.groups.includes(name));
  const removed = args.append ? [] : seen.account.groups.filter(name => !wanted.includes(name));
  if (added.length + removed.length === 0) return [];
  const say = `groups ${[...added.map(name => `+${name}`), ...removed.map(name => `-${name}`)].join(' ')}`;
  return [{ what: 'groups', say, options: [...(args.append ? ['-a'] : []), '-G', wanted.join(',')] }];
}

/** The entries of the groups asked for: they may be asked for by number. */
export function wantedGroups(args: UserArgs, seen: UserObserved): readonly GroupEntry[] {
  return words(args.groups).flatMap(name => seen.groups.get(name)?.entry ?? []);
}

function fieldDiffers(
  what: 'comment' | 'home' | 'shell',
  option: string,
  before: string,
  after: string | undefined,
): readonly Difference[] {
  if (after === undefined || after === before) return [];
  return [{ what, say: `${what} ${before || '(none)'} → ${after || '(none)'}`, options: [option, after] }];
}

function expiryDiffers(args: UserArgs, { account }: UserObserved): readonly Difference[] {
  if (args.expires === undefined) return [];
  const before =
    account.shadow === undefined || account.shadow === 'unreadable' ? undefined : account.shadow.expires;
  const after = expiryDay(args.expires);
  if (before === after || (after === undefined && before !== undefined && before < 0)) return [];
  const say = `expires ${before === undefined ? 'never' : dateOf(before)} → ${after === undefined ? 'never' : dateOf(after)}`;
  return [{ what: 'expires', say, options: ['-e', after === undefined ? '' : dateOf(after)] }];
}

/** Days since 1970 of a moment in seconds; undefined for never. */
export function expiryDay(seconds: number): number | undefined {
  return seconds < 0 ? undefined : Math.floor(seconds / 86_400);
}

/** The calendar date of a day counted from 1970. */
export function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
