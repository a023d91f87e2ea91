/** Turns a value into the kind that a JSON Schema asks for, as far as Ansible's users expect it. */
import { isExpression } from './args.ts';
import type { Value } from './value.ts';

/** The part of JSON Schema that modules use. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: Value;
  readonly const?: Value;
  readonly enum?: readonly Value[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

const TRUE = /^(?:yes|on|true|t|y|1)$/i;
const FALSE = /^(?:no|off|false|f|n|0)$/i;

/** The kinds a schema names; none: any will do. */
export function kindsOf(schema: JsonSchema): readonly string[] {
  const { type } = schema;
  if (type !== undefined) return typeof type === 'string' ? [type] : type;
  return [...new Set(choicesOf(schema).map(kindOf))];
}

/** The values that a schema lists; none: it lists none. */
export function choicesOf({ const: only, enum: choices }: JsonSchema): readonly Value[] {
  return only === undefined ? (choices ?? []) : [only];
}

export function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'object' : typeof value;
}

/** The value as one of the schema's kinds; undefined when it cannot be one. */
export function coerce(schema: JsonSchema, value: Value): Value | undefined {
  const kinds = kindsOf(schema);
  const own = kindOf(value);
  if (kinds.length === 0 || kinds.includes(own) || (own === 'integer' && kinds.includes('number')))
    return value;
  for (const kind of kinds) {
    const coerced = coerceTo(kind, schema, value);
    if (coerced !== undefined) return coerced;
  }
  return undefined;
}

function coerceTo(kind: string, schema: JsonSchema, value: Value): Value | undefined {
  switch (kind) {
    case 'boolean':
      return toBoolean(value);
    case 'integer':
      return toNumber(value, /^\s*[-+]?\d+\s*$/);
    case 'number':
      return toNumber(value, /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/);
    case 'string':
      return toText(schema, value);
    case 'array':
      return toList(schema, value);
    default:
      return undefined;
  }
}

function toBoolean(value: Value): boolean | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
}

function toNumber(value: Value, form: RegExp): number | undefined {
  return typeof value === 'string' && form.test(value) ? Number(value) : undefined;
}

/** `restart_policy: no` is read as false by YAML, and means the choice "no". */
function toText({ enum: choices }: JsonSchema, value: Value): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'boolean') return undefined;
  const words = (choices ?? []).filter(choice => typeof choice === 'string' && toBoolean(choice) === value);
  const [word] = words;
  return words.length === 1 && typeof word === 'string' ? word : value ? 'True' : 'False';
}

/** A single value is a list of one; a string is split at its commas, but for an expression, which may hold some. */
function toList({ items }: JsonSchema, value: Value): Value[] | undefined {
  if (typeof value === 'string') {
    if (isExpression(items)) return [value];
    return value.trim() === '' ? [] : value.split(',').map(part => part.trim());
  }
  return typeof value === 'number' || typeof value === 'boolean' ? [value] : undefined;
}

const names: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

/** What a schema asks for, in words: `a list`, `a string or a whole number`. */
export function spoken(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(spoken).join(' or ');
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.map(choice => JSON.stringify(choice)).join(' or ');
  return (
    kindsOf(schema)
      .map(kind => names[kind] ?? kind)
      .join(' or ') || 'a value'
  );
}
