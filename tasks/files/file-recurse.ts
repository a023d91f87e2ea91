/** Owner, group, mode and times of everything below a directory. */
import { join } from 'node:path/posix';
import type { Present } from '../../src/core/probes/path.ts';
import type { TreeState } from '../../src/core/probes/tree.ts';
import type { Sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { FileArgs } from './file-attributes.ts';
import { changes, differences } from './file-attributes.ts';
import type { Seen, Times } from './file-subject.ts';
import { blank, script } from './file-subject.ts';
import { timeCommands } from './file-times.ts';

/** Names shown of the many entries that one step changes. */
const NAMED = 3;

/** One step that gives everything below a directory the attributes and times asked for, or none. */
export function recurse(given: FileArgs, seen: Seen, subject: Present): readonly Step[] {
  const wrong = distinct([...seen.below, ...seen.behind])
    .map(entry => ({ ...blank(subject), ...entry, path: join(subject.path, entry.relative) }))
    .map(entry => ({ path: entry.path, commands: changesOf(given, seen, entry) }))
    .filter(({ commands }) => commands.length > 0)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (wrong.length === 0) return [];
  const paths = [...new Set(wrong.map(({ path }) => path))];
  const names = paths.slice(0, NAMED).join(', ');
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return [
    script(
      `change owner, group or mode below ${subject.path}: ${names}${more}`,
      ...wrong.flatMap(({ commands }) => commands),
    ),
  ];
}

/** What is reached by several ways counts once. */
function distinct(entries: readonly TreeState[]): readonly TreeState[] {
  const found = new Map<string, TreeState>();
  for (const entry of entries) {
    const identity = `${entry.dev} ${entry.inode}`;
    if (!found.has(identity)) found.set(identity, entry);
  }
  return [...found.values()];
}

function changesOf(given: FileArgs, times: Times, entry: Present): readonly Sh[] {
  const link = entry.type === 'link';
  const found = changes(differences(given, entry), entry.path, link);
  return link ? found : [...found, ...timeCommands(entry.path, entry, times).commands];
}
