import { describe, expect, it } from 'vitest';
import {
  algorithmsFor,
  fingerprint,
  hostPattern,
  judge,
  keysFor,
  keyType,
} from '../../src/connection/known-hosts.ts';

function key(type: string, content: string): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.from(content)]);
}

const ed = key('ssh-ed25519', 'one');
const other = key('ssh-ed25519', 'two');
const rsa = key('ssh-rsa', 'three');
const line = (names: string, blob: Buffer) => `${names} ${keyType(blob)} ${blob.toString('base64')} comment`;

function judged(text: string, shown: Buffer, name = 'vm') {
  return judge(keysFor(name, 'known_hosts', text), shown).kind;
}

describe('known_hosts', () => {
  it.each([
    ['a plain name', line('vm', ed), 'known'],
    ['one of several names', line('other,vm,10.0.0.1', ed), 'known'],
    ['a pattern', line('v?', ed), 'known'],
    ['a negated pattern', line('v*,!vm', ed), 'unknown'],
    ['another host', line('vm2', ed), 'unknown'],
    ['a comment and rubbish', `# vm\n\nrubbish\n@unknown ${line('vm', other)}`, 'unknown'],
    ['another key', line('vm', other), 'changed'],
    ['a key of another type', line('vm', rsa), 'changed'],
    ['its key among others', [line('vm', other), line('vm', ed)].join('\n'), 'known'],
    ['its key revoked', [line('vm', ed), `@revoked ${line('*', ed)}`].join('\n'), 'revoked'],
    ['another key revoked', `@revoked ${line('*', other)}`, 'unknown'],
    ['a certificate authority only', `@cert-authority ${line('*', other)}`, 'unknown'],
    ['only a type that nobody can use here', 'vm sk-ssh-ed25519@openssh.com AAAA', 'unknown'],
  ])('with %s', (_, text, expected) => {
    expect(judged(text, ed)).toBe(expected);
  });

  it('reads hashed names as ssh-keygen -H writes them', () => {
    // ssh-keygen -H of `[127.0.0.9]:2222`
    const hashed = '|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ';
    expect(keysFor('192.168.1.61', 'f', `${hashed}${line('', ed).trim()}`).length).toBe(1);
    expect(keysFor('192.168.1.62', 'f', `${hashed}${line('', ed).trim()}`).length).toBe(0);
  });

  it('writes a host with its port, unless it is 22', () => {
    expect([hostPattern('VM', 22), hostPattern('VM', 2222)]).toEqual(['vm', '[vm]:2222']);
  });

  it('offers the algorithms of the known keys first', () => {
    expect(algorithmsFor(keysFor('vm', 'f', line('vm', rsa))).slice(0, 4)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-rsa',
      'ssh-ed25519',
    ]);
  });

  it('prints fingerprints as ssh does', () => {
    const blob = Buffer.from(
      'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
      'base64',
    );
    expect(fingerprint(blob)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });
});
