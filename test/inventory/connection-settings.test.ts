import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/core/value.ts';
import { becomeSettings, connectionSettings } from '../../src/inventory/connection-settings.ts';
import { folderOf } from './folder.ts';

const from = (values: ValueMap) => (name: string) => values[name];

describe('a connection', () => {
  const ssh = { kind: 'ssh', name: 'vm1', address: 'vm1' };
  const cases: readonly [string, ValueMap, Parameters<typeof connectionSettings>[2], object][] = [
    ['is ssh to the name', {}, {}, ssh],
    [
      'takes the keywords of the play',
      {},
      { remoteUser: 'deploy', port: 2222, connection: 'local' },
      { ...ssh, kind: 'local', user: 'deploy', port: 2222 },
    ],
    [
      'takes variables before keywords',
      { ansible_user: 'admin', ansible_port: '22', ansible_connection: 'smart' },
      { remoteUser: 'deploy', port: 2222, connection: 'local' },
      { ...ssh, user: 'admin', port: 22 },
    ],
    [
      'knows the older names',
      {
        ansible_ssh_host: '10.0.0.1',
        ansible_ssh_port: 2222,
        ansible_ssh_user: 'u',
        ansible_ssh_pass: 'p',
        ansible_private_key_file: '~/.ssh/id',
      },
      {},
      { ...ssh, address: '10.0.0.1', port: 2222, user: 'u', password: 'p', privateKeyFile: '~/.ssh/id' },
    ],
    ['leaves names without a prefix to the inventory', { host: 'x', port: 8080, user: 'app' }, {}, ssh],
    [
      'takes time limits and shells',
      {
        ansible_timeout: '20',
        ansible_shell_executable: '/bin/bash',
        ansible_connection: 'ansible.builtin.ssh',
      },
      {},
      { ...ssh, connectTimeout: 20, shell: '/bin/bash' },
    ],
    ['passes over what is empty', { ansible_user: '', ansible_port: null }, {}, ssh],
    ['reads a numeric password as text', { ansible_password: 1234 }, {}, { ...ssh, password: '1234' }],
    [
      'has no ssh options when it is local',
      { ansible_connection: 'local', ansible_ssh_common_args: '-C' },
      {},
      { ...ssh, kind: 'local' },
    ],
    [
      'reads ssh arguments',
      {
        ansible_ssh_args: '-o ControlMaster=auto',
        ansible_ssh_common_args: `-oProxyCommand="ssh -W %h:%p gate" -o 'StrictHostKeyChecking no' -J a,b -F/etc/ssh/other -i "my key" -p 2200`,
        ansible_ssh_extra_args: '-i second -l deploy -o "User = x"',
      },
      {},
      {
        ...ssh,
        sshOptions: {
          controlmaster: ['auto'],
          proxycommand: ['ssh -W %h:%p gate'],
          stricthostkeychecking: ['no'],
          proxyjump: ['a,b'],
          configfile: ['/etc/ssh/other'],
          identityfile: ['my key', 'second'],
          port: ['2200'],
          user: ['deploy', 'x'],
        },
      },
    ],
  ];
  test.each(cases)('%s', (_, vars, play, settings) => {
    expect(connectionSettings('vm1', from(vars), play)).toEqual({ settings });
  });

  const wrong: readonly [string, ValueMap, object][] = [
    [
      'an unknown kind',
      { ansible_connection: 'winrm' },
      { problem: 'the connection "winrm" is not supported', hint: 'supported are local and ssh' },
    ],
    [
      'a mistyped kind',
      { ansible_connection: 'locl' },
      { problem: 'the connection "locl" is not supported', hint: 'did you mean "local"?' },
    ],
    [
      'a port out of range',
      { ansible_port: 70000 },
      { problem: 'ansible_port must be a port, not 70000', hint: 'a port is a number from 1 to 65535' },
    ],
    [
      'a port that is a word',
      { ansible_ssh_port: 'ssh' },
      { problem: 'ansible_ssh_port must be a port, not "ssh"', hint: 'a port is a number from 1 to 65535' },
    ],
    ['a user that is a list', { ansible_user: ['a'] }, { problem: 'ansible_user must be a text' }],
    [
      'a time limit of nothing',
      { ansible_timeout: 0 },
      { problem: 'ansible_timeout must be a number of seconds, not 0' },
    ],
    [
      'an ssh argument',
      { ansible_ssh_common_args: '-o A=b -tt' },
      {
        problem: 'ansible_ssh_common_args: the ssh argument -t is not supported',
        hint: 'supported are -o Key=value, -J, -F, -i, -p and -l',
      },
    ],
    [
      'a word among ssh arguments',
      { ansible_ssh_extra_args: 'gate' },
      {
        problem: 'ansible_ssh_extra_args: the ssh argument gate is not supported',
        hint: 'supported are -o Key=value, -J, -F, -i, -p and -l',
      },
    ],
    [
      'an option without a value',
      { ansible_ssh_common_args: '-o Compression' },
      { problem: 'ansible_ssh_common_args: "-o Compression" is no option', hint: 'write -o Key=value' },
    ],
    [
      'an argument that ends early',
      { ansible_ssh_common_args: '-J' },
      { problem: 'ansible_ssh_common_args: -J needs a value' },
    ],
  ];
  test.each(wrong)('%s is refused', (_, vars, problem) => {
    expect(connectionSettings('vm1', from(vars), {})).toEqual(problem);
  });
});

