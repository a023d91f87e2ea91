/** `girofle-run doc [MODULE]`: the reference of a module on the terminal, or the list of modules. */
import { modules } from '../../tasks/index.ts';
import { isExpression } from '../core/args.ts';
import { errorAt, headline } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';
import type { AnyTaskModule } from '../core/task-module.ts';
import { findModule } from '../playbook/module-key.ts';

export interface DocOptions {
  /** For errors; default: stderr. */
  readonly complain?: (text: string) => void;
  readonly registry?: ReadonlyMap<string, AnyTaskModule>;
}

const WIDTH = 80;

/** @returns the exit code: 4 when there is no such module */
export function showDoc(
  name: string | undefined,
  write: (text: string) => void,
  options: DocOptions = {},
): number {
  const { registry = modules, complain = text => process.stderr.write(text) } = options;
  if (name === undefined) {
    write(moduleList(registry));
    return 0;
  }
  const module = findModule(name, registry);
  if (module === undefined) {
    const hint = didYouMean(name, registry.keys()) ?? '"girofle-run doc" lists them';
    complain(`${headline(errorAt(`no module is named "${name}"`, undefined, hint))}\n`);
    return 4;
  }
  write(moduleReference(module));
  return 0;
}

function moduleList(registry: ReadonlyMap<string, AnyTaskModule>): string {
  const widest = Math.max(0, ...[...registry.keys()].map(name => name.length));
  return [...registry.values()].map(({ name, summary }) => `${name.padEnd(widest)}  ${summary}\n`).join('');
}

function moduleReference(module: AnyTaskModule): string {
  const { name, summary, description, freeForm, examples, returns = {} } = module;
  const sections = [
    [`${name}: ${summary}`],
    ...(description === undefined ? [] : description.split(/\n\s*\n/).map(paragraph => wrap(paragraph))),
    ['ARGUMENTS', '', ...argumentLines(module)],
    ...(freeForm === undefined ? [] : [wrap(`A bare string sets \`${freeForm}\`.`, 2)]),
    ...(Object.keys(returns).length === 0 ? [] : [['RETURNS', '', ...returnLines(returns)]]),
    ['EXAMPLES', '', ...indented(examples.trim().split('\n'), 2)],
  ];
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

function argumentLines({ args, aliases = {}, needed = [] }: AnyTaskModule): readonly string[] {
  const others = (name: string) => Object.keys(aliases).filter(alias => aliases[alias] === name);
  return propertyLines(args, name => !(name in aliases), others, needed);
}

/** The properties of an object schema, what must be given first, each with the lines below it indented. */
function propertyLines(
  schema: unknown,
  shown: (name: string) => boolean = () => true,
  aliasesOf: (name: string) => readonly string[] = () => [],
  needed: readonly string[] = [],
): readonly string[] {
  const required = [...namesIn(field(schema, 'required')), ...needed];
  const properties = Object.entries(fieldsOf(field(schema, 'properties'))).filter(([name]) => shown(name));
  const must = (name: string, property: unknown) =>
    required.includes(name) && field(property, 'default') === undefined;
  const entries = properties.map(([name, property]) => ({ name, property, must: must(name, property) }));
  const ordered = [...entries.filter(entry => entry.must), ...entries.filter(entry => !entry.must)];
  return ordered.flatMap(entry => {
    const description = field(entry.property, 'description');
    const aliases = aliasesOf(entry.name);
    return [
      `  ${entry.name}  (${[typeOf(entry.property), entry.must ? 'required' : defaultOf(entry.property)].filter(Boolean).join(', ')})`,
      ...(typeof description === 'string' ? wrap(description, 6) : []),
      ...(aliases.length > 0 ? [`      Also: ${aliases.join(', ')}`] : []),
      ...indented(propertyLines(inner(entry.property)), 4),
    ];
  });
}

function defaultOf(schema: unknown): string | undefined {
  const value = field(schema, 'default');
  return value === undefined
    ? undefined
    : `default ${typeof value === 'string' ? value || "''" : JSON.stringify(value)}`;
}

/** The object whose properties are worth showing below an argument: itself, or a list's element. */
function inner(schema: unknown): unknown {
  return field(schema, 'type') === 'array' ? field(schema, 'items') : schema;
}

/** A schema's type for people: `string`, `absent | present`, `list of maps`. */
function typeOf(schema: unknown): string {
  if (isExpression(schema)) return 'expression';
  const words = field(schema, 'enum');
  if (Array.isArray(words)) return words.join(' | ');
  const literal = field(schema, 'const');
  if (literal !== undefined) return String(literal);
  const choices = field(schema, 'anyOf') ?? field(schema, 'oneOf');
  if (Array.isArray(choices)) return [...new Set(choices.map(typeOf))].join(' or ');
  const type = field(schema, 'type');
  const items = field(schema, 'items');
  const names = namesIn(Array.isArray(type) ? type : [type]);
  return names.length === 0 ? 'anything' : names.map(name => typeName(name, items)).join(' or ');
}

function typeName(type: string, items: unknown): string {
  if (type === 'object') return 'map';
  if (type === 'integer') return 'whole number';
  if (type !== 'array') return type;
  const element = items === undefined ? 'anything' : typeOf(items);
  return element === 'anything'
    ? 'list'
    : `list of ${/^\w+$/.test(element) ? `${element}s` : `(${element})`}`;
}

function returnLines(returns: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(returns).flatMap(([name, description]) => [`  ${name}`, ...wrap(description, 6)]);
}

function field(value: unknown, key: string): unknown {
  return fieldsOf(value)[key];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter(name => typeof name === 'string') : [];
}

function indented(lines: readonly string[], by: number): readonly string[] {
  return lines.map(line => (line === '' ? '' : `${' '.repeat(by)}${line}`));
}

/** Breaks text into lines of at most 80 columns. */
function wrap(text: string, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].filter(Boolean).map(each => ' '.repeat(indent) + each);
}
