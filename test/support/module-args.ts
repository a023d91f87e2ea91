/** Makes a module's arguments from what a playbook says, as the engine does: coerced, defaults filled in, wrong ones refused. */
import { acceptArgs } from '../../src/core/arguments.ts';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { isMap } from '../../src/core/value.ts';

/** The arguments are wrong; one sentence for each problem. */
export class ArgumentError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

export function withDefaults(module: AnyTaskModule, raw: ValueMap): ValueMap {
  const accepted = acceptArgs(
    module,
    Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, written(value)])),
  );
  if ('problems' in accepted) throw new ArgumentError(accepted.problems.map(({ message }) => message));
  const evaluated = Object.entries(raw).filter(([, value]) => written(value) !== value);
  const restored = evaluated.map(([name, value]) => [
    name,
    Array.isArray(accepted.args[name]) ? [value].flat() : value,
  ]);
  const args: ValueMap = { ...accepted.args, ...Object.fromEntries(restored) };
  const problems = module.check?.(args) ?? [];
  if (problems.length > 0) throw new ArgumentError(problems);
  return args;
}

/** Expressions are given to tests' modules as the engine gives them, evaluated; a schema judges them as written. */
function written(value: Value): Value {
  if (isMap(value) && 'expression' in value && 'value' in value) return value.expression ?? null;
  if (Array.isArray(value) && value.some(part => written(part) !== part)) return value.map(written);
  return value;
}
