/** From an account as it is to the account asked for: the steps, and what a task registers of it. */
import { words } from '../../src/core/args.ts';
import { parsePasswdLine, type UserEntry } from '../../src/core/probes/account.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import { isRefusal, type Plan, type Refusal, refuse } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { busyboxChange, busyboxCreate, busyboxRemove } from './busybox-steps.ts';
import { keyFile, parseKey, type UserArgs, type UserObserved } from './user-args.ts';
import { differences } from './user-differences.ts';
import {
  createStep,
  expiryStep,
  homeStep,
  keyStep,
  lockStep,
  modifyStep,
  passwordStep,
  removeStep,
} from './user-steps.ts';

export function planUser(args: UserArgs, seen: UserObserved): Plan {
  const { account } = seen;
  if (args.state === 'absent') return account.entry ? planRemoval(args, seen) : [];
  const missing = missingGroup(args, seen) ?? unreadableShadow(args, seen);
  if (missing) return missing;
  return account.entry ? planChange(args, seen, account.entry) : planCreation(args, seen);
}

function planRemoval(args: UserArgs, { account }: UserObserved): Plan {
  if (account.tools === 'none') return noTools(args.name);
  return [account.tools === 'shadow' ? removeStep(args) : busyboxRemove(args)];
}

function missingGroup(args: UserArgs, seen: UserObserved): Refusal | undefined {
  const primary = args.group !== undefined && !seen.primary?.entry ? [args.group] : [];
  const [name] = [...primary, ...words(args.groups).filter(wanted => !seen.groups.get(wanted)?.entry)];
  if (name === undefined) return undefined;
  return refuse(`the group ${name} does not exist`, {
    hint: `make it first, with a task "group: {name: ${name}}"`,
  });
}

/** Without root the hash cannot be compared: better to say so than to set it at every run. */
function unreadableShadow(args: UserArgs, { account }: UserObserved): Refusal | undefined {
  const asks = [
    args.password,
    args.password_lock,
    args.expires,
    args.password_expire_max,
    args.password_expire_min,
  ];
  if (account.shadow !== 'unreadable' || asks.every(asked => asked === undefined)) return undefined;
  return refuse(`/etc/shadow cannot be read, so the password of ${args.name} cannot be compared`, {
    hint: 'add become: true',
  });
}

function noTools(name: string): Refusal {
  return refuse(`the host has no useradd and no adduser, which the account ${name} needs`, {
    hint: 'install the package that has them: passwd, shadow or shadow-utils',
  });
}

function planCreation(args: UserArgs, seen: UserObserved): Plan {
  if (seen.account.tools === 'none') return noTools(args.name);
  const created = seen.account.tools === 'shadow' ? [createStep(args, seen)] : busyboxCreate(args, seen);
  if (isRefusal(created)) return created;
  return [
    ...created,
    ...(args.password === undefined ? [] : [passwordStep(args)]),
    ...maybe(expiryStep(args, undefined)),
    ...keySteps(args, seen),
  ];
}

function planChange(args: UserArgs, seen: UserObserved, entry: UserEntry): Plan {
  const found = differences(args, seen, entry);
  const shadow = seen.account.shadow === 'unreadable' ? undefined : seen.account.shadow;
  const password = passwordDiffers(args, shadow?.hash);
  const changed = changeSteps(args, seen, found);
  if (isRefusal(changed)) return changed;
  return [
    ...changed,
    ...(homeIsMissing(args, seen, entry) ? [homeStep(args, args.home ?? entry.home)] : []),
    ...(password ? [passwordStep(args)] : maybe(lockStep(args, shadow?.hash))),
    ...maybe(expiryStep(args, shadow)),
    ...keySteps(args, seen),
  ];
}

function changeSteps(args: UserArgs, seen: UserObserved, found: ReturnType<typeof differences>): Plan {
  if (found.length === 0) return [];
  if (seen.account.tools === 'none') return noTools(args.name);
  return seen.account.tools === 'shadow' ? [modifyStep(args, found)] : busyboxChange(args, seen, found);
}

function passwordDiffers(args: UserArgs, hash: string | undefined): boolean {
  if (args.password === undefined || args.update_password === 'on_create') return false;
  return unlocked(hash ?? '') !== unlocked(args.password);
}

function unlocked(hash: string): string {
  return hash.replace(/^!+/, '');
}

function homeIsMissing(args: UserArgs, { account }: UserObserved, entry: UserEntry): boolean {
  const home = args.home ?? entry.home;
  const moves = args.move_home && home !== entry.home && account.folders.includes(entry.home);
  return args.create_home && home !== '' && !moves && !account.folders.includes(home);
}

function keySteps(args: UserArgs, { key }: UserObserved): readonly Step[] {
  return args.generate_ssh_key && (args.force || !key?.present) ? [keyStep(args, keyFile(args))] : [];
}

function maybe(step: Step | undefined): readonly Step[] {
  return step === undefined ? [] : [step];
}

/** What `register` gets; the shapes are Ansible's. */
export function userResult(args: UserArgs, seen: UserObserved, outputs: readonly StepOutput[]): ValueMap {
  const { name, state } = args;
  if (state === 'absent') return { name, state, remove: args.remove, force: args.force };
  return {
    name,
    state,
    ...describe(entryAfter(args, seen, outputs)),
    ...(args.groups === undefined ? {} : { groups: words(args.groups).join(','), append: args.append }),
    create_home: args.create_home,
    move_home: args.move_home,
    system: args.system,
    ...(args.password === undefined ? {} : { password: 'NOT_LOGGING_PASSWORD' }),
    ...(args.generate_ssh_key ? describeKey(args, seen, outputs) : {}),
  };
}

/** Steps end with the account's line of passwd, as it is then. */
function entryAfter(
  { name }: UserArgs,
  { account }: UserObserved,
  outputs: readonly StepOutput[],
): UserEntry | undefined {
  const lines = outputs
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter(line => line.startsWith(`${name}:`));
  const last = lines.at(-1);
  return last === undefined ? account.entry : parsePasswdLine(last);
}

function describe(entry: UserEntry | undefined): ValueMap {
  if (!entry) return {};
  const { uid, gid, home, shell, comment } = entry;
  return { uid, group: gid, home, shell, comment };
}

function describeKey(args: UserArgs, seen: UserObserved, outputs: readonly StepOutput[]): ValueMap {
  const made = outputs.map(({ stdout }) => parseKey(stdout)).find(({ present }) => present) ?? seen.key;
  const home = entryAfter(args, seen, outputs)?.home ?? '';
  const file = keyFile(args);
  return {
    ssh_key_file: file.startsWith('/') ? file : `${home}/${file}`,
    ...(made?.publicKey === undefined ? {} : { ssh_public_key: made.publicKey }),
    ...(made?.fingerprint === undefined ? {} : { ssh_fingerprint: made.fingerprint }),
  };
}
