/** An instance to be restored by the host's driver, with a backup of every kind of file, and ways to catch it in the act. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { digMap, digText } from '../../tasks/docker/dig.ts';
import { startScript } from '../../tasks/host-run/follow.ts';
import { lockText } from '../../tasks/host-run/lock.ts';
import { basicsText, type HostRun } from '../../tasks/host-run/run.ts';
import { restoreScript } from '../../tasks/restore/driver.ts';
import type { RestoreJob } from '../../tasks/restore/job.ts';
import { BackupRig, command, Driven } from './backup-rig.ts';
import { processes, until } from './processes.ts';
import { callDocker } from './run-docker-module.ts';
import { runShell } from './shell.ts';

/** Shell text, run where the volumes are: what a restore must bring back as it was. */
export const ALL_KINDS = `
  mkdir -p data/odd/'a b' data/postgresql/data; echo 14 >data/postgresql/data/PG_VERSION
  echo 4711 >data/postgresql/data/postmaster.pid
  mkdir -p data/git-data/repositories/@hashed; : >data/git-data/repositories/@hashed/packed-refs.lock
  yes | head -c 200000 >data/odd/base; ln data/odd/base data/odd/same
  ln -s /etc/shadow data/odd/shadow; ln -s $'to\\nnew\\\\line\\xff' data/odd/link
  mkfifo data/odd/fifo; mknod data/odd/null c 1 3
  for name in $'new\\nline' $'carriage\\rreturn' $'tab\\there' $'not\\xffutf8' é '\\slash' 'quo"te' "it's" $'\\x7f\\x01' ' blank ' -n '*' '%s' '\\x41'; do
    echo x >data/odd/"$name"; setfattr -n user.note -v "of $name" data/odd/"$name"
  done
  setfacl -m u:1234:rw data/odd/base
  truncate -s 3M data/odd/sparse; chown 998:999 data/odd; chmod 2770 data/odd
  echo s >data/odd/setuid; chown 997:997 data/odd/setuid; chmod 4755 data/odd/setuid
  : >data/odd/empty; chmod 0 data/odd/empty; touch -d '2001-02-03 04:05:06.123456789' data/odd/base
  touch -h -d '2002-02-03 04:05:06.987654321' data/odd/shadow
  touch -d '2003-02-03 04:05:06.5' data/odd/'a b'
`;

export class RestoreRig extends BackupRig {
  /** The newest backup. */
  date = '';
  readonly #fakes: string[] = [];

  /** Running, with one backup of every kind of file, and then changed. */
  async prepare(make: string = ALL_KINDS): Promise<void> {
    this.unmountAll();
    this.removeLeftOver();
    await this.reset();
    for (const name of readdirSync(this.directory)) {
      if (/^\.(before|restore|removing)-/.test(name))
        rmSync(`${this.directory}/${name}`, { recursive: true, force: true });
    }
    command('bash', '-ec', `cd ${this.volumes}; ${make}`);
    const { result } = await this.backup();
    this.date = String(result.date);
    if (result.date === undefined) throw new Error(String(result.msg));
    this.write('data/later', 'written after the backup');
  }

  get folder(): string {
    return `${this.bckups}/${this.date}`;
  }

  unmountAll(): void {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map(line => line.split(' ')[4] ?? '')
      .filter(path => path.startsWith(`${this.directory}/`));
    for (const path of mounts.reverse()) spawnSync('umount', [path]);
  }

