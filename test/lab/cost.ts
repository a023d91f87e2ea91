/**
 * What a backup of an unchanged instance costs, beside two plain passes of rsync with --link-dest over the same files, in
 * turns: `npm run lab:cost [-- --megabytes 1000 --files 20000 --turns 5]`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { alive, BackupRig, failureOf } from '../support/backup-rig.ts';
import { memoryOf } from '../support/memory.ts';
import { until } from '../support/processes.ts';
import { median, showSeconds } from './report.ts';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1000' },
    files: { type: 'string', default: '20000' },
    turns: { type: 'string', default: '5' },
  },
});
const rig = new BackupRig(989);
const [megabytes, files, turns] = [Number(values.megabytes), Number(values.files), Number(values.turns)];

const AGO = Date.now() / 1000 - 3600;

function fill(): void {
  const each = Math.floor((megabytes * 1e6) / files);
  for (let i = 0; i < files; i++) {
    const folder = `${rig.volumes}/data/git-data/${i % 200}`;
    if (i < 200) mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${i}`, randomBytes(each));
    // As of an instance that has been there for a while: what is as young as the last backup is compared byte for byte.
    utimesSync(`${folder}/${i}`, AGO, AGO);
  }
}

/** Seconds that a command takes. */
function timed(name: string, ...words: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(name, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

interface Backup {
  readonly seconds: number;
  readonly pause: number;
  readonly memory: number;
  /** Bytes that the disk lost to it. */
  readonly disk: number;
}

async function backUp(): Promise<Backup> {
  const before = used();
  const began = performance.now();
  const driven = await rig.drive();
  let memory = 0;
  await until(
    'the backup to end',
    () => {
      memory = Math.max(memory, memoryOf(driven.pid));
      return !alive(driven.pid);
    },
    3600,
  );
  const seconds = (performance.now() - began) / 1000;
  const result = await driven.ended();
  if (failureOf(result) !== '') throw new Error(failureOf(result));
  return { seconds, pause: Number(result.pause), memory, disk: used() - before };
}

function used(): number {
  const [, blocks = '0'] =
    /\n\S+ +\d+ +(\d+)/.exec(execFileSync('df', ['-Pk', rig.root], { encoding: 'utf8' })) ?? [];
  return Number(blocks) * 1024;
}

/** Both passes, as somebody would write them who knows of no trap. */
function plain(): { readonly both: number; readonly second: number } {
  const target = `${rig.directory}/plain`;
  const previous = `${rig.bckups}/${rig.dates().at(-1)}`;
  const pass = ['-aHAXS', '--numeric-ids', '--delete', `--link-dest=${previous}`];
  mkdirSync(target);
  const first = timed('rsync', ...pass, `${rig.volumes}/`, `${target}/`);
  const second = timed('rsync', ...pass, `${rig.volumes}/`, `${target}/`);
  rmSync(target, { recursive: true });
  return { both: first + second, second };
}

async function measure(): Promise<void> {
  await rig.clean();
  await rig.makeImage();
  await rig.reset();
  fill();
  const first = await backUp();
  console.log(
    `first backup of ${megabytes} MB in ${files} files: ${showSeconds(first.seconds)}, paused ${showSeconds(first.pause)}`,
  );
  const rounds: { readonly ours: Backup; readonly theirs: ReturnType<typeof plain> }[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const theirs = plain();
    const ours = await backUp();
    rounds.push({ ours, theirs });
    console.log(
      `turn ${turn}: backup ${showSeconds(ours.seconds)}, two plain passes ${showSeconds(theirs.both)}; paused ${showSeconds(ours.pause)}, the second plain pass alone ${showSeconds(theirs.second)}; ${(ours.memory / 1e6).toFixed(0)} MB of memory, ${(ours.disk / 1e6).toFixed(1)} MB of disk`,
    );
  }
  const middle = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick));
  const ratio = middle(({ ours, theirs }) => ours.seconds / theirs.both);
  const beyond = middle(({ ours, theirs }) => ours.pause - theirs.second);
  console.log(
    `unchanged: ${ratio.toFixed(2)} times two plain passes of rsync (median of ${turns}); the pause is ${showSeconds(beyond)} beyond the second pass`,
  );
}

try {
  await measure();
} finally {
  await rig.clean();
  await rig.removeImage();
}
