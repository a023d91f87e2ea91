import { describe, expect, test } from 'vitest';
import type { UserSeen } from '../../src/core/probes/account.ts';
import { user } from '../../tasks/user.ts';
import { behavesOnDebian } from '../support/debian-cases.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const DEPLOY = {
  name: 'deploy',
  uid: 1500,
  groups: ['ops', 'sudo'],
  shell: '/bin/bash',
  comment: 'The deployer',
  home: '/srv/homes/deploy',
};

behavesOnDebian(
  user,
  [
    {
      does: 'creates an account, its home below a directory that is not there yet',
      args: DEPLOY,
      says: ['create user deploy (uid 1500; groups ops, sudo; home /srv/homes/deploy; shell /bin/bash)'],
      leaves: {
        run: 'getent passwd deploy; id -Gn deploy; stat -c "%a %U %G" /srv/homes/deploy; ls -A /srv/homes/deploy',
        prints:
          'deploy:x:1500:1500:The deployer:/srv/homes/deploy:/bin/bash\ndeploy sudo ops\n755 deploy deploy\n.bash_logout\n.bashrc\n.profile\n',
      },
      returns: { uid: 1500, group: 1500, home: '/srv/homes/deploy', shell: '/bin/bash', groups: 'ops,sudo' },
    },
    {
      does: 'takes groups away that are not named, and keeps them with append',
      args: { name: 'deploy', groups: 'ops' },
      says: ['change user deploy: groups -sudo'],
      leaves: { run: 'id -Gn deploy', prints: 'deploy ops\n' },
    },
    {
      does: 'adds a group, by its number',
      args: { name: 'deploy', groups: ['27'], append: true },
      says: ['change user deploy: groups +sudo'],
      leaves: { run: 'id -Gn deploy', prints: 'deploy sudo ops\n' },
    },
    {
      does: 'leaves all groups when the list is empty',
      args: { name: 'deploy', groups: [] },
      says: ['change user deploy: groups -sudo -ops'],
      leaves: { run: 'id -Gn deploy', prints: 'deploy\n' },
    },
    {
      does: 'changes several things at once, and moves the home',
      args: {
        name: 'deploy',
        uid: 1501,
        comment: '',
        shell: '/bin/sh',
        home: '/srv/deploy',
        move_home: true,
        group: 'ops',
      },
      says: [
        'change user deploy: uid 1500 → 1501; primary group 1500 → ops; comment The deployer → (none); home /srv/homes/deploy → /srv/deploy; shell /bin/bash → /bin/sh',
      ],
      leaves: {
        run: 'getent passwd deploy; ls -A /srv/deploy | head -n 1; ls -A /srv/homes',
        prints: 'deploy:x:1501:3000::/srv/deploy:/bin/sh\n.bash_logout\n',
      },
    },
    {
      does: 'makes a home that is missing, as useradd would have',
      given: 'rm -r /srv/deploy',
      args: { name: 'deploy' },
      says: ['create home directory /srv/deploy'],
      leaves: {
        run: 'stat -c "%a %U %G" /srv/deploy; ls -A /srv/deploy | wc -l',
        prints: '755 deploy ops\n3\n',
      },
    },
    {
      does: 'sets a password hash and days of the password',
      args: { name: 'deploy', password: '$6$salt$hash', password_expire_max: 90, password_expire_min: 1 },
      says: ['set the password of deploy', 'keep a password of deploy at most 90 days, at least 1 days'],
      leaves: { run: 'getent shadow deploy | cut -d: -f2,4,5', prints: '$6$salt$hash:1:90\n' },
      returns: { password: 'NOT_LOGGING_PASSWORD' },
    },
    {
      does: 'leaves the password of an account that is there with on_create',
      args: { name: 'deploy', password: '$6$other$hash', update_password: 'on_create' },
      says: [],
    },
    {
      does: 'locks a password',
      args: { name: 'deploy', password_lock: true },
      says: ['lock the password of deploy'],
      leaves: { run: 'getent shadow deploy | cut -d: -f2', prints: '!$6$salt$hash\n' },
    },
    {
      does: 'sees the same hash behind a lock',
      args: { name: 'deploy', password: '$6$salt$hash' },
      says: [],
    },
    {
      does: 'unlocks a password',
      args: { name: 'deploy', password_lock: false },
      says: ['unlock the password of deploy'],
      leaves: { run: 'getent shadow deploy | cut -d: -f2', prints: '$6$salt$hash\n' },
    },
    {
      does: 'lets an account expire',
      args: { name: 'deploy', expires: 1_900_000_000 },
      says: ['change user deploy: expires never → 2030-03-17'],
      leaves: { run: 'getent shadow deploy | cut -d: -f8', prints: '21990\n' },
    },
    {
      does: 'lets it live on',
      args: { name: 'deploy', expires: -1 },
      says: ['change user deploy: expires 2030-03-17 → never'],
      leaves: { run: 'getent shadow deploy | cut -d: -f8', prints: '\n' },
    },
    {
      does: 'generates a key with a passphrase, once',
      args: {
        name: 'deploy',
        generate_ssh_key: true,
        ssh_key_type: 'ed25519',
        ssh_key_comment: 'mine',
        ssh_key_passphrase: 'two words',
      },
      says: ['generate an SSH key for deploy in .ssh/id_ed25519'],
      leaves: {
        run: `cd /srv/deploy/.ssh; stat -c '%a %U %n' . id_ed25519; ssh-keygen -y -P 'two words' -f id_ed25519 | cut -d' ' -f1,3; ls /tmp`,
        prints: '700 deploy .\n600 deploy id_ed25519\nssh-ed25519 mine\n',
      },
      returns: { ssh_key_file: '/srv/deploy/.ssh/id_ed25519' },
    },
    {
      does: 'creates a system account without a home, in the default group where its name is taken by a group',
      args: { name: 'svc', system: true, createhome: false, shell: '/usr/sbin/nologin' },
      given: 'groupadd svc',
      says: ['create user svc (no home; shell /usr/sbin/nologin; system)'],
      leaves: {
        run: 'getent passwd svc | cut -d: -f1,6,7; id -Gn svc; ls /home',
        prints: 'svc:/home/svc:/usr/sbin/nologin\nusers\n',
      },
    },
    {
      does: 'refuses a group that does not exist',
      args: { user: 'svc', create_home: false, groups: ['nowhere'] },
      says: [],
      fails: 'the group nowhere does not exist',
    },
    {
      does: 'removes an account with its home',
      args: { name: 'deploy', state: 'absent', remove: true },
      says: ['remove user deploy with its home directory'],
      leaves: { run: 'getent passwd deploy || echo gone; ls /srv', prints: 'gone\nhomes\n' },
    },
  ],
  'groupadd -g 3000 ops',
);

