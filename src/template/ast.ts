/** The syntax trees of expressions and templates. Every expression knows its place in the text. */
import type { Span } from './errors.ts';

export interface Arguments {
  readonly positional: readonly Expr[];
  readonly named: readonly { readonly name: string; readonly value: Expr }[];
  /** `*list` */
  readonly spread?: Expr;
  /** `**dict` */
  readonly spreadNamed?: Expr;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

type Shape =
  | { readonly kind: 'constant'; readonly value: null | boolean | string | number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expr[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expr, Expr])[] }
  | { readonly kind: 'attribute'; readonly base: Expr; readonly name: string }
  | { readonly kind: 'item'; readonly base: Expr; readonly index: Expr }
  | {
      readonly kind: 'slice';
      readonly base: Expr;
      readonly start?: Expr;
      readonly stop?: Expr;
      readonly step?: Expr;
    }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: Arguments }
  | {
      readonly kind: 'filter';
      readonly base: Expr;
      readonly name: string;
      readonly nameAt: Span;
      readonly args: Arguments;
    }
  | {
      readonly kind: 'test';
      readonly base: Expr;
      readonly name: string;
      readonly nameAt: Span;
      readonly args: Arguments;
    }
  | { readonly kind: 'not'; readonly operand: Expr }
  | { readonly kind: 'negative' | 'positive'; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'concat'; readonly parts: readonly Expr[] }
  | {
      readonly kind: 'compare';
      readonly first: Expr;
      readonly rest: readonly { readonly operator: Comparison; readonly operand: Expr }[];
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'if'; readonly condition: Expr; readonly then: Expr; readonly otherwise?: Expr }
  /** A string literal of a condition that holds `{{ }}` itself. */
  | { readonly kind: 'template'; readonly text: string };

export type Expr = Shape & { readonly at: Span };
export type ExprOf<K extends Expr['kind']> = Extract<Expr, { readonly kind: K }>;

/** What `set`, `for` and `with` assign to: a name, an attribute of a namespace, or several. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: string; readonly name: string }
  | { readonly kind: 'unpack'; readonly targets: readonly Target[] };

export interface Signature {
  readonly parameters: readonly { readonly name: string; readonly fallback?: Expr }[];
}

type Block = readonly Stmt[];

type StmtShape =
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Expr }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: Expr; readonly body: Block }[];
      readonly otherwise: Block;
    }
  | {
      readonly kind: 'for';
      readonly target: Target;
      readonly list: Expr;
      readonly filter?: Expr;
      readonly recursive: boolean;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Expr }
  /** `base` of the filter chain is the captured text, under the name CAPTURED. */
  | { readonly kind: 'capture'; readonly target: Target; readonly filter?: Expr; readonly body: Block }
  | { readonly kind: 'filter'; readonly filter: Expr; readonly body: Block }
  | ({ readonly kind: 'macro'; readonly name: string; readonly body: Block } & Signature)
  | ({ readonly kind: 'callBlock'; readonly call: ExprOf<'call'>; readonly body: Block } & Signature)
  | {
      readonly kind: 'include';
      readonly template: Expr;
      readonly ignoreMissing: boolean;
      readonly withContext: boolean;
    }
  | { readonly kind: 'import'; readonly template: Expr; readonly name: string; readonly withContext: boolean }
  | {
      readonly kind: 'from';
      readonly template: Expr;
      readonly names: readonly (readonly [string, string])[];
      readonly withContext: boolean;
    }
  | { readonly kind: 'extends'; readonly template: Expr }
  | { readonly kind: 'block'; readonly name: string; readonly body: Block; readonly required: boolean }
  | { readonly kind: 'with'; readonly bindings: readonly (readonly [Target, Expr])[]; readonly body: Block }
  | { readonly kind: 'scope'; readonly body: Block };

export type Stmt = StmtShape & { readonly at: Span };
export type StmtOf<K extends Stmt['kind']> = Extract<Stmt, { readonly kind: K }>;

/** The name under which a filter block's text is its filters' input; no template can write it. */
export const CAPTURED = '{captured}';
