/** Steps on accounts by the shadow suite, and those that are the same everywhere. */
import { words } from '../../src/core/args.ts';
import type { ShadowEntry } from '../../src/core/probes/account.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { UserArgs, UserObserved } from './user-args.ts';
import { type Difference, dateOf, expiryDay, wantedGroups } from './user-differences.ts';

/** The account's line of passwd on stdout, for the result. */
export function tell(name: string): Sh {
  return sh`awk -F: -v name=${name} '$1 == name' /etc/passwd`;
}

export function step(say: string, parts: readonly Sh[], secret?: string): Step {
  const env = secret === undefined ? {} : { env: { GIROFLE_SECRET: secret } };
  return { say, action: { kind: 'script', text: joinSh(parts, ' && '), ...env } };
}

export function describeNew(args: UserArgs): string {
  const details = [
    args.uid === undefined ? '' : `uid ${args.uid}`,
    args.group === undefined ? '' : `group ${args.group}`,
    words(args.groups).length === 0 ? '' : `groups ${words(args.groups).join(', ')}`,
    args.home === undefined ? '' : `home ${args.home}`,
    args.create_home ? '' : 'no home',
    args.shell === undefined ? '' : `shell ${args.shell}`,
    args.system ? 'system' : '',
  ].filter(detail => detail !== '');
  return `create user ${args.name}${details.length === 0 ? '' : ` (${details.join('; ')})`}`;
}

