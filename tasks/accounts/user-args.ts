/** What the user module is asked for, and what it looks at. */
import { words } from '../../src/core/args.ts';
import { all, look, mapProbe, type Probe, type ShellKind } from '../../src/core/probe.ts';
import { type GroupSeen, groupAccount, type UserSeen, userAccount } from '../../src/core/probes/account.ts';
import { joinSh, sh } from '../../src/core/sh.ts';

export interface UserArgs {
  readonly name: string;
  readonly state: 'present' | 'absent';
  readonly uid?: number;
  readonly non_unique: boolean;
  readonly comment?: string;
  readonly group?: string;
  readonly groups?: string | readonly string[];
  readonly append: boolean;
  readonly home?: string;
  readonly create_home: boolean;
  readonly move_home: boolean;
  readonly skeleton?: string;
  readonly umask?: string;
  readonly shell?: string;
  readonly system: boolean;
  readonly password?: string;
  readonly update_password: 'always' | 'on_create';
  readonly password_lock?: boolean;
  readonly password_expire_max?: number;
  readonly password_expire_min?: number;
  readonly expires?: number;
  readonly remove: boolean;
  readonly force: boolean;
  readonly local: boolean;
  readonly generate_ssh_key: boolean;
  readonly ssh_key_bits?: number;
  readonly ssh_key_comment?: string;
  readonly ssh_key_file?: string;
  readonly ssh_key_passphrase?: string;
  readonly ssh_key_type: string;
}

/** An SSH key pair on the host. */
export interface KeySeen {
  /** The private key's file is there. */
  readonly present: boolean;
  readonly publicKey?: string;
  readonly fingerprint?: string;
}

export interface UserObserved {
  readonly account: UserSeen;
  /** The primary group asked for. */
  readonly primary?: GroupSeen;
  /** The group with the account's own name, which a new account would get. */
  readonly namesake: GroupSeen;
  /** The supplementary groups asked for, by the name asked for. */
  readonly groups: ReadonlyMap<string, GroupSeen>;
  readonly key?: KeySeen;
}

export function observeUser(args: UserArgs): Probe<UserObserved> {
  const wanted = words(args.groups);
  return mapProbe(
    all({
      account: userAccount(args.name, { local: args.local, folder: args.home }),
      namesake: groupAccount(args.name),
      ...(args.group === undefined ? {} : { primary: groupAccount(args.group) }),
      ...(args.generate_ssh_key ? { key: sshKey(args.name, keyFile(args)) } : {}),
      groups: all(Object.fromEntries(wanted.map(name => [name, groupAccount(name)]))),
    }),
    seen => ({ ...seen, groups: new Map(Object.entries(seen.groups)) }),
  );
}

/** Of the key: an absolute path, or one from the home directory on. */
export function keyFile({ ssh_key_file, ssh_key_type }: UserArgs): string {
  return ssh_key_file ?? `.ssh/id_${ssh_key_type}`;
}

const keyKind: ShellKind = {
  name: 'ssh-key',
  script: queries =>
    joinSh([
      sh`key() {
  file=$2
  case $file in
    /*) ;;
    *) file=$(awk -F: -v name="$1" '$1 == name { print $6 }' /etc/passwd)/$2;;
  esac
  if [ -e "$file" ]; then
    echo present
    if [ -r "$file.pub" ]; then printf 'public '; cat -- "$file.pub"; printf 'fingerprint '; ssh-keygen -l -f "$file.pub" 2>/dev/null || echo; fi
  fi
  printf '\036'
}`,
      ...queries.map(query => sh`key ${query}`),
      sh`exit 0`,
    ]),
};

function sshKey(user: string, file: string): Probe<KeySeen> {
  return look(keyKind, [user, file], parseKey);
}

/** `present`, `public KEY`, `fingerprint TEXT`, each in a line of its own. */
export function parseKey(text: string): KeySeen {
  const rest = (word: string) => new RegExp(`^${word} (.+)$`, 'm').exec(text)?.[1]?.trim();
  const publicKey = rest('public');
  const fingerprint = rest('fingerprint');
  return {
    present: /^present$/m.test(text),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}
