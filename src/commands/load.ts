/** Everything that can be known before the first connection: files read, checked, and all that is wrong told at once. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Inventory } from '../core/inventory.ts';
import type { Playbook } from '../core/play.ts';
import type { Layer } from '../core/value.ts';
import { MAGIC_NAMES } from '../engine/scope.ts';
import { loadInventory } from '../inventory/load.ts';
import { checkTemplates } from '../playbook/check-templates.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { references, syntaxErrors } from '../template/template.ts';
import { parseExtraVars } from './extra-vars.ts';
import type { RunFlags } from './flags.ts';
import { limitProblems } from './select-hosts.ts';

/** What a run needs, loaded and checked. */
export interface Loaded {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly extra: Layer;
  readonly warnings: readonly Diagnostic[];
}

/** Throws a DiagnosticError with all that is wrong. */
export async function load(files: readonly string[], flags: RunFlags): Promise<Loaded> {
  const missing = files.filter(file => !existsSync(file));
  if (missing.length > 0) throw new DiagnosticError(missing.map(missingPlaybook));
  const [inventory, extra, ...playbooks] = await Promise.all([
    loadInventory(inventorySources(files, flags), { playbookFolder: dirname(resolve(files[0] ?? '.')) }),
    parseExtraVars(flags.extraVars),
    ...files.map(file => loadPlaybook(file)),
  ]);
  const problems = [inventory, extra, ...playbooks].flatMap(part =>
    'diagnostics' in part ? part.diagnostics : [],
  );
  const known =
    'layer' in extra && 'inventory' in inventory ? knownNames(extra.layer, inventory.inventory) : undefined;
  const compiled = playbooks.map(part => ('playbook' in part ? part.playbook : part.partial));
  const inTemplates = known
    ? compiled.flatMap(playbook => checkTemplates(playbook, { references, syntaxErrors }, known))
    : [];
  const all = inOrder(
    unique([
      ...problems,
      ...inTemplates,
      ...('inventory' in inventory ? limitProblems(inventory.inventory, flags.limit) : []),
    ]),
  );
  if (all.length > 0 || 'diagnostics' in inventory || 'diagnostics' in extra) throw new DiagnosticError(all);
  const good = playbooks.flatMap(part => ('playbook' in part ? [part] : []));
  return {
    playbooks: good.map(({ playbook }) => playbook),
    inventory: inventory.inventory,
    extra: extra.layer,
    warnings: [...inventory.warnings, ...good.flatMap(({ warnings }) => warnings)],
  };
}

/** By file as they came, then by place. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ place }) => place?.file))];
  const rank = ({ place }: Diagnostic) => [files.indexOf(place?.file), place?.line ?? 0, place?.column ?? 0];
  return [...diagnostics].sort((a, b) => compare(rank(a), rank(b)));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((value, i) => value !== b[i]);
  return differing < 0 ? 0 : (a[differing] ?? 0) - (b[differing] ?? 0);
}

function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map(diagnostic => [JSON.stringify(diagnostic), diagnostic])).values()];
}

const COMMANDS = ['run', 'doc', 'backups', 'backup', 'restore', 'schedule'];

function missingPlaybook(file: string): Diagnostic {
  const hint = COMMANDS.some(command => command.startsWith(file.slice(0, 3)))
    ? `the commands are ${COMMANDS.join(', ')}`
    : 'give the path of a playbook';
  return errorAt(`no such file: ${file}`, undefined, hint);
}

/** -i, or inventory/hosts.yml here or beside the playbook's folder, or nothing: then there is localhost. */
function inventorySources(files: readonly string[], { inventory }: RunFlags): readonly string[] {
  if (inventory.length > 0) return inventory;
  const beside = join(dirname(files[0] ?? '.'), '..', 'inventory', 'hosts.yml');
  return ['inventory/hosts.yml', beside].filter(path => existsSync(path)).slice(0, 1);
}

/** Names that some host could know before the run. */
function knownNames(extra: Layer, { hosts, localhost }: Inventory): ReadonlySet<string> {
  const layers = [...hosts, ...(localhost ? [localhost] : [])].flatMap(host => host.layers);
  return new Set([...MAGIC_NAMES, ...[extra, ...layers].flatMap(({ values }) => Object.keys(values))]);
}
