/** Reads a host's connection variables: several names for one thing, numbers and flags that may be written as text. */
import type { Value } from '../core/value.ts';

/** A host's variable, templates already rendered; undefined when it is not set. */
export type Variables = (name: string) => Value | undefined;

/** A variable that no setting can be made of; `connection-settings.ts` gives it back as a value. */
export class Unusable extends Error {
  readonly hint: string | undefined;

  constructor(problem: string, hint?: string) {
    super(problem);
    this.hint = hint;
  }
}

/** The first name that is set counts. Null and an empty text are as good as not set. */
export class Reader {
  private readonly vars: Variables;

  constructor(vars: Variables) {
    this.vars = vars;
  }

  text(...names: readonly string[]): string | undefined {
    const { name, value } = this.first(names);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    throw new Unusable(`${name} must be a text`);
  }

  port(...names: readonly string[]): number | undefined {
    const { name, value } = this.first(names);
    if (value === undefined) return undefined;
    const port = numberOf(value);
    if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Unusable(
        `${name} must be a port, not ${JSON.stringify(value)}`,
        'a port is a number from 1 to 65535',
      );
    }
    return port;
  }

  seconds(...names: readonly string[]): number | undefined {
    const { name, value } = this.first(names);
    if (value === undefined) return undefined;
    const seconds = numberOf(value);
    if (seconds === undefined || seconds <= 0)
      throw new Unusable(`${name} must be a number of seconds, not ${JSON.stringify(value)}`);
    return seconds;
  }

  flag(...names: readonly string[]): boolean | undefined {
    const { name, value } = this.first(names);
    if (value === undefined || typeof value === 'boolean') return value;
    const word = String(value).toLowerCase();
    if (['true', 'yes', 'on', 'y', 't', '1', '1.0'].includes(word)) return true;
    if (['false', 'no', 'off', 'n', 'f', '0', '0.0'].includes(word)) return false;
    throw new Unusable(`${name} must be true or false, not ${JSON.stringify(value)}`);
  }

  private first(names: readonly string[]): { name: string; value: Value | undefined } {
    for (const name of names) {
      const value = this.vars(name);
      if (value !== undefined && value !== null && value !== '') return { name, value };
    }
    return { name: names[0] ?? '', value: undefined };
  }
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}
