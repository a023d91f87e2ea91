/** The arithmetic operators, with Python's rules for ints, floats, strings and lists. */
import type { BinaryOperator } from './ast.ts';
import type { Budget } from './budget.ts';
import { fail } from './errors.ts';
import { percentFormat } from './format.ts';
import { article, need } from './python.ts';
import { isFloat, isTuple, makeFloat, numberOf, Tuple, typeWord, type V } from './values.ts';

export function arithmetic(budget: Budget, operator: BinaryOperator, left: V, right: V): V {
  need(left);
  need(right);
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return onNumbers(operator, a, b, isFloat(left) || isFloat(right));
  if (operator === '+') return add(budget, left, right);
  if (operator === '%' && typeof left === 'string') return percentFormat(budget, left, right);
  if (operator === '*') return repeat(budget, left, right);
  return unsupported(operator, left, right);
}

function unsupported(operator: string, left: V, right: V): never {
  const hint =
    operator === '+' && (typeof left === 'string' || typeof right === 'string')
      ? 'write ~ to join texts'
      : undefined;
  return fail(
    `"${operator}" does not work between ${article(typeWord(left))} and ${article(typeWord(right))}`,
    hint,
  );
}

function onNumbers(operator: BinaryOperator, a: number, b: number, float: boolean): V {
  const wrap = (value: number): V => (float ? makeFloat(value) : finite(value));
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%')) fail('division by zero');
  switch (operator) {
    case '+':
      return wrap(a + b);
    case '-':
      return wrap(a - b);
    case '*':
      return wrap(a * b);
    case '/':
      return makeFloat(a / b);
    case '//':
      return wrap(Math.floor(a / b));
    case '%':
      return wrap(modulo(a, b));
    case '**':
      return float || b < 0 ? makeFloat(a ** b) : finite(a ** b);
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : fail('the number is too large');
}

/** Takes the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function add(budget: Budget, left: V, right: V): V {
  if (typeof left === 'string' && typeof right === 'string') return budget.text(left + right);
  if (!Array.isArray(left) || !Array.isArray(right) || isTuple(left) !== isTuple(right))
    return unsupported('+', left, right);
  budget.spend(left.length + right.length);
  return isTuple(left) ? Tuple.make([...left, ...right]) : budget.own([...left, ...right]);
}

function repeat(budget: Budget, left: V, right: V): V {
  const [body, times] = typeof left === 'number' || typeof left === 'boolean' ? [right, left] : [left, right];
  const count =
    typeof times === 'number' || typeof times === 'boolean' ? Math.max(0, Number(times)) : undefined;
  if (count === undefined || !Number.isInteger(count)) return unsupported('*', left, right);
  if (typeof body === 'string') {
    budget.characters(body.length * count);
    return body.repeat(count);
  }
  if (!Array.isArray(body)) return unsupported('*', left, right);
  budget.spend(body.length * count);
  const items = Array.from({ length: count }, () => [...body]).flat();
  return isTuple(body) ? Tuple.make(items) : budget.own(items);
}
