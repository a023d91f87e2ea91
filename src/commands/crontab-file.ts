/** The two crontabs that schedules are installed in: the user's own, and a file of ours in /etc/cron.d. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';

/** Reads and writes whole; both throw a DiagnosticError when the machine says no. */
export interface CrontabFile {
  /** For people: `the crontab of jo`. */
  readonly title: string;
  /** Set where lines name the user they run as. */
  readonly user?: string;
  readonly read: () => Uint8Array;
  readonly write: (content: Uint8Array) => void;
}

/** Where locks, copies and logs are kept. */
export interface Places {
  readonly state: string;
  readonly logs: string;
}

const COPIES = 10;

export function places(uid = process.getuid?.() ?? 0): Places {
  if (uid === 0) return { state: '/var/lib/girofle', logs: '/var/log/girofle' };
  const base = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return { state: join(base, 'girofle'), logs: join(base, 'girofle', 'log') };
}

/** The crontab of the user who runs us, by the crontab command. The old one is kept in the state folder. */
export function userCrontab({ state }: Pick<Places, 'state'>): CrontabFile {
  const user = userInfo().username;
  const read = () => readByCommand(user);
  return {
    title: `the crontab of ${user}`,
    read,
    write: content => {
      keepCopy(state, `crontab-${user}`, read());
      writeByCommand(content);
      if (Buffer.compare(read(), content) !== 0)
        throw new DiagnosticError(
          errorAt(
            `the crontab of ${user} is not what was written`,
            undefined,
            `the old one is in ${state}/crontabs`,
          ),
        );
    },
  };
}

/** A file that cron reads beside users' crontabs; without a job it does not exist. */
export function systemCrontab({ state }: Pick<Places, 'state'>, path = '/etc/cron.d/girofle'): CrontabFile {
  const read = () => (existsSync(path) ? readFileSync(path) : Buffer.of());
  return {
    title: path,
    user: userInfo().username,
    read,
    write: content => {
      try {
        keepCopy(state, basename(path), read());
        if (content.length === 0) rmSync(path, { force: true });
        else replace(path, content);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        const hint = error.code === 'EACCES' || error.code === 'EPERM' ? 'run as root' : undefined;
        throw new DiagnosticError(errorAt(`${path} cannot be written: ${error.message}`, undefined, hint));
      }
    },
  };
}

/** cron passes over names with a dot, so it never reads half a file. */
function replace(path: string, content: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  writeFileSync(temporary, content, { mode: 0o644 });
  renameSync(temporary, path);
}

function readByCommand(user: string): Uint8Array {
  const { status, stdout, stderr, error } = crontab(['-l']);
  if (error) throw noCommand(error);
  if (status === 0) return stdout;
  if (/no crontab for|can't open/i.test(stderr.toString())) return Buffer.of();
  throw new DiagnosticError(errorAt(`the crontab of ${user} cannot be read: ${said(stderr, status)}`));
}

function writeByCommand(content: Uint8Array): void {
  const args = content.length === 0 ? ['-r'] : ['-'];
  const { status, stderr, error } = crontab(args, content);
  if (error) throw noCommand(error);
  if (status !== 0) throw new DiagnosticError(errorAt(`crontab does not take it: ${said(stderr, status)}`));
}

function crontab(args: readonly string[], input: Uint8Array = Buffer.of()) {
  return spawnSync('crontab', args, { input, env: { ...process.env, LC_ALL: 'C' } });
}

function said(stderr: Buffer, status: number | null): string {
  return stderr.toString().trim() || `exit code ${status}`;
}

function noCommand(error: Error): DiagnosticError {
  return new DiagnosticError(
    errorAt(
      `crontab cannot be run: ${error.message}`,
      undefined,
      'install cron (apt-get install cron), or use --system where only /etc/cron.d is wanted',
    ),
  );
}

function keepCopy(state: string, name: string, content: Uint8Array): void {
  if (content.length === 0) return;
  const folder = join(state, 'crontabs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, `${name}-${new Date().toISOString().replaceAll(':', '-')}`), content, {
    mode: 0o600,
  });
  const old = readdirSync(folder).filter(file => file.startsWith(`${name}-`));
  for (const file of old.sort().slice(0, -COPIES)) rmSync(join(folder, file));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
