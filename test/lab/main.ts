/**
 * The proof under load: `npm run lab [-- --rounds 30 --kills 100 --seed N --keep]`. Backups of an instance that is written to
 * without end, each restored elsewhere and looked at; then kill -9 at random moments. Ends with 0 only if all was sound.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { until } from '../support/processes.ts';
import { imageLacks, labImage } from './image.ts';
import { playKills, summarizeKills } from './kills.ts';
import { commission, containerOf, type Lab, Load, makeLab, uptime, writeInventory } from './lab.ts';
import { byHand, byModule } from './restore.ts';
import { playRounds, summarize } from './rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    writers: { type: 'string', default: '3' },
    restore: { type: 'string', default: 'module' },
    keep: { type: 'boolean', default: false },
  },
});

const print = (line: string) => console.log(line);

function removeLab({ root }: Lab): void {
  const names = execFileSync('docker', ['ps', '-aq', '--filter', 'name=^/girofle-lab-98'], {
    encoding: 'utf8',
  });
  const ids = names.split('\n').filter(id => id !== '');
  if (ids.length > 0) execFileSync('docker', ['rm', '-f', ...ids], { stdio: 'ignore' });
  rmSync(root, { recursive: true, force: true });
}

async function play(lab: Lab): Promise<boolean> {
  const [rounds, kills] = [Number(values.rounds), Number(values.kills)];
  const restorer = values.restore === 'hand' ? byHand : byModule;
  writeInventory(lab);
  await commission(lab);
  const load = new Load(lab);
  load.start(Number(values.writers));
  await until('the writers to write', () => load.acks().length > 40 || load.complaints.length > 0, 60);
  print(`${containerOf(lab.number)} is under load; restores ${restorer.name}; all is in ${lab.root}`);
  process.once('SIGINT', () => {
    removeLab(lab);
    process.exit(130);
  });
  const began = uptime();
  const played = await playRounds(lab, load, restorer, rounds, print);
  const killed = await playKills(lab, load, restorer, kills, Number(values.seed), print);
  const [seconds, items] = [uptime() - began, load.acks().length];
  await load.stop();
  for (const line of [...summarize(played), ...summarizeKills(killed)]) print(line);
  print(`${items} items were written in ${seconds.toFixed(0)} s; seed ${values.seed}`);
  for (const complaint of load.complaints) print(`THE LOAD WAS HURT: ${complaint}`);
  return (
    load.complaints.length === 0 &&
    played.every(({ sound }) => sound) &&
    killed.every(({ problems }) => problems.length === 0)
  );
}

const lacking = imageLacks();
if (lacking !== undefined) {
  console.error(`the lab needs ${lacking}: run it as root on Debian with docker.io, debootstrap and rsync`);
  process.exitCode = 4;
} else {
  const lab = makeLab(await labImage(), 980);
  let sound = false;
  try {
    sound = await play(lab);
  } finally {
    if (sound && !values.keep) removeLab(lab);
    else print(`all is kept: ${lab.root}, containers ${containerOf(lab.number)}…; remove them by hand`);
  }
  process.exitCode = sound ? 0 : 1;
}
