/** Steps on accounts by busybox's adduser, addgroup, deluser and delgroup: what they can, the rest refused. */
import { sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { type Plan, refuse } from '../../src/core/task-module.ts';
import type { UserArgs, UserObserved } from './user-args.ts';
import { type Difference, wantedGroups } from './user-differences.ts';
import { describeNew, step, tell } from './user-steps.ts';

const HINT = { hint: 'install the shadow suite on it' };

export function busyboxCreate(args: UserArgs, seen: UserObserved): Plan {
  const asked = {
    non_unique: args.non_unique && args.uid !== undefined,
    expires: args.expires !== undefined,
    umask: args.umask !== undefined,
  };
  const [beyond] = Object.entries(asked).filter(([, is]) => is);
  if (beyond) return refuse(`busybox's adduser cannot do what ${beyond[0]} of ${args.name} asks for`, HINT);
  const primary =
    seen.primary?.entry ?? (seen.namesake.entry?.name === args.name ? seen.namesake.entry : undefined);
  const options = [
    '-D',
    ...(args.uid === undefined ? [] : ['-u', args.uid]),
    ...(primary ? ['-G', primary.name] : []),
    ...(args.comment === undefined ? [] : ['-g', args.comment]),
    ...(args.home === undefined ? [] : ['-h', args.home]),
    ...(args.shell === undefined ? [] : ['-s', args.shell]),
    ...(args.skeleton === undefined ? [] : ['-k', args.skeleton]),
    ...(args.create_home ? [] : ['-H']),
    ...(args.system ? ['-S'] : []),
  ];
  const joins = wantedGroups(args, seen).map(({ name }) => sh`addgroup ${args.name} ${name}`);
  return [step(describeNew(args), [sh`adduser ${[...options, args.name]}`, ...joins, tell(args.name)])];
}

export function busyboxRemove({ name, remove }: UserArgs): Step {
  const say = `remove user ${name}${remove ? ' with its home directory' : ''}`;
  return step(say, [sh`deluser ${[...(remove ? ['--remove-home'] : []), name]}`]);
}

export function busyboxChange(args: UserArgs, seen: UserObserved, found: readonly Difference[]): Plan {
  const beyond = found.find(({ what }) => what !== 'groups');
  if (beyond) return refuse(`busybox cannot change an account (${args.name}: ${beyond.say})`, HINT);
  const wanted = wantedGroups(args, seen).map(({ name }) => name);
  const added = wanted.filter(name => !seen.account.groups.includes(name));
  const removed = args.append ? [] : seen.account.groups.filter(name => !wanted.includes(name));
  const say = `change user ${args.name}: ${found.map(difference => difference.say).join('; ')}`;
  return [
    step(say, [
      ...added.map(name => sh`addgroup ${args.name} ${name}`),
      ...removed.map(name => sh`delgroup ${args.name} ${name}`),
      tell(args.name),
    ]),
  ];
}