export function createStep(args: UserArgs, seen: UserObserved): Step {
  const parent = args.home !== undefined && args.create_home ? args.home.replace(/\/[^/]*\/*$/, '') : '';
  const groups = wantedGroups(args, seen).map(({ name }) => name);
  const expires = args.expires === undefined ? undefined : expiryDay(args.expires);
  const options = [
    ...(args.uid === undefined ? [] : ['-u', args.uid, ...(args.non_unique ? ['-o'] : [])]),
    ...primaryGroup(args, seen),
    ...(groups.length === 0 ? [] : ['-G', groups.join(',')]),
    ...option('-c', args.comment),
    ...option('-d', args.home),
    ...option('-s', args.shell),
    ...option('-e', expires === undefined ? undefined : dateOf(expires)),
    ...(args.create_home ? ['-m', ...option('-k', args.skeleton)] : ['-M']),
    ...(args.create_home && args.umask !== undefined ? ['-K', `UMASK=${args.umask}`] : []),
    ...(args.system ? ['-r'] : []),
  ];
  return step(describeNew(args), [
    ...(parent === '' ? [] : [sh`mkdir -p -- ${parent}`]),
    sh`useradd ${[...options, args.name]}`,
    tell(args.name),
  ]);
}

/** Where a group of the same name is there already useradd cannot make one: the account gets the host's default group. */
function primaryGroup(args: UserArgs, { primary, namesake }: UserObserved): readonly (string | number)[] {
  if (primary?.entry) return ['-g', primary.entry.name];
  return namesake.entry?.name === args.name ? ['-N'] : [];
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

export function modifyStep({ name }: UserArgs, found: readonly Difference[]): Step {
  const say = `change user ${name}: ${found.map(difference => difference.say).join('; ')}`;
  return step(say, [sh`usermod ${[...found.flatMap(({ options }) => options), name]}`, tell(name)]);
}

export function removeStep({ name, remove, force }: UserArgs): Step {
  const say = `remove user ${name}${remove ? ' with its home directory' : ''}`;
  return step(say, [sh`userdel ${[...(force ? ['-f'] : []), ...(remove ? ['-r'] : []), name]}`]);
}

/** The hash goes from the environment through a pipe: no command line holds it. */
export function passwordStep({ name, password = '', password_lock }: UserArgs): Step {
  const hash = password_lock ? `!${password}` : password;
  const say = `set the password of ${name}${password_lock ? ', locked' : ''}`;
  return step(say, [sh`printf '%s:%s\n' ${name} "$GIROFLE_SECRET" | chpasswd -e`], hash);
}

/** @param hash as it is; undefined when the account has none */
export function lockStep({ name, password_lock }: UserArgs, hash = ''): Step | undefined {
  const locked = hash.startsWith('!');
  if (password_lock === true && !locked)
    return step(`lock the password of ${name}`, [sh`usermod -L ${name}`]);
  if (password_lock === false && locked)
    return step(`unlock the password of ${name}`, [sh`usermod -U ${name}`]);
  return undefined;
}

export function expiryStep(args: UserArgs, shadow: ShadowEntry | undefined): Step | undefined {
  const max = args.password_expire_max === shadow?.maxDays ? undefined : args.password_expire_max;
  const min = args.password_expire_min === shadow?.minDays ? undefined : args.password_expire_min;
  if (max === undefined && min === undefined) return undefined;
  const said = [
    max === undefined ? '' : `at most ${max} days`,
    min === undefined ? '' : `at least ${min} days`,
  ];
  const options = [...(min === undefined ? [] : ['-m', min]), ...(max === undefined ? [] : ['-M', max])];
  return step(`keep a password of ${args.name} ${said.filter(text => text !== '').join(', ')}`, [
    sh`chage ${[...options, args.name]}`,
  ]);
}

/** As useradd would have made it: the skeleton's content, and the mode that UMASK in login.defs leaves. */
export function homeStep({ name, skeleton = '/etc/skel' }: UserArgs, home: string): Step {
  return step(`create home directory ${home}`, [
    sh`mkdir -p -- ${home}`,
    sh`if [ -d ${skeleton} ]; then cp -R ${`${skeleton}/.`} ${home}; fi`,
    sh`mask=$(awk '$1 == "UMASK" { print $2; exit }' /etc/login.defs 2>/dev/null || :)`,
    sh`if [ -n "$mask" ]; then chmod "$(printf '%04o' $((0777 & ~0$mask)))" ${home}; fi`,
    sh`owner=$(awk -F: -v name=${name} '$1 == name { print $3 ":" $4 }' /etc/passwd)`,
    sh`chown -R "$owner" ${home}`,
  ]);
}

/** A passphrase reaches ssh-keygen by an askpass program that says what the environment holds. */
const ASKPASS = sh`askpass=$(mktemp) && trap 'rm -f "$askpass"' EXIT && chmod 700 "$askpass" && printf '#!/bin/sh\nprintf "%%s\\n" "$GIROFLE_SECRET"\n' > "$askpass" && export SSH_ASKPASS="$askpass" SSH_ASKPASS_REQUIRE=force DISPLAY="\${DISPLAY:-none}"`;

export function keyStep(args: UserArgs, file: string): Step {
  const {
    name,
    ssh_key_type: type,
    ssh_key_bits: bits,
    ssh_key_comment: comment,
    ssh_key_passphrase: passphrase,
  } = args;
  const absolute = file.startsWith('/');
  const size = bits === undefined ? sh`` : sh` -b ${bits}`;
  const note = comment === undefined ? sh`"ansible-generated on $(uname -n)"` : sh`${comment}`;
  const phrase = passphrase === undefined ? sh` -N ''` : sh``;
  return step(
    `generate an SSH key for ${name} in ${file}`,
    [
      sh`set -- $(awk -F: -v name=${name} '$1 == name { print $3, $4, $6 }' /etc/passwd)`,
      absolute ? sh`file=${file}` : sh`file=$3/${file}`,
      absolute ? sh`:` : sh`{ [ -d "$3" ] || { echo "the home directory $3 does not exist" >&2; false; }; }`,
      sh`folder=\${file%/*}`,
      sh`if [ ! -d "$folder" ]; then mkdir -m 0700 -- "$folder" && chown "$1:$2" "$folder"; fi`,
      sh`rm -f -- "$file" "$file.pub"`,
      ...(passphrase === undefined ? [] : [ASKPASS]),
      sh`ssh-keygen -q -t ${type}${size} -C ${note} -f "$file"${phrase}`,
      sh`chown "$1:$2" "$file" "$file.pub"`,
      sh`echo present`,
      sh`printf 'public '`,
      sh`cat -- "$file.pub"`,
      sh`printf 'fingerprint '`,
      sh`ssh-keygen -l -f "$file.pub"`,
    ],
    passphrase,
  );
}
