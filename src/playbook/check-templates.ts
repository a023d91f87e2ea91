/** Finds, before the run, templates that cannot be read and variables that no host could know. */
import { type Diagnostic, errorAt, type Place } from '../core/diagnostic.ts';
import type { Playbook, Written } from '../core/play.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Value } from '../core/value.ts';
import { definedNames } from './defined-names.ts';
import { type Site, type Sites, sitesOf, type TemplateKind, type VariableSite } from './template-sites.ts';

type Path = readonly (string | number)[];

/** A variable that a template reads. */
interface Reference {
  readonly name: string;
  /** True where the template copes with the variable being undefined. */
  readonly guarded: boolean;
  readonly path: Path;
  readonly offset: number;
  readonly length: number;
}

interface Flaw {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: Path;
  readonly offset: number;
  readonly length: number;
}

/** What the template engine knows without evaluating; given, for this room does not import it. */
export interface TemplateTools {
  readonly references: (value: Value, kind: TemplateKind) => readonly Reference[];
  readonly syntaxErrors: (value: Value, kind: TemplateKind) => readonly Flaw[];
}

/**
 * @param knownNames what inventory, command line and engine define, for whichever host
 * A name whose absence is coped with anywhere in the playbook (`default`, `is defined`) is one that may be absent.
 */
export function checkTemplates(
  playbook: Playbook,
  tools: TemplateTools,
  knownNames: ReadonlySet<string>,
): readonly Diagnostic[] {
  const all = sitesOf(playbook.plays);
  const flawed = [...all.sites, ...all.variables].flatMap(site => flaws(site, tools));
  return unique([...flawed, ...undefinedNames(playbook, all, tools, knownNames)]);
}

function flaws(site: Site, { syntaxErrors }: TemplateTools): readonly Diagnostic[] {
  return syntaxErrors(site.value, site.kind).map(flaw =>
    errorAt(flaw.message, placeIn(site, flaw), flaw.hint),
  );
}

function placeIn({ source, path }: Written, at: Pick<Reference, 'path' | 'offset' | 'length'>): Place {
  return { ...source.place([...path, ...at.path], at.offset), length: Math.max(at.length, 1) };
}

interface Read {
  readonly site: Site;
  readonly reference: Reference;
}

function undefinedNames(
  playbook: Playbook,
  all: Sites,
  tools: TemplateTools,
  knownNames: ReadonlySet<string>,
): readonly Diagnostic[] {
  const defined = definedNames(playbook.plays);
  if (defined.open) return [];
  const reads = (sites: readonly Site[]) => sites.flatMap(site => readsOf(site, tools));
  const direct = reads(all.sites);
  const inVariables = new Map(all.variables.map(variable => [variable, readsOf(variable, tools)]));
  const coped = [...direct, ...[...inVariables.values()].flat()].filter(({ reference }) => reference.guarded);
  const names = new Set([...defined.names, ...knownNames]);
  const fine = new Set([...names, ...coped.map(({ reference }) => reference.name)]);
  return [...direct, ...neededReads(direct, inVariables)]
    .filter(({ reference: { name, guarded } }) => !guarded && !fine.has(name) && !isFact(name))
    .flatMap(read => complaint(read, names));
}

function readsOf(site: Site, { references }: TemplateTools): readonly Read[] {
  return references(site.value, site.kind).map(reference => ({ site, reference }));
}

/** What variables read that are themselves read, directly or by another variable. */
function neededReads(
  direct: readonly Read[],
  inVariables: ReadonlyMap<VariableSite, readonly Read[]>,
): readonly Read[] {
  const needed = new Set<string>();
  const waiting = direct.filter(({ site }) => site.evaluated !== 'never').map(({ reference }) => reference);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.guarded || needed.has(next.name)) continue;
    needed.add(next.name);
    for (const [{ variable }, reads] of inVariables)
      if (variable === next.name) waiting.push(...reads.map(({ reference }) => reference));
  }
  return [...inVariables].flatMap(([{ variable }, reads]) => (needed.has(variable) ? reads : []));
}

function isFact(name: string): boolean {
  return name === 'facts' || name.startsWith('ansible_');
}

/** Where the task may never be reached, only what looks like a misspelling is called a mistake. */
function complaint({ site, reference }: Read, names: ReadonlySet<string>): readonly Diagnostic[] {
  const hint = didYouMean(reference.name, names);
  if (site.evaluated === 'never' || (site.evaluated === 'perhaps' && hint === undefined)) return [];
  return [errorAt(`'${reference.name}' is undefined`, placeIn(site, reference), hint)];
}

/** One complaint a place; files in the order in which they are met, each from top to bottom. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const byPlace = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { file, line, column } = diagnostic.place ?? {};
    const key = `${file}:${line}:${column}`;
    if (!byPlace.has(key)) byPlace.set(key, diagnostic);
  }
  const files = [...new Set([...byPlace.values()].map(({ place }) => place?.file))];
  const rank = ({ place }: Diagnostic) => files.indexOf(place?.file);
  return [...byPlace.values()].toSorted((a, b) => rank(a) - rank(b) || byPosition(a, b));
}

function byPosition({ place: a }: Diagnostic, { place: b }: Diagnostic): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
