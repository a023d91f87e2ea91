/** user: creates, changes and removes accounts. */
import { Type } from 'typebox';
import { Choice, Flag, Words, words } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import { planUser, userResult } from './accounts/plan-user.ts';
import { observeUser } from './accounts/user-args.ts';

const ELSEWHERE = ['authorization', 'hidden', 'login_class', 'profile', 'role'] as const;
const onlyElsewhere = (system: string) =>
  Type.Optional(Type.Unsafe<unknown>({ description: `Refused: it is for ${system} only` }));

export const user = defineTask({
  name: 'user',
  summary: 'Create, change or remove a user account',
  description:
    'Works with the shadow suite (useradd, usermod). Where there is only busybox, accounts can be created, removed, put into ' +
    'groups and given passwords; other changes to an existing account are refused. Passwords travel outside of command lines.',
  args: Type.Object(
    {
      name: Type.String({ description: 'Name of the account' }),
      state: Choice(['present', 'absent'], 'Whether the account should exist', 'present'),
      uid: Type.Optional(Type.Integer({ description: 'Number of the account' })),
      non_unique: Flag('Allow a number that another account has; used with `uid`', false),
      comment: Type.Optional(Type.String({ description: 'The GECOS field: full name and such' })),
      group: Type.Optional(Type.String({ description: 'Primary group, by name or number' })),
      groups: Type.Optional(
        Words('Supplementary groups; an empty list removes the account from all of them'),
      ),
      append: Flag('Keep the account in groups that `groups` does not name', false),
      home: Type.Optional(Type.String({ description: 'Home directory' })),
      create_home: Flag('Make the home directory when it is missing', true),
      move_home: Flag('When `home` changes, move what is in the old one', false),
      skeleton: Type.Optional(
        Type.String({ description: 'Directory whose content a new home gets; default /etc/skel' }),
      ),
      umask: Type.Optional(
        Type.String({ description: 'Umask for a new home directory', pattern: '^[0-7]{3,4}$' }),
      ),
      shell: Type.Optional(Type.String({ description: 'Login shell' })),
      system: Flag('Make a new account a system account', false),
      password: Type.Optional(
        Type.String({ description: 'Password hash as crypt makes it; "*" or "!" for none' }),
      ),
      update_password: Choice(['always', 'on_create'], 'When to set `password`', 'always'),
      password_lock: Type.Optional(Flag('Lock (true) or unlock (false) the password; left alone by default')),
      password_expire_max: Type.Optional(
        Type.Integer({ description: 'Days after which the password must be changed' }),
      ),
      password_expire_min: Type.Optional(
        Type.Integer({ description: 'Days that must pass between changes of the password' }),
      ),
      expires: Type.Optional(
        Type.Number({ description: 'When the account expires, in seconds since 1970; negative: never' }),
      ),
      remove: Flag('With `state: absent`: remove the home directory and mail as well', false),
      force: Flag(
        'With `state: absent`: remove even while logged in. With `generate_ssh_key`: replace an existing key',
        false,
      ),
      local: Flag('Look for the account in /etc/passwd alone, whatever other directories know', false),
      generate_ssh_key: Flag('Generate an SSH key unless there is one', false),
      ssh_key_bits: Type.Optional(
        Type.Integer({ description: 'Bits of the key; default: what ssh-keygen takes' }),
      ),
      ssh_key_comment: Type.Optional(
        Type.String({ description: 'Comment of the key; default: ansible-generated on HOSTNAME' }),
      ),
      ssh_key_file: Type.Optional(
        Type.String({ description: 'File of the key, from the home directory on; default .ssh/id_TYPE' }),
      ),
      ssh_key_passphrase: Type.Optional(
        Type.String({ description: 'Passphrase of the key; none by default' }),
      ),
      ssh_key_type: Type.String({ description: 'Type of the key: rsa, ed25519, ...', default: 'rsa' }),
      seuser: Type.Optional(Type.String({ description: 'Refused: SELinux users are not managed' })),
      authorization: onlyElsewhere('Solaris'),
      hidden: onlyElsewhere('macOS'),
      login_class: onlyElsewhere('BSD'),
      profile: onlyElsewhere('Solaris'),
      role: onlyElsewhere('Solaris'),
    },
    { additionalProperties: false },
  ),
  aliases: { user: 'name', createhome: 'create_home' },
  examples: `
- name: Account for deployments
  user:
    name: deploy
    shell: /bin/bash
    groups: [docker]
    append: true

- name: Remove a former colleague, home and all
  user:
    name: jo
    state: absent
    remove: true
`,
  returns: {
    name: 'Name of the account',
    state: '`present` or `absent`',
    uid: 'Its number',
    group: 'Number of its primary group',
    home: 'Its home directory',
    shell: 'Its login shell',
    comment: 'Its GECOS field',
    groups: 'The groups asked for, with commas between',
    ssh_key_file: 'With generate_ssh_key: file of the key',
    ssh_public_key: 'With generate_ssh_key: the public key',
    ssh_fingerprint: 'With generate_ssh_key: its fingerprint',
  },
  check: args => [
    ...(args.umask !== undefined && args.local ? ['umask cannot be used with local'] : []),
    ...(args.seuser === undefined
      ? []
      : ['seuser is not supported: map SELinux users with semanage in a command task']),
    ...ELSEWHERE.filter(name => args[name] !== undefined).map(
      name => `${name} is not for Linux hosts: leave it out`,
    ),
    ...(/^[A-Za-z0-9_.][A-Za-z0-9_.@-]*\$?$/.test(args.name)
      ? []
      : [`"${args.name}" is no name for an account`]),
    ...words(args.groups)
      .filter(name => name.includes(':'))
      .map(name => `"${name}" is no name for a group`),
  ],
  probe: observeUser,
  plan: planUser,
  result: userResult,
});
