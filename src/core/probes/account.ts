/** Users and groups of a host: one pass over its account data answers for all that are asked about. */
import { look, type Probe, type ShellKind } from '../probe.ts';
import { joinSh, sh } from '../sh.ts';

/** A line of passwd. */
export interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of group. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** A line of shadow. Days count from 1970; undefined where the field is empty. */
export interface ShadowEntry {
  readonly hash: string;
  readonly minDays: number | undefined;
  readonly maxDays: number | undefined;
  readonly expires: number | undefined;
}

/** The programs by which accounts are changed: the shadow suite's, or busybox's applets. */
export type AccountTools = 'shadow' | 'busybox' | 'none';

export interface UserSeen {
  readonly entry?: UserEntry;
  /** Absent when there is no such line, `unreadable` without root. */
  readonly shadow?: ShadowEntry | 'unreadable';
  /** Names of the groups that list the user as a member, in the order of the file. */
  readonly groups: readonly string[];
  /** Of the directories asked about (and the user's home): those that exist. */
  readonly folders: readonly string[];
  readonly tools: AccountTools;
}

export interface GroupSeen {
  readonly entry?: GroupEntry;
  readonly tools: AccountTools;
}

/**
 * Answers of lines, each with a word in front: `passwd LINE`, `shadow LINE`, `shadow-unreadable`, `group LINE`,
 * `folder PATH`, `tools WORD`. Where there is no getent (busybox) the files are read.
 */
const ACCOUNT_LIB = sh`
IFS='
'
set -f
if command -v useradd >/dev/null 2>&1; then tools=shadow
elif command -v adduser >/dev/null 2>&1; then tools=busybox
else tools=none; fi
local_users=$(cat /etc/passwd 2>/dev/null)
all_groups=$(cat /etc/group 2>/dev/null)
shadow=; shadow_readable=
if [ -r /etc/shadow ]; then shadow_readable=1; shadow=$(cat /etc/shadow); fi
end() { printf 'tools %s\n\036' "$tools"; }
folder() { if [ -n "$1" ] && [ -d "$1" ]; then printf 'folder %s\n' "$1"; fi; }
user() {
  lines=$known_users
  if [ "$2" = local ]; then lines=$local_users; fi
  for line in $lines; do
    case $line in "$1":*) ;; *) continue;; esac
    printf 'passwd %s\n' "$line"
    home=\${line%:*}; folder "\${home##*:}"
    break
  done
  for line in $shadow; do case $line in "$1":*) printf 'shadow %s\n' "$line"; break;; esac; done
  if [ -z "$shadow_readable" ]; then echo shadow-unreadable; fi
  for line in $all_groups; do case ",\${line##*:}," in *",$1,"*) printf 'group %s\n' "$line";; esac; done
  folder "$3"
  end
}
group() {
  for line in $known_groups $all_groups; do case $line in "$1":*) printf 'group %s\n' "$line"; end; return;; esac; done
  for line in $known_groups $all_groups; do case $line in *:*:"$1":*) printf 'group %s\n' "$line"; break;; esac; done
  end
}
`;

const accountKind: ShellKind = {
  name: 'account',
  script: queries => {
    const names = (what: string) => queries.filter(([kind]) => kind === what).map(([, name = '']) => name);
    return joinSh([
      ACCOUNT_LIB,
      sh`known_users=$local_users`,
      sh`known_groups=`,
      sh`if command -v getent >/dev/null 2>&1; then`,
      names('user').length > 0 ? sh`known_users=$(getent passwd -- ${names('user')})` : sh`:`,
      names('group').length > 0 ? sh`known_groups=$(getent group -- ${names('group')})` : sh`:`,
      sh`fi`,
      ...queries.map(([what = '', name = '', ...rest]) =>
        what === 'user' ? sh`user ${[name, ...rest]}` : sh`group ${name}`,
      ),
      sh`exit 0`,
    ]);
  },
};

export interface UserLook {
  /** Only accounts of /etc/passwd count. */
  readonly local?: boolean;
  /** A directory whose existence matters beside the user's home. */
  readonly folder?: string | undefined;
}

export function userAccount(name: string, { local = false, folder = '' }: UserLook = {}): Probe<UserSeen> {
  return look(accountKind, ['user', name, local ? 'local' : '', folder], parseUser);
}

/** By name or, failing that, by number. */
export function groupAccount(name: string): Probe<GroupSeen> {
  return look(accountKind, ['group', name], parseGroup);
}

export function parseUser(text: string): UserSeen {
  const answer = sort(text);
  const [entry] = answer('passwd').map(parsePasswdLine);
  const [shadow] = answer('shadow').map(parseShadowLine);
  const unreadable = answer('shadow-unreadable').length > 0;
  return {
    ...(entry ? { entry } : {}),
    ...(shadow ? { shadow } : unreadable ? { shadow: 'unreadable' } : {}),
    groups: answer('group').map(line => parseGroupLine(line).name),
    folders: answer('folder'),
    tools: toolsOf(answer('tools')),
  };
}

export function parseGroup(text: string): GroupSeen {
  const answer = sort(text);
  const [entry] = answer('group').map(parseGroupLine);
  return { ...(entry ? { entry } : {}), tools: toolsOf(answer('tools')) };
}

/** `word rest` lines → the rests of one word. */
function sort(text: string): (word: string) => readonly string[] {
  const lines = text.split('\n').filter(line => line !== '');
  return word =>
    lines
      .filter(line => line === word || line.startsWith(`${word} `))
      .map(line => line.slice(word.length + 1));
}

function toolsOf([word]: readonly string[]): AccountTools {
  return word === 'shadow' || word === 'busybox' ? word : 'none';
}

export function parsePasswdLine(line: string): UserEntry {
  const [name = '', , uid, gid, comment = '', home = '', shell = ''] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid), comment, home, shell };
}

function parseGroupLine(line: string): GroupEntry {
  const [name = '', , gid, members = ''] = line.split(':');
  return { name, gid: Number(gid), members: members.split(',').filter(member => member !== '') };
}

function parseShadowLine(line: string): ShadowEntry {
  const [, hash = '', , minDays, maxDays, , , expires] = line.split(':');
  return { hash, minDays: days(minDays), maxDays: days(maxDays), expires: days(expires) };
}

function days(field: string | undefined): number | undefined {
  return field === undefined || field === '' ? undefined : Number(field);
}
