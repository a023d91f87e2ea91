/** What compiling carries along: the file it is in, what is handed down, and what was found wrong. */
import { type Diagnostic, errorAt, type Place } from '../core/diagnostic.ts';
import type { Inherited, Node, Written } from '../core/play.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import type { Value, ValueMap } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import type { RoleBook } from './roles.ts';

export type Path = readonly (string | number)[];

export type Registry = ReadonlyMap<string, AnyTaskModule>;

/** Gathers what is wrong, over all files. Of one place, the first complaint is kept: others follow from it. */
export class Report {
  readonly #found = new Map<string, Diagnostic>();
  readonly #doubtful = new Map<string, ReadonlySet<number>>();

  add(diagnostic: Diagnostic): void {
    const { place } = diagnostic;
    if (place && this.#doubtful.get(place.file)?.has(place.line)) return;
    const key = place ? `${place.file}:${place.line}:${place.column}` : diagnostic.message;
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }

  error(message: string, place: Place, hint?: string): void {
    this.add(errorAt(message, place, hint));
  }

  warn(message: string, place: Place): void {
    this.add({ severity: 'warning', message, place });
  }

  /** Takes over what reading the file found. */
  addDocument({ file, diagnostics, doubtful }: YamlDocument): void {
    for (const diagnostic of diagnostics) this.add(diagnostic);
    this.#doubtful.set(file, doubtful);
  }

  get errors(): readonly Diagnostic[] {
    return this.#ordered('error');
  }

  get warnings(): readonly Diagnostic[] {
    return this.#ordered('warning');
  }

  /** Files in the order in which they were read, each from top to bottom. */
  #ordered(severity: Diagnostic['severity']): readonly Diagnostic[] {
    const files = [...this.#doubtful.keys()];
    const rank = ({ place }: Diagnostic) => (place ? files.indexOf(place.file) : -1);
    return [...this.#found.values()]
      .filter(diagnostic => diagnostic.severity === severity)
      .toSorted((a, b) => rank(a) - rank(b) || byPlace(a.place, b.place));
  }
}

function byPlace(a: Place | undefined, b: Place | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** Arguments that module_defaults gives to one module. */
export interface ModuleDefaults {
  readonly module: AnyTaskModule;
  readonly args: ValueMap;
  readonly document: YamlDocument;
  readonly path: Path;
}

export interface Context {
  readonly report: Report;
  readonly registry: Registry;
  readonly document: YamlDocument;
  readonly inherited: Inherited;
  readonly notify: readonly Written<string>[];
  /** Outermost first. */
  readonly defaults: readonly ModuleDefaults[];
  /** Among handlers, tasks may listen. */
  readonly handlers: boolean;
  /** Files being compiled, outermost first: the playbook, then what it imports and includes. */
  readonly chain: readonly string[];
  /** The roles of this play. */
  readonly book: RoleBook;
  /** Folders of the roles being compiled, outermost first. */
  readonly rolesAround: readonly string[];
  /** Compiles a list of tasks: here, for a file of tasks is met in the middle of one. */
  readonly compileNodes: (tasks: Value | undefined, path: Path, context: Context) => readonly Node[];
}

export function written<T extends Value>(context: Context, value: T, path: Path): Written<T> {
  return { value, source: context.document, path };
}

export function complain(context: Context, message: string, path: Path, hint?: string): void {
  context.report.error(message, context.document.place(path), hint);
}

export function complainAtKey(context: Context, message: string, path: Path, hint?: string): void {
  context.report.error(message, context.document.keyPlace(path), hint);
}
