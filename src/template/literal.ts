/** Python literals in text: what Ansible takes a printed list, dict or boolean back for. */
import type { Value } from '../core/value.ts';
import type { Expr } from './ast.ts';
import { TemplateError } from './errors.ts';
import { parseBare } from './parse-template.ts';

/** The value of a text that is `True`, `False`, or a literal list or dict; undefined for any other. */
export function literalOf(text: string): Value | undefined {
  if (text === 'True' || text === 'False') return text === 'True';
  if (!/^[[{]/.test(text) || text.length > 1_000_000) return undefined;
  try {
    return literal(parseBare(text, false));
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

function literal(expr: Expr): Value | undefined {
  switch (expr.kind) {
    case 'constant':
    case 'float':
      return expr.value;
    case 'name':
      return expr.name === 'null' ? null : undefined;
    case 'negative': {
      const value = literal(expr.operand);
      return typeof value === 'number' ? -value : undefined;
    }
    case 'list':
    case 'tuple':
      return whole(expr.items.map(literal));
    case 'dict': {
      const keys = whole(expr.entries.map(([key]) => literal(key)));
      const values = whole(expr.entries.map(([, value]) => literal(value)));
      if (!keys || !values) return undefined;
      return Object.fromEntries(keys.map((key, i) => [String(key), values[i] ?? null]));
    }
    default:
      return undefined;
  }
}

function whole(values: readonly (Value | undefined)[]): Value[] | undefined {
  const all = values.filter(value => value !== undefined);
  return all.length === values.length ? all : undefined;
}
