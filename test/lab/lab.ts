/** The lab's own fleet: a folder, an instance under load, and what is asked of it. Nothing outside of the folder is touched. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Manifest } from '../../src/core/backup/manifest.ts';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { gitlab_instance } from '../../tasks/gitlab_instance.ts';
import { processes } from '../support/processes.ts';
import { callDocker, runDockerModule } from '../support/run-docker-module.ts';
import type { Ack } from './evidence.ts';

const run = promisify(execFile);

export interface Lab {
  /** With all that the lab makes. */
  readonly root: string;
  readonly image: string;
  /** Of the instance under load. */
  readonly number: number;
  /** Of the instance that backups are restored to. */
  readonly restored: number;
}

export const directoryOf = ({ root }: Lab, number: number) => `${root}/noeud-gitlab-${number}`;
export const containerOf = (number: number) => `girofle-lab-${number}`;
export const addressOf = (number: number) => `127.0.81.${number - 979}`;

export function makeLab(image: string, number: number): Lab {
  return { root: mkdtempSync(join(tmpdir(), 'girofle-lab-')), image, number, restored: number + 1 };
}

/** Runs a module as a task would; throws what it fails with. */
export async function task(module: AnyTaskModule, args: ValueMap): Promise<ValueMap> {
  const { failed, result } = await runDockerModule(module, args);
  if (failed) throw new Error(`${module.name}: ${result.msg}`);
  return result;
}

export async function commission({ root, image, number }: Lab): Promise<void> {
  await task(gitlab_instance, {
    number,
    root,
    image,
    name: 'girofle-lab-{number}',
    address: addressOf(number),
    ssh_port: 2281,
    memory_needed: '128m',
    health_interval: '1s',
    ready_timeout: 120,
    stop_timeout: 30,
  });
}

/** Running, not paused, and PostgreSQL answers. */
export async function answers(container: string): Promise<boolean> {
  const { body } = await callDocker({ method: 'GET', path: `/containers/${container}/json` });
  if (dig(body, 'State', 'Running') !== true || dig(body, 'State', 'Paused') !== false) return false;
  return run('docker', ['exec', container, '/health.sh'], { timeout: 2000 }).then(
    () => true,
    () => false,
  );
}

/** Seconds until it answers; undefined when it does not within `limit` seconds. */
export async function untilAnswers(container: string, limit: number): Promise<number | undefined> {
  const began = performance.now();
  for (;;) {
    // What a look takes belongs to the looking: the state is that of its beginning.
    const took = (performance.now() - began) / 1000;
    if (await answers(container)) return took;
    if (took > limit) return undefined;
    await delay(50);
  }
}

export const uptime = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);

/** The load: writers inside the instance, and on the host what notes each line with the time at which it came. */
export class Load {
  readonly #container: string;
  readonly #file: string;
  readonly #ended: Promise<void>[] = [];
  #stopping = false;
  /** What a writer complained of. */
  readonly complaints: string[] = [];

  constructor({ root, number }: Lab) {
    this.#container = containerOf(number);
    this.#file = `${root}/acknowledged`;
    writeFileSync(this.#file, '');
  }

  start(writers: number, pause = 0.1): void {
    for (let worker = 0; worker < writers; worker++) this.#write(worker, pause);
  }

  /** A process of its own, so that nothing that we do delays a note: a late note would promise less. */
  #write(worker: number, pause: number): void {
    const script = `docker exec -i -u 998:998 "$1" /writer.sh "$2" "$3" </dev/null |
while IFS= read -r line; do read -r now _ </proc/uptime; printf '%s %s\\n' "$now" "$line"; done >>"$4"`;
    const words = ['-c', script, 'recorder', this.#container, String(worker), String(pause), this.#file];
    const child = spawn('sh', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    const ended = new Promise<void>(done => child.on('close', () => done()));
    this.#ended.push(
      ended.then(() => {
        if (!this.#stopping)
          this.complaints.push(`writer ${worker} ended: ${said.trim() || 'without a word'}`);
      }),
    );
  }

  acks(): readonly Ack[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .flatMap(line => {
        const [at, worker, n, repository, commit] = line.split(' ');
        return commit?.length === 40 && repository !== undefined
          ? [{ at: Number(at), worker: Number(worker), n: Number(n), repository, commit }]
          : [];
      });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await run('docker', ['exec', this.#container, 'touch', '/tmp/stop-writers']);
    await Promise.all(this.#ended);
  }
}

export function dates(lab: Lab): readonly string[] {
  const bckups = `${directoryOf(lab, lab.number)}/bckups`;
  if (!existsSync(bckups)) return [];
  return readdirSync(bckups)
    .filter(name => /^\d{4}-/.test(name))
    .sort();
}

export function manifestOf(lab: Lab, date: string): Manifest {
  return JSON.parse(readFileSync(`${directoryOf(lab, lab.number)}/bckups/${date}/manifest.json`, 'utf8'));
}

/** Processes of host runs of that instance: drivers, guards, copiers. */
export function busyWith(lab: Lab, number: number): readonly number[] {
  const own = directoryOf(lab, number);
  return processes()
    .filter(({ words }) => words.some(word => word.startsWith(`${own}/.girofle/runs/`)))
    .map(({ pid }) => pid);
}

export const CLI = resolve('dist/cli.js');

export const inventoryOf = ({ root }: Lab) => `${root}/inventory.yml`;

/** An inventory for the command line. */
export function writeInventory(lab: Lab): void {
  const { root } = lab;
  writeFileSync(
    inventoryOf(lab),
    `all:
  hosts:
    localhost: { ansible_connection: local }
  vars:
    girofle_root: ${root}
    gitlab_container_name: girofle-lab-{number}
    gitlab_backup: { keep: { last: 4 } }
`,
  );
}
