/** From a task as written to what it means for one host: conditions, loop, arguments, user. Pure but for look-ups. */

import { type Evaluated, isExpression } from '../core/args.ts';
import { acceptArgs } from '../core/arguments.ts';
import { type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Inherited, LoopControl, TaskNode, Written } from '../core/play.ts';
import { isMap, type Layer, Unknown, UnknownValueError, type Value, type ValueMap } from '../core/value.ts';
import { condition, evaluate, render, type Scope, UndefinedError, type Where } from '../template/template.ts';
import { loopItems } from './loop.ts';
import { dataLayer, OMIT } from './scope.ts';

/** Makes the scope of a task from its local layers. */
export type MakeScope = (local: readonly Layer[]) => Scope;

/** The first condition that does not hold, as written; undefined when all do. Those after it are not evaluated. */
export function unmetCondition(
  conditions: readonly Written<string | boolean>[],
  scope: Scope,
): string | undefined {
  const unmet = conditions.find(written => !condition(written.value, scope, written));
  return unmet && String(unmet.value);
}

export function allHold(conditions: readonly Written<string | boolean>[], scope: Scope): boolean {
  return unmetCondition(conditions, scope) === undefined;
}

/** One round of a loop: its item and the layer with its variables. */
export interface Round {
  readonly item: Value;
  readonly label: string;
  readonly layer: Layer;
  /** What its result gets beside the module's: the item under the loop variable's name. */
  readonly result: ValueMap;
}

/** What has a loop: tasks and includes. */
export interface Looping {
  readonly loop?: TaskNode['loop'] | undefined;
  readonly loopControl: LoopControl;
}

/** The rounds of a task's loop; undefined when it has none. Throws a DiagnosticError when the value is no loop. */
export function rounds(
  node: Looping,
  makeScope: MakeScope,
  local: readonly Layer[],
): readonly Round[] | undefined {
  const { loop } = node;
  if (loop === undefined) return undefined;
  const value = render(loop.value, makeScope(local), loop);
  const items = loopItems(loop.style, value);
  if ('problem' in items) throw new DiagnosticError(errorAt(items.problem, loop.source.place(loop.path)));
  return items.map((item, index) => makeRound(node, item, index, items, makeScope, local));
}

function makeRound(
  { loopControl }: Pick<TaskNode, 'loopControl'>,
  item: Value,
  index: number,
  items: readonly Value[],
  makeScope: MakeScope,
  local: readonly Layer[],
): Round {
  const { loopVar, indexVar, extended, label } = loopControl;
  const result = {
    [loopVar]: item,
    ...(indexVar === undefined ? {} : { [indexVar]: index, ansible_index_var: indexVar }),
    ansible_loop_var: loopVar,
    ...(extended ? { ansible_loop: extendedLoop(index, items) } : {}),
  };
  const layer = dataLayer('loop', result);
  const shown = label === undefined ? item : render(label.value, makeScope([...local, layer]), label);
  return { item, label: typeof shown === 'string' ? shown : JSON.stringify(shown), layer, result };
}

function extendedLoop(index: number, items: readonly Value[]): ValueMap {
  const { length } = items;
  return {
    index: index + 1,
    index0: index,
    first: index === 0,
    last: index === length - 1,
    length,
    revindex: length - index,
    revindex0: length - index - 1,
    allitems: [...items],
    ...(index > 0 ? { previtem: items[index - 1] ?? null } : {}),
    ...(index < length - 1 ? { nextitem: items[index + 1] ?? null } : {}),
  };
}

/** The module's arguments for this host: rendered, omitted ones left out, checked, with defaults. Throws a DiagnosticError. */
export function prepareArgs(node: TaskNode, scope: Scope): ValueMap {
  const { args, module } = node;
  const schemas: Readonly<Record<string, unknown>> = module.args.properties;
  const rendered = Object.entries(args.value).flatMap(([written, value]) => {
    const path = [...args.path, written];
    const name = nameOf(written, scope, { source: args.source, path });
    const given = holdsExpressions(schemas[name])
      ? value
      : render(value, scope, { source: args.source, path });
    return given === OMIT ? [] : [[name, withoutOmitted(given)] as const];
  });
  const accepted = acceptArgs(module, Object.fromEntries(rendered));
  if ('problems' in accepted)
    throw new DiagnosticError(accepted.problems.map(problem => placed(problem, node)));
  const complaints = module.check?.(accepted.args) ?? [];
  if (complaints.length > 0)
    throw new DiagnosticError(complaints.map(message => errorAt(`${module.name}: ${message}`, node.place)));
  return evaluateExpressions(accepted.args, schemas, scope, node);
}

