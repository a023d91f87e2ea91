/** Restoring a backup elsewhere, so that it can be looked at. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { gitlab_restore } from '../../tasks/gitlab_restore.ts';
import { addressOf, containerOf, directoryOf, type Lab, manifestOf, task, untilAnswers } from './lab.ts';

const run = promisify(execFile);

/** A backup that runs elsewhere. */
export interface Restored {
  readonly container: string;
  /** Of the instance. */
  readonly directory: string;
  /** Seconds from the first word to the first answer of PostgreSQL. */
  readonly took: number;
}

/** One way to restore; it throws a sentence when it fails. */
export interface Restorer {
  readonly name: string;
  restore(lab: Lab, date: string): Promise<Restored>;
  /** Takes away what was restored. */
  remove(lab: Lab): Promise<void>;
}

/** What docs/backups.md says a restore has to do, and nothing else: copy, remove lock files, start. */
export const byHand: Restorer = {
  name: 'by hand',
  async restore(lab, date) {
    const began = performance.now();
    const number = lab.restored;
    const [directory, container] = [directoryOf(lab, number), containerOf(number)];
    const [volumes, source] = [
      `${directory}/mapping-volumes`,
      `${directoryOf(lab, lab.number)}/bckups/${date}`,
    ];
    mkdirSync(volumes, { recursive: true });
    for (const volume of ['data', 'config', 'log']) {
      await run('cp', ['-a', `${source}/${volume}`, `${volumes}/${volume}`]);
    }
    const pids = ['data/postgresql/data/postmaster.pid', 'data/postgresql/.s.PGSQL.5432.lock'];
    for (const path of [...manifestOf(lab, date).locks, ...pids])
      rmSync(`${volumes}/${path}`, { force: true });
    const binds = { data: '/var/opt/gitlab', config: '/etc/gitlab', log: '/var/log/gitlab' };
    await run('docker', [
      ...['run', '-d', '--name', container, '--network', 'none', '--shm-size', '256m'],
      ...Object.entries(binds).flatMap(([volume, inside]) => ['-v', `${volumes}/${volume}:${inside}`]),
      lab.image,
    ]);
    if ((await untilAnswers(container, 60)) === undefined) throw new Error('PostgreSQL does not start');
    return { container, directory, took: (performance.now() - began) / 1000 };
  },
  remove: removeRestored,
};

/** Arguments of gitlab_restore: from the instance under load to the next number, as a twin. */
export const restoreArgs = (lab: Lab, backup: string) => ({
  instance: lab.number,
  number: lab.restored,
  backup,
  root: lab.root,
  name: 'girofle-lab-{number}',
  address: addressOf(lab.restored),
  twin: 'allow',
  replace: true,
  keep_before: '1s',
  ready_timeout: 60,
});

/** As girofle does it. */
export const byModule: Restorer = {
  name: 'gitlab_restore',
  async restore(lab, date) {
    const began = performance.now();
    const number = lab.restored;
    await task(gitlab_restore, restoreArgs(lab, date));
    if ((await untilAnswers(containerOf(number), 10)) === undefined) {
      throw new Error('the restore ended well, and PostgreSQL does not answer');
    }
    const took = (performance.now() - began) / 1000;
    return { container: containerOf(number), directory: directoryOf(lab, number), took };
  },
  remove: removeRestored,
};

async function removeRestored(lab: Lab): Promise<void> {
  const number = lab.restored;
  const { stdout } = await run('docker', ['ps', '-aq', '--filter', `name=^/${containerOf(number)}`]);
  const ids = stdout.split('\n').filter(id => id !== '');
  if (ids.length > 0) await run('docker', ['rm', '-f', ...ids]);
  if (existsSync(directoryOf(lab, number))) rmSync(directoryOf(lab, number), { recursive: true });
}
