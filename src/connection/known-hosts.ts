/** known_hosts: which keys a host is known by, and what to think of the key that it shows. */
import { createHash, createHmac } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { matchesList } from './ssh-config.ts';

/** A key that a file gives for a host. */
export interface KnownKey {
  readonly file: string;
  readonly line: number;
  readonly mark: '' | '@revoked' | '@cert-authority';
  readonly type: string;
  /** In the form of the SSH protocol. */
  readonly key: Buffer;
}

export type Verdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked'; readonly by: KnownKey }
  | { readonly kind: 'changed'; readonly known: readonly KnownKey[] }
  /** `authority`: only a certificate authority is known for the host, and certificates are not understood. */
  | { readonly kind: 'unknown'; readonly authority?: KnownKey };

/** Key types in the order of preference, with the signature algorithms that go with them. */
const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

/** How known_hosts writes a host: `[name]:port` unless the port is 22. */
export function hostPattern(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The lines of one file that speak of this host. Lines that nobody can read are passed over, as ssh does. */
export function keysFor(name: string, file: string, text: string): readonly KnownKey[] {
  return text.split('\n').flatMap((line, i) => {
    const [, mark = '', names = '', type = '', blob = ''] =
      /^\s*(?:(@revoked|@cert-authority)\s+)?([^\s#]\S*)\s+(\S+)\s+([A-Za-z0-9+/=]+)/.exec(line) ?? [];
    if (names === '' || !speaksOf(names, name)) return [];
    return [{ file, line: i + 1, mark: markOf(mark), type, key: Buffer.from(blob, 'base64') }];
  });
}

function markOf(mark: string): KnownKey['mark'] {
  return mark === '@revoked' || mark === '@cert-authority' ? mark : '';
}

/** Names are plain patterns, or one name hashed: `|1|salt|hash`. */
function speaksOf(names: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? [];
  if (salt === undefined || hash === undefined) return matchesList(names.split(','), name);
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

export function judge(keys: readonly KnownKey[], shown: Buffer): Verdict {
  const same = keys.filter(({ key }) => key.equals(shown));
  const by = same.find(({ mark }) => mark === '@revoked');
  if (by) return { kind: 'revoked', by };
  if (same.some(({ mark }) => mark === '')) return { kind: 'known' };
  const known = keys.filter(({ mark, type }) => mark === '' && type in ALGORITHMS);
  if (known.length > 0) return { kind: 'changed', known };
  const authority = keys.find(({ mark }) => mark === '@cert-authority');
  return { kind: 'unknown', ...(authority ? { authority } : {}) };
}

/** Host key algorithms to offer: those of the known keys first, or a host known by RSA only would look changed. */
export function algorithmsFor(keys: readonly KnownKey[]): readonly ServerHostKeyAlgorithm[] {
  const types = Object.keys(ALGORITHMS);
  const known = types.filter(type => keys.some(key => key.mark === '' && key.type === type));
  return [...new Set([...known, ...types])].flatMap(type => ALGORITHMS[type] ?? []);
}

/** `ssh-ed25519`, as it stands at the start of the key itself. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** As ssh prints it: `SHA256:...` */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A line to add. */
export function knownLine(name: string, key: Buffer): string {
  return `${name} ${keyType(key)} ${key.toString('base64')}\n`;
}
