/** The values that playbooks, inventories and hosts exchange: JSON, and one marker for what a plan cannot know yet. */

export type Value = null | boolean | number | string | Value[] | ValueMap;

export interface ValueMap {
  [key: string]: Value;
}

export function isMap(value: unknown): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/**
 * In plan mode: the result of a task that has not run, known only in part.
 * Reading a key of `known` works; reading anything else raises an UnknownValueError.
 */
export class Unknown {
  readonly origin: string;
  readonly known: Readonly<ValueMap>;

  /** @param origin a phrase for people: `the result of "Install Docker"` */
  constructor(origin: string, known: Readonly<ValueMap> = {}) {
    this.origin = origin;
    this.known = known;
  }
}

/** Raised by evaluation when an expression needs what is known only after a run. */
export class UnknownValueError extends Error {
  readonly origin: string;

  constructor(origin: string) {
    super(`depends on ${origin}, which is known only after the run`);
    this.origin = origin;
  }
}

/** Variables of one origin. A later layer wins over an earlier one. */
export interface Layer {
  /** Where the variables come from, for people: `inventory/group_vars/all.yml`, `play vars`, `facts of vm1`. */
  readonly origin: string;
  readonly values: Readonly<Record<string, Value | Unknown>>;
  /** True where strings are templates (files written by users); false for data from hosts, which is never templated again. */
  readonly templated: boolean;
}
