/** Decides whether the key that a host shows is its own; asks and remembers where that is allowed. */
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ConnectionError } from '../core/transport.ts';
import {
  fingerprint,
  hostPattern,
  judge,
  type KnownKey,
  keysFor,
  keyType,
  knownLine,
  type Verdict,
} from './known-hosts.ts';
import { readIfThere, type SshTarget } from './ssh-config.ts';

export type AskHostKey = (question: {
  host: string;
  keyType: string;
  fingerprint: string;
}) => Promise<boolean>;

/** Every key that the target's files give for it. */
export function knownKeys(target: SshTarget): readonly KnownKey[] {
  const files = [...target.userKnownHosts, ...target.globalKnownHosts];
  return files.flatMap(file => keysFor(knownName(target), file, readIfThere(file) ?? ''));
}

function knownName({ alias, host, port }: SshTarget): string {
  return alias?.toLowerCase() ?? hostPattern(host, port);
}

/** Resolves when the key may be trusted, else rejects with a ConnectionError that says what to do. */
export async function verifyHostKey(
  target: SshTarget,
  shown: Buffer,
  ask: AskHostKey | undefined,
): Promise<void> {
  const verdict = judge(knownKeys(target), shown);
  if (verdict.kind === 'known') return;
  if (verdict.kind === 'unknown') return meetStranger(target, shown, verdict, ask);
  throw verdict.kind === 'revoked'
    ? revoked(target, shown, verdict.by)
    : changed(target, shown, verdict.known);
}

async function meetStranger(
  target: SshTarget,
  shown: Buffer,
  { authority }: Extract<Verdict, { kind: 'unknown' }>,
  ask: AskHostKey | undefined,
): Promise<void> {
  if (target.strict === 'no' || target.strict === 'accept-new') return remember(target, shown);
  const question = { host: knownName(target), keyType: keyType(shown), fingerprint: fingerprint(shown) };
  if (target.strict === 'ask' && ask && (await ask(question))) return remember(target, shown);
  const certificates = authority
    ? ` (${authority.file}:${authority.line} names a certificate authority, but host certificates are not supported)`
    : '';
  throw new ConnectionError(
    `${target.name}: the host key of ${question.host} is not known: ${question.keyType} ${question.fingerprint}${certificates}`,
    `compare the fingerprint, then: ${scan(target)} >> ${target.userKnownHosts[0] ?? '~/.ssh/known_hosts'}`,
  );
}

function scan({ host, port, alias }: SshTarget): string {
  const command = port === 22 ? `ssh-keyscan ${host}` : `ssh-keyscan -p ${port} ${host}`;
  return alias === undefined ? command : `${command} | sed 's/^[^ ]*/${alias}/'`;
}

async function remember(target: SshTarget, shown: Buffer): Promise<void> {
  const file = target.userKnownHosts[0];
  if (file === undefined || file === '/dev/null') return;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const before = readIfThere(file) ?? '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await appendFile(file, gap + knownLine(knownName(target), shown), { mode: 0o600 });
}

function revoked(target: SshTarget, shown: Buffer, by: KnownKey): ConnectionError {
  return new ConnectionError(
    `${target.name}: the host shows a revoked key: ${keyType(shown)} ${fingerprint(shown)} (${by.file}:${by.line})`,
    'somebody else may be answering in its place; do not connect before the host has a new key',
  );
}

function changed(target: SshTarget, shown: Buffer, known: readonly KnownKey[]): ConnectionError {
  const expected = known.find(({ type }) => type === keyType(shown)) ?? known[0];
  const before = expected
    ? `; known is ${expected.type} ${fingerprint(expected.key)} (${expected.file}:${expected.line})`
    : '';
  return new ConnectionError(
    `${target.name}: the host key of ${knownName(target)} has changed: it shows ${keyType(shown)} ${fingerprint(shown)}${before}`,
    `somebody may be listening in; if the host was reinstalled: ssh-keygen -R '${knownName(target)}' -f ${expected?.file ?? '~/.ssh/known_hosts'}`,
  );
}
