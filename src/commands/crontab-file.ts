/** The crontabs of this machine: looked at, and replaced whole. */
import { spawnSync } from 'node:child_process';
import {
  type CronSurvey,
  cronSurveyScript,
  readCronSurvey,
  replaceScript,
  type Table,
} from '../core/cron/tables.ts';
import { DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Sh } from '../core/sh.ts';

export function lookAtCron(): CronSurvey {
  return readCronSurvey(run(cronSurveyScript));
}

/** Throws a DiagnosticError when the machine says no. */
export function writeTable(survey: CronSurvey, table: Table, content: Uint8Array): void {
  run(replaceScript(survey, table, content));
}

function run(text: Sh): string {
  const { status, stdout, stderr, error } = spawnSync('/bin/sh', ['-s'], {
    input: text.text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new DiagnosticError(errorAt(stderr.trim() || `exit code ${status}`));
  return stdout;
}