const context = { host: 'h', planning: false, verbosity: 0 };
const ENTRY = { name: 'jo', uid: 1000, gid: 1000, comment: '', home: '/home/jo', shell: '/bin/sh' };
const none = { tools: 'shadow' as const };

function plan(given: object, account: Partial<UserSeen>, more: object = {}) {
  const seen = {
    account: { groups: [], folders: ['/home/jo'], tools: 'busybox', ...account },
    namesake: none,
    groups: new Map(),
    ...more,
  };
  return user.plan(withDefaults(user, { name: 'jo', ...given }), seen, context);
}

function scripts(planned: ReturnType<typeof plan>) {
  return 'refusal' in planned
    ? planned.refusal
    : planned.map(({ action }) => (action.kind === 'script' ? action.text.text : action.kind));
}

describe('user with busybox alone', () => {
  const tell = "awk -F: -v name=jo '$1 == name' /etc/passwd";
  const docker = new Map([
    ['docker', { entry: { name: 'docker', gid: 998, members: [] }, tools: 'busybox' }],
  ]);

  test.each([
    [
      'creates',
      { uid: 5, shell: '/bin/ash', system: true },
      {},
      {},
      [`adduser -D -u 5 -s /bin/ash -S jo && ${tell}`],
    ],
    [
      'creates in groups',
      { groups: 'docker' },
      {},
      { groups: docker },
      [`adduser -D jo && addgroup jo docker && ${tell}`],
    ],
    [
      'joins and leaves groups',
      { groups: 'docker' },
      { entry: ENTRY, groups: ['audio'] },
      { groups: docker },
      [`addgroup jo docker && delgroup jo audio && ${tell}`],
    ],
    ['removes', { state: 'absent', remove: true }, { entry: ENTRY }, {}, ['deluser --remove-home jo']],
    [
      'changes no shell',
      { shell: '/bin/ash' },
      { entry: ENTRY },
      {},
      'busybox cannot change an account (jo: shell /bin/sh → /bin/ash)',
    ],
    [
      'lets no account expire',
      { expires: 0 },
      {},
      {},
      "busybox's adduser cannot do what expires of jo asks for",
    ],
  ])('%s', (_, given, account, more, expected) => {
    expect(scripts(plan(given, account, more))).toEqual(expected);
  });
});

describe('user', () => {
  test('keeps a password out of every command line', () => {
    const planned = plan(
      { password: '$6$secret$hash' },
      { entry: ENTRY, shadow: { hash: '!', minDays: 0, maxDays: 99_999, expires: undefined } },
    );
    expect(planned).toMatchObject([{ action: { env: { GIROFLE_SECRET: '$6$secret$hash' } } }]);
    expect(scripts(planned)).toEqual(['printf \'%s:%s\\n\' jo "$GIROFLE_SECRET" | chpasswd -e']);
  });

  test('says that a password cannot be compared without root', () => {
    expect(plan({ password: '$6$x$y' }, { entry: ENTRY, shadow: 'unreadable' })).toEqual({
      refusal: '/etc/shadow cannot be read, so the password of jo cannot be compared',
      hint: 'add become: true',
    });
  });

  test('says that a host without any tools needs some', () => {
    expect(plan({}, { tools: 'none' })).toMatchObject({
      refusal: 'the host has no useradd and no adduser, which the account jo needs',
    });
  });

  test.each([
    [{ umask: '077', local: true }, 'umask cannot be used with local'],
    [{ seuser: 'user_u' }, 'seuser is not supported: map SELinux users with semanage in a command task'],
    [{ login_class: 'staff' }, 'login_class is not for Linux hosts: leave it out'],
    [{ name: 'a b' }, '"a b" is no name for an account'],
    [{ name: '-x' }, '"-x" is no name for an account'],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(user, { name: 'jo', ...given })).toThrow(new ArgumentError([expected]));
  });

  test('needs a name, by whichever word', () => {
    expect(() => withDefaults(user, {})).toThrow(new ArgumentError(['missing argument "name" of user']));
  });
});