describe('becoming another user', () => {
  const cases: readonly [string, ValueMap, Parameters<typeof becomeSettings>[1], object][] = [
    ['is not done unasked', { ansible_become_user: 'app' }, { user: 'app' }, {}],
    ['is root by sudo', {}, { become: true }, { become: { user: 'root' } }],
    [
      'takes keywords',
      {},
      { become: true, user: 'app', method: 'sudo', password: 'p' },
      { become: { user: 'app', password: 'p' } },
    ],
    [
      'takes variables before keywords',
      {
        ansible_become: 'yes',
        ansible_become_user: 'db',
        ansible_become_pass: 'q',
        ansible_become_flags: "-H -C '5 6'",
      },
      { become: false, user: 'app', password: 'p' },
      { become: { user: 'db', password: 'q', flags: ['-H', '-C', '5 6'] } },
    ],
    ['is turned off by a variable', { ansible_become: 'false' }, { become: true }, {}],
    [
      'is refused by other means',
      { ansible_become_method: 'doas' },
      { become: true },
      { problem: 'the become method "doas" is not supported', hint: 'supported is sudo' },
    ],
    [
      'wants true or false',
      { ansible_become: 'perhaps' },
      {},
      { problem: 'ansible_become must be true or false, not "perhaps"' },
    ],
  ];
  test.each(cases)('%s', (_, vars, keywords, expected) => {
    expect(becomeSettings(from(vars), keywords)).toEqual(expected);
  });

  test('reads its password from a file that only the user can read', () => {
    const file = join(folderOf({ password: 'secret\n' }), 'password');
    const ask = () =>
      becomeSettings(from({ ansible_become: true, ansible_become_password_file: file }), {
        password: 'typed',
      });
    chmodSync(file, 0o644);
    expect(ask()).toEqual({
      problem: `ansible_become_password_file: others can read ${file}`,
      hint: `chmod 600 ${file}`,
    });
    chmodSync(file, 0o600);
    expect(ask()).toEqual({ become: { user: 'root', password: 'secret' } });
  });

  test('says that the file of its password is not there', () => {
    expect(
      becomeSettings(from({ ansible_become: true, ansible_become_password_file: '/nowhere/x' }), {}),
    ).toEqual({
      problem: 'ansible_become_password_file: there is no file /nowhere/x',
    });
  });
});
