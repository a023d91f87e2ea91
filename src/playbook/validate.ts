/** Holds a play, block or task against its JSON Schema and says in sentences what does not fit. */
import { didYouMean } from '../core/suggest.ts';
import type { ValueMap } from '../core/value.ts';
import { type Context, complain, complainAtKey, type Path } from './context.ts';
import { type Kind, kinds, wants } from './keywords.ts';
import { validate } from './validators.generated.js';

const called: Record<Kind, string> = {
  play: 'a play',
  importPlaybook: 'import_playbook',
  block: 'a block',
  task: 'a task',
  handler: 'a handler',
  include: 'include_tasks',
  importTasks: 'import_tasks',
  meta: 'meta',
  role: 'a role',
  loopControl: 'loop_control',
  apply: 'apply',
};

/** True when all is well; a keyword in error is complained about once, at its value or, when unknown, at its key. */
export function validateKeywords(kind: Kind, keywords: ValueMap, path: Path, context: Context): boolean {
  if (validate({ [kind]: keywords })) return true;
  const reported = new Set<string>();
  for (const { keyword, instancePath, params } of validate.errors ?? []) {
    const inside = instancePath.split('/')[2];
    const name = inside ?? params.additionalProperty ?? params.missingProperty ?? '';
    if (reported.has(name)) continue;
    reported.add(name);
    if (inside !== undefined) complain(context, `"${name}" must be ${wants(kind, name)}`, [...path, name]);
    else if (keyword === 'required') complain(context, `${called[kind]} needs "${name}"`, path);
    else complainUnknown(kind, name, path, context);
  }
  return false;
}

function complainUnknown(kind: Kind, name: string, path: Path, context: Context): void {
  const hint = didYouMean(name, Object.keys(kinds[kind])) ?? elsewhere(kind, name);
  complainAtKey(context, `unknown keyword "${name}" in ${called[kind]}`, [...path, name], hint);
}

function elsewhere(kind: Kind, name: string): string | undefined {
  if (kind === 'include' && Object.hasOwn(kinds.apply, name))
    return 'give it to the tasks of the file: include_tasks: {file: ..., apply: {...}}';
  if (kind === 'block' && Object.hasOwn(kinds.task, name)) return 'give it to the tasks of the block';
  if (kind === 'task' && name === 'listen') return 'only handlers listen';
  if (Object.hasOwn(kinds.play, name)) return 'give it to the play';
  return undefined;
}
