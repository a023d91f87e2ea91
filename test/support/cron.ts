/** A throwaway user with a crontab of its own, the program where that user may read it, and a cron daemon. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { processes } from './processes.ts';

const BUILT = resolve(process.env.GIROFLE_TEST_CLI ?? 'dist/cli.js');

/** Why crontabs cannot be tried here; undefined when they can. */
export const noCrontab =
  process.getuid?.() !== 0
    ? '(needs root)'
    : spawnSync('sh', ['-c', 'command -v crontab && command -v useradd']).status === 0
      ? undefined
      : '(needs cron)';

export interface CronUser {
  readonly name: string;
  /** The home, also the folder in which commands run. */
  readonly home: string;
  /** The copied program's folder: nothing else on the machine has this word in a command line. */
  readonly program: string;
  readonly run: (
    command: string,
    args: readonly string[],
    input?: Uint8Array,
  ) => { readonly code: number | null; readonly stdout: string; readonly stderr: string };
  readonly girofle: (...args: readonly string[]) => ReturnType<CronUser['run']>;
  readonly crontab: () => Buffer;
  /** How many run the program, or are about to. */
  readonly processes: () => number;
  remove(): void;
}

export function makeCronUser(): CronUser {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
  const home = mkdtempSync(join(tmpdir(), 'girofle-cron-home-'));
  const name = `gcron${process.pid % 100_000}`;
  execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  const program = join(home, 'program');
  cpSync(dirname(BUILT), program, { recursive: true });
  execFileSync('chown', ['-R', name, home]);
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  const [uid, gid] = [id('-u'), id('-g')];
  const env = { PATH: '/usr/bin:/bin', HOME: home, USER: name, LOGNAME: name, LANG: 'C.UTF-8' };
  const run: CronUser['run'] = (command, args, input) => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      uid,
      gid,
      cwd: home,
      env,
      ...(input ? { input } : {}),
    });
    if (error) throw error;
    return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  return {
    name,
    home,
    program,
    run,
    girofle: (...args) => run(process.execPath, [join(program, 'cli.js'), ...args]),
    crontab: () => spawnSync('crontab', ['-u', name, '-l']).stdout,
    processes: () => processes().filter(({ words }) => words.some(word => word.includes(program))).length,
    remove: () => {
      spawnSync('crontab', ['-u', name, '-r']);
      execFileSync('userdel', [name], { stdio: 'ignore' });
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A cron daemon in the foreground, unless the machine runs one. @returns what ends it, and only it */
export function startCron(): () => void {
  if (processes().some(({ words }) => /(?:^|\/)crond?$/.test(words[0] ?? ''))) return () => {};
  const daemon = spawn('cron', ['-f'], { stdio: 'ignore' });
  return () => {
    daemon.kill();
  };
}
