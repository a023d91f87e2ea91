/** What a template may ask of the world: variables, functions and other templates. */
import type { Unknown, Value } from '../core/value.ts';

/** A variable found. `templated`: its strings are templates themselves, evaluated when it is read. */
export interface Looked {
  readonly value: Value | Unknown | LazyMap;
  readonly templated: boolean;
}

/** Finds variables for templates. */
export interface Scope {
  lookup(name: string): Looked | undefined;
  /** Names that may be suggested for a mistyped one; asked only when an error is made. */
  readonly names?: () => readonly string[];
  /** Further functions for expressions: lookup('env', 'HOME'), query(...). */
  readonly functions?: ReadonlyMap<
    string,
    (args: readonly Value[], named: Readonly<Record<string, Value>>) => Value
  >;
  /** The text of a template file, for include, import and extends; undefined when there is none. */
  readonly loadTemplate?: (name: string) => { name: string; text: string } | undefined;
}

/** A mapping whose values are looked up when asked (hostvars). `get` may throw; its errors pass through unchanged. */
export interface LazyMap {
  readonly lazy: true;
  /** Templates inside the entry are evaluated with its own `scope` where it has one. */
  get(key: string): (Looked & { readonly scope?: Scope }) | undefined;
  keys(): readonly string[];
}
