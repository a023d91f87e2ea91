/** The second part: runs that are killed. The instance goes on, and the newest backup restores, whatever was struck. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bootScript } from '../../tasks/boot/script.ts';
import { gitlab_backup_verify } from '../../tasks/gitlab_backup_verify.ts';
import { until } from '../support/processes.ts';
import { contentOf, judge, readEvidence, takeEvidence } from './evidence.ts';
import {
  busyWith,
  containerOf,
  dates,
  directoryOf,
  inventoryOf,
  type Lab,
  type Load,
  task,
  untilAnswers,
} from './lab.ts';
import { keep, prove } from './proof.ts';
import { chance, median, showSeconds } from './report.ts';
import { byHand, type Restorer, restoreArgs } from './restore.ts';
import { type Aim, drawAim, type Struck, statesOf, strike } from './strike.ts';

const run = promisify(execFile);

/** Seconds in which an instance must be running. */
const PROMPT = 2;

export interface Kill {
  readonly aim: Aim;
  readonly state: string;
  /** Seconds until it answered. */
  readonly answered: number | undefined;
  readonly problems: readonly string[];
  /** What became of the run, in words. */
  readonly outcome: string;
}

/** What is known of backups: the content of those that were restored and found sound. */
interface Course {
  readonly lab: Lab;
  readonly load: Load;
  readonly restorer: Restorer;
  readonly proven: Map<string, string>;
  /** Content of the instance that restores are killed on. */
  held: string;
}

export async function playKills(
  lab: Lab,
  load: Load,
  restorer: Restorer,
  count: number,
  seed: number,
  print: (line: string) => void,
): Promise<readonly Kill[]> {
  if (count === 0) return [];
  const random = chance(seed);
  const course: Course = { lab, load, restorer, proven: new Map(), held: '' };
  writeFileSync(`${lab.root}/boot.sh`, bootScript(lab.root).text);
  writeFileSync(`${lab.root}/restore.yml`, playbookOf(lab));
  const kills: Kill[] = [];
  const problems = [...(await newestRestores(course)), ...(await prepare(course))];
  if (problems.length > 0) print(`before the kills: NOT SOUND: ${problems.join('; ')}`);
  while (kills.length < count && problems.length === 0) {
    const kill = await killOnce(course, kills.length % 2 === 0 ? 'backup' : 'restore', random);
    const kept = kill.problems.length === 0 ? '' : await keep(lab, dates(lab).at(-1) ?? '', sayKill(kill));
    kills.push(kill);
    print(
      `kill ${String(kills.length).padStart(String(count).length)} of ${count}: ${sayKill(kill)}${kept && ` (kept in ${kept})`}`,
    );
  }
  return problems.length === 0
    ? kills
    : [failed({ what: 'backup', victim: 'both', state: '', delay: 0 }, problems.join('; '))];
}

/** Aims again when the run was over before it was struck. */
async function killOnce(course: Course, what: Aim['what'], random: () => number): Promise<Kill> {
  let aim = drawAim(what, random);
  try {
    for (let tries = 0; tries < 20; tries++) {
      const kill = what === 'backup' ? await killBackup(course, aim) : await killRestore(course, aim, random);
      if (kill !== undefined) return kill;
      aim = drawAim(what, random);
    }
    return failed(aim, `no ${what} could be struck, twenty times over: see runners.log`);
  } catch (error) {
    return failed(aim, error instanceof Error ? error.message : String(error));
  }
}

function failed(aim: Aim, problem: string): Kill {
  return { aim, state: '', answered: undefined, problems: [problem], outcome: 'not struck' };
}

function sayKill({ aim, state, answered, problems, outcome }: Kill): string {
  const when = state === '' ? 'before it began on the host' : `in ${state}`;
  const whom = aim.victim === 'both' ? 'runner and driver' : aim.victim;
  const went = answered === undefined ? 'it does not answer' : `answers after ${showSeconds(answered)}`;
  return `${whom} of a ${aim.what} ${when}: ${went}, ${outcome}: ${problems.length === 0 ? 'sound' : `NOT SOUND: ${problems.join('; ')}`}`;
}