/** The names of set_fact may be templates. */
function nameOf(written: string, scope: Scope, where: Where): string {
  return String(render(written, scope, where));
}

function placed(
  { path, message, hint }: { path: readonly (string | number)[]; message: string; hint?: string },
  { args }: TaskNode,
): Diagnostic {
  return errorAt(message, args.source.place([...args.path, ...path]), hint);
}

function withoutOmitted(value: Value): Value {
  if (Array.isArray(value)) return value.filter(item => item !== OMIT).map(withoutOmitted);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === OMIT ? [] : [[key, withoutOmitted(item)]])),
  );
}

function holdsExpressions(schema: unknown): boolean {
  return isExpression(schema) || isExpression(itemsOf(schema));
}

function itemsOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'items' in schema ? schema.items : undefined;
}

function evaluateExpressions(
  args: ValueMap,
  schemas: Readonly<Record<string, unknown>>,
  scope: Scope,
  node: TaskNode,
): ValueMap {
  const entries = Object.entries(args).map(([name, value]) => {
    if (!holdsExpressions(schemas[name])) return [name, value] as const;
    const path = [...node.args.path, name];
    if (!Array.isArray(value)) return [name, evaluated(value, scope, node, path)] as const;
    return [name, value.map((one, i) => evaluated(one, scope, node, [...path, i]))] as const;
  });
  return Object.fromEntries(entries);
}

/** An expression that reads what is undefined has the value undefined: `assert` and `debug` say so in their own words. */
function evaluated(
  expression: Value,
  scope: Scope,
  { args, module }: TaskNode,
  path: readonly (string | number)[],
): Value & Evaluated {
  const value = lenient(module.name === 'debug', () =>
    evaluate(expression, scope, { source: args.source, path }),
  );
  if (value instanceof Unknown) throw new UnknownValueError(value.origin);
  return { expression: String(expression), value } as Value & Evaluated;
}

function lenient(allowed: boolean, act: () => Value | Unknown): Value | Unknown | undefined {
  if (!allowed) return act();
  try {
    return act();
  } catch (error) {
    if (error instanceof UndefinedError || error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

/** A keyword that is a boolean or a template of one. */
export function truth(
  written: Written<boolean | string> | undefined,
  scope: Scope,
  otherwise = false,
): boolean {
  return written === undefined ? otherwise : condition(written.value, scope, written);
}

export function text(written: Written<string> | undefined, scope: Scope): string | undefined {
  if (written === undefined) return undefined;
  const value = render(written.value, scope, written);
  return value === OMIT ? undefined : String(value);
}

/** A keyword that is a number or a template of one. */
export function count(
  written: Written<number | string> | undefined,
  scope: Scope,
  otherwise: number,
): number {
  if (written === undefined) return otherwise;
  const given = render(written.value, scope, written);
  if (given === OMIT || given === null) return otherwise;
  const value = given === '' || typeof given === 'boolean' ? Number.NaN : Number(given);
  if (Number.isNaN(value))
    throw new DiagnosticError(errorAt('a number is needed here', written.source.place(written.path)));
  return value;
}

/** The task's environment: each level's map, inner ones winning. */
export function environment(
  { environment: levels }: Inherited,
  scope: Scope,
): Readonly<Record<string, string>> {
  const maps = levels.flatMap(level => {
    const value = render(level.value, scope, level);
    return Array.isArray(value) ? value : [value];
  });
  return Object.fromEntries(
    maps.flatMap(map =>
      isMap(map) ? Object.entries(map).map(([key, value]) => [key, asWord(value)] as const) : [],
    ),
  );
}

/** As Ansible hands a value to a process: true and false are Python's words. */
function asWord(value: Value): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/** A name that cannot be rendered is shown as written. */
export function quietly(act: () => string | undefined): string | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
