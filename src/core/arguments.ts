/**
 * Checks what a task gives its module against the module's schema, as Ansible does: "yes" is a boolean where one is
 * wanted, "80" a number, "a,b" a list; an argument that is null was not given; defaults are filled in.
 */
import { isExpression, Mode } from './args.ts';
import {
  type ArgumentProblem,
  argumentName,
  below,
  checkChoice,
  checkNumber,
  checkString,
  complain,
  count,
  named,
  shown,
  type Walk,
} from './argument-checks.ts';
import { choicesOf, coerce, type JsonSchema, kindOf, kindsOf, spoken } from './coerce.ts';
import { didYouMean, nearest } from './suggest.ts';
import type { AnyTaskModule } from './task-module.ts';
import { isMap, type Value, type ValueMap } from './value.ts';

export type { ArgumentProblem };

export type Acceptance = { readonly args: ValueMap } | { readonly problems: readonly ArgumentProblem[] };

/** For arguments whose templates are rendered. */
export function acceptArgs(module: AnyTaskModule, raw: ValueMap): Acceptance {
  return accept(module, raw, false);
}

/** For arguments as written: a string that holds a template is good anywhere. */
export function acceptWrittenArgs(module: AnyTaskModule, raw: ValueMap): Acceptance {
  return accept(module, raw, true);
}

