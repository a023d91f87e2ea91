/** `girofle-run backups [INSTANCE]` and `girofle-run backup verify DATE`: the playbooks of these names, run as any other. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DATE, OLD_DATE } from '../core/backup/manifest.ts';
import type { RunFlags } from './flags.ts';
import { runPlaybooks } from './run.ts';

/** The exit code of the run; 4 where the words are wrong. */
export function listBackups(instance: string | undefined, flags: RunFlags): Promise<number> {
  if (instance === undefined) return runPlaybooks([playbook('backups.yml')], flags);
  if (!isNumber(instance)) return refuse(`"${instance}" is no number of an instance: girofle-run backups 2`);
  return runPlaybooks([playbook('backups.yml')], withVars(flags, { instance: Number(instance) }));
}

export function verifyBackup(date: string, flags: RunFlags): Promise<number> {
  if (OLD_DATE.test(date))
    return refuse(
      `${date} was made by the original scripts and has no manifest: there is nothing to verify it against`,
    );
  if (date !== 'latest' && !DATE.test(date))
    return refuse(
      `"${date}" is no date of a backup: write 2026-11-22T08-48-00Z, or latest (girofle-run backups lists them)`,
    );
  return runPlaybooks([playbook('verify.yml')], withVars(flags, { date }));
}

export function isNumber(text: string): boolean {
  return /^[1-9]\d*$/.test(text);
}

/** JSON, so that no value can be taken for anything else; what the user says himself comes after and wins. */
export function withVars(
  flags: RunFlags,
  vars: Readonly<Record<string, string | number | boolean>>,
): RunFlags {
  return { ...flags, extraVars: [JSON.stringify(vars), ...flags.extraVars] };
}

/** The project's own playbook, or the one that came with the program. */
export function playbook(name: string): string {
  const own = join('playbooks', name);
  return existsSync(own) ? own : join(dirname(realpathSync(process.argv[1] ?? '.')), '..', 'playbooks', name);
}

export function refuse(sentence: string): Promise<number> {
  process.stderr.write(`${sentence}\n`);
  return Promise.resolve(4);
}