/**
 * The whole proof for one that is new, each fifth by the restorer and the others by hand, which is quicker; one that was
 * proven before must still be the same, byte by byte.
 */
async function newestRestores(course: Course): Promise<readonly string[]> {
  const { lab, load, proven } = course;
  const restorer = proven.size % 5 === 0 ? course.restorer : byHand;
  const newest = dates(lab).at(-1);
  if (newest === undefined) return ['there is no backup'];
  if (!proven.has(newest)) {
    // Beside the instance that restores are killed on.
    const { problems, content } = await prove({ ...lab, restored: lab.number + 2 }, load, restorer, newest);
    if (problems.length === 0) proven.set(newest, content);
    return problems.map(problem => `the newest backup ${newest}: ${problem}`);
  }
  try {
    await task(gitlab_backup_verify, { date: newest, instance: lab.number, root: lab.root });
    return [];
  } catch (error) {
    return [`the newest backup ${newest}: ${error instanceof Error ? error.message : error}`];
  }
}

/** The instance that restores are killed on. */
async function prepare(course: Course): Promise<readonly string[]> {
  const { lab, restorer, proven } = course;
  const newest = dates(lab).at(-1);
  if (newest === undefined) return [];
  await restorer.restore(lab, newest);
  course.held = proven.get(newest) ?? '';
  return [];
}

const promptly = (answered: number | undefined, since: string) =>
  answered !== undefined && answered <= PROMPT
    ? []
    : [`the instance was not running within ${PROMPT} s of ${since}`];

const quiet = (lab: Lab, number: number) =>
  until(`the runs of instance ${number} to end`, () => busyWith(lab, number).length === 0, 120);

async function killBackup(course: Course, aim: Aim): Promise<Kill | undefined> {
  const { lab } = course;
  const directory = directoryOf(lab, lab.number);
  const before = dates(lab).at(-1);
  const words = ['playbooks/backup.yml', '-i', inventoryOf(lab), '-e', `instance=${lab.number}`];
  const struck = await strike(directory, aim, words, `${lab.root}/runners.log`);
  if (struck === undefined) {
    await quiet(lab, lab.number);
    return undefined;
  }
  const looked = await untilAnswers(containerOf(lab.number), 10);
  const answered = looked === undefined ? undefined : (performance.now() - struck.at) / 1000;
  const code = await struck.runner;
  await quiet(lab, lab.number);
  // What the dead had asked of Docker may come late.
  await delay(Math.max(0, struck.at + 2500 - performance.now()));
  const still = await untilAnswers(containerOf(lab.number), 0);
  const problems = [
    ...promptly(answered, 'the kill'),
    ...(still === undefined
      ? ['the instance stood still again when all that was left of the run had ended']
      : []),
    ...falseSuccess(directory, struck, code),
    ...(await newestRestores(course)),
  ];
  const after = dates(lab).at(-1);
  const outcome = after === before ? 'no new backup' : 'a new backup';
  return { aim, state: struck.state, answered, problems, outcome };
}

function falseSuccess(directory: string, { id }: Struck, code: number | null): readonly string[] {
  const last = statesOf(directory, id).at(-1);
  return code === 0 && last !== 'reported' ? [`the runner ended with 0, and the run in ${last}`] : [];
}

function playbookOf(lab: Lab): string {
  const args = { ...restoreArgs(lab, ''), backup: '{{ date }}' };
  return JSON.stringify([
    { hosts: 'all', become: true, gather_facts: false, tasks: [{ name: 'Restore', gitlab_restore: args }] },
  ]);
}

