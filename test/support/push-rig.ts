/** An instance's backups without the instance, a remote for them, and ways to catch the push in the act. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValueMap } from '../../src/core/value.ts';
import { gitlab_push } from '../../tasks/gitlab_push.ts';
import { startScript } from '../../tasks/host-run/follow.ts';
import { homeOf, journalOf } from '../../tasks/host-run/run.ts';
import { pushScript } from '../../tasks/push/driver.ts';
import { type PushHooks, type PushJob, runOfPush, stateOf } from '../../tasks/push/job.ts';
import { driverOf } from '../../tasks/remotes/driver.ts';
import type { Origin, Remote } from '../../tasks/remotes/remote.ts';
import { placeOf } from '../../tasks/remotes/tree.ts';
import { command, Driven } from './backup-rig.ts';
import { processes, until } from './processes.ts';
import { callRemote, remoteOf } from './remote-calls.ts';
import { type RunOptions, runModule } from './run-module.ts';
import { runShell, type ShellOptions } from './shell.ts';
import { writeBackup } from './write-backup.ts';

/** With what a volume may hold. */
export const KINDS = `
  printf 'one' >data/one
  mkdir -p 'data/sub dir' && printf 'two' >'data/sub dir/two' && ln data/one 'data/sub dir/same'
  printf 'x' >$'data/new\\nline'; printf 'y' >$'data/latin-\\xe9'; printf 'z' >'data/back\\slash "q"'; printf e >data/é
  ln -s /etc/shadow data/link; mkfifo data/fifo; mknod data/null c 1 3; chown 998:998 data/one; chmod 2750 'data/sub dir'
  setfattr -n user.note -v hello data/one; setfacl -m u:1234:r data/one; chown -h 998:998 data/link
  truncate -s 1M data/sparse; printf 'conf' >config/gitlab.rb; chmod 0600 config/gitlab.rb; mkdir log/a
  find data config log -exec touch -h -d '2026-11-01 00:00:00.123456789' {} +`;

export const DATES = ['2026-11-20T00-00-00Z', '2026-11-21T00-00-00Z', '2026-11-22T00-00-00Z'] as const;

export class PushRig {
  readonly instance = 2;
  readonly here = mkdtempSync(join(tmpdir(), 'girofle-push-'));
  readonly root = `${this.here}/root`;
  readonly directory = `${this.root}/noeud-gitlab-2`;
  readonly bckups = `${this.directory}/bckups`;
  /** The folder of a `directory` remote, or of an `rsync` one on this same machine. */
  readonly disk = `${this.here}/disk`;
  readonly origin: Origin = { host: 'vm1', instance: 2 };
  readonly place = `${this.disk}/${placeOf(this.origin)}`;
  #written: ValueMap = { name: 'disk', driver: 'directory', path: this.disk };

  constructor() {
    mkdirSync(this.bckups, { recursive: true });
    mkdirSync(this.disk);
  }

  async clean(): Promise<void> {
    await until(
      'drivers to end',
      () =>
        !processes().some(({ words }) =>
          words.some(word => word.startsWith(`${homeOf(this.directory)}/runs`)),
        ),
      30,
    );
    command('sh', '-c', `umount '${this.disk}' 2>/dev/null; true`);
    rmSync(this.here, { recursive: true, force: true });
  }

  /** Takes another remote, as a user writes it. */
  use(written: ValueMap): void {
    this.#written = written;
  }

  get remote(): Remote {
    return remoteOf(this.#written);
  }

  /** The functions of the remote. */
  call(calls: string, options: ShellOptions = {}) {
    return callRemote(this.remote, this.origin, this.directory, calls, options);
  }

  async setUp(): Promise<void> {
    const { code, objection } = await this.call('remote_create && remote_check');
    if (code !== 0) throw new Error(objection);
  }

  /** Local backups of these dates, the content of one file is the date; unchanged files are linked to the one before. */
  backups(dates: readonly string[] = DATES, make = KINDS): void {
    for (const date of dates) writeBackup(this.directory, date, `${make}\nprintf %s ${date} >data/date`);
  }

  push(more: ValueMap = {}, options: RunOptions = {}) {
    const args: ValueMap = {
      number: this.instance,
      root: this.root,
      host_name: 'vm1',
      remote: this.#written,
    };
    return runModule(gitlab_push, { ...args, ...more }, options);
  }

  job(hooks: PushHooks = {}, more: Partial<PushJob> = {}): PushJob {
    const { name, append_only, retries } = this.remote;
    return {
      id: Math.floor(Math.random() * 0xffffffff)
        .toString(16)
        .padStart(8, '0'),
      instance: this.instance,
      directory: this.directory,
      remote: name,
      driver: driverOf(this.remote, this.origin),
      remove: [],
      appendOnly: append_only,
      upTo: '',
      retries,
      hooks: { backOff: 0.05, ...hooks },
      ...more,
    };
  }

  /** Starts the driver as the module does. */
  async drive(
    hooks: PushHooks = {},
    more: Partial<PushJob> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Driven> {
    const job = this.job(hooks, more);
    const run = runOfPush(job, pushScript(job));
    const files = Object.fromEntries(
      Object.values(run.files ?? {}).map((content, i) => [`GIROFLE_FILE_${i}`, content]),
    );
    const started = await runShell(startScript(run).text, { env: { ...files, ...env } });
    return new Driven(job, started.code, started.stderr);
  }

  /** Dates on the remote. */
  there(): readonly string[] {
    return this.#names(name => /^\d{4}-/.test(name));
  }

  /** What lies beside them. */
  aside(): readonly string[] {
    return this.#names(name => name.startsWith('.'));
  }

  #names(wanted: (name: string) => boolean): readonly string[] {
    return existsSync(this.place) ? readdirSync(this.place).filter(wanted).sort() : [];
  }

  local(): readonly string[] {
    return readdirSync(this.bckups)
      .filter(name => /^\d{4}-/.test(name))
      .sort();
  }

  verified(): readonly string[] {
    const file = `${stateOf(this.directory, this.remote.name)}/verified`;
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  journal(driven: Driven): string {
    return readFileSync(journalOf(this.directory, driven.job.id), 'utf8');
  }

  /** Turns the bits of one byte in the middle of a file round, and leaves its time. */
  flip(file: string): void {
    command('sh', '-c', `touch -r "$1" "$1.time"`, 'sh', file);
    const content = readFileSync(file);
    const at = content.length >> 1;
    content[at] = (content[at] ?? 0) ^ 0xff;
    writeFileSync(file, content, { flag: 'r+' });
    command('sh', '-c', `touch -r "$1.time" "$1"; rm "$1.time"`, 'sh', file);
  }
}
