/** Where files that tasks and templates name are looked for on the controller. */
import { dirname, resolve } from 'node:path';
import type { Role } from '../core/play.ts';

/** The task's role first, then beside the file that names it, then beside the playbook; nearest first, absolute. */
export function searchFolders(
  role: Role | undefined,
  playbookFile: string | undefined,
  taskFile?: string,
): readonly string[] {
  return [
    ...new Set([
      ...(role === undefined ? [] : [role.folder]),
      ...(taskFile === undefined ? [] : [dirname(resolve(taskFile))]),
      dirname(resolve(playbookFile ?? '.')),
    ]),
  ];
}