/** True for a string that is a template, or a list or map that holds one, keys included. */
export function holdsTemplate(value: Value): boolean {
  if (typeof value === 'string') return /\{[{%#]/.test(value);
  if (Array.isArray(value)) return value.some(holdsTemplate);
  return isMap(value) && Object.entries(value).flat().some(holdsTemplate);
}

function accept(module: AnyTaskModule, raw: ValueMap, written: boolean): Acceptance {
  const problems: ArgumentProblem[] = [];
  const walk: Walk = { module: module.name, written, problems, path: [] };
  const args = acceptObject(module.args, raw, walk);
  for (const name of missingByAnyName(module, args)) complain(walk, missing(name, walk));
  return problems.length > 0 ? { problems } : { args };
}

/** Where an argument has aliases, the schema cannot require it. */
function missingByAnyName(
  { needed = [], aliases = {}, args: schema }: AnyTaskModule,
  args: ValueMap,
): readonly string[] {
  const given = Object.keys(args);
  return needed.filter(
    name => !given.some(other => (aliases[other] ?? other) === name) && !meant(name, given, schema),
  );
}

function missing(name: string, walk: Walk): string {
  return `missing argument "${argumentName(below(walk, name))}" of ${walk.module}`;
}

function acceptValue(schema: JsonSchema, value: Value, walk: Walk): Value {
  if (walk.written && typeof value === 'string' && holdsTemplate(value)) return value;
  if (schema.anyOf) return acceptAny(schema, schema.anyOf, value, walk);
  if (typeof value === 'number' && schema.pattern !== undefined && schema.pattern === modePattern) {
    complain(
      walk,
      `${named(walk)} must be octal digits in quotes, not the number ${value}`,
      `write '0${value}'`,
    );
    return value;
  }
  const coerced = coerce(schema, value);
  if (coerced === undefined) {
    complain(walk, `${named(walk)} must be ${spoken(schema)}, not ${shown(value)}`);
    return value;
  }
  return acceptKind(schema, coerced, walk);
}

function acceptKind(schema: JsonSchema, value: Value, walk: Walk): Value {
  if (Array.isArray(value) && kindsOf(schema).includes('array')) return acceptList(schema, value, walk);
  if (
    isMap(value) &&
    (schema.properties || schema.patternProperties || schema.additionalProperties !== undefined)
  ) {
    return acceptObject(schema, value, walk);
  }
  checkChoice(schema, value, walk);
  if (typeof value === 'string') checkString(schema, value, walk);
  if (typeof value === 'number') checkNumber(schema, value, walk);
  return value;
}

/** The alternative that fits best: as it stands, by coercion, or the one of the value's own kind for its complaints. */
function acceptAny(schema: JsonSchema, alternatives: readonly JsonSchema[], value: Value, walk: Walk): Value {
  const own = alternatives.filter(each => each.anyOf || kindsOf(each).includes(kindOf(value)));
  for (const alternative of [...own, ...alternatives]) {
    const problems: ArgumentProblem[] = [];
    const accepted = acceptValue(alternative, value, { ...walk, problems });
    if (problems.length === 0) return accepted;
  }
  const choices = alternatives.flatMap(choicesOf);
  const fitting = own.find(each => each.properties || each.items) ?? (own.length === 1 ? own[0] : undefined);
  if (choices.length > 0 && alternatives.every(each => choicesOf(each).length > 0)) {
    checkChoice({ enum: choices }, value, walk);
  } else if (fitting && choicesOf(fitting).length === 0) {
    acceptValue(
      { ...(schema.description === undefined ? {} : { description: schema.description }), ...fitting },
      value,
      walk,
    );
  } else {
    complain(walk, `${named(walk)} must be ${spoken(schema)}, not ${shown(value)}`);
  }
  return value;
}

function acceptList(schema: JsonSchema, list: Value[], walk: Walk): Value[] {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (list.length < minItems)
    complain(walk, `${named(walk)} must have at least ${count(minItems, 'element')}`);
  if (list.length > maxItems)
    complain(walk, `${named(walk)} must have at most ${count(maxItems, 'element')}`);
  return items ? list.map((item, i) => acceptValue(items, item, below(walk, i))) : list;
}

function acceptObject(schema: JsonSchema, map: ValueMap, walk: Walk): ValueMap {
  const given = Object.entries(map).filter(
    ([name, value]) => value !== null || acceptsNull(propertyOf(schema, name)),
  );
  const accepted = given.map(([name, value]) => [name, acceptProperty(schema, name, value, walk)] as const);
  const names = given.map(([name]) => name);
  const absent = Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name));
  for (const [name, property] of absent) {
    if (!schema.required?.includes(name) || property.default !== undefined || meant(name, names, schema))
      continue;
    complain(walk, missing(name, walk));
  }
  const defaults = absent.flatMap(([name, property]) =>
    property.default === undefined ? [] : [[name, structuredClone(property.default)] as const],
  );
  return Object.fromEntries([...accepted, ...defaults]);
}

/** True when an unknown argument is a misspelling of this one: one complaint is enough. */
function meant(name: string, given: readonly string[], schema: JsonSchema): boolean {
  const known = Object.keys(schema.properties ?? {});
  return given.some(other => !propertyOf(schema, other) && nearest(other, known) === name);
}

function acceptProperty(schema: JsonSchema, name: string, value: Value, walk: Walk): Value {
  const property = propertyOf(schema, name);
  if (property) return isExpression(property) ? value : acceptValue(property, value, below(walk, name));
  if (schema.additionalProperties !== false && !schema.patternProperties) return value;
  const names = Object.keys(schema.properties ?? {});
  const inside = below(walk, name);
  walk.problems.push({
    path: inside.path,
    atKey: true,
    message: `unknown argument "${argumentName(inside)}" of ${walk.module}`,
    ...hintFor(name, names),
  });
  return value;
}

function hintFor(name: string, names: readonly string[]): { hint?: string } {
  const hint =
    didYouMean(name, names) ??
    (names.length > 0 && names.length <= 12 ? `it takes ${names.join(', ')}` : undefined);
  return hint === undefined ? {} : { hint };
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const own = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined;
  const pattern = Object.entries(schema.patternProperties ?? {}).find(([text]) =>
    new RegExp(text).test(name),
  )?.[1];
  const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  return own ?? pattern ?? rest;
}

function acceptsNull(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return true;
  const kinds = kindsOf(schema);
  return schema.anyOf?.some(acceptsNull) ?? (kinds.length === 0 || kinds.includes('null'));
}

const modePattern: string | undefined = asSchema(Mode).pattern;

function asSchema(schema: JsonSchema): JsonSchema {
  return schema;
}
