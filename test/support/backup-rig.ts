/** An instance on the Docker daemon of this machine to be backed up, and ways to catch its backup's driver in the act. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { FileEntry, Manifest } from '../../src/core/backup/manifest.ts';
import { isMap, type ValueMap } from '../../src/core/value.ts';
import { configurationOf, imageOf, releaseOf } from '../../tasks/backup/identity.ts';
import type { BackupJob, Hooks } from '../../tasks/backup/job.ts';
import { readSurvey, surveyScript } from '../../tasks/backup/survey.ts';
import { dig, digText } from '../../tasks/docker/dig.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { gitlab_backup, runOfBackup } from '../../tasks/gitlab_backup.ts';
import { gitlab_instance } from '../../tasks/gitlab_instance.ts';
import { startScript } from '../../tasks/host-run/follow.ts';
import { readJournal } from '../../tasks/host-run/journal.ts';
import { journalOf, type RunJob, runOf } from '../../tasks/host-run/run.ts';
import { pruneImages, standInImage } from './docker-images.ts';
import { processes, until } from './processes.ts';
import { callDocker, runDockerModule } from './run-docker-module.ts';
import type { RunOptions } from './run-module.ts';
import { runShell } from './shell.ts';

/** Runs a command of this machine and gives what it says; throws when it fails. */
export function command(name: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** Makes commands that stand before the real ones: shell text by name. Gives the environment; `$REAL` is the real one. */
export function wrap(
  folder: string,
  commands: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(
      `${folder}/${name}`,
      `#!/bin/sh\nHERE=\${0%/*}\nPATH=\${PATH#*:}\nREAL=$(command -v ${name})\n${text}\n`,
    );
    chmodSync(`${folder}/${name}`, 0o755);
  }
  return { PATH: `${folder}:${process.env.PATH}` };
}

export class BackupRig {
  readonly number: number;
  readonly root: string;
  readonly container: string;
  readonly directory: string;
  readonly volumes: string;
  readonly bckups: string;
  readonly #image: string;

  /** @param root to share with another rig: their instances are of one host then */
  constructor(number: number, root = `/tmp/girofle-test-backup-${number}`) {
    this.number = number;
    this.root = root;
    this.container = `girofle-test-backup-${number}`;
    this.directory = `${this.root}/noeud-gitlab-${number}`;
    this.volumes = `${this.directory}/mapping-volumes`;
    this.bckups = `${this.directory}/bckups`;
    this.#image = `girofle-test/backup-${number}:17.5.2-ce.0`;
  }

