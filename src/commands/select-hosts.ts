/** Which hosts a play is for, with --limit, and what is wrong with the words that name them. */
import { existsSync, readFileSync } from 'node:fs';
import { type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Host, Inventory } from '../core/inventory.ts';
import type { Play } from '../core/play.ts';
import { explainUnmatched, selectHosts } from '../inventory/patterns.ts';

/** Hosts of a play, and a warning for each part of its pattern that names nobody. */
export function hostsOf(
  inventory: Inventory,
  limit: string | undefined,
  play: Play,
  pattern: string | readonly string[],
): { readonly hosts: readonly Host[]; readonly warnings: readonly Diagnostic[] } {
  const limited = limit === undefined ? undefined : limitPattern(limit);
  const { hosts, unmatched } = selectHosts(inventory, pattern, limited);
  const place = play.hosts.source.place(play.hosts.path);
  return {
    hosts,
    warnings: unmatched.map(name => ({ severity: 'warning', place, ...explainUnmatched(inventory, name) })),
  };
}

/** A limit that names nobody is a slip of the pen: nothing would run, and seem done. */
export function limitProblems(inventory: Inventory, limit: string | undefined): readonly Diagnostic[] {
  if (limit === undefined) return [];
  const { unmatched } = selectHosts(inventory, 'all', limitPattern(limit));
  return unmatched.map(name => {
    const { message, hint } = explainUnmatched(inventory, name);
    return errorAt(`--limit: ${message}`, undefined, hint);
  });
}

/** `--limit @file`: a pattern a line. */
function limitPattern(limit: string): string {
  if (!limit.startsWith('@')) return limit;
  const file = limit.slice(1);
  if (!existsSync(file)) throw new DiagnosticError(errorAt(`--limit ${limit}: no such file`));
  return readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .join(',');
}
