/** Where names are looked up while a template is evaluated, and what one evaluation shares. */
import { Unknown } from '../core/value.ts';
import { Budget } from './budget.ts';
import { suggest, TemplateError, UndefinedError } from './errors.ts';
import type { Tools } from './filter-kit.ts';
import { finish } from './finish.ts';
import type { LazyMap, Looked, Scope } from './scope.ts';
import { toolsFor } from './tests.ts';
import { callable, getKey, isDict, LazyDict, Special, Templated, Undefined, type V } from './values.ts';

/** Renders a string of the playbook, for variables that are templates. */
export type RenderString = (text: string, context: Context) => V;

/** What all parts of one evaluation share. */
export class Run {
  readonly budget = new Budget();
  readonly tools: Tools = toolsFor(this.budget);
  readonly renderString: RenderString;
  readonly globals: ReadonlyMap<string, V>;
  /** Values of templated variables, so that each is evaluated once. */
  private readonly values = new Map<object, Map<string, V>>();
  private readonly open: { owner: object; label: string }[] = [];

  constructor(renderString: RenderString, globals: (run: Run) => ReadonlyMap<string, V>) {
    this.renderString = renderString;
    this.globals = globals(this);
  }

  /** Evaluates a variable once, and reports one that needs itself. */
  once(owner: object, label: string, evaluate: () => V): V {
    const known = this.values.get(owner)?.get(label);
    if (known !== undefined) return known;
    const loop = this.open.findIndex(entry => entry.owner === owner && entry.label === label);
    if (loop >= 0)
      throw new TemplateError(
        loopMessage(
          label,
          this.open.slice(loop + 1).map(entry => entry.label),
        ),
      );
    this.open.push({ owner, label });
    try {
      const value = this.budget.deeper(evaluate);
      const values = this.values.get(owner) ?? new Map<string, V>();
      this.values.set(owner, values.set(label, value));
      return value;
    } finally {
      this.open.pop();
    }
  }
}

function loopMessage(label: string, between: readonly string[]): string {
  const path = between.length === 0 ? '' : `: ${[label, ...between, label].join(' → ')}`;
  return `'${label}' refers to itself${path}`;
}

/** Names bound by the template itself. */
export class Frame {
  readonly values = new Map<string, V>();
  readonly parent: Frame | undefined;

  constructor(parent: Frame | undefined) {
    this.parent = parent;
  }

  find(name: string): V | undefined {
    const own = this.values.get(name);
    return own === undefined ? this.parent?.find(name) : own;
  }

  names(): readonly string[] {
    return [...this.values.keys(), ...(this.parent?.names() ?? [])];
  }
}

export interface Context {
  readonly run: Run;
  readonly scope: Scope;
  readonly frame: Frame | undefined;
}

function isLazyMap(value: unknown): value is LazyMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    'lazy' in value &&
    value.lazy === true &&
    'get' in value &&
    typeof value.get === 'function'
  );
}

/** The value of a name; a container of templates is not evaluated yet. */
export function resolve(context: Context, name: string): V {
  const local = context.frame?.find(name);
  if (local !== undefined) return local;
  const found = context.scope.lookup(name);
  if (found !== undefined) return admit(found, context.scope, name, context, context.scope);
  return functionNamed(context, name) ?? context.run.globals.get(name) ?? missing(context, name);
}

function functionNamed({ scope }: Context, name: string): V | undefined {
  const call = scope.functions?.get(name);
  if (!call) return undefined;
  return callable(`function ${name}`, (args, named) => {
    const plain = Object.fromEntries(Object.entries(named).map(([key, value]) => [key, finish(value)]));
    return call(args.map(finish), plain);
  });
}

function missing({ frame, scope }: Context, name: string): Undefined {
  const names = () => [
    ...(frame?.names() ?? []),
    ...(scope.names?.() ?? []),
    ...(scope.functions?.keys() ?? []),
  ];
  return new Undefined(`'${name}' is undefined`, name, () => suggest(name, names()));
}

/** A value from outside becomes one of ours: lazy maps are wrapped, templates evaluated (containers of them when read). */
function admit(found: Looked, owner: object, label: string, context: Context, scope: Scope): V {
  const { value, templated } = found;
  if (isLazyMap(value)) return wrapLazy(value, label, context, scope);
  if (value instanceof Unknown || value === null || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (!templated || !holdsTemplate(value)) return value;
  const inner: Context = { run: context.run, scope, frame: undefined };
  if (typeof value === 'string') return templateOf(value, owner, label, inner);
  return templatedContainer(value, owner, label, inner);
}

function wrapLazy(map: LazyMap, label: string, context: Context, scope: Scope): LazyDict {
  const read = (key: string) => {
    const entry = map.get(key);
    const value = entry && admit(entry, map, `${label}.${key}`, context, entry.scope ?? scope);
    return value instanceof Templated ? value.whole() : value;
  };
  return new LazyDict(read, () => map.keys());
}

function templateOf(text: string, owner: object, label: string, context: Context): V {
  try {
    return context.run.once(owner, label, () => context.run.renderString(text, context));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return inVariable(error, label);
  }
}

/** What is undefined inside a variable makes the variable undefined: a default may still stand in for it. */
function inVariable(error: TemplateError, label: string): Undefined {
  const message =
    error.message.includes("in the value of '") || error.message.includes('refers to itself')
      ? error.message
      : `${error.message}, in the value of '${label}'`;
  if (error instanceof UndefinedError) return new Undefined(message, error.name, () => error.hint);
  throw new TemplateError(message, error.hint);
}

function templatedContainer(value: V, owner: object, label: string, context: Context): Templated {
  const child = (key: string | number): V | undefined => {
    const item = Array.isArray(value)
      ? value.at(Number(key))
      : isDict(value)
        ? getKey(value, String(key))
        : undefined;
    if (item === undefined || (Array.isArray(value) && typeof key !== 'number')) return undefined;
    return admitChild(item, owner, typeof key === 'number' ? `${label}[${key}]` : `${label}.${key}`, context);
  };
  return new Templated(child, () =>
    context.run.once(owner, label, () => wholeOf(value, owner, label, context)),
  );
}

function admitChild(item: V, owner: object, label: string, context: Context): V {
  if (!holdsTemplate(item)) return item;
  if (typeof item === 'string') return templateOf(item, owner, label, context);
  return templatedContainer(item, owner, label, context);
}

function wholeOf(value: V, owner: object, label: string, context: Context): V {
  if (typeof value === 'string')
    return holdsTemplate(value) ? templateOf(value, owner, label, context) : value;
  if (Array.isArray(value)) return value.map((item, i) => wholeOf(item, owner, `${label}[${i}]`, context));
  if (!isDict(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const name = holdsTemplate(key) ? String(finish(context.run.renderString(key, context))) : key;
    return [name, wholeOf(item, owner, `${label}.${key}`, context)] as const;
  });
  return Object.fromEntries(entries);
}

const containers = new WeakMap<object, boolean>();

/** Does a string, or any string inside, hold a tag? Remembered for each container. */
export function holdsTemplate(value: V): boolean {
  if (typeof value === 'string') return /\{[{%#]/.test(value);
  if (typeof value !== 'object' || value === null || value instanceof Special || value instanceof Unknown)
    return false;
  const known = containers.get(value);
  if (known !== undefined) return known;
  const holds = Array.isArray(value)
    ? value.some(holdsTemplate)
    : Object.entries(value).some(([key, item]) => holdsTemplate(key) || holdsTemplate(item));
  containers.set(value, holds);
  return holds;
}