  /** Containers and fakes of earlier tests. */
  removeLeftOver(): void {
    const ids = command('docker', 'ps', '-aq', '--filter', `name=^/${this.container}\\.`).split('\n');
    for (const id of ids) if (id !== '') command('docker', 'rm', '-f', id);
    for (const fake of this.#fakes.splice(0)) rmSync(fake, { recursive: true, force: true });
  }

  override async clean(): Promise<void> {
    this.unmountAll();
    this.removeLeftOver();
    await super.clean();
  }

  /** Id of the container that is the instance. */
  async id(): Promise<string> {
    return digText(await this.inspect(), 'Id');
  }

  /** Every container of this rig: name → status. */
  containers(): Readonly<Record<string, string>> {
    const lines = command(
      'docker',
      'ps',
      '-a',
      '--filter',
      `name=^/${this.container}([.]|$)`,
      '--format',
      '{{.Names}} {{.State}}',
    );
    const pairs = lines
      .split('\n')
      .filter(line => line !== '')
      .map((line): [string, string] => [
        line.split(' ')[0]?.replace(this.container, 'C') ?? '',
        line.split(' ')[1] ?? '',
      ]);
    return Object.fromEntries(pairs.sort());
  }

  /** What lies in the instance's directory, without what is always there. */
  trees(): readonly string[] {
    return readdirSync(this.directory)
      .filter(name => !['.girofle', 'bckups', 'address'].includes(name))
      .sort();
  }

  /** A container like the one that is there, made and not started. */
  async make(id: string, changes: ValueMap = {}): Promise<string> {
    const old = await this.inspect();
    const hostConfig: Record<string, Value> = {
      ...digMap(old, 'HostConfig'),
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    };
    const { status, body, message } = await callDocker({
      method: 'POST',
      path: '/containers/create',
      query: { name: `${this.container}.restoring-${id}` },
      body: { ...digMap(old, 'Config'), ...changes, HostConfig: hostConfig },
    });
    if (status !== 201) throw new Error(message ?? String(status));
    return digText(body, 'Id');
  }

  async restoreJob(more: Partial<RestoreJob> = {}, changes: ValueMap = {}): Promise<RestoreJob> {
    const id = more.id ?? command('od', '-An', '-N', '4', '-t', 'x1', '/dev/urandom').replace(/\s/g, '');
    return {
      id,
      what: 'restore',
      instance: this.number,
      directory: this.directory,
      date: this.date,
      source: { kind: 'local', folder: this.folder },
      verified: true,
      container: this.container,
      made: more.made ?? (await this.make(id, changes)),
      restart: 'always',
      replaced: await this.id(),
      note: '127.0.12.99 80,443,22',
      stopTimeout: 2,
      readyTimeout: 20,
      checks: sh`true`,
      docker: 'cli',
      socket: '/var/run/docker.sock',
      patience: 5,
      unwatched: true,
      ...more,
    };
  }

  /** Starts the driver as the module does. */
  async restore(
    more: Partial<RestoreJob> = {},
    { env = {}, changes = {} }: { env?: Readonly<Record<string, string>>; changes?: ValueMap } = {},
  ): Promise<Driven> {
    const job = await this.restoreJob(more, changes);
    return start(runOfRestore(job), env);
  }

  async restoreHeldAt(hold: string, more: Partial<RestoreJob> = {}): Promise<Driven> {
    const driven = await this.restore({ hold, ...more });
    await driven.reached(hold);
    return driven;
  }

  /** A `docker` before the real one in PATH: `script` is shell text that sees the words, and falls through to the real one. */
  fakeDocker(script: string): Readonly<Record<string, string>> {
    const folder = mkdtempSync(join(tmpdir(), 'girofle-test-docker-'));
    this.#fakes.push(folder);
    writeFileSync(
      `${folder}/docker`,
      `#!/bin/sh\n# $1 $2 are -H and the socket.\n${script}\nexec /usr/bin/docker "$@"\n`,
    );
    chmodSync(`${folder}/docker`, 0o755);
    return { PATH: `${folder}:${process.env.PATH}` };
  }

  /** Runs `sh driver.sh WORD PID` under the lock, as the next run does. */
  async underLock(driven: Driven, word: 'repair' | 'expire' | 'confirm') {
    const text = joinSh([
      basicsText,
      sh`id=test lock=${`${this.directory}/.girofle/lock`}`,
      lockText,
      sh`take_lock 'a test' || exit 9
sh ${`${driven.run}/driver.sh`} ${word} $$
code=$?
release_lock
exit $code`,
    ]).text;
    return runShell(sh`sh -c ${text}`.text, { limit: 120 });
  }

  /** Waits until no driver of this rig is at work. */
  async idle(): Promise<void> {
    const own = `${this.directory}/.girofle/`;
    await until(
      'drivers to end',
      () => !processes().some(({ words }) => words.some(word => word.startsWith(own))),
      30,
    );
  }
}

export function runOfRestore(job: RestoreJob): HostRun {
  const { id, instance, directory } = job;
  return { id, instance, directory, what: 'restore', script: restoreScript(job) };
}

async function start(run: HostRun, env: Readonly<Record<string, string>>): Promise<Driven> {
  const started = await runShell(startScript(run).text, { env });
  return new Driven(run, started.code, started.stderr);
}

/** What is in a tree: kind, mode, owner, size, time, links, path and target of each entry, then content, attributes, blocks. */
export function snapshot(tree: string): string {
  const script = `cd "$1"
find data config log -printf '%y %m %U %G %s %T@ %p -> %l\\n' | sort
find data config log -type f -print0 | sort -z | xargs -0 sha256sum
getfattr -R -P -h -d -m - -- data config log 2>/dev/null
stat -c '%b %n' data/odd/sparse`;
  return spawnSync('bash', ['-c', script, 'bash', tree], { encoding: 'latin1' }).stdout;
}
