import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveTarget, type SshTarget } from '../../src/connection/ssh-config.ts';
import type { ConnectionSettings } from '../../src/core/transport.ts';

let home: string;
const me = os.userInfo().username;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'girofle-config-'));
  mkdirSync(path.join(home, '.ssh/config.d'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(home, '.ssh', name);
  writeFileSync(file, text);
  return file;
}

async function resolve(config: string, more: Partial<ConnectionSettings> = {}): Promise<SshTarget> {
  write('config', config);
  return resolveTarget({ kind: 'ssh', name: 'vm', address: 'web1', ...more }, home);
}

interface Case {
  readonly title: string;
  readonly config: string;
  readonly settings?: Partial<ConnectionSettings>;
  readonly expected: Partial<SshTarget>;
}

const CASES: readonly Case[] = [
  {
    title: 'what ssh does without a configuration',
    config: '',
    expected: {
      host: 'web1',
      port: 22,
      user: me,
      jumps: [],
      identityFiles: [],
      strict: 'ask',
      connectTimeout: 10,
      aliveInterval: 15,
    },
  },
  {
    title: 'HostName, Port and User of a Host',
    config: 'Host web1\n HostName %h.example.org\n Port 2200\n User deploy',
    expected: { host: 'web1.example.org', port: 2200, user: 'deploy' },
  },
  {
    title: 'the first value, wherever it stands',
    config: 'User first\nHost web*\n User second\n Port 1\nHost *\n Port 2',
    expected: { user: 'first', port: 1 },
  },
  {
    title: 'patterns, several and negated',
    config: 'Host db* !web1 web?\n Port 1\nHost !web2 web*\n Port 2',
    expected: { port: 2 },
  },
  {
    title: 'words in any case, with = and quotes',
    config: 'host web1\n  hostname="10.0.0.1"\n  PORT = 2201',
    expected: { host: '10.0.0.1', port: 2201 },
  },
  {
    title: 'the inventory before the file',
    config: 'Host web1\n Port 1\n User a\n IdentityFile ~/b',
    settings: { port: 2, user: 'c', privateKeyFile: '/d' },
    expected: { port: 2, user: 'c', identityFiles: ['/d', 'HOME/b'] },
  },
  {
    title: 'options of the command line before the file',
    config: 'Host web1\n StrictHostKeyChecking no\n ConnectTimeout 3',
    settings: { sshOptions: { StrictHostKeyChecking: ['accept-new'] } },
    expected: { strict: 'accept-new', connectTimeout: 3 },
  },
  {
    title: 'every IdentityFile, with its tokens',
    config:
      'IdentityFile ~/.ssh/%h-%r-%p-%n\nIdentityFile "%d/my key"\nIdentitiesOnly yes\nHost web1\n HostName h\n User u',
    expected: { identityFiles: ['HOME/.ssh/h-u-22-web1', 'HOME/my key'], identitiesOnly: true },
  },
  { title: 'jump hosts in order', config: 'ProxyJump a@b:22, c', expected: { jumps: ['a@b:22', 'c'] } },
  {
    title: 'no jump host for none',
    config: 'Host web1\n ProxyJump none\nHost *\n ProxyJump b',
    expected: { jumps: [] },
  },
  {
    title: 'files of known hosts',
    config: 'UserKnownHostsFile ~/a /b\nGlobalKnownHostsFile none\nHostKeyAlias vm',
    expected: { userKnownHosts: ['HOME/a', '/b'], globalKnownHosts: [], alias: 'vm' },
  },
  {
    title: 'how to keep a connection alive',
    config: 'ServerAliveInterval 5\nServerAliveCountMax 2',
    expected: { aliveInterval: 5, aliveCount: 2 },
  },
  {
    title: 'Match by host, original host and user',
    config:
      'Match originalhost web1 user deploy\n Port 5\nMatch host "*.example.org,web1" user root\n Port 6',
    settings: { user: 'root' },
    expected: { port: 6 },
  },
  {
    title: 'Match all and negation',
    config: 'Match !host web1\n Port 5\nMatch all\n Port 6',
    expected: { port: 6 },
  },
  { title: 'an agent by IdentityAgent', config: 'IdentityAgent ~/agent', expected: { agent: 'HOME/agent' } },
];

describe('a host of ~/.ssh/config', () => {
  it.each(CASES)('has $title', async ({ config, settings, expected }) => {
    const found = JSON.parse(JSON.stringify(await resolve(config, settings)).replaceAll(home, 'HOME'));
    expect(found).toMatchObject(expected);
  });

  it('may stand in an included file; a Host there ends with it', async () => {
    write('config.d/10-web', 'Host web1\n Port 2201\nHost other\n User wrong\n');
    write('config.d/20-all', 'ConnectTimeout 4\n');
    expect(await resolve('Include config.d/*\nUser after')).toMatchObject({
      port: 2201,
      user: 'after',
      connectTimeout: 4,
    });
  });

  it('does not follow an Include of a Host that it is not', async () => {
    write('extra', 'Port 99');
    expect((await resolve('Host other\n Include extra')).port).toBe(22);
  });

  it('survives a file that includes itself', async () => {
    expect((await resolve('Port 7\nInclude config')).port).toBe(7);
  });

  it('never runs a command of Match exec', async () => {
    const trace = path.join(home, 'trace');
    expect((await resolve(`Match exec "touch ${trace}"\n Port 9`)).port).toBe(22);
    expect(() => writeFileSync(trace, '', { flag: 'wx' })).not.toThrow();
  });

  it('is looked up in another file when one is named, and in none for none', async () => {
    const other = write('other', 'Port 8');
    expect((await resolve('Port 1', { sshOptions: { configfile: [other] } })).port).toBe(8);
    expect((await resolve('Port 1', { sshOptions: { configfile: ['none'] } })).port).toBe(22);
  });
});