  async makeImage(): Promise<void> {
    await runDockerModule(docker_image, standInImage(this.#image, this.root));
  }

  async removeImage(): Promise<void> {
    await runDockerModule(docker_image, { name: this.#image, state: 'absent', force_absent: true });
    await pruneImages();
  }

  async commission(): Promise<void> {
    const { number, root, container: name } = this;
    const made = await runDockerModule(gitlab_instance, {
      number,
      root,
      name,
      address: `127.0.12.${number - 900}`,
      // Another sshd may have the default port of all of loopback.
      ssh_port: 22022,
      image: this.#image,
      memory_needed: '32m',
      health_interval: '200ms',
      ready_timeout: 30,
      stop_timeout: 2,
      settings: { gitlab_rails: { smtp_password: 'geheim', smtp_user: 'kim' } },
    });
    if (made.failed) throw new Error(String(made.result.msg));
  }

  async clean(): Promise<void> {
    await callDocker({
      method: 'DELETE',
      path: `/containers/${this.container}`,
      query: { force: true },
      answer: 'none',
    });
    for (const folder of [this.bckups, this.root]) await unmounted(folder);
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Running, without backups, journals or mounts of an earlier test. */
  async reset(): Promise<void> {
    const own = `${this.directory}/.girofle/`;
    await until(
      'earlier drivers and guards to end',
      () => !processes().some(({ words }) => words.some(word => word.startsWith(own))),
      30,
    );
    spawnSync('umount', [this.bckups]);
    rmSync(this.bckups, { recursive: true, force: true });
    rmSync(`${this.directory}/.girofle`, { recursive: true, force: true });
    for (const name of existsSync(`${this.volumes}/data`) ? readdirSync(`${this.volumes}/data`) : []) {
      if (name !== 'gitlab-rails') rmSync(`${this.volumes}/data/${name}`, { recursive: true, force: true });
    }
    spawnSync('docker', ['unpause', this.container]);
    await this.commission();
  }

  /** A file system of its own for the backups. */
  mount(size: string, options = 'rw'): void {
    command('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700,${options}`, 'girofle-test', this.bckups);
  }

  docker(...words: readonly string[]): string {
    return command('docker', ...words, this.container).trim();
  }

  async inspect(): Promise<ValueMap> {
    const { body } = await callDocker({ method: 'GET', path: `/containers/${this.container}/json` });
    return isMap(body) ? body : {};
  }

  /** `running`, `paused`, `exited`. */
  status(): string {
    return this.docker('inspect', '--format', '{{.State.Status}}');
  }

  /** A file of a volume: `data/x`. */
  write(path: string, content: string | Uint8Array): void {
    const target = `${this.volumes}/${path}`;
    mkdirSync(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    writeFileSync(target, content);
  }

  backup(more: ValueMap = {}, options: RunOptions = {}) {
    return runDockerModule(
      gitlab_backup,
      { number: this.number, root: this.root, name: this.container, ...more },
      options,
    );
  }

  dates(): readonly string[] {
    return readdirSync(this.bckups)
      .filter(name => /^\d{4}-/.test(name))
      .sort();
  }

  partials(): readonly string[] {
    return readdirSync(this.bckups).filter(name => name.startsWith('.'));
  }

  manifest(date: string): Manifest {
    return JSON.parse(readFileSync(`${this.bckups}/${date}/manifest.json`, 'utf8'));
  }

  entries(date: string): ReadonlyMap<string, FileEntry> {
    const lines = readFileSync(`${this.bckups}/${date}/files.jsonl`, 'utf8').trimEnd().split('\n');
    return new Map(lines.map((line): [string, FileEntry] => [JSON.parse(line).path, JSON.parse(line)]));
  }

  /** Starts the driver as the module does, with hooks for tests. */
  async drive(
    hooks: Hooks = {},
    more: Partial<BackupJob> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Driven> {
    const looked = await runShell(surveyScript(this.directory, more.consistency === 'snapshot').text, {
      env,
    });
    const survey = readSurvey(looked.stdout);
    const { footing } = survey;
    const container = await this.inspect();
    if (survey.rsync === undefined) throw new Error('no rsync here');
    const job: BackupJob = {
      id: survey.id,
      instance: this.number,
      container: this.container,
      containerId: digText(container, 'Id'),
      directory: this.directory,
      consistency: 'pause',
      maxPause: 60,
      stopTimeout: 2,
      docker: 'cli',
      socket: '/var/run/docker.sock',
      rsync: survey.rsync,
      image: imageOf(container),
      gitlab: releaseOf(container),
      configuration: configurationOf(container),
      ...(footing !== undefined && 'kind' in footing ? { ground: footing } : {}),
      hooks,
      ...more,
    };
    const started = await runShell(startScript(runOfBackup(job)).text, { env });
    return new Driven(job, started.code, started.stderr);
  }

  /** A driver that stays in a state until `go`. */
  async heldAt(
    state: string,
    more: Partial<BackupJob> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Driven> {
    const driven = await this.drive({ hold: state }, more, env);
    await driven.reached(state);
    return driven;
  }
}

/** What a container had open is let go of a moment after its end. */
function unmounted(folder: string): Promise<void> {
  return until(`${folder} to be free`, () => {
    spawnSync('umount', [folder]);
    return spawnSync('mountpoint', ['-q', folder]).status !== 0;
  });
}

/** The instance runs, and the next backup makes one whole folder out of what is left. */
export async function nextSucceeds(
  rig: BackupRig,
  more: ValueMap = {},
  options: RunOptions = {},
): Promise<void> {
  const { result } = await rig.backup(more, options);
  expect(result.msg).toBeUndefined();
  expect(rig.status()).toBe('running');
  expect(rig.dates()).toContain(result.date);
  expect(rig.partials()).toEqual([]);
  const manifest = rig.manifest(String(result.date));
  expect(rig.entries(String(result.date)).size).toBe(manifest.files.lines);
  const left = readdirSync(`${rig.directory}/.girofle`).filter(name => name !== 'bckups-mount');
  expect(left.sort()).toEqual(['journals', 'runs']);
}

/** A driver that was started. */
export class Driven {
  readonly job: RunJob;
  readonly code: number;
  readonly stderr: string;

  constructor(job: RunJob, code: number, stderr: string) {
    this.job = job;
    this.code = code;
    this.stderr = stderr;
  }

  get run(): string {
    return runOf(this.job.directory, this.job.id);
  }

  states(): readonly string[] {
    const journal = journalOf(this.job.directory, this.job.id);
    return existsSync(journal) ? readJournal(readFileSync(journal, 'utf8')).map(({ state }) => state) : [];
  }

  get pid(): number {
    return Number(readFileSync(`${this.run}/pid`, 'utf8').split(' ')[0]);
  }

  /** The guard's; undefined when there is none. */
  get guard(): number | undefined {
    const { stdout } = spawnSync('pgrep', ['-f', `${this.run}/driver.sh guard`], { encoding: 'utf8' });
    return stdout === '' ? undefined : Number(stdout.split('\n')[0]);
  }

  /** What is told to people meanwhile. */
  progress(): string {
    return existsSync(`${this.run}/progress`) ? readFileSync(`${this.run}/progress`, 'utf8') : '';
  }

  reached(state: string): Promise<void> {
    return until(`state ${state} in ${this.states()}`, () => this.states().includes(state), 30);
  }

  go(): void {
    writeFileSync(`${this.run}/go`, '');
  }

  /** kill -9. */
  kill(): void {
    process.kill(this.pid, 'SIGKILL');
  }

  async ended(): Promise<ValueMap> {
    await until('the driver to end', () => !alive(this.pid), 60);
    return existsSync(`${this.run}/result.json`)
      ? JSON.parse(readFileSync(`${this.run}/result.json`, 'utf8'))
      : {};
  }

  log(): string {
    return readFileSync(`${this.run}/log`, 'utf8');
  }
}

/** Zombies are not alive. */
export function alive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}

export const failureOf = (result: ValueMap) => digText(result, 'failure');
export const isOk = (result: ValueMap) => dig(result, 'ok') === true;
