/** What a backup leaves for `register`: what became of it, what was removed, and what somebody should look at. */
import type { Verdict } from '../../src/core/backup/retention.ts';
import type { StepOutput } from '../../src/core/step.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { showBytes } from '../docker/units.ts';
import { BUSY, readResult } from '../host-run/follow.ts';
import type { Survey } from './survey.ts';
import { unprunable, warningsOf } from './warnings.ts';

/** Whose backup. */
export interface Subject {
  readonly number: number;
  readonly container: string;
  readonly directory: string;
  /** `paused`, `stopped`. */
  readonly still: string;
  /** Seconds between two backups, where somebody said it. */
  readonly every: number | undefined;
}

/** What can be said before anything is done, and when nothing is. */
export function knownOf({ number, container, every }: Subject, survey: Survey): ValueMap {
  return {
    number,
    container,
    busy: false,
    started: survey.now.toISOString().replace(/\.\d+Z$/, 'Z'),
    verified: survey.backups.findLast(({ verified }) => verified)?.date ?? '',
    pruned: 0,
    warnings: [...warningsOf(survey, every, undefined)],
  };
}

/** @param outputs of the start, of following it, of its result, and of each removal in the order of `decided` */
export function outcomeOf(
  subject: Subject,
  survey: Survey,
  decided: readonly Verdict[],
  outputs: readonly StepOutput[],
): ValueMap {
  const [began, followed, told, ...removals] = outputs;
  const made = readResult(told?.stdout ?? '') ?? {};
  const going = decided.filter(({ stays }) => !stays);
  const removed = removals.map(({ code, stderr }, i) => ({ date: going[i]?.date ?? '', code, stderr }));
  const duration = (began?.duration ?? 0) + (followed?.duration ?? 0);
  return {
    ...knownOf(subject, survey),
    busy: began?.code === BUSY,
    ...(made.date === undefined ? {} : describe(subject, made, duration)),
    pruned: removals.filter(({ code, stdout }) => code === 0 && stdout === '').length,
    warnings: [...warningsOf(survey, subject.every, sizeOf(made)), ...unprunable(removed)],
    retention: decided.map(verdict => ({ ...verdict })),
  };
}

function sizeOf({ date, bytes }: ValueMap): { readonly date: string; readonly bytes: number } | undefined {
  return date === undefined ? undefined : { date: String(date), bytes: Number(bytes) };
}

function describe({ number, directory, still }: Subject, made: ValueMap, duration: number): ValueMap {
  const { date, bytes, files, pause, previous, linked, started, finished } = made;
  return {
    date: date ?? '',
    directory: `${directory}/bckups/${date}`,
    bytes: bytes ?? 0,
    files: files ?? 0,
    pause: pause ?? 0,
    previous: previous ?? '',
    linked: linked ?? 0,
    started: started ?? '',
    finished: finished ?? '',
    duration: Math.round(duration * 10) / 10,
    summary: `instance ${number}: ${date}, ${showBytes(Number(bytes))} in ${files} files (${linked} unchanged), ${still} for ${pause} s`,
  };
}
