/** What an inventory file declares, in its order: what the parsers of YAML and INI give and the tree takes. */
import type { Diagnostic, Place } from '../core/diagnostic.ts';
import type { ValueMap } from '../core/value.ts';

export type Declaration =
  | { readonly kind: 'group'; readonly name: string }
  /** A `[name:vars]` section: the group must be declared elsewhere. */
  | { readonly kind: 'mention'; readonly name: string; readonly place: Place }
  | { readonly kind: 'child'; readonly parent: string; readonly child: string; readonly place: Place }
  | {
      readonly kind: 'host';
      readonly name: string;
      readonly group: string;
      readonly port?: number;
      readonly origin: string;
    }
  | {
      readonly kind: 'vars';
      readonly of: 'group' | 'host';
      readonly name: string;
      readonly values: ValueMap;
      readonly origin: string;
      readonly place: Place;
    };

export interface Draft {
  readonly declarations: readonly Declaration[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Names what is inside a file, for people. */
export function originIn(file: string, of: 'group' | 'host', name: string): string {
  return `${file} (${of} ${name})`;
}
