/** Scopes for tests: variables of a playbook, which are templates, and data from hosts, which are not. */
import type { Unknown, Value } from '../../src/core/value.ts';
import type { LazyMap, Scope } from '../../src/template/template.ts';

type Variables = Readonly<Record<string, Value | Unknown | LazyMap>>;

export function scopeOf(playbook: Variables, host: Variables = {}, more: Omit<Scope, 'lookup'> = {}): Scope {
  return {
    lookup: name => {
      const [found, templated] = Object.hasOwn(host, name) ? [host[name], false] : [playbook[name], true];
      return found === undefined || (templated && !Object.hasOwn(playbook, name))
        ? undefined
        : { value: found, templated };
    },
    names: () => [...Object.keys(playbook), ...Object.keys(host)],
    ...more,
  };
}

/** What a call throws, as `message (hint)`. */
export function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const hint = 'hint' in error && typeof error.hint === 'string' ? ` (${error.hint})` : '';
    return `${error.message}${hint}`;
  }
  return 'nothing was thrown';
}
