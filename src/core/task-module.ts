/** A task module: what to look at and what follows from what was seen. No control flow, no I/O. */
import type { Static, TObject } from 'typebox';
import { type Aliases, withAliases } from './aliases.ts';
import type { Probe } from './probe.ts';
import type { Step, StepOutput } from './step.ts';
import type { ValueMap } from './value.ts';

/** The module cannot bring the host to the state asked for, and says why before anything is touched. */
export interface Refusal {
  readonly refusal: string;
  readonly hint?: string;
  /** Added to what the task registers. */
  readonly result?: ValueMap;
}

export function refuse(refusal: string, more: { hint?: string; result?: ValueMap } = {}): Refusal {
  return { refusal, ...more };
}

export type Plan = readonly Step[] | Refusal;

export function isRefusal(plan: Plan): plan is Refusal {
  return 'refusal' in plan;
}

/** What a plan may know beside its arguments and what was seen. */
export interface PlanContext {
  readonly host: string;
  /** True in plan mode: for what the module tells, never for what it plans. */
  readonly planning: boolean;
  readonly verbosity: number;
}

export interface TaskModule<Args, Seen> {
  readonly name: string;
  /** One sentence, no full stop. */
  readonly summary: string;
  /** Paragraphs for the reference, where the summary is not enough. */
  readonly description?: string;
  /** TypeBox object schema with additionalProperties false; each property has a description. */
  readonly args: TObject;
  /** The argument that a bare string sets: `command: uptime`. */
  readonly freeForm?: string;
  /** Other names of arguments, as `{ pkg: 'name' }`; `defineTask` puts them into the schema and translates them. */
  readonly aliases?: Aliases;
  /** Arguments that must be given by one of their names, so that the schema cannot require them; set by `defineTask`. */
  readonly needed?: readonly string[];
  /** YAML tasks, shown in the reference and checked by a test. */
  readonly examples: string;
  /** What `register` gets, key by key. */
  readonly returns?: Readonly<Record<string, string>>;
  /** It never changes a host: a plan that cannot know its outcome announces no change. */
  readonly looksOnly?: true;
  /** What no schema can say: arguments that exclude or need one another. Sentences; none when all is well. */
  readonly check?: (args: Args) => readonly string[];
  readonly probe?: (args: Args) => Probe<Seen>;
  readonly plan: (args: Args, seen: Seen, context: PlanContext) => Plan;
  /** What `register` gets beside changed, failed and msg. Called after the steps (also when one failed), or when none was needed. */
  readonly result?: (
    args: Args,
    seen: Seen,
    outputs: readonly StepOutput[],
    context: PlanContext,
  ) => ValueMap;
}

/** A module whose argument and observation types are its own business: as the registry and the engine hold it. */
// The engine passes each module only what that module's own schema accepted and own probe read.
export type AnyTaskModule = TaskModule<ValueMap, unknown>;

/** Gives `args` its type from its schema. */
export function defineTask<Schema extends TObject, Seen = undefined>(
  module: Omit<TaskModule<Static<Schema>, Seen>, 'args'> & { readonly args: Schema },
): AnyTaskModule {
  return withAliases(module as unknown as AnyTaskModule);
}