/** To one of the backups that were proven: another than it holds, where there is one. */
function chooseDate({ lab, proven, held }: Course, random: () => number): string {
  const known = dates(lab).filter(date => proven.has(date));
  const others = known.filter(date => proven.get(date) !== held);
  const among = others.length > 0 ? others : known;
  return among[Math.floor(random() * among.length)] ?? '';
}

async function killRestore(course: Course, aim: Aim, random: () => number): Promise<Kill | undefined> {
  const { lab, proven } = course;
  const directory = directoryOf(lab, lab.restored);
  const date = chooseDate(course, random);
  const words = [`${lab.root}/restore.yml`, '-i', inventoryOf(lab), '-e', `date=${date}`];
  const struck = await strike(directory, aim, words, `${lab.root}/runners.log`);
  if (struck === undefined) {
    await quiet(lab, lab.restored);
    course.held = (await contentNow(lab)).content;
    return undefined;
  }
  const repaired = await bringToItsEnd(lab, aim, struck);
  const answered = await untilAnswers(containerOf(lab.restored), 30);
  const { content, problems: found } = await contentNow(lab);
  const [old, fresh] = [course.held, proven.get(date) ?? ''];
  course.held = content;
  const outcome = content === fresh && fresh !== old ? 'restored' : 'as it was before';
  const problems = [
    ...repaired,
    ...promptly(answered, aim.victim === 'runner' ? "the driver's end" : "the repair's end"),
    ...found,
    ...(content === old || content === fresh ? [] : ['it holds neither what it held before nor the backup']),
    ...(await newestRestores(course)),
  ];
  return { aim, state: struck.state, answered, problems, outcome };
}

/** A driver that lives ends by itself; one that was killed is brought to its end by what a boot runs. */
async function bringToItsEnd(lab: Lab, { victim }: Aim, struck: Struck): Promise<readonly string[]> {
  const directory = directoryOf(lab, lab.restored);
  const claimed = falseSuccess(directory, struck, await struck.runner);
  if (victim === 'runner') {
    await quiet(lab, lab.restored);
    const last = statesOf(directory, struck.id).at(-1);
    return struck.id === '' || last === 'reported'
      ? []
      : [`the driver, which nobody had touched, ended in ${last}`];
  }
  // Once the old instance was stopped somebody watches over the driver, and ends what it began.
  await quiet(lab, lab.restored);
  const { failure } = await run('sh', [`${lab.root}/boot.sh`, '20', '20']).then(
    () => ({ failure: '' }),
    error => ({ failure: `the repair failed: ${error.stdout}${error.stderr}` }),
  );
  return failure === '' ? claimed : [...claimed, failure];
}

/** Of the instance that restores are killed on; it runs again then. */
async function contentNow(lab: Lab): Promise<{ content: string; problems: readonly string[] }> {
  const container = containerOf(lab.restored);
  const evidence = readEvidence(await takeEvidence(container));
  await run('docker', ['restart', '-t', '10', container]);
  await untilAnswers(container, 60);
  return { content: contentOf(evidence), problems: judge(evidence, []) };
}

export function summarizeKills(kills: readonly Kill[]): readonly string[] {
  if (kills.length === 0) return [];
  const sound = kills.filter(({ problems }) => problems.length === 0);
  const times = kills.flatMap(({ answered }) => (answered === undefined ? [] : [answered]));
  const counts = (['backup', 'restore'] as const).map(what => {
    const of = kills.filter(({ aim }) => aim.what === what);
    const states = [...new Set(of.map(({ state }) => state || 'begin'))].map(
      state => `${state} ${of.filter(one => (one.state || 'begin') === state).length}`,
    );
    return `${of.length} of a ${what} (${states.join(', ')})`;
  });
  return [
    `kills: ${counts.join('; ')}`,
    `running again: median ${showSeconds(median(times))}, max ${showSeconds(Math.max(0, ...times))}`,
    `${sound.length} of ${kills.length} kills left the instance running and the newest backup restorable`,
  ];
}
